package gallery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/capture/bdir"
	"boothd/localmatch/finger"
	fingerindex "boothd/localmatch/finger/index"
	"boothd/localmatch/finger/index/indextest"
)

// hand is a finger that was laid twice.
type hand struct{ listed, laid *finger.Template }

func newHand(seed uint64) hand {
	r := rand.New(rand.NewPCG(seed, 1))
	f := indextest.Finger(r)
	return hand{indextest.Impression(r, f), indextest.Impression(r, f)}
}

func encoded(t testing.TB, template *finger.Template) FingerTemplate {
	t.Helper()
	data, err := template.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return FingerTemplate{Position: 2, Format: FormatBoothd, Data: data}
}

// hasPrints reports whether the fingers of the list "sis" are in memory.
func hasPrints(g *Gallery) bool {
	l := g.list("sis")
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.view != nil && l.view.prints != nil
}

// printed is an entry with a finger and nothing else.
func printed(t testing.TB, id string, h hand) *Entry {
	return &Entry{ID: id, Fingers: []FingerTemplate{encoded(t, h.listed)}}
}

func byFingers(probes ...fingerindex.Probe) FingerQuestion {
	return FingerQuestion{Probes: probes, Least: func(int) float64 { return 0 }}
}

// likest asks for the laid finger and returns the likest entry, waiting until the list is
// ready.
func likest(t testing.TB, g *Gallery, list string, h hand) (FoundFingers, string) {
	t.Helper()
	g.work.Wait()
	found, err := g.FindFingers(context.Background(), list, byFingers(fingerindex.Probe{Position: 2, Template: h.laid}))
	if err != nil {
		t.Fatal(err)
	}
	if found.NotReady {
		t.Fatal("not ready")
	}
	for _, p := range found.People {
		// Whatever the scale of the scores, a mate's is far above a stranger's.
		if len(p.Fingers[0].Comparison.Pairs) >= 20 {
			return found, p.Entry.ID
		}
	}
	return found, ""
}

func wantLikest(t testing.TB, g *Gallery, list string, h hand, want string) FoundFingers {
	t.Helper()
	found, got := likest(t, g, list, h)
	if got != want || found.Damaged > 0 {
		t.Errorf("list %s: found %q, want %q; %d damaged", list, got, want, found.Damaged)
	}
	return found
}

func TestFingersAreFoundThroughEveryChangeOfAList(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	a, b, c := newHand(1), newHand(2), newHand(3)
	if !g.HoldsFingers("sis") {
		t.Error("a list that was never received is said to hold no fingers")
	}
	apply(t, g, update("sis", 0, 1, 1, puts(person("p", "ONE", "1970", "N1"))...))
	if g.HoldsFingers("sis") {
		t.Error("a list without fingers is said to hold some")
	}
	apply(t, g, update("sis", 1, 2, 2, puts(printed(t, "a", a))...))
	if found := wantLikest(t, g, "sis", a, "a"); found.Info.Fingers != 1 || found.Info.Version != 2 || !g.HoldsFingers("sis") {
		t.Errorf("found %+v", found.Info)
	}
	apply(t, g, update("sis", 2, 3, 3, puts(printed(t, "b", b))...))
	wantLikest(t, g, "sis", a, "a")
	wantLikest(t, g, "sis", b, "b")
	apply(t, g, update("sis", 3, 4, 3, puts(printed(t, "b", c))...)) // another finger
	wantLikest(t, g, "sis", b, "")
	wantLikest(t, g, "sis", c, "b")
	apply(t, g, update("sis", 4, 5, 2, Change{Drop: "a"}))
	if found := wantLikest(t, g, "sis", a, ""); found.Info.Fingers != 1 {
		t.Errorf("%d entries with fingers, want 1", found.Info.Fingers)
	}
	apply(t, g, update("sis", 0, 6, 1, puts(printed(t, "a", a))...))
	wantLikest(t, g, "sis", a, "a")
	wantLikest(t, g, "sis", c, "")
	g.Close()

	g = openGallery(t, dir)
	wantLikest(t, g, "sis", a, "a")
	apply(t, g, update("sis", 6, 7, 0, Change{Drop: "a"}))
	if g.HoldsFingers("sis") {
		t.Error("a list whose last finger went is said to hold some")
	}
}

func TestUpdateThatIsRefusedLeavesTheFingersAsTheyWere(t *testing.T) {
	g := openGallery(t, t.TempDir())
	a, b := newHand(1), newHand(2)
	apply(t, g, update("sis", 0, 1, 1, puts(printed(t, "a", a))...))
	for _, u := range []Update{
		update("sis", 1, 2, 7, append(puts(printed(t, "b", b)), Change{Drop: "a"})...),
		update("sis", 0, 2, 7, puts(printed(t, "b", b))...),
	} {
		if err := g.Apply(context.Background(), u); !errors.Is(err, ErrCount) {
			t.Fatalf("error = %v, want ErrCount", err)
		}
		wantLikest(t, g, "sis", a, "a")
		wantLikest(t, g, "sis", b, "")
	}
	apply(t, g, update("sis", 1, 2, 2, puts(printed(t, "b", b))...))
	wantLikest(t, g, "sis", b, "b")
}

