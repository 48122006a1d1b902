package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"boothd/capture"
	"boothd/sync/grant"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// Source is what the answers name as who was asked.
const Source = "portal"

// Errors of a search.
var (
	// ErrProfile is returned if there is no profile or it is past its review.
	ErrProfile = errors.New("profile not in force")
	// ErrClosed is returned after Shutdown.
	ErrClosed = errors.New("search is closed")
)

// System is an information system that central is connected to.
type System struct {
	Name    string // as answers and profiles call it
	Adapter system.Adapter
	// Deadline is how long a search waits for the system, 5 s if 0.
	Deadline time.Duration
	// Linger is how much longer a reply is awaited, so that a late finding becomes an alert.
	Linger time.Duration
	// Pending is how many questions may await the system at a time, 1,000 if 0. While there
	// are as many, it is unavailable at once.
	Pending int
	// Opens is the authority whose grant lets the system say what it otherwise holds back
	// (capture.Finding.Needs); empty if it holds nothing back. A grant that comes with the
	// query is then used also where the profile wants none.
	Opens grant.Authority
}

// Grants verifies authorisations; the errors tell why one does not count.
type Grants interface {
	// Use returns the id of the signed grant if it permits what is wanted, and marks it used.
	Use(ctx context.Context, text string, want grant.Want) (id string, err error)
	// GiveBack takes back a use that the caller made, since no answer came of it.
	GiveBack(ctx context.Context, text string) error
}

// Options are what a Searcher is made of. Only Systems is required.
type Options struct {
	Systems []System
	// Late receives the answers that found something after Search had no more use for them.
	// It is called from several goroutines, and its context ends after 10 s.
	Late func(ctx context.Context, req Request, a capture.Answer)
	// Grants verifies the query's grant. Without it none counts.
	Grants Grants
	Log    *slog.Logger     // nothing is logged if nil
	Now    func() time.Time // time.Now if nil
}

// Request is one question about one piece of evidence, by an officer who was identified.
// Personal data.
type Request struct {
	Query capture.Query
	// Profile is the signed one. What the query says of the officer's profile is not believed.
	Profile *profile.Profile
	Systems []string // that are requested
	// Subjects are the traveller as grants may name them (grant.Grant.Subject), by the
	// document or by the person; the first for which the query's grant counts is taken.
	Subjects []string
	// Logged is the query's id in the caller's log, for Options.Late. Nothing is done with it.
	Logged string
	// Granted, if not nil, is told the id of the grant under which a system is asked, before
	// it is. It is called from several goroutines.
	Granted func(system, grant string)
}

// LogValue keeps the traveller out of logs.
func (r Request) LogValue() slog.Value { return r.Query.LogValue() }

// Searcher asks systems. Its methods may be called from several goroutines.
type Searcher struct {
	opt     Options
	systems map[string]*connection

	mu      sync.Mutex // guards closed against a search that begins
	closed  bool
	running sync.WaitGroup
	ended   context.Context // done once Shutdown was called
	end     context.CancelFunc
}

// connection is a system with the number of questions that await it.
type connection struct {
	System
	pending atomic.Int64
}

const (
	standardDeadline = 5 * time.Second
	standardPending  = 1000
	lateTimeout      = 10 * time.Second
	giveBackTimeout  = 10 * time.Second
)

// New returns a Searcher for the systems. Names must differ and adapters be there.
func New(opt Options) (*Searcher, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s := &Searcher{opt: opt, systems: make(map[string]*connection, len(opt.Systems))}
	for _, c := range opt.Systems {
		if c.Name == "" || len(c.Name) > system.MaxName || c.Adapter == nil || s.systems[c.Name] != nil {
			return nil, fmt.Errorf("system %q: no name, no adapter, or twice", c.Name)
		}
		if c.Deadline <= 0 {
			c.Deadline = standardDeadline
		}
		if c.Pending <= 0 {
			c.Pending = standardPending
		}
		c.Linger = max(c.Linger, 0)
		c.Adapter = system.Guarded(c.Adapter)
		s.systems[c.Name] = &connection{System: c}
	}
	s.ended, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Systems lists the systems that a search answers for, for the record of who asked what: a
// system that lacks a grant is among them, though it is not asked.
func (s *Searcher) Systems(req Request) ([]string, error) {
	asked, err := s.asked(req)
	names := make([]string, len(asked))
	for i, a := range asked {
		names[i] = a.Name
	}
	return names, err
}

// Search asks the systems and calls answer for each, from one goroutine at a time and not
// after it has returned. It returns nil once every system was answered for, or ctx's error
// as soon as ctx ends. The errors ErrProfile and ErrClosed are returned before anything is
// asked.
func (s *Searcher) Search(ctx context.Context, req Request, answer func(capture.Answer)) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	asked, err := s.asked(req)
	if err != nil {
		return err
	}
	if err := s.enter(len(asked)); err != nil {
		return err
	}
	arrived := make(chan capture.Answer)
	gone := make(chan struct{})
	defer close(gone)
	for _, t := range asked {
		a := &asking{target: t, searcher: s, req: &req, arrived: arrived, gone: gone}
		a.begin(ctx)
	}
	for range asked {
		select {
		case a := <-arrived:
			answer(a)
		case <-ctx.Done():
			return fmt.Errorf("search: %w", ctx.Err())
		}
	}
	return nil
}

// enter counts n systems that are to be asked as running.
func (s *Searcher) enter(n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.running.Add(n)
	return nil
}

// Shutdown gives up all that is awaited and returns when nothing is left running, or with
// ctx's error when ctx ends before: then an adapter does not obey its context.
func (s *Searcher) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("shut down search: %w", ctx.Err())
	}
}
