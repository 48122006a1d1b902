package intake

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
)

// tally counts what was done, by record.
type tally struct {
	mu   sync.Mutex
	n    map[string]int
	more chan struct{}
}

func newTally() *tally { return &tally{n: map[string]int{}, more: make(chan struct{}, 1000)} }

func (c *tally) add(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[id]++
	c.more <- struct{}{}
	return c.n[id]
}

func (c *tally) await(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for range n {
		select {
		case <-c.more:
		case <-deadline:
			t.Fatal("waited 30 s in vain")
		}
	}
}

func TestWorkAfterTheCommitIsSharedByInstances(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		c, done := newCentral(t), newTally()
		change := func(o *Options) {
			o.Now = func() time.Time { return day0 } // no lease runs out
			o.After = []After{
				{"all", nil, func(_ context.Context, rec *capture.Record) error { done.add("all " + rec.ID); return nil }},
				{"dispositions", func(rec *capture.Record) bool { return rec.Kind == capture.RecordDisposition },
					func(_ context.Context, rec *capture.Record) error { done.add("some " + rec.ID); return nil }},
			}
		}
		instances := []*Intake{c.instance(t, db, change), c.instance(t, open(), change)}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, in := range instances {
			running.Go(func() {
				if err := in.Run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		items := c.items(t, "booth-1", 40)
		c.commit(t, instances[0], items[:20]...)
		c.commit(t, instances[1], items[20:]...)
		c.commit(t, instances[1], items...)
		done.await(t, 60)
		cancel()
		running.Wait()
		for what, n := range done.n {
			if n != 1 {
				t.Errorf("%s: done %d times", what, n)
			}
		}
		if len(done.n) != 60 || count(t, db, "SELECT count(*) FROM intake_after") != 0 {
			t.Errorf("%d things done, %d left", len(done.n), count(t, db, "SELECT count(*) FROM intake_after"))
		}
	})
}

func TestWorkThatFailsIsTriedAgainLaterAndLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c, done := newCentral(t), newTally()
		now := day0
		in := c.instance(t, db, func(o *Options) {
			o.Now = func() time.Time { return now }
			o.After = []After{{Name: "hard", Do: func(_ context.Context, rec *capture.Record) error {
				switch n := done.add(rec.ID); {
				case n == 2:
					panic(traveller)
				case n <= MaxTries:
					return errors.New("the system is down")
				}
				return nil
			}}}
		})
		c.commit(t, in, c.items(t, "booth-1", 1)...)
		work := func() int {
			t.Helper()
			n, err := in.workOnce(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for try := 1; try <= MaxTries; try++ {
			if n := work(); n != 1 {
				t.Fatalf("try %d: %d pieces of work", try, n)
			}
			now = now.Add(backOff(try) - 1)
			if n := work(); n != 0 {
				t.Errorf("tried again before its time")
			}
			now = now.Add(1)
		}
		list, err := in.Failures(t.Context(), 10)
		if err != nil || len(list) != 1 || list[0].Hook != "hard" || list[0].Tries != MaxTries || list[0].Error != "the system is down" {
			t.Errorf("failures %+v, %v", list, err)
		}
		if n := work(); n != 1 || count(t, db, "SELECT count(*) FROM intake_after") != 0 {
			t.Errorf("%d pieces of work, then %d left", n, count(t, db, "SELECT count(*) FROM intake_after"))
		}
	})
}

func TestWorkOfAnInstanceThatWasStoppedIsTakenOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		c, done := newCentral(t), newTally()
		now := day0
		change := func(o *Options) {
			o.Now = func() time.Time { return now }
			o.After = []After{{Name: "work", Do: func(_ context.Context, rec *capture.Record) error { done.add(rec.ID); return nil }}}
		}
		stopped, other := c.instance(t, db, change), c.instance(t, open(), change)
		c.commit(t, stopped, c.items(t, "booth-1", 3)...)
		if taken, err := stopped.takeWork(t.Context()); err != nil || len(taken) != 3 {
			t.Fatalf("%d taken, %v", len(taken), err)
		}
		now = now.Add(lease - 1)
		if n, err := other.workOnce(t.Context()); err != nil || n != 0 {
			t.Errorf("%d taken from an instance that works, %v", n, err)
		}
		now = now.Add(1)
		if n, err := other.workOnce(t.Context()); err != nil || n != 3 || len(done.n) != 3 {
			t.Errorf("%d taken over, %v", n, err)
		}
	})
}