func TestQuestionsByFingerSeeOneVersionWhileOthersAreApplied(t *testing.T) {
	g := openGallery(t, t.TempDir())
	a := newHand(1)
	apply(t, g, update("sis", 0, 1, 1, puts(printed(t, "a", a))...))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var asking sync.WaitGroup
	for range 2 {
		asking.Go(func() {
			for ctx.Err() == nil {
				found, err := g.FindFingers(context.Background(), "sis", byFingers(fingerindex.Probe{Template: a.laid}))
				if err != nil || found.NotReady || found.Damaged > 0 || len(found.People) != 1 {
					t.Errorf("%d people, %+v, %v", len(found.People), found, err)
					return
				}
			}
		})
	}
	for v := uint64(2); v <= 40; v++ { // the entry is replaced in each
		base := v - 1
		if v%10 == 0 {
			base = 0
		}
		apply(t, g, update("sis", base, v, 1, puts(printed(t, "a", a))...))
	}
	cancel()
	asking.Wait()
}

func TestErasedListHasNoFingersInMemory(t *testing.T) {
	g := openGallery(t, t.TempDir())
	a := newHand(1)
	apply(t, g, update("sis", 0, 1, 1, puts(printed(t, "a", a))...))
	if err := g.Erase(context.Background(), "sis"); err != nil {
		t.Fatal(err)
	}
	if hasPrints(g) {
		t.Error("an index is left")
	}
	_, err := g.FindFingers(context.Background(), "sis", byFingers())
	if !errors.Is(err, ErrErased) {
		t.Errorf("error = %v, want ErrErased", err)
	}
}

