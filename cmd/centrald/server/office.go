package server

import (
	"net/http"
	"strings"

	"boothd/cmd/centrald/office"
)

// Office serves the pages of people at central, and the issuer of officers' tokens if this
// instance is one.
func (s *Server) Office() (http.Handler, error) {
	mux := http.NewServeMux()
	if s.Issuer != nil {
		mux.Handle(issuerPath(s.config.SignIn.Issuer)+"/", s.Issuer)
	}
	if s.Officers == nil { // without an issuer nobody can sign in
		return mux, nil
	}
	pages, err := office.New(office.Options{
		URL: s.config.Server.OfficeURL, Book: s.Book, Flow: s.Flow, Links: s.Links, Cases: s.Cases, Access: s.Access, Alerts: s.Alerts,
		Releases: s.Releases, Copies: s.Copies, Registers: s.Registers, Profiles: s.Profiles, Officers: s.Officers, Signing: s.Signing,
		Systems: s.states, Now: s.now, Log: s.log,
	})
	if err != nil {
		return nil, err
	}
	mux.Handle("/", pages.Handler())
	return mux, nil
}

// issuerPath is the path of the issuer's address.
func issuerPath(issuer string) string {
	_, rest, _ := strings.Cut(issuer, "://")
	_, path, _ := strings.Cut(rest, "/")
	return "/" + strings.Trim(path, "/")
}
