package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"boothd/capture"
	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/register"
	"boothd/sync/portal"
	"boothd/sync/watchlist"
)

// pathLists is where the lists' folder is.
const pathLists = "/lists/"

// Booths serves the interface that sync/portal describes. It must be reached over mutual
// TLS only: the common name of the client's certificate is taken for the booth's id.
func (s *Server) Booths() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+portal.PathLook, s.look)
	mux.Handle(portal.PathReport, s.Intake.Handler())
	mux.Handle(portal.PathThrough, s.Intake.Handler())
	mux.Handle("GET "+portal.PathAlerts, http.HandlerFunc(s.Alerts.Serve))
	mux.HandleFunc("GET "+portal.PathProfiles, func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, portal.Documents{Documents: s.Profiles.Documents()})
	})
	mux.HandleFunc("GET "+portal.PathRevoked, func(w http.ResponseWriter, r *http.Request) {
		d := portal.Documents{Documents: []string{}}
		if list := s.Revoked.Document(); list != "" {
			d.Documents = append(d.Documents, list)
		}
		writeJSON(w, d)
	})
	mux.HandleFunc("POST "+portal.PathVerify, s.verify)
	mux.HandleFunc("POST "+portal.PathCopies, s.hold)
	mux.HandleFunc("GET "+portal.PathHealth, s.health)
	if s.config.Lists.Folder != "" {
		mux.Handle(pathLists, http.StripPrefix(pathLists, watchlist.Handler(s.config.Lists.Folder)))
	}
	return mux
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(v) // whoever has gone gets nothing
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	if err := s.DB.PingContext(r.Context()); err != nil {
		http.Error(w, "database not available", http.StatusServiceUnavailable)
	}
}

// hold notes which technical copies a booth holds.
func (s *Server) hold(w http.ResponseWriter, r *http.Request) {
	h, err := portal.ReadCopies(w, r)
	if err != nil {
		http.Error(w, err.Error(), portal.ReplyStatus(err))
		return
	}
	if !isBooth(r, h.Booth) {
		http.Error(w, "not the booth of the certificate", http.StatusForbidden)
		return
	}
	copies := make([]register.Copy, len(h.Copies))
	for i, k := range h.Copies {
		copies[i] = register.Copy{
			List: k.List, System: k.System, Version: k.Version, Manifest: k.Manifest, Entries: k.Entries, Taken: k.Taken, Expires: k.Expires,
		}
	}
	if err := s.Copies.Hold(r.Context(), h.Booth, s.now(), copies); err != nil {
		s.log.Error("copies not noted", "booth", h.Booth, "err", err)
		http.Error(w, "not recorded", http.StatusServiceUnavailable)
	}
}

// kindVerification is an access log entry about a link that is verified at a booth.
const kindVerification accesslog.Kind = "verification"

// maxLink is longer than the id of any link, in bytes.
const maxLink = 64

// verify records what an officer of the second line found out about a link.
func (s *Server) verify(w http.ResponseWriter, r *http.Request) {
	v, err := portal.ReadVerification(w, r)
	if err != nil {
		http.Error(w, err.Error(), portal.ReplyStatus(err))
		return
	}
	if !isBooth(r, v.Booth) {
		http.Error(w, "not the booth of the certificate", http.StatusForbidden)
		return
	}
	p, err := s.profileOf(r.Context(), v.Token, v.Officer, v.Profile)
	if err != nil || !p.Verifies {
		s.log.Warn("verification refused", "booth", v.Booth, "err", err)
		http.Error(w, "the officer may not verify links", http.StatusForbidden)
		return
	}
	if len(v.Link) > maxLink {
		http.Error(w, "no such link", http.StatusNotFound)
		return
	}
	// Who does it is in the access log before it is done, as with an officer at central.
	entry := accesslog.Entry{
		Kind: kindVerification, Officer: v.Officer, Booth: v.Booth, Category: p.Category, Profile: p.Name, Purpose: p.Purpose,
		LegalBasis: p.LegalBasis, Detail: map[string]string{"link": v.Link, "colour": string(v.Colour)},
	}
	if _, err := s.Access.Append(context.WithoutCancel(r.Context()), entry); err != nil {
		s.log.Error("verification not logged, hence not recorded", "booth", v.Booth, "err", err)
		http.Error(w, "not recorded", http.StatusServiceUnavailable)
		return
	}
	var systems []string
	for i := range p.Systems {
		systems = append(systems, p.Systems[i].Name)
	}
	err = s.Links.Verify(r.Context(), identity.Verification{
		Link: v.Link, Colour: v.Colour, Officer: v.Officer, Why: v.Why, Sight: identity.Sight{Systems: systems, Cleared: p.Cleared},
	})
	switch {
	case errors.Is(err, identity.ErrNoLink):
		http.Error(w, "no such link", http.StatusNotFound)
	case errors.Is(err, identity.ErrVerified):
		http.Error(w, "the link was verified otherwise", http.StatusConflict)
	case errors.Is(err, identity.ErrColour), errors.Is(err, identity.ErrOfficer), errors.Is(err, identity.ErrWhy):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case err != nil:
		s.log.Error("link not verified", "booth", v.Booth, "err", err)
		http.Error(w, "not recorded", http.StatusServiceUnavailable)
	default:
		writeJSON(w, struct {
			Colour capture.LinkColour `json:"colour"`
		}{v.Colour})
	}
}
