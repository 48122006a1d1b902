package trial

import (
	"bufio"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"boothd/internal/testtool"
	"boothd/localmatch/gallery"
)

// small is the smallest trial, without a broker.
func small(t *testing.T) Options {
	return Options{Entries: 800, Changes: 100, Questions: 10, Seed: 3, Dir: t.TempDir()}
}

// collect runs a trial and returns what it told.
func collect(t *testing.T, o Options) (map[string]Step, map[string]Delay) {
	t.Helper()
	steps, delays := map[string]Step{}, map[string]Delay{}
	err := Run(t.Context(), o, Report{
		Step:  func(s Step) error { steps[s.Step] = s; return nil },
		Delay: func(d Delay) error { delays[d.During] = d; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return steps, delays
}

func TestEachStepIsTimedAndEachDelayIsOfQuestionsAsked(t *testing.T) {
	steps, delays := collect(t, small(t))
	for name, entries := range map[string]int{
		"invented": 800, "built and signed": 800, "received": 800, "received again, asked meanwhile": 800,
		"delta visible": 100, "delta applied, asked meanwhile": 100, "deltas merged, asked meanwhile": 200,
		"ready after restart": 800, "ready without cached indexes": 800, "urgent change made": 1, "urgent change visible": 1,
	} {
		s, ok := steps[name]
		if !ok || s.Entries != entries || s.Seconds <= 0 || s.PerSecond <= 0 {
			t.Errorf("%s: %+v, want %d entries", name, s, entries)
		}
		if s.Fetched > s.Seconds {
			t.Errorf("%s: there before it was fetched: %+v", name, s)
		}
	}
	if s := steps["received"]; s.Memory == nil || s.Via != "stick" {
		t.Errorf("received: %+v", s)
	}
	for _, during := range []string{"nothing", "whole list applied", "delta applied", "deltas merged"} {
		d, ok := delays[during]
		if !ok || d.Questions == 0 || d.P50 > d.P99 || d.P99 > d.Max || d.ExtraP99 > d.Extra || d.Extra > d.Max {
			t.Errorf("asked while %s: %+v", during, d)
		}
	}
}

func TestUrgentChangesComeOverTheBroker(t *testing.T) {
	o := small(t)
	o.Mosquitto = testtool.Path(t, "mosquitto")
	steps, _ := collect(t, o)
	if s := steps["urgent change visible"]; s.Via != "mqtt" || s.Longest < s.Seconds {
		t.Errorf("%+v", s)
	}
}

func TestTrialEndsWithTheFirstErrorOfWhoIsTold(t *testing.T) {
	full := errors.New("disk full")
	for _, r := range []Report{
		{func(Step) error { return full }, func(Delay) error { return nil }},
		{func(Step) error { return nil }, func(Delay) error { return full }},
	} {
		if err := Run(t.Context(), small(t), r); !errors.Is(err, full) {
			t.Error(err)
		}
	}
}

func TestTrialEndsWithItsContext(t *testing.T) {
	for _, last := range []string{"invented", "received", "delta visible"} {
		ctx, cancel := context.WithCancel(t.Context())
		err := Run(ctx, small(t), Report{
			Step: func(s Step) error {
				if s.Step == last {
					cancel()
				}
				return nil
			},
			Delay: func(Delay) error { return nil },
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled after %q: %v", last, err)
		}
	}
}

func TestTrialRefusesWhatItCannotMeasure(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no entries":                  func(o *Options) { o.Entries = 0 },
		"more people than there are":  func(o *Options) { o.Entries = MaxEntries + 1 },
		"no changes":                  func(o *Options) { o.Changes = 0 },
		"changes that would be whole": func(o *Options) { o.Changes = o.Entries/8 + 1 },
		"nothing to ask":              func(o *Options) { o.Questions = 0 },
		"no folder":                   func(o *Options) { o.Dir = "" },
	} {
		o := small(t)
		change(&o)
		if Run(t.Context(), o, Report{}) == nil {
			t.Errorf("%s: was measured", name)
		}
	}
}

func TestAVersionHasTheChangesThatWereAskedFor(t *testing.T) {
	for _, size := range [][2]int{{800, 100}, {64, 8}, {1000, 11}, {4096, 99}} {
		o := small(t)
		o.Entries, o.Changes = size[0], size[1]
		c, err := newCentral(&o)
		if err != nil {
			t.Fatal(err)
		}
		before := entries(t, c, 1)
		for version := uint64(2); version <= 3; version++ {
			for range o.Changes / 4 {
				c.add()
			}
			now := entries(t, c, version)
			changes := 0
			for id, line := range now {
				if before[id] != line {
					changes++
				}
			}
			for id := range before {
				if now[id] == "" {
					changes++
				}
			}
			if changes != o.Changes {
				t.Errorf("%v: version %d has %d changes", size, version, changes)
			}
			before = now
		}
	}
}

// entries are the lines of a version by the first of their fields, the id.
func entries(t *testing.T, c *central, version uint64) map[string]string {
	t.Helper()
	if err := c.write(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(c.file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string]string{}
	for e, err := range gallery.ReadEntries(bufio.NewReader(f)) {
		if err != nil {
			t.Fatal(err)
		}
		all[e.ID] = e.Action
	}
	return all
}

func TestADelayIsToldAgainstTheSameQuestion(t *testing.T) {
	a := &asker{usual: []time.Duration{time.Millisecond, 10 * time.Millisecond}}
	at := time.Unix(1_000_000, 0)
	all := []answer{
		{0, at, 4 * time.Millisecond},
		{1, at.Add(4 * time.Millisecond), 11 * time.Millisecond},
		{0, at.Add(15 * time.Millisecond), time.Millisecond},
	}
	d := a.delay("nothing", all)
	if want := (Delay{"nothing", 3, 4, 4, 11, 1, 3}); d != want {
		t.Errorf("%+v, want %+v", d, want)
	}
	overlap := within(all, at.Add(14*time.Millisecond), at.Add(14500*time.Microsecond))
	if len(overlap) != 1 || overlap[0].question != 1 {
		t.Errorf("asked within half a millisecond: %+v", overlap)
	}
	if len(all) != 3 || all[0].question != 0 {
		t.Error("the answers were changed")
	}
}

func TestNobodyAskedIsNoDelay(t *testing.T) {
	if d := (&asker{}).delay("nothing", nil); d != (Delay{During: "nothing"}) {
		t.Errorf("%+v", d)
	}
}