func TestFingersLeaveMemoryWhenTheLeaseEndsAndComeBackWhenItIsRenewed(t *testing.T) {
	dir := t.TempDir()
	a := newHand(1)
	open := func(t *testing.T) *Gallery {
		g, err := Open(context.Background(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	renewed := func(base, version uint64, changes ...Change) Update {
		u := update("sis", base, version, 1, changes...)
		u.Issued, u.Expires = time.Now(), time.Now().Add(time.Hour)
		return u
	}
	synctest.Test(t, func(t *testing.T) {
		g := open(t)
		defer g.Close()
		apply(t, g, renewed(0, 1, puts(printed(t, "a", a))...))
		time.Sleep(30 * time.Minute)
		apply(t, g, renewed(1, 2))
		time.Sleep(59 * time.Minute)
		wantLikest(t, g, "sis", a, "a")
		time.Sleep(time.Minute)
		synctest.Wait()
		if hasPrints(g) {
			t.Error("an index is left after the lease")
		}
		found, err := g.FindFingers(context.Background(), "sis", byFingers())
		g.work.Wait()
		if err != nil || !found.NotReady || hasPrints(g) || !g.HoldsFingers("sis") {
			t.Errorf("after the lease: %+v, %v", found, err)
		}
		apply(t, g, renewed(2, 3))
		wantLikest(t, g, "sis", a, "a")
	})
}

func TestFingersLeaveMemoryAtTheEndOfTheLeaseAlsoWhenTheClockWasSet(t *testing.T) {
	for what, set := range map[string]struct {
		by   time.Duration
		left time.Duration // until they are gone
	}{
		"forward beyond the lease": {2 * time.Hour, time.Minute},
		"back by an hour":          {-time.Hour, 2 * time.Hour},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			a := newHand(1)
			synctest.Test(t, func(t *testing.T) {
				var ahead atomic.Int64
				now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
				g, err := Open(context.Background(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), Options{Now: now})
				if err != nil {
					t.Fatal(err)
				}
				defer g.Close()
				u := update("sis", 0, 1, 1, puts(printed(t, "a", a))...)
				u.Issued, u.Expires = now(), now().Add(time.Hour)
				apply(t, g, u)
				g.work.Wait()
				ahead.Store(int64(set.by))
				time.Sleep(set.left - time.Second)
				synctest.Wait()
				if set.by < 0 && !hasPrints(g) {
					t.Error("the index went before the lease ended by the booth's clock")
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if hasPrints(g) {
					t.Error("an index is left after the lease")
				}
			})
		})
	}
}

func TestDamagedEntriesWithFingersAreToldOf(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	a, b := newHand(1), newHand(2)
	apply(t, g, update("sis", 0, 1, 2, puts(printed(t, "a", a), printed(t, "b", b))...))
	damageRecord(t, g, "sis", 0)
	if found, got := likest(t, g, "sis", a); got != "" || found.Damaged != 1 || !found.Info.Damaged {
		t.Errorf("before a start: %q, %+v", got, found)
	}
	g.Close()
	g = openGallery(t, dir)
	if found, got := likest(t, g, "sis", b); got != "b" || found.Damaged != 1 {
		t.Errorf("after a start: %q, %d damaged", got, found.Damaged)
	}
}

func TestNoTemplateIsReadableOnDisk(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	e := printed(t, "a", newHand(1))
	apply(t, g, update("sis", 0, 1, 1, puts(e)...))
	likest(t, g, "sis", newHand(1))
	g.Close()
	g = openGallery(t, dir)
	likest(t, g, "sis", newHand(1))
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, e.Fingers[0].Data[:40]) || bytes.Contains(b, []byte("BOOTHFIX")) || bytes.Contains(b, []byte("BFT\x01")) {
			t.Errorf("%s holds a template", d.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTemplatesOfEveryFormatAreReadAndBadOnesRefused(t *testing.T) {
	listed := newHand(1).listed
	record := func(e bdir.Edition, p capture.FingerPosition, views int) []byte {
		r := listed.Record(e, p, bdir.NotGiven)
		for n := 1; n < views; n++ {
			v := r.Views[0]
			v.Number = uint8(n)
			r.Views = append(r.Views, v)
		}
		b, err := r.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	own := encoded(t, listed).Data
	sparse := *listed
	sparse.Minutiae = sparse.Minutiae[:3]
	flipped := slices.Clone(own)
	flipped[9] = 7
	for what, c := range map[string]struct {
		f    FingerTemplate
		want string // of the error; empty if the template is good
	}{
		"the booth's own":                     {FingerTemplate{2, FormatBoothd, own}, ""},
		"the booth's own, position not known": {FingerTemplate{0, FormatBoothd, own}, ""},
		"ISO of 2005":                         {FingerTemplate{2, FormatISO2005, record(bdir.ISO2005, 2, 1)}, ""},
		"ISO of 2011":                         {FingerTemplate{2, FormatISO2011, record(bdir.ISO2011, 2, 1)}, ""},
		"INCITS of 2004":                      {FingerTemplate{2, FormatINCITS2004, record(bdir.INCITS2004, 2, 1)}, ""},
		"INCITS as boothctl calls it":         {FingerTemplate{2, "incits378", record(bdir.INCITS2004, 2, 1)}, ""},
		"a record that knows no position":     {FingerTemplate{2, FormatISO2005, record(bdir.ISO2005, 0, 1)}, ""},
		"an unknown format":                   {FingerTemplate{2, "secret", own}, "fingers[0].format: not a known format"},
		"no format":                           {FingerTemplate{2, "", own}, "fingers[0].format: not a known format"},
		"another format than it says":         {FingerTemplate{2, FormatISO2011, record(bdir.ISO2005, 2, 1)}, "fingers[0].data: not a template of its format"},
		"damaged":                             {FingerTemplate{2, FormatBoothd, flipped}, "fingers[0].data: not a template of its format"},
		"a damaged record":                    {FingerTemplate{2, FormatISO2005, record(bdir.ISO2005, 2, 1)[:60]}, "fingers[0].data: not a template of its format"},
		"two prints":                          {FingerTemplate{2, FormatISO2005, record(bdir.ISO2005, 2, 2)}, "fingers[0].data: a record of more than one print"},
		"a record of another finger":          {FingerTemplate{2, FormatISO2005, record(bdir.ISO2005, 3, 1)}, "fingers[0].position: a record of another finger"},
		"three minutiae":                      {FingerTemplate{2, FormatBoothd, encoded(t, &sparse).Data}, "fingers[0].data: too few minutiae"},
	} {
		t.Run(what, func(t *testing.T) {
			err := (&Entry{ID: "a", Fingers: []FingerTemplate{c.f}}).Validate()
			var field *FieldError
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!errors.As(err, &field) || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "secret")):
				t.Errorf("error = %v, want %q", err, c.want)
			}
			if c.want != "" {
				return
			}
			position, template, err := c.f.Read()
			if err != nil || position != c.f.Position || len(template.Minutiae) != len(listed.Minutiae) {
				t.Errorf("read %d, %v", position, err)
			}
		})
	}
	f := FingerTemplate{0, FormatISO2005, record(bdir.ISO2005, 3, 1)}
	if position, _, err := f.Read(); position != 3 || err != nil {
		t.Errorf("position %d of a record that alone knows it, %v", position, err)
	}
}

// BenchmarkFingersMadeReady measures, at a start, the time until the fingers of a list can be
// searched.
func BenchmarkFingersMadeReady(b *testing.B) {
	const entries = 10_000
	dir := b.TempDir()
	g := openGallery(b, dir)
	u := update("sis", 0, 1, entries)
	start := time.Now()
	h := make([]hand, 100)
	for i := range h {
		h[i] = newHand(uint64(i))
	}
	u.Lines = LinesOf(func(yield func(Change, error) bool) {
		for i := range entries {
			if !yield(Change{Put: printed(b, fmt.Sprint(i), h[i%len(h)])}, nil) {
				return
			}
		}
	})
	apply(b, g, u)
	b.ReportMetric(float64(time.Since(start).Microseconds())/entries, "apply-µs/print")
	g.Close()
	for b.Loop() {
		g := openGallery(b, dir)
		g.work.Wait()
		if !hasPrints(g) {
			b.Fatal("not ready")
		}
		g.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/entries, "build-µs/print")
}
