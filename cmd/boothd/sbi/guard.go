package sbi

import (
	"net/http"
	"strings"
)

// methods are the verbs of the interface, as an answer to OPTIONS lists them.
const methods = "OPTIONS, RCAPTURE, CAPTURE, MOSIPDINFO, MOSIPDISC, STREAM, GET, POST"

// guard sets the headers that every answer has, turns away requests that a foreign page may have
// made, and answers OPTIONS. It reports whether the request is to be served.
func (s *Server) guard(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Location", s.base)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	switch {
	case !s.hosts[strings.ToLower(r.Host)]:
		http.Error(w, "this is not an address of the booth", http.StatusMisdirectedRequest)
		return false
	case !s.welcome(r):
		http.Error(w, "this page may not use the booth's devices", http.StatusForbidden)
		return false
	case origin != "":
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "Location")
	default:
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
	}
	if r.Method != http.MethodOptions {
		return true
	}
	h.Set("Allow", methods)
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "Content-Type, EXT")
	h.Set("Access-Control-Max-Age", "600")
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return false
}

// welcome reports whether no foreign page can have made the request. Programs send neither
// header; browsers send at least one with whatever a page fetches.
func (s *Server) welcome(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		return s.origins[origin]
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return true
	}
	return false
}
