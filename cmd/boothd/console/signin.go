package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"boothd/capture"
	"boothd/sync/signin"
)

// SignIn is what signs officers in with tokens of an issuer.
type SignIn struct {
	Flow *signin.Flow
	// Profile returns the booth's own profile of that name.
	Profile func(name string) (capture.Profile, bool)
}

const (
	returnPath    = "login/return"
	profileHeader = "Boothd-Profile" // with which a kiosk program chooses among several
)

// isReturn reports whether a browser comes back from the issuer, which is a foreign page. It
// can do no more than end a sign-in that this browser began.
func isReturn(r *http.Request) bool {
	mode := r.Header.Get("Sec-Fetch-Mode")
	return r.Method == http.MethodGet && r.URL.Path == apiRoot+returnPath &&
		r.Header.Get("Origin") == "" && (mode == "" || mode == "navigate")
}

// isSigned reports whether the token looks like one of an issuer.
func (s *Server) isSigned(token string) bool {
	return s.cfg.SignIn != nil && strings.Count(token, ".") == 2
}

// choices are the profiles that both the officer and the booth have.
func (s *Server) choices(id *signin.Identity) []string {
	return slices.DeleteFunc(slices.Clone(id.Profiles), func(name string) bool {
		_, ok := s.cfg.SignIn.Profile(name)
		return !ok
	})
}

// known makes the officer whom a token speaks of, with the profile of that name. Without a
// name there must be only one.
func (s *Server) known(id *signin.Identity, token, profile string) (capture.Officer, error) {
	choices := s.choices(id)
	switch {
	case len(choices) == 0:
		return capture.Officer{}, errNoProfile()
	case profile == "" && len(choices) > 1:
		return capture.Officer{}, errChooseProfile()
	case profile == "":
		profile = choices[0]
	case !slices.Contains(choices, profile):
		return capture.Officer{}, errNoProfile()
	}
	p, ok := s.cfg.SignIn.Profile(profile)
	if !ok {
		return capture.Officer{}, errNoProfile()
	}
	return capture.Officer{ID: id.Officer, Profile: p, Token: token}, nil
}

// signedBearer is the officer whom a token sent with a request speaks of.
func (s *Server) signedBearer(r *http.Request, token string) (capture.Officer, error) {
	id, err := s.cfg.SignIn.Flow.Verify(r.Context(), token)
	if err != nil {
		return capture.Officer{}, errIssuer(err)
	}
	return s.known(id, token, r.Header.Get(profileHeader))
}

// loginSigned opens a session for a token that the officer brought along. It is not renewed.
func (s *Server) loginSigned(w http.ResponseWriter, r *http.Request, token string) error {
	id, err := s.cfg.SignIn.Flow.Verify(r.Context(), token)
	if err != nil {
		return errIssuer(err)
	}
	o, err := s.enter(w, r, signin.Tokens{Identity: id, ID: token}, "")
	if err != nil {
		return err
	}
	return s.whoAmI(w, r, o)
}

// enter opens a session. If the officer has a profile to choose first, the door is left
// open for that.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, t signin.Tokens, profile string) (capture.Officer, error) {
	o, err := s.known(t.Identity, t.ID, profile)
	if errors.Is(err, errChoose) {
		s.openDoor(w, door{tokens: &t})
	}
	if err != nil {
		return o, err
	}
	limit := time.Now().Add(sessionLifetime)
	s.begin(w, r, newSession(o, t, limit))
	closeDoor(w)
	return o, nil
}

// loginStatus is what the page's sign-in shows.
type loginStatus struct {
	Issuer  bool     `json:"issuer"`  // there is one to be sent to
	Choices []string `json:"choices"` // profiles of the officer who has come back and must choose
	Failed  *problem `json:"failed,omitempty"`
}

func (s *Server) loginState(w http.ResponseWriter, r *http.Request) error {
	st := loginStatus{Issuer: s.cfg.SignIn != nil, Choices: []string{}}
	d, ok := s.doors.look(doorOf(r))
	switch {
	case !ok:
	case d.tokens != nil:
		st.Choices = s.choices(d.tokens.Identity)
	case d.failed != nil:
		st.Failed = d.failed
		s.doors.take(doorOf(r)) // told once
	}
	return writeJSON(w, http.StatusOK, st)
}

