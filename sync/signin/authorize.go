package signin

import (
	"embed"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed form.html style.css
var files embed.FS

// pages is the issuer's one page.
var pages = template.Must(template.ParseFS(files, "form.html"))

const (
	maxFormBody = 8 << 10 // bytes
	maxParam    = 512     // of state, nonce and the like
)

// challengePattern is the base64url of a SHA-256.
var challengePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// request is an authorization request (OIDC Core 1.0 §3.1.2.1).
type request struct {
	redirect  *url.URL
	state     string
	nonce     string
	challenge string
}

// page is what form.html shows.
type page struct {
	Style   string // address of the style sheet
	Officer string
	Message string
	Form    bool // false: nothing can be signed in to
}

// read reads an authorization request. Without a redirect that may be trusted only the
// officer can be told what is wrong; with one, wrong is the code for the client.
func (is *Issuer) read(query url.Values) (req request, wrong string, trusted bool) {
	for _, values := range query {
		if len(values) > 1 || len(values[0]) > maxParam {
			return request{}, "", false
		}
	}
	redirect, ok := is.registered(query.Get("redirect_uri"))
	if !ok || query.Get("client_id") != is.audience {
		return request{}, "", false
	}
	req = request{redirect: redirect, state: query.Get("state"), nonce: query.Get("nonce"), challenge: query.Get("code_challenge")}
	switch {
	case query.Get("response_type") != "code":
		wrong = "unsupported_response_type"
	case !slices.Contains(strings.Fields(query.Get("scope")), "openid"):
		wrong = "invalid_scope"
	case query.Get("code_challenge_method") != "S256", !challengePattern.MatchString(req.challenge):
		wrong = "invalid_request"
	case query.Has("request"):
		wrong = "request_not_supported"
	case query.Has("request_uri"):
		wrong = "request_uri_not_supported"
	case query.Get("prompt") == "none":
		wrong = "login_required"
	}
	return req, wrong, true
}

// registered reports whether sign-ins may come back to the address.
func (is *Issuer) registered(address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	if err != nil || checkURL(address) != nil {
		return nil, false
	}
	return u, slices.ContainsFunc(is.redirects, func(known *url.URL) bool {
		if u.Scheme != known.Scheme || u.EscapedPath() != known.EscapedPath() {
			return false
		}
		if u.Host == known.Host {
			return true
		}
		return isLoopback(known.Hostname()) && u.Hostname() == known.Hostname()
	})
}

func (is *Issuer) showForm(w http.ResponseWriter, r *http.Request) {
	req, ok := is.asked(w, r)
	if ok {
		is.show(w, http.StatusOK, &req, "", "")
	}
}

// asked reads the request that the address holds, and answers it if nothing comes of it.
func (is *Issuer) asked(w http.ResponseWriter, r *http.Request) (request, bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	req, wrong, trusted := request{}, "", false
	if err == nil {
		req, wrong, trusted = is.read(query)
	}
	switch {
	case !trusted:
		is.show(w, http.StatusBadRequest, nil, "", "This sign-in was not asked for by a booth of this service. Go back to the booth and begin again.")
		return req, false
	case wrong != "":
		is.sendBack(w, r, &req, url.Values{"error": {wrong}})
		return req, false
	}
	return req, true
}

// takeForm looks at the officer's id and passphrase.
func (is *Issuer) takeForm(w http.ResponseWriter, r *http.Request) {
	req, ok := is.asked(w, r)
	if !ok {
		return
	}
	if !is.fromOwnForm(r) {
		is.show(w, http.StatusForbidden, &req, "", "Please sign in here.")
		return
	}
	id, passphrase, ok := credentials(w, r)
	if !ok {
		is.show(w, http.StatusBadRequest, &req, "", "Type your officer id and passphrase.")
		return
	}
	if wait := is.attempts.take(id, is.now()); wait > 0 {
		seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
		w.Header().Set("Retry-After", seconds)
		is.show(w, http.StatusTooManyRequests, &req, id, "Too many attempts. Wait "+seconds+" seconds, then try again.")
		return
	}
	officer := is.officer(r.Context(), id)
	if !is.fits(r.Context(), officer, passphrase) || officer == nil {
		is.log.WarnContext(r.Context(), "sign-in refused")
		is.show(w, http.StatusUnauthorized, &req, id, "The officer id or the passphrase is wrong.")
		return
	}
	is.attempts.forget(id)
	is.log.InfoContext(r.Context(), "officer signed in", "officer", officer.ID)
	code := is.grants.newCode(code{
		officer: officer.ID, redirect: req.redirect.String(), challenge: req.challenge, nonce: req.nonce,
	}, is.now())
	is.sendBack(w, r, &req, url.Values{"code": {code}})
}

// fromOwnForm reports whether no foreign page sent the form.
func (is *Issuer) fromOwnForm(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		return origin == is.origin
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin"
}

// credentials reads the form.
func credentials(w http.ResponseWriter, r *http.Request) (id, passphrase string, ok bool) {
	form, ok := readForm(w, r)
	if !ok {
		return "", "", false
	}
	id, passphrase = strings.TrimSpace(form.Get("officer")), form.Get("passphrase")
	return id, passphrase, namePattern.MatchString(id) && passphrase != "" && len(passphrase) <= maxPassphrase
}

// readForm reads a body of the form encoding in which nothing is there twice.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBody)
	if err := r.ParseForm(); err != nil {
		return nil, false
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return nil, false
		}
	}
	return r.PostForm, true
}

// sendBack sends the browser back to the client.
func (is *Issuer) sendBack(w http.ResponseWriter, r *http.Request, req *request, query url.Values) {
	query.Set("iss", is.url)
	if req.state != "" {
		query.Set("state", req.state)
	}
	to := *req.redirect
	to.RawQuery = query.Encode()
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// show shows the page; without a request there is no form on it.
func (is *Issuer) show(w http.ResponseWriter, status int, req *request, officer, message string) {
	p := page{Style: is.path + "/style.css", Officer: officer, Message: message, Form: req != nil}
	if req != nil {
		// Browsers hold the redirect that answers a form against its policy too.
		w.Header().Set("Content-Security-Policy", formPolicy("'self' "+req.redirect.Scheme+"://"+req.redirect.Host))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	pages.Execute(w, p) // who hung up does not miss it
}

// formPolicy lets a page load its style sheet and send its form to the targets.
func formPolicy(targets string) string {
	return "default-src 'none'; style-src 'self'; form-action " + targets + "; base-uri 'none'; frame-ancestors 'none'"
}

func serveStyle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	http.ServeFileFS(w, r, files, "style.css")
}
