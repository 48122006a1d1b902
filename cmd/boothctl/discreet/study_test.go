package discreet

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"boothd/capture"
)

// A study is made in full, with few checks. What time tells is not judged here: that is for
// boothctl bench discreet on a quiet machine.
func TestAStudyComparesEveryArmByEveryMeasure(t *testing.T) {
	for _, central := range []bool{false, true} {
		r, err := Run(t.Context(), Options{
			Checks: 20, WarmUp: 2, Entries: 50, Central: central, Delay: time.Millisecond, Beat: time.Millisecond,
			Booths: 2, Rounds: 99, Seed: 1, Dir: t.TempDir(),
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Comparisons) != len(Measures)*int(arms-1) {
			t.Fatalf("central %t: %d comparisons", central, len(r.Comparisons))
		}
		for i, c := range r.Comparisons {
			wantArm, wantMeasure := Discreet+Arm(i%int(arms-1)), Measures[i/int(arms-1)]
			if c.Arm != wantArm || c.Measure != wantMeasure || c.Checks < 5 || c.Checks > 10 || c.PlainMedian <= 0 || c.PlainMedian > c.PlainP99 {
				t.Errorf("central %t: comparison %d is %+v", central, i, c)
			}
		}
		for arm := range arms {
			if r.Events[arm] < 2 || r.Events[arm] > 3 { // nobody could see an outcome with fewer; nothing else happens
				t.Errorf("central %t: %.2f events in a check of arm %s", central, r.Events[arm], arm)
			}
		}
	}
}

func TestAStudyThatCannotBeMadeIsRefused(t *testing.T) {
	good := Options{Checks: 20, Entries: 300, Delay: time.Millisecond, Booths: 1, Rounds: 99, Dir: t.TempDir()}
	for name, change := range map[string]func(*Options){
		"of one check":                     func(o *Options) { o.Checks = 1 },
		"with fewer entries than subjects": func(o *Options) { o.Entries = 9 },
		"without a control":                func(o *Options) { o.Delay = 0 },
		"without a booth":                  func(o *Options) { o.Booths = 0 },
		"without rounds":                   func(o *Options) { o.Rounds = 0 },
		"in no folder":                     func(o *Options) { o.Dir = "/nowhere" },
	} {
		o := good
		if change(&o); o.Dir == "" {
			t.Fatal(name)
		}
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("a study %s was made", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, good); err == nil {
		t.Error("a study went on after its end")
	}
}

// Who is listed is drawn by lot, each block has every arm once, and all documents are of the
// same kind.
func TestACrowdIsDrawnByLot(t *testing.T) {
	c := newCrowd(400, 1000, rand.New(rand.NewPCG(1, 2)))
	first := map[Arm]int{}
	for n, block := range c.blocks {
		if got := slices.Sorted(slices.Values(block[:])); !slices.Equal(got, []Arm{Plain, Discreet, Same, Delayed}) {
			t.Fatalf("block %d is %v", n, block)
		}
		first[block[0]]++
		for place := range block {
			lines := c.lines(n, place)
			if len(lines) != 2 || len(lines[0]) != 44 || len(lines[1]) != 44 {
				t.Fatalf("lines %q", lines)
			}
		}
	}
	for arm := range arms {
		if first[arm] < 60 {
			t.Errorf("arm %s comes first %d times of 400", arm, first[arm])
		}
	}
}

func TestADelayIsToldApartAndChanceIsNot(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	m := &measured{}
	for range 500 {
		for arm := range arms {
			line := time.Duration(20_000+rng.IntN(200)) * time.Microsecond
			if arm == Delayed {
				line += time.Millisecond
			}
			m.note(arm, &seen{line: line, outcome: 2 * line, events: 3})
		}
	}
	r := m.compare(1999, rng)
	for arm, want := range map[Arm]bool{Discreet: false, Same: false, Delayed: true} {
		if r.Tells(arm) != want {
			t.Errorf("%s told apart: %t", arm, !want)
		}
	}
	if r.Events[Plain] != 3 {
		t.Errorf("%v events", r.Events)
	}
}

func TestADocumentIsReadOnlyByWhoWaitsForOne(t *testing.T) {
	r := make(reader, 1)
	r <- capture.Evidence{ID: "document"}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Collect(ctx, capture.ModalityFinger, nil, nil); err == nil {
		t.Error("a document was taken for a finger")
	}
	if ev, err := r.Collect(t.Context(), capture.ModalityDocument, nil, nil); err != nil || ev.ID != "document" {
		t.Errorf("read %+v, %v", ev, err)
	}
}
