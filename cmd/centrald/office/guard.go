package office

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
)

// contentPolicy lets a page load the style sheet and nothing else, and send its forms to
// the office only.
const contentPolicy = "default-src 'none'; style-src 'self'%s; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// guard turns away requests for other hosts, which a foreign page may have made under a
// name of its own, and sets the headers that every response has.
func (o *Office) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", fmt.Sprintf(contentPolicy, ""))
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Referrer-Policy", "same-origin") // with less, browsers send no Origin with a form
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		if o.secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !o.isOwnHost(r.Host) {
			newProblem(http.StatusMisdirectedRequest, "host", "This is not an address of the office.",
				"Use the address that the office was configured with.").write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// secure reports whether browsers reach the office over TLS.
func (o *Office) secure() bool { return strings.HasPrefix(o.opt.URL, "https:") }

func (o *Office) isOwnHost(host string) bool {
	if u, err := url.Parse(o.opt.URL); err == nil && u.Host != "" {
		return strings.EqualFold(u.Host, host)
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return isLoopback(strings.ToLower(name))
}

// origin is the office's own, as the browser of the request knows it. Its host was checked.
func (o *Office) origin(r *http.Request) string {
	if o.opt.URL != "" {
		return o.opt.URL
	}
	return "http://" + strings.ToLower(r.Host)
}

// fromOwnPage reports whether a cookie may count. What changes something must bear the
// office's origin, which browsers send with every such request; nothing else may come from
// a foreign page.
func (o *Office) fromOwnPage(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		return strings.EqualFold(origin, o.origin(r))
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin" || site == "none" // none: typed by the user
}

// recoverPanics keeps the instance alive and its logs free of what the panic was about: the
// stack names functions, its arguments are addresses.
func (o *Office) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			o.opt.Log.ErrorContext(r.Context(), "request panicked", "method", r.Method, "route", r.Pattern,
				"value", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			errInternal().write(w)
		}()
		next.ServeHTTP(w, r)
	})
}
