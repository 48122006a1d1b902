package office

import (
	"net/http"
	"time"

	"boothd/cmd/centrald/accesslog"
	"boothd/sync/signin"
)

const (
	loginPath  = "/login"
	returnPath = "/login/return"
	loginLife  = 10 * time.Minute // to sign in at the issuer
)

func (o *Office) showLogin(w http.ResponseWriter, r *http.Request) {
	o.render(w, http.StatusOK, "login", view{Title: "Sign in"})
}

// startLogin sends the browser to the issuer.
func (o *Office) startLogin(w http.ResponseWriter, r *http.Request) {
	p, err := o.signin.Start(r.Context(), o.origin(r)+returnPath)
	if err != nil {
		o.loginFailed(w, r, err)
		return
	}
	value, err := o.sealPending(pending{
		Redirect: p.Redirect, State: p.State, Verifier: p.Verifier, Nonce: p.Nonce, Ends: o.opt.Now().Add(loginLife),
	})
	if err != nil {
		o.loginFailed(w, r, err)
		return
	}
	// The cookie must come along when the issuer's page sends the browser back, hence is not
	// strict.
	http.SetCookie(w, o.loginCookie(value, int(loginLife/time.Second)))
	http.Redirect(w, r, p.URL, http.StatusSeeOther)
}

func (o *Office) loginCookie(value string, age int) *http.Cookie {
	return &http.Cookie{Name: "office_login", Value: value, Path: loginPath, MaxAge: age,
		HttpOnly: true, Secure: o.secure(), SameSite: http.SameSiteLaxMode}
}

// endLogin ends a sign-in. The browser comes from the issuer's page, and would not send a
// strict cookie along if it were sent on at once; so a page of the office does that.
func (o *Office) endLogin(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("office_login")
	if err != nil {
		o.loginFailed(w, r, signin.ErrRefused)
		return
	}
	http.SetCookie(w, o.loginCookie("", -1))
	p, ok := o.openPending(cookie.Value)
	if !ok {
		o.loginFailed(w, r, signin.ErrRefused)
		return
	}
	t, err := o.signin.Finish(r.Context(), signin.Pending{Redirect: p.Redirect, State: p.State, Verifier: p.Verifier, Nonce: p.Nonce}, r.URL.Query())
	if err != nil {
		o.loginFailed(w, r, err)
		return
	}
	if err := o.enter(w, r, t); err != nil {
		o.loginFailed(w, r, err)
		return
	}
	o.render(w, http.StatusOK, "entered", view{Title: "Signed in", Forward: "/"})
}

// enter opens a session and gives the browser its cookie.
func (o *Office) enter(w http.ResponseWriter, r *http.Request, t signin.Tokens) error {
	if _, err := o.opt.Access.Append(r.Context(), accesslog.Entry{
		Kind: kindOffice, Officer: t.Identity.Officer, Detail: map[string]string{"deed": "sign in"},
	}); err != nil {
		o.opt.Log.ErrorContext(r.Context(), "sign-in not logged", "error", err)
		return errNotLogged()
	}
	value, err := o.opt.Book.openSession(r.Context(), session{
		Officer: t.Identity.Officer, Token: t.ID, Refresh: t.Refresh, Ends: o.opt.Now().Add(sessionLife),
	})
	if err != nil {
		return err
	}
	http.SetCookie(w, o.sessionCookie(value, int(sessionLife/time.Second)))
	o.opt.Log.InfoContext(r.Context(), "officer signed in", "officer", t.Identity.Officer)
	return nil
}

func (o *Office) sessionCookie(value string, age int) *http.Cookie {
	return &http.Cookie{Name: o.cookieName("office"), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: o.secure(), SameSite: http.SameSiteStrictMode}
}

func (o *Office) loginFailed(w http.ResponseWriter, r *http.Request, err error) {
	o.opt.Log.WarnContext(r.Context(), "sign-in refused", "error", err)
	p := asProblem(err)
	o.render(w, p.Status, "login", view{Title: "Sign in", Problem: p})
}

// logout ends the session.
func (o *Office) logout(c *call) error {
	if err := o.opt.Book.closeSession(c.Context(), c.who.cookie); err != nil {
		return err
	}
	http.SetCookie(c.w, o.sessionCookie("", -1))
	o.opt.Log.InfoContext(c.Context(), "officer signed out", "officer", c.who.Officer)
	c.seeOther(loginPath)
	return nil
}

// chooseProfile changes the profile that a session works under.
func (o *Office) chooseProfile(c *call) error {
	var body profileBody
	if err := c.read(&body); err != nil {
		return err
	}
	next := &who{Identity: c.who.Identity, chosen: body.Profile, cookie: c.who.cookie}
	if _, err := o.profile(next); err != nil {
		return err
	}
	s, err := o.opt.Book.session(c.Context(), c.who.cookie)
	if err != nil {
		return err
	}
	s.Profile = body.Profile
	if err := o.opt.Book.replaceSession(c.Context(), c.who.cookie, s); err != nil {
		return err
	}
	c.seeOther("/")
	return nil
}
