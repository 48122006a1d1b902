package index_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"

	"boothd/capture"
	"boothd/localmatch/finger"
	"boothd/localmatch/finger/index"
	"boothd/localmatch/finger/index/indextest"
)

const (
	unknown    capture.FingerPosition = 0
	rightIndex capture.FingerPosition = 2
	leftIndex  capture.FingerPosition = 7
)

// people returns n invented fingers.
func people(seed uint64, n int) (r *rand.Rand, fingers []*finger.Template) {
	r = rand.New(rand.NewPCG(seed, 0))
	for range n {
		fingers = append(fingers, indextest.Finger(r))
	}
	return r, fingers
}

func add(t testing.TB, x *index.Index, key uint64, position capture.FingerPosition, template *finger.Template) {
	t.Helper()
	if err := x.Add(key, position, template); err != nil {
		t.Fatal(err)
	}
}

func search(t testing.TB, x *index.Index, o index.Options, probes ...index.Probe) []index.Candidate {
	t.Helper()
	found, err := x.Search(t.Context(), probes, o)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAPersonIsFoundByAnotherImpressionOfTheFinger(t *testing.T) {
	r, fingers := people(1, 40)
	x := index.New()
	for i, f := range fingers {
		add(t, x, uint64(i), rightIndex, indextest.Impression(r, f))
	}
	first := 0
	for i, f := range fingers[:20] {
		found := search(t, x, index.Options{}, index.Probe{Position: rightIndex, Template: indextest.Impression(r, f)})
		if len(found) > 0 && found[0].Key == uint64(i) {
			first++
			if len(found[0].Fingers) != 1 || found[0].Fingers[0].Position != rightIndex {
				t.Errorf("finger %d: matches %+v, want one of the right index finger", i, found[0].Fingers)
			}
		}
	}
	if first < 18 {
		t.Errorf("%d of 20 fingers come first, want 18 or more", first)
	}
}

func TestFingersOfOtherPositionsAreNotCompared(t *testing.T) {
	r, fingers := people(2, 1)
	tests := []struct {
		name          string
		stored, asked capture.FingerPosition
		found         bool
	}{
		{"the same finger is compared", rightIndex, rightIndex, true},
		{"another finger is not", rightIndex, leftIndex, false},
		{"one whose position is not known is compared with any", rightIndex, unknown, true},
		{"any is compared with one whose position is not known", unknown, leftIndex, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := index.New()
			impression := indextest.Impression(r, fingers[0])
			add(t, x, 7, tt.stored, impression)
			found := search(t, x, index.Options{}, index.Probe{Position: tt.asked, Template: impression})
			if got := len(found) == 1; got != tt.found {
				t.Errorf("found %v, want %v", got, tt.found)
			}
		})
	}
}

func TestSeveralFingersAreWeighedTogether(t *testing.T) {
	r, fingers := people(3, 3)
	x := index.New()
	both := [2]*finger.Template{indextest.Impression(r, fingers[0]), indextest.Impression(r, fingers[1])}
	add(t, x, 1, rightIndex, both[0])
	add(t, x, 1, leftIndex, both[1])
	add(t, x, 2, rightIndex, both[0])
	add(t, x, 2, leftIndex, indextest.Impression(r, fingers[2]))
	found := search(t, x, index.Options{},
		index.Probe{Position: rightIndex, Template: both[0]}, index.Probe{Position: leftIndex, Template: both[1]})
	if len(found) != 2 || found[0].Key != 1 || len(found[0].Fingers) != 2 {
		t.Fatalf("found %d candidates, want the one with both fingers first", len(found))
	}
	alone := search(t, x, index.Options{}, index.Probe{Position: rightIndex, Template: both[0]})
	if two, one, other := found[0].Score, alone[0].Score, found[1].Score; two <= one || two <= other {
		t.Errorf("two fingers score %v, one %v, one and a stranger's %v: want the first highest", two, one, other)
	}
}

func TestAFingerOfTheProbeMeetsEachStoredOneOnce(t *testing.T) {
	r, fingers := people(4, 1)
	x := index.New()
	impression := indextest.Impression(r, fingers[0])
	add(t, x, 1, unknown, impression)
	found := search(t, x, index.Options{}, index.Probe{Template: impression}, index.Probe{Template: impression})
	if len(found) != 1 || len(found[0].Fingers) != 1 {
		t.Errorf("found %+v, want one candidate with one match", found)
	}
}

func TestCandidatesAreSortedAndLimited(t *testing.T) {
	r, fingers := people(5, 1)
	x := index.New()
	impression := indextest.Impression(r, fingers[0])
	for key := range uint64(20) {
		add(t, x, 19-key, rightIndex, impression)
	}
	probe := index.Probe{Position: rightIndex, Template: impression}
	for _, o := range []index.Options{{}, {Limit: 3, Workers: 1}, {Limit: 30, Workers: 5}} {
		found := search(t, x, o, probe)
		want := map[int]int{0: 10, 3: 3, 30: 20}[o.Limit]
		if len(found) != want {
			t.Errorf("limit %d: %d candidates, want %d", o.Limit, len(found), want)
		}
		for i, c := range found {
			if c.Key != uint64(i) {
				t.Errorf("limit %d: key %d at place %d: equal scores must be sorted by key", o.Limit, c.Key, i)
			}
		}
	}
	if found := search(t, x, index.Options{MinScore: 1e6}, probe); len(found) != 0 {
		t.Errorf("%d candidates reach an impossible score", len(found))
	}
}

