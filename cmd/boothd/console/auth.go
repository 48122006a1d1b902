package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"

	"boothd/capture"
)

// Tokens knows officers by the SHA-256 of their tokens, so that the configuration holds no
// token that could be used.
type Tokens map[[sha256.Size]byte]capture.Officer

// Authenticate returns the officer to whom the token belongs. How long it takes does not
// depend on the token's value.
func (t Tokens) Authenticate(token string) (capture.Officer, bool) {
	sum := sha256.Sum256([]byte(token))
	var officer capture.Officer
	var known bool
	for hash, o := range t {
		if subtle.ConstantTimeCompare(sum[:], hash[:]) == 1 {
			officer, known = o, true
		}
	}
	return officer, known
}

const (
	cookieName      = "boothd_session"
	sessionLifetime = 12 * time.Hour // a shift with its hand-over
	maxSessions     = 32
)

// sessions are those of the officers signed in at a page. They do not outlive the daemon.
type sessions struct{ kept[session] }

type session struct {
	officer capture.Officer
	ends    time.Time
	signed  *signed // nil if the officer came with a token of this booth
}

func (s session) until() time.Time { return s.ends }

// open begins a session and returns the cookie's value.
func (s *sessions) open(one session) string { return s.put(one, maxSessions) }

func (s *sessions) find(id string) (capture.Officer, bool) {
	one, ok := s.look(id)
	return one.officer, ok
}

func (s *sessions) close(id string) { s.take(id) }

// Wrong tokens that are looked at before further ones have to wait.
const (
	maxFailures   = 10
	failureExpiry = 6 * time.Second // after which one more is looked at
)

// failures counts wrong tokens. Each is forgotten after a while; when there are too many
// the next has to wait.
type failures struct {
	mu    sync.Mutex
	count int
	since time.Time // when the next will be forgotten is counted from here
}

// wait returns how long no token is looked at; 0 if one may be.
func (f *failures) wait() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget()
	if f.count < maxFailures {
		return 0
	}
	return failureExpiry - time.Since(f.since)
}

func (f *failures) add() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget()
	f.count++
}

func (f *failures) forget() {
	now := time.Now()
	if f.count == 0 {
		f.since = now
		return
	}
	n := min(int(now.Sub(f.since)/failureExpiry), f.count)
	f.count -= n
	f.since = f.since.Add(time.Duration(n) * failureExpiry)
}

func (s *Server) authenticate(token string) (capture.Officer, bool) {
	if len(token) > maxToken || s.cfg.Auth == nil {
		return capture.Officer{}, false
	}
	return s.cfg.Auth.Authenticate(token)
}

func errWrongToken() *problem {
	return newProblem(http.StatusUnauthorized, "wrong-token",
		"The booth does not know this token.", "Check the token and sign in again.")
}

// officer tells who sent the request: by the token it carries, or by the cookie if it comes
// from our own page.
func (s *Server) officer(r *http.Request) (capture.Officer, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return capture.Officer{}, errSignIn()
		}
		return s.bearer(r, strings.TrimSpace(token))
	}
	cookie, err := r.Cookie(cookieName)
	if err != nil || !fromOwnPage(r) {
		return capture.Officer{}, errSignIn()
	}
	o, ok := s.sessions.find(cookie.Value)
	if !ok {
		return capture.Officer{}, errSignIn()
	}
	return o, nil
}

// bearer looks at every token: one kiosk program with an old token must not lock out the
// others.
func (s *Server) bearer(r *http.Request, token string) (capture.Officer, error) {
	if o, ok := s.authenticate(token); ok {
		return o, nil
	}
	if s.isSigned(token) {
		if o, err := s.signedBearer(r, token); err == nil || !countsAsFailure(err) {
			return o, err
		}
	}
	if wait := s.bearers.wait(); wait > 0 {
		return capture.Officer{}, errTooManyFailures(wait)
	}
	s.bearers.add()
	return capture.Officer{}, errWrongToken()
}

func errSignIn() *problem {
	return newProblem(http.StatusUnauthorized, "sign-in",
		"Nobody is signed in, or the session has ended.", "Sign in again.")
}

// signedIn is who uses the page.
type signedIn struct {
	Officer  string `json:"officer"`
	Profile  string `json:"profile"`
	Cleared  bool   `json:"cleared"`
	Verifies bool   `json:"verifies"`
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	if !fromOwnPage(r) {
		return errForeign()
	}
	var body loginBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if wait := s.logins.wait(); wait > 0 {
		return errTooManyFailures(wait)
	}
	if o, ok := s.authenticate(body.Token); ok {
		s.begin(w, r, session{officer: o, ends: time.Now().Add(sessionLifetime)})
		return s.whoAmI(w, r, o)
	}
	if s.isSigned(body.Token) {
		err := s.loginSigned(w, r, body.Token)
		if err == nil || !countsAsFailure(err) {
			return err
		}
	}
	s.logins.add()
	s.cfg.Log.WarnContext(r.Context(), "sign-in refused")
	return errWrongToken()
}

// begin opens a session and gives the browser its cookie.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, one session) {
	http.SetCookie(w, &http.Cookie{ // not Secure: the page is served without TLS
		Name: cookieName, Value: s.sessions.open(one), Path: "/", MaxAge: int(sessionLifetime / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	s.cfg.Log.InfoContext(r.Context(), "officer signed in", "officer", one.officer.ID, "profile", one.officer.Profile.Name)
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	if cookie, err := r.Cookie(cookieName); err == nil {
		s.sessions.close(cookie.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	s.cfg.Log.InfoContext(r.Context(), "officer signed out", "officer", o.ID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) whoAmI(w http.ResponseWriter, _ *http.Request, o capture.Officer) error {
	return writeJSON(w, http.StatusOK, signedIn{Officer: o.ID, Profile: o.Profile.Name, Cleared: o.Profile.Cleared, Verifies: o.Profile.Verifies})
}
