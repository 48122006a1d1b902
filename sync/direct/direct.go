// Package direct asks systems without central while central cannot be reached.
//
// A [Source] stands in for the portal with the systems that are configured so. It is asked
// only while the portal is known to be down; what an officer's profile does not name is not
// asked, and a system is told no more than the law lets it be asked with
// ([system.Allowed]): Interpol's databases learn nothing of who asks. Systems that may be
// asked with a grant only are not asked: central verifies grants.
//
// [Source.Run] watches the systems, so that the booth knows how far its questions would reach
// before a traveller waits for it.
package direct

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"boothd/capture"
	"boothd/capture/policy"
	"boothd/sync/portal"
	"boothd/sync/system"
)

// Adapter is a system that can be asked and tells whether it could be; system.HTTP is one.
type Adapter interface {
	system.Adapter
	Health(ctx context.Context) error
}

// System is one system that is asked directly.
type System struct {
	Name    string
	Adapter Adapter
}

// Options configure a Source. Booth, Systems and Down are required.
type Options struct {
	Booth   string
	Systems []System
	// Down tells whether central cannot be reached; at once, from memory.
	Down func() bool
	// Grant tells which kind of grant the officer's profile needs for a system; empty if none.
	// Nil if none is ever needed.
	Grant func(profile, system string) string
	// Deadline is how long one system may take to answer, 4 s if 0.
	Deadline time.Duration
	// HealthEvery is how often Run looks at each system, 15 s if 0.
	HealthEvery time.Duration
	Log         *slog.Logger     // nothing is logged if nil
	Now         func() time.Time // time.Now if nil
}

// Source asks systems directly. Its methods may be called by several goroutines.
type Source struct {
	opt   Options
	names []string

	mu     sync.Mutex
	health map[string]Health // by system
}

// Health tells whether a system could be asked when it was last looked at.
type Health struct {
	System string
	Up     bool
	Since  time.Time // of the last change; zero before the first look
}

// New makes a source.
func New(opt Options) (*Source, error) {
	if opt.Booth == "" || opt.Down == nil || len(opt.Systems) == 0 {
		return nil, errors.New("direct: booth, systems or the portal's state is missing")
	}
	for d, standard := range map[*time.Duration]time.Duration{&opt.Deadline: 4 * time.Second, &opt.HealthEvery: 15 * time.Second} {
		if *d <= 0 {
			*d = standard
		}
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s := &Source{opt: opt, health: map[string]Health{}}
	for _, sys := range opt.Systems {
		if slices.Contains(s.names, sys.Name) {
			return nil, fmt.Errorf("direct: %s is there twice", sys.Name)
		}
		s.names = append(s.names, sys.Name)
		s.health[sys.Name] = Health{System: sys.Name}
	}
	return s, nil
}

// Name is the name of the source, for check.Source.
func (s *Source) Name() string { return "direct" }

// Systems lists the systems that Look will answer for: none while central can be reached.
func (s *Source) Systems(q capture.Query) []string {
	if !s.opt.Down() {
		return nil
	}
	return s.systems(q)
}

func (s *Source) systems(q capture.Query) []string { return portal.Permitted(q, s.names) }

// Look asks each system and hands on its answer the moment it is there. A system that does
// not answer within its deadline, or wrongly, is answered for as unavailable. The error names
// the systems that could not be asked, for the log.
func (s *Source) Look(ctx context.Context, q capture.Query, answer func(capture.Answer)) error {
	var mu sync.Mutex
	var errs []error
	var all sync.WaitGroup
	for _, name := range s.systems(q) {
		all.Go(func() {
			a, err := s.ask(ctx, q, name)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
			}
			if ctx.Err() == nil || err == nil {
				answer(a)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// ask asks one system. If that fails the answer says so.
func (s *Source) ask(ctx context.Context, q capture.Query, name string) (capture.Answer, error) {
	a := capture.Answer{
		Evidence: q.Evidence.ID, Modality: q.Evidence.Modality(), System: name, Source: s.Name(), State: capture.StateUnavailable,
	}
	if kind := s.grant(q.Officer.Profile.Name, name); kind != "" {
		a.At, a.Reason = s.opt.Now(), policy.NeedsGrant+kind
		return a, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.opt.Deadline)
	defer cancel()
	reply, err := s.adapter(name).Ask(ctx, question(q, s.opt.Booth, name))
	a.At = s.opt.Now()
	if err == nil {
		reply, err = reply.Checked(a.At)
	}
	s.saw(name, err == nil)
	if err != nil {
		a.Reason = system.ReasonOf(name, err)
		return a, fmt.Errorf("ask %s directly: %w", name, err)
	}
	a.State, a.Reason, a.Findings, a.Rest = reply.State, reply.Reason, reply.Findings, reply.Rest
	a.Facts, a.Links, a.AsOf = reply.Facts, named(reply.Links, &q.Officer.Profile), reply.AsOf
	return a, nil
}

// named leaves out the links that name a system which the profile does not name.
func named(links []capture.Link, p *capture.Profile) []capture.Link {
	may := portal.Named(p)
	return slices.DeleteFunc(links, func(l capture.Link) bool {
		return slices.ContainsFunc(l.Systems, func(system string) bool { return !may(system) })
	})
}

func (s *Source) grant(profile, name string) string {
	if s.opt.Grant == nil {
		return ""
	}
	return s.opt.Grant(profile, name)
}

func (s *Source) adapter(name string) Adapter {
	return s.opt.Systems[slices.Index(s.names, name)].Adapter
}
