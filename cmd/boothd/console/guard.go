package console

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// contentPolicy lets the page load nothing but its own files.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func allowedHosts(port int, further []string) map[string]bool {
	hosts := make(map[string]bool, 3+len(further))
	for _, name := range []string{"127.0.0.1", "::1", "localhost"} {
		hosts[net.JoinHostPort(name, strconv.Itoa(port))] = true
	}
	for _, host := range further {
		hosts[strings.ToLower(host)] = true
	}
	return hosts
}

// checkOrigin refuses what no browser would ever send as an Origin.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || origin != u.Scheme+"://"+u.Host {
		return fmt.Errorf("origin %q: want scheme://host[:port] and nothing else", origin)
	}
	return nil
}

// guard turns away requests that a foreign page may have made, answers the preflights of
// kiosk pages, and sets the headers that every response has.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Add("Vary", "Origin")

		if !s.hosts[strings.ToLower(r.Host)] {
			newProblem(http.StatusMisdirectedRequest, "host",
				"This is not an address of the booth.", "Use the address that the booth was configured with.").write(w)
			return
		}
		origin := r.Header.Get("Origin")
		kiosk := s.origins[origin]
		if !kiosk {
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
		}
		if strings.HasPrefix(r.URL.Path, apiRoot) && !kiosk && !fromOwnSite(r) && !isReturn(r) {
			errForeign().write(w)
			return
		}
		if kiosk {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", "Retry-After")
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				preflight(w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, "+profileHeader)
	h.Set("Access-Control-Max-Age", "600")
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	w.WriteHeader(http.StatusNoContent)
}

// fromOwnSite reports whether no foreign page can have made the request: programs send
// neither of these headers, browsers send at least one with everything they fetch.
func fromOwnSite(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		return isOwnOrigin(origin, r.Host)
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none": // none: typed by the user
		return true
	}
	return false
}

// fromOwnPage reports whether a cookie may count. What changes something must bear our
// origin, which browsers send with every such request.
func fromOwnPage(r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return fromOwnSite(r)
	}
	return isOwnOrigin(r.Header.Get("Origin"), r.Host)
}

// isOwnOrigin compares with the Host header, which was checked before.
func isOwnOrigin(origin, host string) bool {
	return strings.EqualFold(origin, "http://"+host) || strings.EqualFold(origin, "https://"+host)
}

func errForeign() *problem {
	return newProblem(http.StatusForbidden, "origin",
		"This page may not use the booth.", "Open the booth's own page, or have this one allowed in the booth's configuration.")
}

func errTooManyFailures(wait time.Duration) error {
	p := newProblem(http.StatusTooManyRequests, "too-many-failures",
		"Too many wrong tokens were tried.", "Wait a moment, then try again.")
	return &retryLater{problem: p, after: wait}
}

// retryLater is a problem that is over after a while.
type retryLater struct {
	*problem
	after time.Duration
}

func (e *retryLater) Unwrap() error { return e.problem }

// recoverPanics keeps the daemon alive and its logs free of what the panic was about: the
// stack names functions, its arguments are addresses.
func (s *Server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			s.cfg.Log.ErrorContext(r.Context(), "request panicked", "method", r.Method, "route", r.Pattern,
				"value", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			errInternal().write(w)
		}()
		next.ServeHTTP(w, r)
	})
}
