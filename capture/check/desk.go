// Package check runs a traveller's check from the first piece of evidence to the officer's
// disposition.
//
// Evidence arrives piece by piece and each piece is asked about at once, in all sources at
// the same time. Every answer is shown as it comes. When the evidence that the policy
// requires is there and no answer is awaited any more, or when the officer asks for it, the
// policy recommends an outcome, which is shown only once the record is durable. The officer
// decides; that is recorded too. An answer that comes later than the outcome is recorded
// and becomes an alert if it found something; so does what central, or a search of the last
// checks, finds about a check that is long over.
//
// What a traveller is waiting for must not tell how long a search took, or how much there was to
// record: somebody with a discreet finding is a little slower to find. So answers are taken, and
// outcomes shown, on beats that are counted from the question (see [Config] and [Beat]).
//
// Two questions are put only when the officer asks for them: who the traveller is, on one of
// the grounds of the law, and again what was withheld for want of a grant.
package check

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/policy"
)

// What the officer's actions return when they do not fit the moment.
var (
	ErrOpen       = errors.New("another check is open")
	ErrNoCheck    = errors.New("not the current check")
	ErrWrongPhase = errors.New("the check is not in a phase for that")
	ErrNotDecided = errors.New("the check has no outcome yet")
	ErrWhyNeeded  = errors.New("a disposition that departs from the outcome needs a reason")
	ErrBadInput   = errors.New("value not allowed")
	ErrNotKept    = errors.New("record not kept")

	ErrNoDocument   = errors.New("no document was read")
	ErrNoEvidence   = errors.New("nothing was captured that can be asked about")
	ErrNotPermitted = errors.New("the officer's profile does not permit the question")
	ErrChild        = errors.New("a child is identified only in its best interests")
	ErrGrant        = errors.New("grant does not count")
)

// RefusedError says why no check can be started.
type RefusedError struct{ Reason error }

func (e *RefusedError) Error() string { return "check refused: " + e.Reason.Error() }

func (e *RefusedError) Unwrap() error { return e.Reason }

// MaxWhy limits an officer's reason, in bytes.
const MaxWhy = 2000

const (
	maxEvidence = 64       // pieces in a check
	maxPictures = 12 << 20 // bytes in a check, so that its record can be kept
	maxAnswers  = 256      // to one question
)

// Collector takes evidence from the devices.
type Collector interface {
	// Collect waits until the traveller has presented one piece of evidence of the
	// modality, beside the evidence that is known already, which it does not change: of several
	// fingers the first that is not known. A finger that is to be taken again is left out of
	// what is known. It calls guide with what to do, as often as that changes. It returns early
	// only with an error, at the latest a second after ctx ends.
	Collect(ctx context.Context, m capture.Modality, known []capture.Evidence, guide func(text string)) (capture.Evidence, error)
}

// Config is what a desk works with.
type Config struct {
	Booth     string
	Place     string            // the crossing point, for records
	Direction capture.Direction // which way travellers cross here; empty if both
	Sources   []Asking
	Rules     policy.Rules
	Recorder  Recorder
	Collector Collector
	// Auto decides as soon as the required evidence is there and answered for. Without it
	// the officer asks for the outcome.
	Auto bool
	// Beat is the period, counted from a question, at whose ends its answers are taken and
	// the outcome is shown: what happens between two ends cannot be told apart by time. They are
	// taken as they come if it is zero. Booths use the constant Beat.
	Beat time.Duration
	// Alerts keeps alerts across restarts; without it they end with the desk.
	Alerts AlertKeeper
	// Grants verifies grants before they are used; without it only central does.
	Grants GrantVerifier
	Log    *slog.Logger
	Now    func() time.Time
}

// Desk runs the checks of one booth, one at a time. Its methods may be called by several
// goroutines.
type Desk struct {
	cfg    Config
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	mu      sync.Mutex
	closing bool
	check   *running // the current or last one
	alerts  []Alert
	told    map[string]bool // marks of the findings that alerts have told
	lates   []late          // late answers that are not durable yet
	writing bool            // they are being made so
	changed chan struct{}
}

// NewDesk returns a desk that works until Close.
func NewDesk(cfg Config) *Desk {
	ctx, cancel := context.WithCancel(context.Background())
	return &Desk{cfg: cfg, ctx: ctx, cancel: cancel, told: map[string]bool{}, changed: make(chan struct{})}
}

