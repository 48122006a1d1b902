package check

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/policy"
)

// recorder keeps records in memory and fails when told to.
type recorder struct {
	mu      sync.Mutex
	full    error         // returned by Ready
	broken  error         // returned by Record
	block   chan struct{} // Record waits for it to be closed, if there is one
	records []capture.Record
}

func (r *recorder) fill(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.full = err
}

func (r *recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = err
}

func (r *recorder) Ready(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.full
}

func (r *recorder) Record(ctx context.Context, rec *capture.Record) error {
	if r.block != nil {
		<-r.block
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if r.broken != nil {
		return r.broken
	}
	r.records = append(r.records, *rec)
	return nil
}

// first returns the first record.
func (r *recorder) first() capture.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.records[0]
}

func (r *recorder) kinds() []capture.RecordKind {
	r.mu.Lock()
	defer r.mu.Unlock()
	var kinds []capture.RecordKind
	for _, rec := range r.records {
		kinds = append(kinds, rec.Kind)
	}
	return kinds
}

// traveller is a collector whose evidence the test hands over.
type traveller map[capture.Modality]chan capture.Evidence

func newTraveller() traveller {
	return traveller{
		capture.ModalityDocument: make(chan capture.Evidence),
		capture.ModalityFinger:   make(chan capture.Evidence),
		capture.ModalityFace:     make(chan capture.Evidence),
		capture.ModalityChip:     make(chan capture.Evidence),
	}
}

// Collect says of a chip which document it belongs to.
func (t traveller) Collect(ctx context.Context, m capture.Modality, known []capture.Evidence, guide func(string)) (capture.Evidence, error) {
	guide("present the " + string(m))
	select {
	case ev := <-t[m]:
		if ev.Chip != nil {
			ev.Chip.Document = capture.LastDocument(known).ID
		}
		return ev, nil
	case <-ctx.Done():
		return capture.Evidence{}, ctx.Err()
	}
}

func (t traveller) present(evidence ...capture.Evidence) {
	for _, ev := range evidence {
		t[ev.Modality()] <- ev
		synctest.Wait()
	}
}

func document(birthYear int) capture.Evidence {
	return capture.Evidence{At: time.Now(), Document: &capture.Document{Zone: mrz.Zone{
		Format:     mrz.TD3,
		BirthDate:  mrz.Date{Year: birthYear, Month: 1, Day: 1},
		ExpiryDate: mrz.Date{Year: 2099, Month: 1, Day: 1},
	}}}
}

func finger() capture.Evidence {
	return capture.Evidence{At: time.Now(), Finger: &capture.Finger{PNG: []byte("png"), Quality: 70}}
}

func face() capture.Evidence {
	return capture.Evidence{At: time.Now(), Face: &capture.Face{JPEG: []byte("jpeg")}}
}

// source answers about documents: each system after its delay.
type source struct {
	name    string
	systems []string
	answers []delayed
	err     error
	stray   string // a system it answers for without being asked
}

type delayed struct {
	after  time.Duration
	answer capture.Answer
}

func (s *source) Name() string { return s.name }

func (s *source) Systems(q capture.Query) []string {
	if q.Evidence.Modality() != capture.ModalityDocument {
		return nil
	}
	return s.systems
}

func (s *source) Look(ctx context.Context, q capture.Query, answer func(capture.Answer)) error {
	if s.stray != "" {
		answer(capture.Answer{System: s.stray, State: capture.StateHit})
	}
	for _, d := range s.answers {
		select {
		case <-time.After(d.after):
			answer(d.answer)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.err
}

var officer = capture.Officer{ID: "officer-7", Profile: capture.Profile{
	Name:    "first-line",
	Systems: map[capture.Modality][]string{capture.ModalityDocument: {"SIS", "VIS", "SLTD"}},
}}

// may narrows the officer's profile to the systems that the sources answer for.
func may(sources []*source) capture.Officer {
	o := officer
	o.Profile.Systems = map[capture.Modality][]string{}
	for _, s := range sources {
		o.Profile.Systems[capture.ModalityDocument] = append(o.Profile.Systems[capture.ModalityDocument], s.systems...)
	}
	return o
}

// local is a source that holds nothing about anybody.
func local() *source {
	return &source{name: "local", systems: []string{"SIS"}, answers: []delayed{{0, noHit("SIS")}}}
}

type bench struct {
	*Desk
	t         *testing.T
	recorder  *recorder
	traveller traveller
	id        string
}

// start opens a check at a new desk. It is for use inside a synctest bubble.
func start(t *testing.T, sources ...*source) *bench {
	t.Helper()
	return startWith(t, func(*Config) {}, sources...)
}

// startWith opens a check at a desk with a changed configuration.
func startWith(t *testing.T, change func(*Config), sources ...*source) *bench {
	t.Helper()
	b := newBench(t, func(cfg *Config) {
		for _, s := range sources {
			cfg.Sources = append(cfg.Sources, Asking{Source: s, Central: s.name == "portal", Timeout: 5 * time.Second, Linger: time.Minute})
		}
		change(cfg)
	})
	b.open(may(sources))
	return b
}

// newBench makes a desk without a check.
func newBench(t *testing.T, change func(*Config)) *bench {
	t.Helper()
	b := &bench{t: t, recorder: &recorder{}, traveller: newTraveller()}
	cfg := Config{
		Booth: "booth-1", Rules: policy.Strict(), Recorder: b.recorder, Collector: b.traveller, Auto: true,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
	}
	change(&cfg)
	b.Desk = NewDesk(cfg)
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil && !errors.Is(err, errBroken) {
			t.Errorf("Close: %v", err)
		}
	})
	return b
}

// open starts a check.
func (b *bench) open(o capture.Officer) {
	b.t.Helper()
	id, err := b.Start(b.t.Context(), o)
	if err != nil {
		b.t.Fatalf("Start: %v", err)
	}
	b.id = id
	synctest.Wait()
}

var errBroken = errors.New("disk broken")

func (b *bench) phase(want Phase) {
	b.t.Helper()
	synctest.Wait()
	if got := b.View(true).Check.Phase; got != want {
		b.t.Fatalf("phase = %s, want %s", got, want)
	}
}

func (b *bench) outcome(want capture.Outcome) {
	b.t.Helper()
	b.phase(PhaseDecided)
	if got := b.View(false).Check.Recommendation; got == nil || got.Outcome != want {
		b.t.Fatalf("recommendation = %v, want %s", got, want)
	}
}

func (b *bench) states() map[string]capture.State {
	states := map[string]capture.State{}
	for _, l := range b.View(true).Check.Lines {
		state := l.State
		if l.Waiting {
			state = "waiting"
		}
		states[l.Source+" "+l.System] = state
	}
	return states
}
