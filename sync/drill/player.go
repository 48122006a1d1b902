package drill

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"boothd/capture"
	"boothd/capture/check"
)

// Options are what a Player works with. All but Log are required.
type Options struct {
	Booth    string
	Place    string
	Keys     []ed25519.PublicKey // of those who may order drills
	Recorder check.Recorder      // keeps the reports
	Queued   func() int          // how many records wait for central
	Log      *slog.Logger
	Now      func() time.Time
}

// Player rehearses one drill at a time at a booth. Its methods may be called by several
// goroutines.
type Player struct {
	opt Options

	mu      sync.Mutex
	order   *Order // nil while none is under way
	report  *capture.DrillReport
	played  []string      // ids of the orders followed last
	changed chan struct{} // closed when a drill begins or ends
	ending  time.Time
}

// maxPlayed is how many orders are remembered, so that none is followed twice.
const maxPlayed = 64

// New returns a Player. Its Run must be running.
func New(opt Options) *Player {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	return &Player{opt: opt, changed: make(chan struct{})}
}

// Follow begins the drill of a signed order. An order that was followed before is passed
// over.
func (p *Player) Follow(text string) error {
	now := p.opt.Now()
	o, err := Open(text, p.opt.Keys, p.opt.Booth, now)
	if err != nil {
		return fmt.Errorf("follow drill order: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.Contains(p.played, o.ID) {
		return nil
	}
	if p.order != nil {
		return fmt.Errorf("follow drill order %s: %w", o.ID, ErrBusy)
	}
	p.played = append(p.played, o.ID)
	if len(p.played) > maxPlayed {
		p.played = slices.Delete(p.played, 0, 1)
	}
	p.order = o
	p.report = &capture.DrillReport{
		Order: o.ID, Target: o.Target, Began: now,
		Outcomes: map[capture.Outcome]int{}, Unavailable: map[string]int{},
	}
	p.ending = now.Add(time.Duration(o.Minutes) * time.Minute)
	p.opt.Log.Info("drill began", "order", o.ID, "target", o.Target, "minutes", o.Minutes)
	p.notify()
	return nil
}

// Run ends drills when their time has come, and the one under way when ctx ends.
func (p *Player) Run(ctx context.Context) error {
	for {
		p.mu.Lock()
		changed, running, left := p.changed, p.order != nil, p.ending.Sub(p.opt.Now())
		p.mu.Unlock()
		var due <-chan time.Time
		timer := time.NewTimer(max(left, 0))
		if running {
			due = timer.C
		}
		select {
		case <-changed:
		case <-due:
			p.end(ctx, false)
		case <-ctx.Done():
			timer.Stop()
			p.end(context.WithoutCancel(ctx), true)
			return nil
		}
		timer.Stop()
	}
}

// Status is the drill under way.
type Status struct {
	Order  string    `json:"order"`
	Target string    `json:"target"`
	Until  time.Time `json:"until"`
}

// Status returns the drill under way, or nil. Whoever calls it shows it: the first call
// tells the report when the booth's page knew.
func (p *Player) Status() *Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.order == nil {
		return nil
	}
	if p.report.Noticed == 0 {
		p.report.Noticed = p.opt.Now().Sub(p.report.Began)
	}
	p.report.Queued = max(p.report.Queued, p.opt.Queued())
	return &Status{Order: p.order.ID, Target: p.order.Target, Until: p.ending}
}

// end ends the drill under way, if there is one, and records the report.
func (p *Player) end(ctx context.Context, aborted bool) {
	p.mu.Lock()
	report := p.report
	if p.order == nil {
		p.mu.Unlock()
		return
	}
	p.order, p.report = nil, nil
	report.Ended, report.Aborted = p.opt.Now(), aborted
	report.Queued = max(report.Queued, p.opt.Queued())
	p.notify()
	p.mu.Unlock()
	p.opt.Log.Info("drill ended", "order", report.Order, "aborted", aborted)
	err := p.opt.Recorder.Record(ctx, &capture.Record{
		ID: rand.Text(), Kind: capture.RecordDrill, Booth: p.opt.Booth, Place: p.opt.Place,
		Started: report.Began, At: report.Ended, Drill: report,
	})
	if err != nil {
		p.opt.Log.Error("report of the drill not kept", "order", report.Order, "err", err)
	}
}

// notify tells Run of a change. The mutex is held.
func (p *Player) notify() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// down reports whether a drill takes the system for down.
func (p *Player) down(system string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.order != nil && (p.order.Target == Portal || p.order.Target == system)
}

// reason says why a system counts as down.
func (p *Player) reason() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.order != nil && p.order.Target == Portal {
		return reasonPortal
	}
	return reasonSystem
}

// Recorder returns a Recorder that hands on to r and counts for the report what checks led
// to.
func (p *Player) Recorder(r check.Recorder) check.Recorder { return counting{r, p} }

type counting struct {
	check.Recorder
	player *Player
}

func (c counting) Record(ctx context.Context, r *capture.Record) error {
	err := c.Recorder.Record(ctx, r)
	if err == nil && r.Kind == capture.RecordOutcome && r.Recommendation != nil {
		c.player.count(r)
	}
	return err
}

func (p *Player) count(r *capture.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.order == nil {
		return
	}
	p.report.Checks++
	p.report.Outcomes[r.Recommendation.Outcome]++
	for _, a := range r.Answers {
		if a.Shown(false).State == capture.StateUnavailable {
			p.report.Unavailable[a.System]++
		}
	}
	p.report.Queued = max(p.report.Queued, p.opt.Queued())
}