// running is a check under way. The desk's mutex guards it.
type running struct {
	id             string
	officer        capture.Officer
	started        time.Time
	phase          Phase
	evidence       []capture.Evidence
	numbers        map[capture.Modality]int // pieces so far
	asked          []capture.Asked
	untold         int    // where in asked begins what no record tells of yet
	grant          string // for every question from now on
	questions      []*question
	collecting     map[capture.Modality]*collection
	guidance       map[capture.Modality]string
	again          capture.FingerPosition // the finger that is being taken again; 0 if none
	recording      bool                   // a record is being made durable; what it tells is frozen
	recommendation *capture.Recommendation
	disposition    *capture.Disposition
	fault          string
}

func (c *running) open() bool { return c.phase != PhaseClosed && c.phase != PhaseAbandoned }

// Start begins a check with the document. Portrait and finger follow once there is one: before
// that the camera may see nobody, and whether fingerprints may be taken at all, the
// traveller's age tells. Retake asks for them earlier. Start returns ErrOpen while another
// check is open and a *RefusedError if the record of a further check could not be kept.
func (d *Desk) Start(ctx context.Context, officer capture.Officer) (string, error) {
	if err := d.cfg.Recorder.Ready(ctx); err != nil {
		return "", &RefusedError{Reason: err}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closing {
		return "", &RefusedError{Reason: errors.New("the booth is stopping")}
	}
	if d.check != nil && d.check.open() {
		return "", ErrOpen
	}
	c := &running{
		id:         rand.Text(),
		officer:    officer,
		started:    d.cfg.Now(),
		phase:      PhaseCollecting,
		collecting: map[capture.Modality]*collection{},
		guidance:   map[capture.Modality]string{},
		numbers:    map[capture.Modality]int{},
	}
	d.check = c
	d.collect(c, capture.ModalityDocument)
	d.cfg.Log.Info("check started", "check", c.id, "officer", officer.ID)
	d.notify()
	return c.id, nil
}

// AddZone takes a machine-readable zone that an officer has typed. Its error is that of
// mrz.Read if the lines are no zone.
func (d *Desk) AddZone(ctx context.Context, id, officer string, lines []string) error {
	zone, err := mrz.Read(lines, d.cfg.Now())
	if err != nil {
		return err
	}
	ev := capture.Evidence{At: d.cfg.Now(), By: officer, Document: &capture.Document{Zone: zone}}
	ev.Device.Model = "typed by the officer"
	return d.addByHand(id, ev)
}

func (d *Desk) addByHand(id string, ev capture.Evidence) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.inPhase(id, PhaseCollecting)
	if err != nil {
		return err
	}
	d.stopCollecting(c, ev.Modality())
	d.add(c, ev)
	return nil
}

// Retake captures a piece of evidence again, or earlier than it would be. What was captured
// before stays in the record. Of several fingers the next is taken, or else the last again. A
// finger of a child is not taken.
func (d *Desk) Retake(ctx context.Context, id string, m capture.Modality) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.inPhase(id, PhaseCollecting)
	if err != nil {
		return err
	}
	if !slices.Contains(d.cfg.Rules.Require, m) || m == capture.ModalityFinger && d.exempt(c) {
		return ErrBadInput
	}
	if m == capture.ModalityChip && capture.ChipBearer(c.evidence) == nil {
		return ErrNoDocument
	}
	d.recapture(c, m, d.lastFinger(c))
	return nil
}

// Conclude ends the collection of evidence and asks for the outcome with what is there. It
// also tries again after a record could not be kept.
func (d *Desk) Conclude(ctx context.Context, id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.inPhase(id, PhaseCollecting, PhaseConcluding)
	if err != nil {
		return err
	}
	c.phase, c.fault = PhaseConcluding, ""
	d.stopCollecting(c, "")
	d.settle(c)
	d.notify()
	return nil
}

