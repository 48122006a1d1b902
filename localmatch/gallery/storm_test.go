package gallery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// steps is how often a test does something of which it does much: under the race detector, which
// makes all of it slow, a fifth as often.
func steps(long int) int {
	if underRace {
		return long / 5
	}
	return long
}

func TestEachAnswerIsOfOneVersionWhateverGoesOn(t *testing.T) {
	s := &story{list: "sis", people: 50, hands: []hand{newHand(1), newHand(2), newHand(3)}}
	g := openGallery(t, memoryDir(t))
	apply(t, g, s.update(1, true))
	last := uint64(steps(100))
	s.whileAsked(t, g, never, func() {
		for v := uint64(2); v <= last; v++ {
			apply(t, g, s.update(v, v%23 == 0))
		}
		g.work.Wait()
	})
	s.check(t, g, last)
}

func TestAnErasureEndsQuestionsUpdatesAndMerging(t *testing.T) {
	s := &story{list: "sis", people: 50, hands: []hand{newHand(1)}}
	dir := memoryDir(t)
	g := openGallery(t, dir)
	apply(t, g, s.update(1, true))
	gone := func(err error) bool { return errors.Is(err, ErrErased) }
	version := uint64(1)
	s.whileAsked(t, g, gone, func() {
		for round := range steps(20) {
			var erasing sync.WaitGroup
			for n := range 4 {
				if n == round%4 {
					erasing.Go(func() {
						if err := g.Erase(context.Background(), "sis"); err != nil {
							t.Error(err)
						}
					})
				}
				if g.Apply(context.Background(), s.update(version+1, false)) != nil {
					break
				}
				version++
			}
			erasing.Wait()
			if _, err := g.Find(context.Background(), "sis", withNumber("N")); !errors.Is(err, ErrErased) {
				t.Errorf("after the erasure: %v", err)
			}
			if hasPrints(g) {
				t.Error("fingers are left in memory")
			}
			g.work.Wait()
			if left := filesOf(t, dir); len(left) > 0 {
				t.Errorf("left after the erasure: %v", left)
			}
			version++
			apply(t, g, s.update(version, true))
		}
	})
	g.work.Wait()
	s.check(t, g, version)
	g.Close()
	wantNoStrays(t, dir)
}

func TestAnErasureDoesNotWaitForTheUpdateUnderWayToEndTheAnswers(t *testing.T) {
	s := &story{list: "sis", people: 50}
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, s.update(1, true))
	g.work.Wait()
	updated, goOn := s.halfWay(t, g, s.update(2, false), 3)
	erased := make(chan error, 1)
	go func() { erased <- g.Erase(context.Background(), "sis") }()
	poll(t, "the list is erased", func() bool {
		_, err := g.Find(context.Background(), "sis", withNumber(storyNumber(1, 1)))
		return errors.Is(err, ErrErased)
	})
	close(goOn)
	<-updated // may be refused, or in force until the erasure goes on
	if err := <-erased; err != nil {
		t.Fatal(err)
	}
	if info, err := g.List(t.Context(), "sis"); err != nil || !info.Erased {
		t.Errorf("List = %+v, %v; want it erased", info, err)
	}
	if _, err := g.Find(context.Background(), "sis", withNumber(storyNumber(1, 1))); !errors.Is(err, ErrErased) {
		t.Errorf("Find: %v, want ErrErased", err)
	}
	g.work.Wait()
	if left := filesOf(t, dir); len(left) > 0 {
		t.Errorf("files left: %v", left)
	}
}

func TestAnErasureWithoutAReadableStateEndsTheAnswersAllTheSame(t *testing.T) {
	s := &story{list: "sis", people: 50}
	g := openGallery(t, t.TempDir())
	apply(t, g, s.update(1, true))
	g.work.Wait()
	if _, err := g.database().write.Exec("UPDATE lists SET state = zeroblob(100)"); err != nil {
		t.Fatal(err)
	}
	if err := g.Erase(t.Context(), "sis"); !errors.Is(err, ErrDamaged) {
		t.Errorf("Erase: %v, want ErrDamaged", err)
	}
	if _, err := g.Find(t.Context(), "sis", withNumber(storyNumber(1, 1))); !errors.Is(err, ErrErased) {
		t.Errorf("Find: %v, want ErrErased", err)
	}
}

