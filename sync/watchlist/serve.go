package watchlist

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// Handler serves the lists' folder to booths: GET and HEAD of the keys document, orders,
// heads, manifests and contents, with ranges, and nothing else of it. Any web server that
// serves the folder does as well.
func Handler(dir string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		case !published(path):
			http.NotFound(w, r)
		default:
			serve(w, r, dir, path)
		}
	})
}

func serve(w http.ResponseWriter, r *http.Request, dir, path string) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer root.Close()
	file, err := root.Open(path)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil || !st.Mode().IsRegular() {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	kind, cache, tag := "application/zstd", "private, max-age=31536000, immutable", path // named by its hash
	if strings.HasSuffix(path, ".json") {
		if kind, cache = "application/json", "no-cache"; st.Size() > maxOrders*MaxMessage {
			http.NotFound(w, r)
			return
		}
		if tag, err = hashFile(file); err != nil {
			http.Error(w, "not readable", http.StatusInternalServerError)
			return
		}
	}
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", cache)
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, file) // times are too coarse for what changes within a second
}

func hashFile(file *os.File) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	_, err := file.Seek(0, io.SeekStart)
	return hex.EncodeToString(h.Sum(nil)), err
}