// Dispose records what the officer decided and closes the check. It returns ErrNotDecided
// before there is an outcome, ErrWhyNeeded if the decision departs from the outcome and
// gives no reason, and ErrNotKept if the disposition could not be made durable, in which case
// the check stays open.
func (d *Desk) Dispose(ctx context.Context, id string, disposition capture.Disposition) error {
	disposition.Why = strings.TrimSpace(disposition.Why)
	switch disposition.Decision {
	case capture.OutcomeClear, capture.OutcomeRefer, capture.OutcomeStop:
	default:
		return ErrBadInput
	}
	if len(disposition.Why) > MaxWhy {
		return ErrBadInput
	}
	disposition.At = d.cfg.Now()
	return d.finish(ctx, id, func(c *running) (*capture.Record, error) {
		if c.phase != PhaseDecided {
			return nil, ErrNotDecided
		}
		if disposition.Decision != c.recommendation.Outcome && disposition.Why == "" {
			return nil, ErrWhyNeeded
		}
		rec := d.record(c, capture.RecordDisposition)
		rec.Disposition, rec.Asked = &disposition, c.asked[c.untold:]
		return rec, nil
	}, func(c *running) {
		c.disposition, c.phase = &disposition, PhaseClosed
	})
}

// Abandon ends a check that has no outcome. That it was made, and what was asked, is
// recorded without the evidence. The officer is who ends it; empty if the booth does.
func (d *Desk) Abandon(ctx context.Context, id, officer, why string) error {
	why = strings.TrimSpace(why)
	if len(why) > MaxWhy {
		return ErrBadInput
	}
	return d.finish(ctx, id, func(c *running) (*capture.Record, error) {
		if c.phase != PhaseCollecting && c.phase != PhaseConcluding {
			return nil, ErrWrongPhase
		}
		rec := d.record(c, capture.RecordAbandoned)
		rec.Asked, rec.Answers, rec.Offline = c.asked, c.answers(), c.offline()
		rec.Disposition = &capture.Disposition{Why: why, Officer: officer, At: rec.At}
		return rec, nil
	}, func(c *running) {
		c.phase = PhaseAbandoned
	})
}

// finish makes the last record of a check durable and then ends the check.
func (d *Desk) finish(ctx context.Context, id string, last func(*running) (*capture.Record, error), end func(*running)) error {
	d.mu.Lock()
	c, err := d.current(id)
	if err != nil {
		d.mu.Unlock()
		return err
	}
	if c.recording {
		d.mu.Unlock()
		return ErrWrongPhase
	}
	rec, err := last(c)
	if err != nil {
		d.mu.Unlock()
		return err
	}
	d.stopCollecting(c, "") // nothing may be asked that the record does not tell of
	c.recording = true
	d.mu.Unlock()

	err = d.cfg.Recorder.Record(context.WithoutCancel(ctx), rec)

	d.mu.Lock()
	defer d.mu.Unlock()
	c.recording = false
	defer d.notify()
	if err != nil {
		d.settleHeld(c)
		d.collectWanted(c)
		d.settle(c)
		return fmt.Errorf("%w: %w", ErrNotKept, err)
	}
	end(c)
	d.settleHeld(c)
	c.forget()
	d.keepLates()
	return nil
}

// forget drops what was captured once the check has ended; it is in the record.
func (c *running) forget() {
	c.evidence, c.asked, c.guidance = nil, nil, nil
	c.questions, c.grant = nil, ""
}

// Close abandons a check that has no outcome yet, ends everything under way and waits for
// it, at the longest until ctx ends.
func (d *Desk) Close(ctx context.Context) error {
	d.mu.Lock()
	d.closing = true
	c := d.check
	d.mu.Unlock()
	done := make(chan error, 1)
	go func() {
		var err error
		if c != nil {
			err = d.Abandon(ctx, c.id, "", "the booth was stopped")
		}
		d.mu.Lock()
		d.keepLates()
		d.mu.Unlock()
		d.cancel()
		d.tasks.Wait()
		if errors.Is(err, ErrWrongPhase) {
			err = nil // the check had ended or was decided
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		d.cancel()
		return fmt.Errorf("close the desk: records are still being written: %w", ctx.Err())
	}
}

// Changed returns a channel that is closed at the next change of the view.
func (d *Desk) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

func (d *Desk) notify() {
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *Desk) current(id string) (*running, error) {
	if d.check == nil || d.check.id != id {
		return nil, ErrNoCheck
	}
	return d.check, nil
}

func (d *Desk) inPhase(id string, phases ...Phase) (*running, error) {
	c, err := d.current(id)
	if err != nil {
		return nil, err
	}
	if d.closing || c.recording || !slices.Contains(phases, c.phase) {
		return nil, ErrWrongPhase
	}
	return c, nil
}