func TestAnErasureThatWasCutOffIsCarriedOnAtTheNextStart(t *testing.T) {
	s := &story{list: "sis", people: 50}
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, s.update(1, true))
	apply(t, g, s.update(2, false))
	g.work.Wait()
	first := g.list("sis").view.Segments[0].Serial
	g.Close()
	if err := g.keys.Erase(g.keyFile("sis", first)); err != nil {
		t.Fatal(err)
	}
	if n := len(filesOf(t, dir)); n < 5 {
		t.Fatalf("%d files, want those of two segments", n)
	}
	g = openGallery(t, dir)
	g.work.Wait()
	if left := filesOf(t, dir); len(left) > 0 {
		t.Errorf("files left: %v", left)
	}
	apply(t, g, s.update(2, true))
	s.check(t, g, 2)
}

func TestAWholeListThatComesWhileTheOldOneIsLoadedReplacesIt(t *testing.T) {
	s := &story{list: "sis", people: 300, hands: []hand{newHand(1)}}
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, s.update(1, true))
	version := uint64(1)
	for round := range steps(30) {
		g.Close()
		g = openAtOnce(t, dir)
		if round%3 == 0 { // caches are made anew meanwhile
			g.Close()
			removeCaches(t, dir)
			g = openAtOnce(t, dir)
		}
		version++
		apply(t, g, s.update(version, true))
		s.check(t, g, version)
		version++
		apply(t, g, s.update(version, false))
		s.check(t, g, version)
	}
	g.Close()
	wantNoStrays(t, dir)
}

func TestAnUpdateThatWaitsUntilTheListIsLoadedIsNotWaitedFor(t *testing.T) {
	s := &story{list: "sis", people: 50}
	g := openGallery(t, t.TempDir())
	apply(t, g, s.update(1, true))
	g.work.Wait()
	before := g.list("sis").view.state
	l := newList("sis", ErrNotReady) // as after a start
	g.lists["sis"] = l
	apply(t, g, s.update(2, true))
	updated := make(chan error, 1)
	go func() { updated <- g.Apply(context.Background(), s.update(3, false)) }()
	poll(t, "the update waits", func() bool {
		if !l.writing.TryLock() {
			return true
		}
		l.writing.Unlock()
		return false
	})
	g.prepare(t.Context(), l, before)
	if err := <-updated; err != nil {
		t.Fatal(err)
	}
	s.check(t, g, 3)
}

func TestAListIsErasedWhileItIsLoaded(t *testing.T) {
	s := &story{list: "sis", people: 300, hands: []hand{newHand(1)}}
	dir := t.TempDir()
	for round := range steps(30) {
		g := openAtOnce(t, dir)
		apply(t, g, s.update(uint64(1+round), true))
		g.Close()
		if round%2 == 0 {
			removeCaches(t, dir)
		}
		g = openAtOnce(t, dir)
		if err := g.Erase(t.Context(), "sis"); err != nil {
			t.Fatal(err)
		}
		g.work.Wait()
		if _, err := g.Find(t.Context(), "sis", withNumber("N")); !errors.Is(err, ErrErased) {
			t.Errorf("Find: %v, want ErrErased", err)
		}
		if left := filesOf(t, dir); len(left) > 0 {
			t.Errorf("files left: %v", left)
		}
		g.Close()
	}
}

