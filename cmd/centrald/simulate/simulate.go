// Package simulate makes information systems that behave as one wishes, for tests,
// demonstration, drills and the development of adapters.
//
// A [Simulator] stands before a system's adapter: it delays the replies, fails in several
// ways, or gives answers of its own, and is changed while it runs. A [Recorder] keeps the last
// exchanges in memory and writes them as a recording, which a [Player] replays. Recordings
// hold whole questions and replies: make them with invented people only. Nothing here logs
// what is asked or answered.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"boothd/sync/system"
)

// Failure is a way in which a system fails.
type Failure string

// The failures.
const (
	FailureNone    Failure = ""
	FailureError   Failure = "error"   // it says that it cannot answer
	FailureSilence Failure = "silence" // it says nothing until it is asked no more
	FailureCut     Failure = "cut"     // the connection ends half-way through the reply
)

// Behaviour is how a simulated system behaves. The zero Behaviour answers as its adapter does.
type Behaviour struct {
	Latency time.Duration `json:"latency_ns,omitempty"` // added to the adapter's own, up to MaxLatency
	Jitter  time.Duration `json:"jitter_ns,omitempty"`  // up to so much more or less, not below 0
	Failure Failure       `json:"failure,omitempty"`
	// Answers are given instead of the adapter's, the first that fits.
	Answers []Answer `json:"answers,omitempty"`
}

// Answer is a reply that is given to questions about one document, or to all.
type Answer struct {
	DocumentNumber string       `json:"document_number,omitempty"` // empty for all questions
	Reply          system.Reply `json:"reply"`
}

// MaxLatency limits latency and jitter.
const MaxLatency = 10 * time.Minute

// ErrSimulated is matched by the errors of simulated failures.
var ErrSimulated = errors.New("simulated failure")

// Simulator is an adapter that behaves as it is told. Its methods may be called from several
// goroutines.
type Simulator struct {
	adapter system.Adapter

	mu        sync.Mutex
	behaviour Behaviour
	random    *rand.Rand
}

var _ system.Adapter = (*Simulator)(nil)

// New returns a Simulator before a; seed makes its jitter repeatable.
func New(a system.Adapter, seed uint64) *Simulator {
	return &Simulator{adapter: a, random: rand.New(rand.NewPCG(seed, seed))}
}

// Set changes the behaviour for the questions that follow.
func (s *Simulator) Set(b Behaviour) error {
	switch b.Failure {
	case FailureNone, FailureError, FailureSilence, FailureCut:
	default:
		return fmt.Errorf("failure %q is not known", b.Failure)
	}
	if b.Latency < 0 || b.Latency > MaxLatency || b.Jitter < 0 || b.Jitter > MaxLatency {
		return fmt.Errorf("latency %s with jitter %s, want 0 to %s", b.Latency, b.Jitter, MaxLatency)
	}
	for i := range b.Answers {
		if _, err := b.Answers[i].Reply.Checked(time.Time{}); err != nil {
			return fmt.Errorf("answer %d: %w", i+1, err)
		}
	}
	b.Answers = slices.Clone(b.Answers)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviour = b
	return nil
}

// Behaviour tells how the system behaves.
func (s *Simulator) Behaviour() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.behaviour
	b.Answers = slices.Clone(b.Answers)
	return b
}

// Ask answers as the behaviour says that is set when it is called.
func (s *Simulator) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	b, wait := s.drawn()
	if b.Failure == FailureSilence {
		<-ctx.Done()
		return system.Reply{}, ctx.Err()
	}
	if err := sleep(ctx, wait); err != nil {
		return system.Reply{}, err
	}
	switch b.Failure {
	case FailureError:
		return system.Reply{}, fmt.Errorf("%w: the system cannot answer", ErrSimulated)
	case FailureCut:
		return system.Reply{}, fmt.Errorf("%w: %w", ErrSimulated, io.ErrUnexpectedEOF)
	}
	for _, a := range b.Answers {
		if a.DocumentNumber == "" || a.DocumentNumber == q.DocumentNumber || a.DocumentNumber == q.VisaSticker {
			return a.Reply, nil
		}
	}
	return s.adapter.Ask(ctx, q)
}

// drawn returns the behaviour and how long to wait this time.
func (s *Simulator) drawn() (Behaviour, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := s.behaviour.Latency
	if j := int64(s.behaviour.Jitter); j > 0 {
		wait += time.Duration(s.random.Int64N(2*j+1) - j)
	}
	return s.behaviour, max(wait, 0)
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
