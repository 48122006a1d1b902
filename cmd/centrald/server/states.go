package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"boothd/cmd/centrald/office"
	"boothd/sync/system"
)

// watched remembers whether a system answered in time when it was last asked.
type watched struct {
	system.Adapter
	name     string
	deadline time.Duration
	now      func() time.Time

	mu    sync.Mutex
	state office.SystemState
}

func newWatched(name string, a system.Adapter, deadline time.Duration, now func() time.Time) *watched {
	return &watched{Adapter: a, name: name, deadline: deadline, now: now, state: office.SystemState{Name: name, State: office.StateUnknown}}
}

// Ask asks the system. A question that nobody awaits any more tells nothing of it; a reply
// that is still awaited behind the deadline came too late for whoever asked.
func (w *watched) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	late := time.AfterFunc(w.deadline, func() { w.note(context.DeadlineExceeded) })
	r, err := w.Adapter.Ask(ctx, q)
	if late.Stop() && !errors.Is(ctx.Err(), context.Canceled) {
		w.note(err)
	}
	return r, err
}

func (w *watched) note(err error) {
	state, reason := office.StateAnswers, ""
	if err != nil {
		state, reason = office.StateSilent, system.ReasonOf(w.name, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if state != w.state.State {
		w.state.State, w.state.Since = state, w.now()
	}
	w.state.Reason = reason
}

func (w *watched) told() office.SystemState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// states tells how every system does, in the order of the configuration.
func (s *Server) states() []office.SystemState {
	all := make([]office.SystemState, len(s.watched))
	for i, w := range s.watched {
		all[i] = w.told()
	}
	return all
}
