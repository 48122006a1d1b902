package office

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"boothd/sync/profile"
	"boothd/sync/signin"
)

// profileHeader is with which a program chooses among several profiles.
const profileHeader = "Boothd-Profile"

// renewBefore is how long before its end a session's token is renewed.
const renewBefore = time.Minute

// who is the officer whose request is served.
type who struct {
	*signin.Identity
	chosen string // name of the profile to work under, empty if none was chosen
	cookie string // the session's; empty for a program
}

func (o *Office) cookieName(name string) string {
	if o.secure() {
		return "__Host-" + name
	}
	return name
}

// who tells whose request it is: by the token it carries, or by the cookie if it comes from
// the office's own page.
func (o *Office) who(r *http.Request) (*who, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return nil, errSignIn()
		}
		id, err := o.opt.Officers.Verify(r.Context(), strings.TrimSpace(token))
		if err != nil {
			return nil, err
		}
		return &who{Identity: id, chosen: r.Header.Get(profileHeader)}, nil
	}
	cookie, err := r.Cookie(o.cookieName("office"))
	if err != nil {
		return nil, errSignIn()
	}
	if !o.fromOwnPage(r) {
		return nil, errForeign()
	}
	return o.signedIn(r.Context(), cookie.Value)
}

// signedIn tells whose session it is. A token that has expired, or is about to, is renewed.
func (o *Office) signedIn(ctx context.Context, cookie string) (*who, error) {
	s, err := o.opt.Book.session(ctx, cookie)
	if errors.Is(err, errNoSession) {
		return nil, errSignIn()
	}
	if err != nil {
		return nil, err
	}
	id, err := o.opt.Officers.Verify(ctx, s.Token)
	if s.Refresh != "" && (errors.Is(err, signin.ErrExpired) || err == nil && o.opt.Now().After(id.Expires.Add(-renewBefore))) {
		if t, rerr := o.signin.Refresh(ctx, s.Refresh, s.Officer); rerr == nil {
			s.Token, s.Refresh, id, err = t.ID, t.Refresh, t.Identity, nil
			if err := o.opt.Book.replaceSession(context.WithoutCancel(ctx), cookie, s); err != nil {
				return nil, err
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return &who{Identity: id, chosen: s.Profile, cookie: cookie}, nil
}

// choices are the officer's profiles that are in force.
func (o *Office) choices(w *who) []string {
	return slices.DeleteFunc(slices.Clone(w.Profiles), func(name string) bool {
		_, err := o.opt.Profiles.Get(name, o.opt.Now())
		return err != nil
	})
}

// working returns the name of the profile that the officer works under, empty if there is
// none or one must be chosen.
func (o *Office) working(w *who) string {
	choices := o.choices(w)
	switch {
	case slices.Contains(choices, w.chosen):
		return w.chosen
	case w.chosen == "" && len(choices) == 1:
		return choices[0]
	}
	return ""
}

// profile returns the signed profile that the officer works under.
func (o *Office) profile(w *who) (*profile.Profile, error) {
	if name := o.working(w); name != "" {
		return o.opt.Profiles.Get(name, o.opt.Now())
	}
	if w.chosen == "" && len(o.choices(w)) > 1 {
		return nil, newProblem(http.StatusConflict, "choose-profile", "You have several profiles.", "Choose the one to work under.")
	}
	return nil, newProblem(http.StatusForbidden, "no-profile", "Central has none of your profiles in force.", "Have your profiles looked at.")
}
