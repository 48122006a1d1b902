// Package server is one instance of the central search: its parts opened and wired, and the
// interface that booths reach.
//
// Instances keep nothing that another could not take over: all that lasts is in the
// database, which several of them may share. What an instance holds in memory (the index of
// fingers, the profiles) it reads again from there or from its files.
package server

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/alerts"
	"boothd/cmd/centrald/border"
	"boothd/cmd/centrald/config"
	"boothd/cmd/centrald/flow"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/intake"
	"boothd/cmd/centrald/office"
	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/release"
	"boothd/cmd/centrald/search"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/visa"
	"boothd/internal/keys"
	"boothd/internal/settings"
	"boothd/localmatch/recent"
	"boothd/sync/grant"
	"boothd/sync/profile"
	"boothd/sync/signin"
	"boothd/sync/system"
)

// Options are what a Server may be told. All may be left out.
type Options struct {
	// Wrap is put around each system's adapter, so that a simulator can make it slow.
	Wrap func(name string, a system.Adapter) system.Adapter
	Log  *slog.Logger
	Now  func() time.Time
}

// Server is one instance. Its parts are open to the office's pages, to seeding and to
// simulators; they are not replaced while it runs.
type Server struct {
	config *config.Config
	opt    Options
	log    *slog.Logger
	now    func() time.Time

	DB        *store.DB
	Registers map[string]*register.Register // by system; also of EES, VIS, ETIAS and the CIR
	EES       *border.EES                   // nil if it is not among the systems; so the others
	VIS       *visa.VIS
	ETIAS     *visa.ETIAS
	CIR       *identity.CIR
	Links     *identity.Links
	Cases     *identity.Cases
	Copies    *register.Copies
	Recent    *recent.Store
	Intake    *intake.Intake
	Alerts    *alerts.Alerts
	Access    *accesslog.Log
	Flow      *flow.Flow
	Releases  *release.Releases
	Book      *office.Book
	Profiles  *profile.Set
	Revoked   *grant.Revoked
	Grants    *grant.Verifier
	Officers  *signin.Verifier // nil if booths vouch for their officers
	Issuer    *signin.Issuer   // nil if this instance is none
	Signing   ed25519.PrivateKey

	adapters map[string]system.Adapter // by system, as they are asked
	watched  []*watched                // the same, in the order of the configuration
	secret   []byte
	uses     *release.Uses
	search   *search.Searcher
}

// Open opens the database and everything in it.
func Open(ctx context.Context, c *config.Config, opt Options) (*Server, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Wrap == nil {
		opt.Wrap = func(_ string, a system.Adapter) system.Adapter { return a }
	}
	s := &Server{config: c, opt: opt, log: opt.Log, now: opt.Now, Registers: map[string]*register.Register{}, adapters: map[string]system.Adapter{}}
	for _, step := range []func(context.Context) error{
		s.openDatabase, s.openSweep, s.openDocuments, s.openOfficers, s.openSystems, s.openCases, s.openSearch, s.openIntake,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.Close(ctx))
		}
	}
	return s, nil
}

// openDatabase opens the parts that stand on the database alone.
func (s *Server) openDatabase(ctx context.Context) error {
	var err error
	if s.Signing, err = keys.ReadSigning(s.config.Keys.Signing); err != nil {
		return err
	}
	if s.secret, err = keys.Secret(s.config.Keys.Lookup, lookupSecret); err != nil {
		return err
	}
	if s.DB, err = store.Open(ctx, s.config.Database); err != nil {
		return err
	}
	if err := s.DB.Migrate(ctx, "recent", recent.Schema); err != nil {
		return err
	}
	var errs [7]error
	s.Recent, errs[0] = recent.New(s.DB.DB, s.secret, s.now)
	s.Access, errs[1] = accesslog.Open(ctx, s.DB, s.now)
	s.Flow, errs[2] = flow.Open(ctx, s.DB, s.now)
	s.Alerts, errs[3] = alerts.Open(ctx, alerts.Options{DB: s.DB, Log: s.log, Now: s.now})
	s.Copies, errs[4] = register.OpenCopies(ctx, s.DB)
	s.Links, errs[5] = identity.OpenLinks(ctx, s.DB, identity.LinkOptions{Now: s.now})
	s.Book, errs[6] = office.OpenBook(ctx, s.DB, s.now)
	return errors.Join(errs[:]...)
}

