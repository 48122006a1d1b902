package console

import (
	"errors"
	"net/http"
	"strings"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/sync/portal"
)

// maxGrantBody limits the body that holds a grant, in bytes.
const maxGrantBody = check.MaxGrant + 1<<10

type identifyBody struct {
	Ground        capture.Ground `json:"ground"`
	BestInterests string         `json:"best_interests"`
}

func (b *identifyBody) check() error {
	if !b.Ground.Valid() {
		return errBody("The ground is none of those that the law knows.")
	}
	return checkWhy(&b.BestInterests)
}

// identify asks who the traveller is, on a ground of the law.
func (s *Server) identify(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	var body identifyBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	return done(w, s.cfg.Desk.Identify(r.Context(), r.PathValue("check"), o.ID, capture.Identification{
		Ground: body.Ground, BestInterests: body.BestInterests,
	}))
}

type grantBody struct {
	Grant string `json:"grant"`
}

func (b *grantBody) check() error {
	b.Grant = strings.TrimSpace(b.Grant)
	if b.Grant == "" || len(b.Grant) > check.MaxGrant || strings.ContainsFunc(b.Grant, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errBody("The authorisation is empty, too long or not the signed text.")
	}
	return nil
}

// useGrant attaches a signed grant to the check.
func (s *Server) useGrant(w http.ResponseWriter, r *http.Request, _ capture.Officer) error {
	var body grantBody
	if err := decodeUpTo(w, r, &body, maxGrantBody); err != nil {
		return err
	}
	return done(w, s.cfg.Desk.UseGrant(r.Context(), r.PathValue("check"), body.Grant))
}

type verifyBody struct {
	Colour capture.LinkColour `json:"colour"`
	Why    string             `json:"why"`
}

func (b *verifyBody) check() error {
	if !b.Colour.Valid() || b.Colour == capture.LinkYellow {
		return errBody("The colour must be green, red or white.")
	}
	if err := checkWhy(&b.Why); err != nil {
		return err
	}
	if b.Why == "" {
		return errBody("The reason for the verification is missing.")
	}
	return nil
}

// verifyLink records what an officer of the second line found out about a link. The profile
// says who that is; that somebody sees discreet findings is not enough, for investigators do.
func (s *Server) verifyLink(w http.ResponseWriter, r *http.Request, o capture.Officer) error {
	var body verifyBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	link := r.PathValue("link")
	switch {
	case !o.Profile.Verifies:
		return errNotYourLink()
	case len(link) > portal.MaxText || strings.ContainsFunc(link, notPrintableASCII):
		return errNoLink()
	case s.cfg.Verify == nil:
		return errCentral()
	}
	return done(w, s.verified(r, o, link, body))
}

// verified tells central, and turns its refusal into what the officer reads.
func (s *Server) verified(r *http.Request, o capture.Officer, link string, body verifyBody) error {
	err := s.cfg.Verify(r.Context(), o, link, body.Colour, body.Why)
	var status *portal.StatusError
	code := 0
	if errors.As(err, &status) {
		code = status.Code
	}
	switch {
	case err == nil:
		return nil
	case code == http.StatusForbidden || code == http.StatusUnauthorized:
		return errNotYourLink()
	case code == http.StatusNotFound:
		return errNoLink()
	case code == http.StatusConflict:
		return newProblem(http.StatusConflict, "link-verified",
			"Somebody else has verified this link otherwise.", "Speak with the second line before anything is changed.")
	}
	s.cfg.Log.WarnContext(r.Context(), "link not verified", "error", err)
	return errCentral()
}

func errNotYourLink() *problem {
	return newProblem(http.StatusForbidden, "not-your-link",
		"Links are verified by the second line.", "Send the traveller to the second line.")
}

func errNoLink() *problem {
	return newProblem(http.StatusNotFound, "no-link",
		"Central does not know this link.", "Look at the page again; it shows the links that there are.")
}

func errCentral() *problem {
	return newProblem(http.StatusServiceUnavailable, "central",
		"Central could not be told, so it is not recorded.", "Try again when the line to central is back.")
}
