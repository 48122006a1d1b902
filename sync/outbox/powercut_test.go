//go:build linux

package outbox

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// session is a booth on a disk that forgets, over many power cuts.
type session struct {
	disk *disk
	c    *central
	mu   sync.Mutex
	next int
	kept []string // ids of the records that were acknowledged
}

func newSession(t *testing.T, seed uint64) *session {
	return &session{disk: newDisk(t, seed), c: newCentral(t)}
}

// untilCut mounts the disk, lets look at what the last cut has left, and records and
// delivers until the power is cut again.
func (x *session) untilCut(t *testing.T, synchronous string, look func(*Store)) {
	if err := x.disk.do("mount"); err != nil {
		t.Skipf("power cuts not tested: %v", err)
	}
	defer func() {
		if err := x.disk.do("unmount"); err != nil {
			t.Fatal(err)
		}
	}()
	s := open(t, filepath.Join(x.disk.dir, "booth.db"), x.c, func(o *Options) { o.ReserveBytes = 4096 })
	defer s.Close()
	look(s)
	for _, conn := range []*sql.Conn{s.writer, s.keeper} {
		if _, err := conn.ExecContext(t.Context(), "PRAGMA synchronous = "+synchronous); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		for ctx.Err() == nil { // checkpoints come at every moment
			s.checkpoint(ctx, "PASSIVE")
		}
	})
	wg.Go(func() { newSender(t, s, x.c, func(o *SenderOptions) { o.MaxItems = 3 }).Run(ctx) })
	if err := x.disk.do("cut soon"); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() { x.write(s) })
	}
	writers.Wait()
}

// write records until the disk fails.
func (x *session) write(s *Store) {
	for {
		x.mu.Lock()
		r := record(x.next)
		x.next++
		x.mu.Unlock()
		if s.Record(context.Background(), r) != nil {
			return
		}
		x.mu.Lock()
		x.kept = append(x.kept, r.ID)
		x.mu.Unlock()
	}
}

// lost lists the records that were acknowledged and are neither in the store nor at
// central. The error is of reading the store.
func (x *session) lost(s *Store) ([]string, error) {
	there := map[string]bool{}
	err := s.View(func(v *Reader) error {
		for l, err := range v.List(context.Background()) {
			if err != nil {
				return err
			}
			there[l.ID] = !l.Quarantined
		}
		return nil
	})
	x.c.set(func() {
		for _, it := range x.c.committed {
			there[it.ID] = true
		}
	})
	var lost []string
	for _, id := range x.kept {
		if !there[id] {
			lost = append(lost, id)
		}
	}
	return lost, err
}

func TestPowerCutsLoseNothingThatWasAcknowledged(t *testing.T) {
	x := newSession(t, 1)
	cuts := 0
	for begin := time.Now(); cuts < 50 && (cuts < 10 || time.Since(begin) < 12*time.Second); cuts++ {
		x.untilCut(t, "FULL", func(s *Store) {
			if lost, err := x.lost(s); len(lost) != 0 || err != nil {
				t.Errorf("cut %d: %d of %d lost, %v", cuts, len(lost), len(x.kept), err)
			}
			if st := s.Stats(); st.SetAside != "" || st.Quarantined != 0 || st.Missing != 0 {
				t.Errorf("cut %d: %+v", cuts, st)
			}
			verified(t, s, x.c)
		})
	}
	committed, doubled, _ := x.c.counts()
	t.Logf("%d power cuts, %d records acknowledged, %d at central, %d sent twice", cuts, len(x.kept), committed, doubled)
	if len(x.kept) < cuts {
		t.Errorf("only %d records in %d cuts: the test shows nothing", len(x.kept), cuts)
	}
}

// The disk does forget: what the outbox does not use loses records.
func TestPowerCutsLoseRecordsWithoutFullSync(t *testing.T) {
	for _, synchronous := range []string{"NORMAL", "OFF"} {
		t.Run(fmt.Sprint("synchronous=", synchronous), func(t *testing.T) {
			x := newSession(t, 3)
			for cut := range 400 { // a few are enough as a rule
				var lost []string
				var err error
				x.untilCut(t, synchronous, func(s *Store) { lost, err = x.lost(s) })
				if len(lost) > 0 {
					t.Logf("%d of %d records lost after %d cuts, %v", len(lost), len(x.kept), cut, err)
					return
				}
			}
			t.Error("nothing was lost: the disk does not forget")
		})
	}
}
