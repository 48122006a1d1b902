package console

import (
	"embed"
	"net/http"
	"path"
)

// The officer's page: HTML, style sheets and scripts as the browser gets them, without a
// build step. page/strings.js holds every text, so that a translation is one file.
//
//go:embed page openapi.yaml
var files embed.FS

func servePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	http.ServeFileFS(w, r, files, "page/index.html")
}

func servePageFile(w http.ResponseWriter, r *http.Request) {
	// The machine's own table of media types may be wrong or empty, and nosniff is set.
	switch path.Ext(r.URL.Path) {
	case ".js":
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	case ".css":
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
	case ".svg":
		w.Header().Set("Content-Type", "image/svg+xml")
	default:
		http.NotFound(w, r)
		return
	}
	http.ServeFileFS(w, r, files, "page/"+r.PathValue("file"))
}

func serveOpenAPI(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	http.ServeFileFS(w, r, files, "openapi.yaml")
	return nil
}
