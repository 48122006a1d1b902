package server

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/border"
	"boothd/cmd/centrald/config"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/search"
	"boothd/cmd/centrald/visa"
	"boothd/internal/settings"
	"boothd/localmatch/gallery"
	"boothd/sync/grant"
	"boothd/sync/system"
)

// openSystems opens the adapter of each system.
func (s *Server) openSystems(ctx context.Context) error {
	for i := range s.config.Systems {
		c := &s.config.Systems[i]
		adapter, err := s.openSystem(ctx, c)
		if err != nil {
			return fmt.Errorf("open system %s: %w", c.Name, err)
		}
		if s.Registers[c.Name] != nil {
			adapter = linked{adapter, s.Links, c.Name, s.names()}
		}
		w := newWatched(c.Name, s.opt.Wrap(c.Name, adapter), deadlineOf(c), s.now)
		s.watched, s.adapters[c.Name] = append(s.watched, w), w
	}
	return nil
}

// names lists the systems that links may be between.
func (s *Server) names() []string {
	names := make([]string, len(s.config.Systems))
	for i := range s.config.Systems {
		names[i] = s.config.Systems[i].Name
	}
	return names
}

func (s *Server) openSystem(ctx context.Context, c *config.System) (system.Adapter, error) {
	if c.Kind == config.KindHTTP {
		return openHTTP(c)
	}
	secret, err := s.secretOf("register " + c.Name)
	if err != nil {
		return nil, err
	}
	o := register.Options{System: c.Name, Secret: secret, Needs: needs(c.Needs), Log: s.log, Now: s.now}
	if c.Kind == config.KindRegister { // elsewhere an entry is a file and no alert
		o.Changed = func(ctx context.Context, e gallery.Entry) { s.entryChanged(ctx, c.Name, e) }
	}
	if c.Kind != config.KindCIR {
		o.Removing = func(ctx context.Context, id string) error { return s.forget(ctx, c.Name, id) }
	}
	people, err := register.Open(ctx, s.DB, o)
	if err != nil {
		return nil, err
	}
	s.Registers[c.Name] = people
	switch c.Kind {
	case config.KindEES:
		s.EES, err = border.Open(ctx, s.DB, border.Options{
			People: people, Enrol: people.Put, Remove: people.Remove, Secret: secret, Exempt: s.config.EES.Exempt, Log: s.log, Now: s.now,
		})
		return s.EES, err
	case config.KindVIS:
		s.VIS, err = visa.OpenVIS(ctx, s.DB, visa.VISOptions{People: people, Remove: people.Remove, Secret: secret, Now: s.now})
		return s.VIS, err
	case config.KindETIAS:
		s.ETIAS, err = visa.OpenETIAS(ctx, s.DB, visa.ETIASOptions{
			Required: s.config.ETIAS.Required, Remove: people.Remove, Secret: secret, Now: s.now,
		})
		return s.ETIAS, err
	case config.KindCIR:
		s.CIR, err = identity.OpenCIR(ctx, s.DB, repository{people}, identity.Options{Links: s.Links, Now: s.now})
		return s.CIR, err
	}
	return people, nil
}

// secretOf makes a secret of its own for a part.
func (s *Server) secretOf(part string) ([]byte, error) {
	return hkdf.Key(sha256.New, s.secret, nil, "centrald "+part+" v1", lookupSecret)
}

// needs says which entries are told of in full only with a grant.
func needs(categories map[string]string) func(*gallery.Entry) string {
	return func(e *gallery.Entry) string { return categories[e.Category] }
}

func openHTTP(c *config.System) (system.Adapter, error) {
	o := system.HTTPOptions{URL: c.URL}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		pool, err := settings.Pool(c.CA)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = pool
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, err
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	o.TLS = conf
	if c.TokenFile != "" {
		token, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return nil, err
		}
		o.Token = strings.TrimSpace(string(token))
	}
	return system.NewHTTP(o)
}

// repository makes a register the people of the common identity repository.
type repository struct{ *register.Register }

var _ identity.People = repository{}

// openCases opens the questions of law enforcement: they go to the systems behind the
// repository.
func (s *Server) openCases(ctx context.Context) error {
	if s.CIR == nil {
		return nil
	}
	behind := map[string]system.Adapter{}
	for _, name := range []string{system.EES, system.VIS, system.ETIAS, system.Eurodac} {
		if a := s.adapters[name]; a != nil {
			behind[name] = a
		}
	}
	var err error
	s.Cases, err = identity.OpenCases(ctx, s.DB, identity.CaseOptions{
		Holder: s.CIR, Grants: s.Grants, Systems: behind, May: s.mayAsk, Log: s.logStep, Authority: grant.Judicial, Now: s.now,
	})
	return err
}

// mayAsk tells what a profile in force lets a system be asked with about a person.
func (s *Server) mayAsk(profile, name string) ([]system.Field, bool) {
	p, err := s.Profiles.Get(profile, s.now())
	if err != nil {
		return nil, false
	}
	allowed, ok := p.May(name, capture.ModalityDocument)
	return search.Fields(&allowed), ok
}

func deadlineOf(c *config.System) time.Duration {
	return time.Duration(cmp.Or(c.Deadline, config.DefaultDeadline))
}

// openSearch prepares the search over all systems.
func (s *Server) openSearch(context.Context) error {
	var systems []search.System
	for i := range s.config.Systems {
		c := &s.config.Systems[i]
		y := search.System{
			Name: c.Name, Adapter: s.adapters[c.Name],
			Deadline: deadlineOf(c), Linger: time.Duration(c.Linger),
		}
		if y.Linger == 0 {
			y.Linger = time.Duration(config.DefaultLinger)
		}
		for _, authority := range c.Needs {
			y.Opens = grant.Authority(authority)
		}
		systems = append(systems, y)
	}
	var err error
	s.search, err = search.New(search.Options{Systems: systems, Late: s.late, Grants: s.Grants, Log: s.log, Now: s.now})
	return err
}

// linked adds the links of what a system speaks of.
type linked struct {
	system.Adapter
	links  *identity.Links
	system string
	all    []string
}

// Ask asks the system. Links are given for all systems; the search leaves out those that
// the officer's profile may not know of.
func (l linked) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	r, err := l.Adapter.Ask(ctx, q)
	if err != nil {
		return r, err
	}
	entries := r.Entries
	if len(entries) == 0 {
		entries = []string{""} // has no links; they are looked for lest the time tell that nobody was found
	}
	for _, entry := range entries {
		links, lerr := l.links.Of(ctx, l.system, entry, l.all)
		if lerr != nil {
			return r, errors.Join(errLinks, lerr)
		}
		r.Links = append(r.Links, links...)
	}
	return r, nil
}

var errLinks = errors.New("links not read")
