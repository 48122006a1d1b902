package server

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"boothd/cmd/centrald/office"
	"boothd/sync/system"
)

// slow is a system that takes a while.
type slow time.Duration

func (s slow) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	select {
	case <-time.After(time.Duration(s)):
		return system.Reply{}, nil
	case <-ctx.Done():
		return system.Reply{}, ctx.Err()
	}
}

func TestASystemThatIsLateIsSilentFromItsDeadlineOn(t *testing.T) {
	for _, test := range []struct {
		name   string
		takes  time.Duration
		after  time.Duration
		wanted office.State
		reason string
	}{
		{"in time", time.Second, time.Minute, office.StateAnswers, ""},
		{"not in time, and awaited still", 30 * time.Second, 5 * time.Second, office.StateSilent, "SIS did not answer in time"},
		{"not in time, and come meanwhile", 30 * time.Second, time.Minute, office.StateSilent, "SIS did not answer in time"},
		{"not yet due", 30 * time.Second, time.Second, office.StateUnknown, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatched("SIS", slow(test.takes), 4*time.Second, time.Now)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go w.Ask(ctx, system.Question{})
				time.Sleep(test.after)
				synctest.Wait()
				if got := w.told(); got.State != test.wanted || got.Reason != test.reason {
					t.Errorf("state %+v", got)
				}
			})
		})
	}
}
