package stage

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"boothd/cmd/boothsim/demo"
	"boothd/cmd/boothsim/line"
	"boothd/cmd/centrald/config"
	"boothd/cmd/centrald/seed"
	"boothd/cmd/centrald/server"
	"boothd/cmd/centrald/simulate"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// Portal is the central search that plays in this process: the reference portal itself,
// each of whose systems can be made slow or failing.
type Portal struct {
	*server.Server
	systems map[string]*simulate.Simulator
}

// openPortal opens the portal of a folder.
func openPortal(ctx context.Context, path string, log *slog.Logger) (*Portal, error) {
	conf, err := config.Read(path)
	if err != nil {
		return nil, err
	}
	p := &Portal{systems: map[string]*simulate.Simulator{}}
	p.Server, err = server.Open(ctx, conf, server.Options{Log: log, Wrap: p.simulated})
	return p, err
}

// simulated puts a simulator before a system.
func (p *Portal) simulated(name string, a system.Adapter) system.Adapter {
	h := fnv.New64()
	h.Write([]byte(name))
	p.systems[name] = simulate.New(a, h.Sum64())
	return p.systems[name]
}

// SystemState tells how a system is.
type SystemState struct {
	Name    string        `json:"name"`
	Latency time.Duration `json:"latency_ns"`
	Failing bool          `json:"failing"`
	People  int           `json:"people"`
}

// Systems tells how the systems are, in order.
func (p *Portal) Systems(ctx context.Context) ([]SystemState, error) {
	var list []SystemState
	for _, name := range demo.PortalSystems() {
		how := p.systems[name].Behaviour()
		n, err := p.Registers[name].Count(ctx)
		if err != nil {
			return nil, err
		}
		list = append(list, SystemState{Name: name, Latency: how.Latency, Failing: how.Failure != simulate.FailureNone, People: n})
	}
	return list, nil
}

// SetSystem makes a system slow or quick, failing or well.
func (p *Portal) SetSystem(name string, latency time.Duration, failing bool) error {
	s := p.systems[name]
	if s == nil {
		return fmt.Errorf("no system %q", name)
	}
	how := simulate.Behaviour{Latency: latency}
	if failing {
		how.Failure = simulate.FailureError
	}
	return s.Set(how)
}

// Put adds a person to a system, or replaces the one with the same id.
func (p *Portal) Put(ctx context.Context, name string, e gallery.Entry) error {
	r := p.Registers[name]
	if r == nil {
		return fmt.Errorf("no system %q", name)
	}
	return r.Put(ctx, e)
}

// Remove takes a person out of a system and reports whether it was there.
func (p *Portal) Remove(ctx context.Context, name, id string) (bool, error) {
	r := p.Registers[name]
	if r == nil {
		return false, fmt.Errorf("no system %q", name)
	}
	return r.Remove(ctx, id)
}

// startPortal opens the portal, fills it and serves booths and the office.
func (s *Stage) startPortal(ctx context.Context, folder *demo.Folder, listen Listen, log *slog.Logger) error {
	log = log.With("part", "portal")
	booths, err := net.Listen("tcp", listen.Portal)
	if err != nil {
		return fmt.Errorf("start portal: %w", err)
	}
	s.portalLine = line.New(booths)
	office, err := net.Listen("tcp", listen.Office)
	if err != nil {
		booths.Close()
		return fmt.Errorf("start office: %w", err)
	}
	s.addresses.Portal, s.addresses.Office = "https://"+booths.Addr().String(), "http://"+office.Addr().String()
	now := time.Now()
	if err := folder.Renew(now); err != nil {
		return s.noPortal(office, err)
	}
	path, err := folder.WriteCentral(booths.Addr().String(), office.Addr().String(), now)
	if err != nil {
		return s.noPortal(office, err)
	}
	if s.Portal, err = openPortal(ctx, path, log); err != nil {
		return s.noPortal(office, err)
	}
	if err := s.seedCast(ctx, now); err != nil {
		return s.noPortal(office, err)
	}
	return s.servePortal(ctx, folder, office, log)
}

// seedCast puts the cast into the systems. Its visas and stays are counted from the day, so
// it is put in again on another day, and not twice on one.
func (s *Stage) seedCast(ctx context.Context, now time.Time) error {
	file, today := s.folder.Path("cast-seeded"), []byte(now.Format(time.DateOnly))
	if was, err := os.ReadFile(file); err == nil && bytes.Equal(was, today) {
		return nil
	}
	stores := s.Portal.Stores()
	stores.NoPrints = s.noPrints
	if err := seed.Cast(ctx, stores); err != nil {
		return err
	}
	return os.WriteFile(file, today, 0o644)
}

// noPortal closes the listeners of a portal that did not start.
func (s *Stage) noPortal(office net.Listener, err error) error {
	s.portalLine.Close()
	office.Close()
	return err
}

func (s *Stage) servePortal(ctx context.Context, folder *demo.Folder, office net.Listener, log *slog.Logger) error {
	conf, err := folder.PortalTLS()
	if err != nil {
		return s.noPortal(office, err)
	}
	pages, err := s.Portal.Office()
	if err != nil {
		return s.noPortal(office, err)
	}
	serve := func(name string, h http.Handler, conf *tls.Config, serve func(*http.Server) error) {
		server := &http.Server{
			Handler:           h,
			TLSConfig:         conf,
			ReadHeaderTimeout: 10 * time.Second,
			ReadTimeout:       2 * time.Minute,
			IdleTimeout:       5 * time.Minute,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
			BaseContext:       func(net.Listener) context.Context { return ctx },
		}
		s.serve(ctx, name, func() error { return serve(server) }, server.Close)
	}
	serve("portal", s.Portal.Booths(), conf, func(h *http.Server) error { return h.ServeTLS(s.portalLine, "", "") })
	serve("office", pages, nil, func(h *http.Server) error { return h.Serve(office) })
	s.serve(ctx, "central", func() error { return s.Portal.Run(ctx) }, func() error { return nil })
	return nil
}
