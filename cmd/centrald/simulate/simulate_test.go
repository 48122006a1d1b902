package simulate

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/sync/system"
)

// adapter is a function that is an Adapter.
type adapter func(ctx context.Context, q system.Question) (system.Reply, error)

func (f adapter) Ask(ctx context.Context, q system.Question) (system.Reply, error) { return f(ctx, q) }

var (
	noHit    = system.Reply{State: capture.StateNoHit}
	hit      = system.Reply{State: capture.StateHit, Findings: []capture.Finding{{Entry: "e1", By: capture.ByName, State: capture.StateHit, Score: 1, Name: "X"}}}
	nothing  = adapter(func(context.Context, system.Question) (system.Reply, error) { return noHit, nil })
	question = system.Question{ID: "q1", System: "SIS", DocumentNumber: "L898902C3"}
)

func TestASystemBehavesAsItIsTold(t *testing.T) {
	for _, test := range []struct {
		name      string
		behaviour Behaviour
		state     capture.State
		err       error
		after     time.Duration
	}{
		{"as its adapter", Behaviour{}, capture.StateNoHit, nil, 0},
		{"slow", Behaviour{Latency: 3 * time.Second}, capture.StateNoHit, nil, 3 * time.Second},
		{"slower than it is waited for", Behaviour{Latency: time.Minute}, "", context.DeadlineExceeded, 10 * time.Second},
		{"failing", Behaviour{Failure: FailureError, Latency: time.Second}, "", ErrSimulated, time.Second},
		{"cut off", Behaviour{Failure: FailureCut}, "", io.ErrUnexpectedEOF, 0},
		{"silent", Behaviour{Failure: FailureSilence}, "", context.DeadlineExceeded, 10 * time.Second},
		{"with an answer for all", Behaviour{Answers: []Answer{{Reply: hit}}}, capture.StateHit, nil, 0},
		{"with an answer for this document", Behaviour{Answers: []Answer{{DocumentNumber: "L898902C3", Reply: hit}, {Reply: noHit}}}, capture.StateHit, nil, 0},
		{"with an answer for another document", Behaviour{Answers: []Answer{{DocumentNumber: "X", Reply: hit}}}, capture.StateNoHit, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New(nothing, 1)
				if err := s.Set(test.behaviour); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				began := time.Now()
				r, err := s.Ask(ctx, question)
				if r.State != test.state || !errors.Is(err, test.err) || time.Since(began) != test.after {
					t.Errorf("%q, error %v, after %s", r.State, err, time.Since(began))
				}
			})
		})
	}
}

func TestJitterStaysWithinItsBoundsAndIsRepeatable(t *testing.T) {
	var runs [2][]time.Duration
	for i := range runs {
		s := New(nothing, 7)
		if err := s.Set(Behaviour{Latency: time.Second, Jitter: 2 * time.Second}); err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			_, wait := s.drawn()
			runs[i] = append(runs[i], wait)
		}
	}
	different := map[time.Duration]bool{}
	for i, wait := range runs[0] {
		if wait < 0 || wait > 3*time.Second || wait != runs[1][i] {
			t.Fatalf("wait %d is %s, then %s", i, wait, runs[1][i])
		}
		different[wait] = true
	}
	if len(different) < 500 {
		t.Errorf("%d different waits of 1000", len(different))
	}
}

func TestBehavioursThatCannotBeAreRefusedAndChangeNothing(t *testing.T) {
	s := New(nothing, 1)
	if err := s.Set(Behaviour{Latency: time.Second}); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]Behaviour{
		"a failure that is not known":           {Failure: "explode"},
		"a latency below 0":                     {Latency: -1},
		"a latency beyond the limit":            {Latency: MaxLatency + 1},
		"a jitter beyond the limit":             {Jitter: MaxLatency + 1},
		"an answer that contradicts itself":     {Answers: []Answer{{Reply: system.Reply{State: capture.StateNoHit, Findings: hit.Findings}}}},
		"an answer without a state, the second": {Answers: []Answer{{Reply: noHit}, {}}},
	} {
		if s.Set(b) == nil || s.Behaviour().Latency != time.Second {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestABehaviourIsChangedWhileQuestionsAreUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(nothing, 1)
		s.Set(Behaviour{Latency: time.Minute})
		began := time.Now()
		slow := make(chan time.Duration)
		go func() {
			s.Ask(t.Context(), question)
			slow <- time.Since(began)
		}()
		synctest.Wait()
		s.Set(Behaviour{})
		if _, err := s.Ask(t.Context(), question); err != nil || time.Since(began) != 0 {
			t.Errorf("the next question: %v after %s", err, time.Since(began))
		}
		if d := <-slow; d != time.Minute {
			t.Errorf("the question under way took %s", d)
		}
	})
}