// loginStart sends the browser to the issuer.
func (s *Server) loginStart(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.SignIn == nil {
		return errNoIssuer()
	}
	// The Host header was checked; the browser comes back to the name that it knows us by.
	pending, err := s.cfg.SignIn.Flow.Start(r.Context(), "http://"+strings.ToLower(r.Host)+apiRoot+returnPath)
	if err != nil {
		s.cfg.Log.WarnContext(r.Context(), "sign-in not begun", "error", err)
		s.openDoor(w, door{failed: errIssuer(err)})
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	s.openDoor(w, door{pending: pending})
	http.Redirect(w, r, pending.URL, http.StatusSeeOther)
	return nil
}

// loginReturn ends a sign-in, and shows the page, which tells what came of it.
func (s *Server) loginReturn(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.SignIn == nil {
		return errNoIssuer()
	}
	defer http.Redirect(w, r, "/", http.StatusSeeOther)
	d, ok := s.doors.take(doorOf(r))
	if !ok || d.pending.State == "" {
		return nil // begun too long ago, or not here
	}
	tokens, err := s.cfg.SignIn.Flow.Finish(r.Context(), d.pending, r.URL.Query())
	if err != nil {
		s.cfg.Log.WarnContext(r.Context(), "sign-in refused", "error", err)
		s.openDoor(w, door{failed: errIssuer(err)})
		return nil
	}
	if _, err := s.enter(w, r, tokens, ""); err != nil && !errors.Is(err, errChoose) {
		s.openDoor(w, door{failed: asProblem(err)})
	}
	return nil
}

// loginProfile opens the session of an officer who had a profile to choose.
func (s *Server) loginProfile(w http.ResponseWriter, r *http.Request) error {
	if !fromOwnPage(r) {
		return errForeign()
	}
	var body profileBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	d, ok := s.doors.look(doorOf(r))
	if !ok || d.tokens == nil {
		return errSignIn()
	}
	o, err := s.enter(w, r, *d.tokens, body.Profile)
	if err != nil {
		return err
	}
	s.doors.take(doorOf(r))
	return s.whoAmI(w, r, o)
}

// errChoose is matched by the problem of an officer who must choose a profile.
var errChoose = errors.New("a profile must be chosen")

func errChooseProfile() error {
	return &chooseProfile{newProblem(http.StatusConflict, "choose-profile",
		"You have several profiles.", "Choose the one to work with.")}
}

// chooseProfile is a problem that the page can solve.
type chooseProfile struct{ *problem }

func (e *chooseProfile) Unwrap() []error { return []error{e.problem, errChoose} }

func errNoProfile() *problem {
	return newProblem(http.StatusForbidden, "no-profile",
		"This booth has none of your profiles.", "Use another booth, or have your profiles changed.")
}

func errNoIssuer() *problem {
	return newProblem(http.StatusNotFound, "no-issuer",
		"This booth has no sign-in service.", "Sign in with your token.")
}

// errIssuer turns an error of the sign-in into what the officer reads.
func errIssuer(err error) *problem {
	switch {
	case errors.Is(err, signin.ErrNotYet):
		return newProblem(http.StatusUnauthorized, "clock",
			"The clocks of the booth and of the sign-in service differ.", "Have the booth's clock set, then sign in again.")
	case errors.Is(err, signin.ErrExpired):
		return newProblem(http.StatusUnauthorized, "expired-token",
			"This token has expired.", "Sign in again.")
	case errors.Is(err, signin.ErrNotValid):
		return errWrongToken()
	case errors.Is(err, signin.ErrRefused):
		return newProblem(http.StatusUnauthorized, "sign-in-refused",
			"The sign-in was refused.", "Sign in again.")
	}
	return newProblem(http.StatusServiceUnavailable, "sign-in-unreachable",
		"The sign-in service does not answer.", "Try again, or sign in with a token that you have brought along.")
}

// countsAsFailure reports whether an error speaks of a token that somebody may have made up.
func countsAsFailure(err error) bool {
	var p *problem
	return errors.As(err, &p) && p.Type == errWrongToken().Type
}
