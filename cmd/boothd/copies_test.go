package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boothd/localmatch/gallery"
	"boothd/sync/portal"
)

// shelf is the lists of a booth, and central's inventory of them.
type shelf struct {
	mu    sync.Mutex
	lists []gallery.Info
	fault error // of central
	told  [][]portal.Copy
	at    []time.Time
}

func (s *shelf) Lists(context.Context) ([]gallery.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lists, nil
}

func (s *shelf) Copies(_ context.Context, all []portal.Copy) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told, s.at = append(s.told, all), append(s.at, time.Now())
	return s.fault
}

// set changes what there is.
func (s *shelf) set(fault error, lists ...gallery.Info) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.lists = fault, lists
}

// last returns how often central was told anything, and what at last.
func (s *shelf) last() (n int, copies []portal.Copy, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n = len(s.told); n == 0 {
		return 0, nil, time.Time{}
	}
	return n, s.told[n-1], s.at[n-1]
}

func list(name string, version uint64) gallery.Info {
	return gallery.Info{
		Name: name, System: "SIS", Version: version, Head: gallery.Hash{byte(version)}, Issued: early, Expires: early.Add(time.Hour), Entries: 3,
	}
}

func TestCentralIsToldOfCopiesAtTheStartAfterAChangeAndHourly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{lists: []gallery.Info{list("sis", 1)}}
		c := newCopies(s, s, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.run(ctx) }()
		begin := time.Now()
		expect := func(what string, n int, versions ...uint64) {
			t.Helper()
			synctest.Wait()
			got, copies, _ := s.last()
			var held []uint64
			for _, k := range copies {
				held = append(held, k.Version)
			}
			if got != n || !reflect.DeepEqual(held, versions) {
				t.Errorf("%s: told %d times, at last of versions %v; want %d, %v", what, got, held, n, versions)
			}
		}
		expect("at the start", 1, 1)
		time.Sleep(fetchEvery - time.Second)
		expect("before the hour is over", 1, 1)
		time.Sleep(2 * time.Second)
		expect("after an hour", 2, 1)

		s.set(nil, list("sis", 2))
		for range 5 { // never waits, however often
			c.look()
		}
		expect("after an update", 3, 2)
		c.look()
		expect("after news of nothing new", 3, 2)

		erased := list("sis", 2)
		erased.Erased = true
		s.set(nil, erased)
		time.Sleep(fetchAgain)
		expect("after it was erased", 4)

		down := errors.New("the line is down")
		s.set(down, list("sis", 3))
		c.look()
		expect("while the line is down", 5, 3)
		time.Sleep(fetchAgain)
		expect("a minute later", 6, 3)
		s.set(nil, list("sis", 3))
		time.Sleep(fetchAgain)
		expect("when it is back", 7, 3)
		time.Sleep(fetchEvery / 2)
		expect("after that", 7, 3)

		s.set(nil, list("sis", 3), gallery.Info{Name: "sltd", Damaged: true})
		time.Sleep(fetchEvery)
		expect("while it is not known what is held", 7, 3)
		cancel()
		synctest.Wait()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Errorf("it goes on, %s after it began", time.Since(begin))
		}
	})
}

func TestEveryListOnTheDiskIsToldOf(t *testing.T) {
	dir := t.TempDir()
	g, err := gallery.Open(t.Context(), filepath.Join(dir, "gallery.db"), dir, gallery.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	for i, name := range []string{"erased", "expired", "sis"} {
		u := gallery.Update{List: name, System: "SIS", Version: uint64(i + 1), Head: gallery.Hash{1, 2}, Issued: early, Expires: early.Add(time.Hour)}
		u.Lines = func(yield func([]byte, error) bool) {}
		if err := g.Apply(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Erase(t.Context(), "erased"); err != nil {
		t.Fatal(err)
	}
	got, err := newCopies(g, nil, nil).held(t.Context())
	if err != nil || len(got) != 2 || got[0].List != "expired" {
		t.Fatalf("held %+v, %v", got, err)
	}
	want := portal.Copy{List: "sis", System: "SIS", Version: 3, Manifest: "0102" + strings.Repeat("00", 30), Taken: early, Expires: early.Add(time.Hour)}
	got[1].Taken, got[1].Expires = got[1].Taken.UTC(), got[1].Expires.UTC()
	if got[1] != want {
		t.Errorf("held %+v, want %+v", got[1], want)
	}
}