func TestClosingInTheMiddleOfLoadingIndexingAndMergingLosesNothing(t *testing.T) {
	s := &story{list: "sis", people: 300, hands: []hand{newHand(1), newHand(2)}}
	dir := t.TempDir()
	version := uint64(0)
	r := rand.New(rand.NewPCG(1, 1))
	for range steps(40) {
		g := openAtOnce(t, dir)
		for range r.IntN(4) {
			version++
			apply(t, g, s.update(version, version == 1))
		}
		if r.IntN(2) == 0 && version > 0 {
			g.FindFingers(t.Context(), "sis", byFingers())
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		if r.IntN(4) == 0 {
			removeCaches(t, dir)
		}
	}
	g := openGallery(t, dir)
	g.work.Wait()
	s.check(t, g, version)
	g.Close()
	wantNoStrays(t, dir)
}

func TestAnUrgentChangeOfOneListDoesNotWaitForAnotherLargeOne(t *testing.T) {
	large, urgent := &story{list: "sltd", people: steps(2000)}, &story{list: "sis", people: 20}
	g := openGallery(t, t.TempDir())
	apply(t, g, large.update(1, true))
	apply(t, g, urgent.update(1, true))
	updated, goOn := large.halfWay(t, g, large.update(2, true), large.people/2)
	apply(t, g, urgent.update(2, false))
	urgent.check(t, g, 2)
	large.check(t, g, 1)
	g.settle(g.list("sis"), nil) // nor does merging
	select {
	case <-updated:
		t.Fatal("the large update was not under way")
	default:
	}
	close(goOn)
	if err := <-updated; err != nil {
		t.Fatal(err)
	}
	large.check(t, g, 2)
	urgent.check(t, g, 2)
}

// halfWay begins an update and returns when so many lines of it were read. It goes on when goOn is
// closed.
func (s *story) halfWay(t *testing.T, g *Gallery, u Update, after int) (updated chan error, goOn chan struct{}) {
	t.Helper()
	updated, goOn = make(chan error, 1), make(chan struct{})
	reached := make(chan struct{})
	lines := u.Lines
	u.Lines = func(yield func([]byte, error) bool) {
		n := 0
		for line, err := range lines {
			if n++; n == after {
				close(reached)
				<-goOn
			}
			if !yield(line, err) {
				return
			}
		}
	}
	go func() { updated <- g.Apply(context.Background(), u) }()
	select {
	case <-reached:
	case err := <-updated:
		t.Fatalf("the update ended before line %d: %v", after, err)
	}
	return updated, goOn
}

// poll waits for what nothing signals.
func poll(t *testing.T, what string, there func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !there(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// openAtOnce opens a gallery and does not wait until its lists are ready.
func openAtOnce(t *testing.T, dir string) *Gallery {
	t.Helper()
	g, err := Open(t.Context(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), Options{Now: func() time.Time { return testDay }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func removeCaches(t *testing.T, dir string) {
	t.Helper()
	caches, err := filepath.Glob(filepath.Join(dir, "segments", "*.index"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range caches {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnUrgentChangeDoesNotWaitForSegmentsBeingMerged(t *testing.T) {
	s := &story{list: "sis", people: 50}
	g := openGallery(t, t.TempDir())
	apply(t, g, s.update(1, true))
	g.work.Wait()
	l := g.list("sis")
	l.merging.Lock() // as whoever merges has it
	v, err := l.acquire()
	if err != nil {
		t.Fatal(err)
	}
	serial, err := g.reserve(t.Context(), l, v)
	if err != nil {
		t.Fatal(err)
	}
	h, p, err := g.writeMerged(t.Context(), v, 0, serial)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, g, s.update(2, false))
	s.check(t, g, 2)
	if err := g.replace(t.Context(), l, v, 0, h, p); err != nil {
		t.Fatal(err)
	}
	v.release()
	l.merging.Unlock()
	s.check(t, g, 2)
	g.work.Wait()
	s.check(t, g, 2)
}

func TestTheLatestTimeNeverGoesBack(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	var updating sync.WaitGroup
	versions := steps(30)
	for n := range 4 {
		updating.Go(func() {
			s := &story{list: fmt.Sprint("list-", n), people: 3}
			before := testDay
			for v := uint64(1); v <= uint64(versions); v++ {
				u := s.update(v, v == 1)
				u.Issued = testDay.AddDate(0, 0, int(v)*4+n)
				u.Expires = u.Issued.AddDate(0, 0, 1)
				if err := g.Apply(context.Background(), u); err != nil {
					t.Error(err)
					return
				}
				info, err := g.List(context.Background(), s.list)
				if err != nil || info.Seen.Before(u.Issued) || info.Seen.Before(before) {
					t.Errorf("seen %v after %v and %v, %v", info.Seen, before, u.Issued, err)
				}
				before = info.Seen
			}
		})
	}
	updating.Wait()
	last := g.latest()
	if want := testDay.AddDate(0, 0, versions*4+3); !last.Equal(want) {
		t.Errorf("latest %v, want %v", last, want)
	}
	g.Close()
	if g = openGallery(t, dir); !g.latest().Equal(last) {
		t.Errorf("after a start %v, want %v", g.latest(), last)
	}
}
