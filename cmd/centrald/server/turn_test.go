package server

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
)

func TestOneOfAllInstancesSweepsInAnHour(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		all := []*Server{{DB: db}, {DB: open()}, {DB: open()}}
		if err := all[0].openSweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		for _, step := range []struct {
			name string
			at   time.Time
			won  int32
		}{
			{"at first", now, 1}, {"at once again", now, 0}, {"within the hour", now.Add(sweepEvery - 1), 0},
			{"an hour later", now.Add(sweepEvery), 1}, {"after a night", now.Add(9 * time.Hour), 1},
		} {
			var won atomic.Int32
			var wait sync.WaitGroup
			for _, s := range all {
				for range 3 {
					wait.Go(func() {
						mine, err := s.takeSweep(t.Context(), step.at)
						if err != nil {
							t.Error(err)
						}
						if mine {
							won.Add(1)
						}
					})
				}
			}
			wait.Wait()
			if n := won.Load(); n != step.won {
				t.Errorf("%s: %d sweep, want %d", step.name, n, step.won)
			}
		}
	})
}