// lookupSecret is the length of the secret that keys the lookup digests, in bytes.
const lookupSecret = 32

// openDocuments reads what others have signed.
func (s *Server) openDocuments(ctx context.Context) error {
	trusted, err := keys.ReadVerifyingAll(s.config.Profiles.Keys)
	if err != nil {
		return err
	}
	s.Profiles = profile.NewSet(trusted...)
	authorities, err := s.config.Grants.Keys.Read()
	if err != nil {
		return err
	}
	s.Revoked = grant.NewRevoked(authorities.All()...)
	if s.uses, err = release.OpenUses(ctx, s.DB); err != nil {
		return err
	}
	secret, err := s.secretOf("release")
	if err != nil {
		return err
	}
	s.Grants = &grant.Verifier{Keys: authorities, Revocations: s.Revoked, Uses: s.uses, ListAge: -1, Now: s.now}
	s.Releases, err = release.Open(ctx, s.DB, release.Options{
		Secret: secret, Protocols: s.config.Protocols, Verifier: s.Grants, Now: s.now,
	})
	return errors.Join(err, s.readDocuments())
}

// readDocuments reads the folder of profiles and the list of revoked grants again. A
// damaged file is logged and passed over; what is in force stays.
func (s *Server) readDocuments() error {
	faults, err := s.Profiles.ReadFolder(s.config.Profiles.Folder)
	if err != nil {
		return fmt.Errorf("read profiles: %w", err)
	}
	for _, f := range faults {
		s.log.Warn("profile not read", "fault", f)
	}
	if s.config.Grants.Revocations == "" {
		return nil
	}
	if err := s.Revoked.ReadFile(s.config.Grants.Revocations); err != nil {
		return fmt.Errorf("read revoked grants: %w", err)
	}
	return nil
}

// openOfficers prepares what verifies officers' tokens, and the issuer if this instance is
// one.
func (s *Server) openOfficers(context.Context) error {
	c := &s.config.SignIn
	if c.Issuer == "" {
		return nil
	}
	client := &http.Client{Timeout: issuerTimeout}
	if c.CA != "" {
		pool, err := settings.Pool(c.CA)
		if err != nil {
			return err
		}
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	}
	var err error
	s.Officers, err = signin.New(signin.Options{
		Issuer: c.Issuer, Audience: c.Audience, KeysFile: c.Cache, Client: client, Now: s.now, Log: s.log,
	})
	if err != nil || c.Officers == "" {
		return err
	}
	officers, err := signin.ReadOfficers(c.Officers)
	if err != nil {
		return err
	}
	key, err := keys.ReadSigning(c.SigningKey)
	if err != nil {
		return err
	}
	s.Issuer, err = signin.NewIssuer(signin.IssuerOptions{
		URL: c.Issuer, Audience: c.Audience, Redirects: c.Redirects, Key: key, Officers: officers, Now: s.now, Log: s.log,
	})
	return err
}

const issuerTimeout = 10 * time.Second

// Run does what goes on beside the requests until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var parts sync.WaitGroup
	start := func(name string, run func(context.Context) error) {
		parts.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				fail(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	start("intake", s.Intake.Run)
	start("alerts", s.Alerts.Run)
	start("upkeep", s.upkeep)
	if s.EES != nil {
		start("EES", func(ctx context.Context) error { s.EES.Run(ctx); return nil })
	}
	if s.Officers != nil {
		start("officers", s.Officers.Run)
	}
	<-ctx.Done()
	parts.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// Close gives back what Open took. No request may be under way.
func (s *Server) Close(ctx context.Context) error {
	var err error
	if s.search != nil {
		err = s.search.Shutdown(ctx)
	}
	if s.Access != nil {
		s.Access.Close()
	}
	if s.DB != nil {
		err = errors.Join(err, s.DB.Close())
	}
	return err
}
