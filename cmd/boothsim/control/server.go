// Package control is how people and scripts direct the simulator: a page, an HTTP
// interface behind it, and a client for the command line. All three use the same words,
// such as "present 3" or "cut portal"; [Words] is their grammar.
//
// The interface listens on loopback only. It takes commands as JSON, from its own page or
// from programs, and refuses requests that name another host or come from another web
// origin, so that no page of the world wide web can direct the simulator.
package control

import (
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"

	"boothd/cmd/boothsim/stage"
)

// The paths of the interface.
const (
	PathDo    = "/v1/do"    // POST {"words": ["present", "3"]}, answers a Reply
	PathState = "/v1/state" // GET, answers a stage.State
)

// maxBody limits a command, in bytes.
const maxBody = 16 << 10

//go:embed page
var page embed.FS

// request is a command on the wire, problem an answer that is none.
type (
	request struct {
		Words []string `json:"words"`
	}
	problem struct {
		Error string `json:"error"`
		Usage bool   `json:"usage,omitempty"` // the words made no sense
	}
)

// Handler serves the page and the interface.
func Handler(s *stage.Stage, log *slog.Logger) http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the folder is embedded
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET "+PathState, func(w http.ResponseWriter, r *http.Request) {
		state, err := s.State(r.Context())
		if err != nil {
			log.Error("state", "err", err)
			write(w, http.StatusInternalServerError, problem{Error: err.Error()})
			return
		}
		write(w, http.StatusOK, state)
	})
	mux.HandleFunc("POST "+PathDo, func(w http.ResponseWriter, r *http.Request) {
		words, err := readWords(w, r)
		if err != nil {
			write(w, http.StatusBadRequest, problem{Error: err.Error(), Usage: true})
			return
		}
		reply, err := do(r.Context(), s, words)
		var usage *UsageError
		switch {
		case errors.As(err, &usage):
			write(w, http.StatusBadRequest, problem{Error: usage.Text, Usage: true})
		case err != nil:
			log.Warn("command not done", "err", err)
			write(w, http.StatusConflict, problem{Error: err.Error()})
		default:
			write(w, http.StatusOK, reply)
		}
	})
	return guard(mux)
}

func readWords(w http.ResponseWriter, r *http.Request) ([]string, error) {
	// A form of another web page cannot send this type without asking first.
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "application/json" {
		return nil, errors.New("a command is application/json")
	}
	var req request
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(&req); err != nil {
		return nil, errors.New(`a command is {"words": ["present", "3"]}`)
	}
	return req.Words, nil
}

// guard lets through what names this machine and comes from its own page or no page.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if !isLoopback(r.Host) {
			http.Error(w, "this is the simulator of another machine", http.StatusMisdirectedRequest)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" {
			if u, err := url.Parse(origin); err != nil || u.Scheme != "http" || u.Host != r.Host {
				http.Error(w, "commands come from the simulator's own page", http.StatusForbidden)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopback reports whether a Host header names this machine.
func isLoopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