func TestTheNumberOfWorkersDoesNotChangeTheResult(t *testing.T) {
	r, fingers := people(6, 1200)
	x := index.New()
	for i, f := range fingers {
		add(t, x, uint64(i), []capture.FingerPosition{unknown, rightIndex}[i%2], indextest.Impression(r, f))
	}
	probe := index.Probe{Position: rightIndex, Template: indextest.Impression(r, fingers[3])}
	one := search(t, x, index.Options{Workers: 1}, probe)
	if many := search(t, x, index.Options{Workers: 7}, probe); !reflect.DeepEqual(one, many) {
		t.Error("one worker and seven find different candidates")
	}
}

func TestRemovedPersonsAreNotFound(t *testing.T) {
	r, fingers := people(7, 30)
	x := index.New()
	for i, f := range fingers {
		add(t, x, uint64(i), rightIndex, indextest.Impression(r, f))
		add(t, x, uint64(i), leftIndex, indextest.Impression(r, f))
	}
	if n := x.Remove(3, 4, 99); n != 4 {
		t.Errorf("%d templates removed, want 4", n)
	}
	if n := x.Remove(3); n != 0 {
		t.Errorf("%d templates removed again, want none", n)
	}
	if x.Len() != 56 {
		t.Errorf("%d templates left, want 56", x.Len())
	}
	for _, c := range search(t, x, index.Options{Limit: 100}, index.Probe{Template: indextest.Impression(r, fingers[3])}) {
		if c.Key == 3 || c.Key == 4 {
			t.Errorf("person %d is found after it was removed", c.Key)
		}
	}
}

func TestWhatCannotBeSearchedByIsRefused(t *testing.T) {
	r, fingers := people(8, 1)
	good := indextest.Impression(r, fingers[0])
	empty := &finger.Template{Width: 300, Height: 400}
	x := index.New()
	if err := x.Add(1, 0, empty); !errors.Is(err, index.ErrSparse) {
		t.Errorf("a template without minutiae is added with error %v, want ErrSparse", err)
	}
	if err := x.Add(1, 11, good); err == nil {
		t.Error("an eleventh finger is added")
	}
	if err := x.Add(1, 0, &finger.Template{}); err == nil {
		t.Error("a template of no picture is added")
	}
	for name, probe := range map[string]index.Probe{
		"no template": {}, "no minutiae": {Template: empty}, "no such finger": {Position: -1, Template: good},
	} {
		if _, err := x.Search(t.Context(), []index.Probe{probe}, index.Options{}); err == nil {
			t.Errorf("a probe with %s is searched", name)
		}
	}
	if found, err := x.Search(t.Context(), nil, index.Options{}); len(found) != 0 || err != nil {
		t.Errorf("no probe finds %v, %v", found, err)
	}
}

func TestACancelledSearchEndsWithTheContextsError(t *testing.T) {
	r, fingers := people(9, 1)
	x := index.New()
	impression := indextest.Impression(r, fingers[0])
	add(t, x, 1, 0, impression)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := x.Search(ctx, []index.Probe{{Template: impression}}, index.Options{}); !errors.Is(err, context.Canceled) || found != nil {
		t.Errorf("found %v, error %v, want the context's", found, err)
	}
}

// Some persons come and go while others, who stay, are searched for.
func TestSearchesRunWhileTheIndexChanges(t *testing.T) {
	r, fingers := people(10, 8)
	x := index.New()
	var kept, changing []*finger.Template
	for i, f := range fingers {
		template := indextest.Impression(r, f)
		if i%2 == 0 {
			kept = append(kept, template)
			add(t, x, uint64(i/2), rightIndex, template)
		} else {
			changing = append(changing, template)
		}
	}
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		defer close(done)
		for round := range 300 {
			for i, template := range changing {
				if err := x.Add(uint64(100+i), rightIndex, template); err != nil {
					t.Error(err)
				}
			}
			if n := x.Remove(100, 101, 102, 103); n != len(changing) {
				t.Errorf("round %d: %d templates removed, want %d", round, n, len(changing))
			}
		}
	})
	for i := range 2 {
		wait.Go(func() {
			for {
				found, err := x.Search(t.Context(), []index.Probe{{Position: rightIndex, Template: kept[i]}}, index.Options{Workers: 2})
				if err != nil || len(found) == 0 || found[0].Key != uint64(i) {
					t.Errorf("person %d is not found while the index changes: %v", i, err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	wait.Wait()
	if x.Len() != len(kept) {
		t.Errorf("%d templates in the end, want %d", x.Len(), len(kept))
	}
}
