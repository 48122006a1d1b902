package watchlist

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/localmatch"
	"boothd/localmatch/gallery"
	"boothd/localmatch/numbers"
)

// booth is a booth's gallery and subscriber, which may be stopped and started again.
type booth struct {
	t       testing.TB
	dir     string
	roots   Roots
	gallery *gallery.Gallery
	sub     *Subscriber
	stop    func()

	// options are what is to be otherwise than usual, as of the next start.
	options  func(*SubscriberOptions)
	broker   Broker
	patience time.Duration // FetchTimeout

	mu       sync.Mutex
	now      time.Time
	refusals []Refusal
	applied  []Applied
	ordered  []CarriedOut
}

func newBooth(t testing.TB, b Broker, trusted Roots) *booth {
	t.Helper()
	return newBoothWith(t, trusted, func(o *SubscriberOptions) { o.Broker = b })
}

// newBoothWith starts a booth with other options than usual.
func newBoothWith(t testing.TB, trusted Roots, options func(*SubscriberOptions)) *booth {
	t.Helper()
	x := &booth{t: t, dir: t.TempDir(), roots: trusted, options: options, now: testDay.Add(time.Hour), patience: 2 * time.Second}
	x.start()
	t.Cleanup(x.halt)
	return x
}

func (x *booth) clock() time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.now
}

func (x *booth) start() {
	x.t.Helper()
	var err error
	x.gallery, err = gallery.Open(context.Background(), filepath.Join(x.dir, "gallery.db"), filepath.Join(x.dir, "keys"), gallery.Options{Now: x.clock})
	if err != nil {
		x.t.Fatal(err)
	}
	o := SubscriberOptions{
		Booth: "booth-7", Lists: []Subscription{{localmatch.List{Name: "sis", System: "SIS"}}}, Roots: x.roots, Broker: x.broker,
		Gallery: x.gallery, State: filepath.Join(x.dir, "lists"), Spool: filepath.Join(x.dir, "spool"), KeysDir: filepath.Join(x.dir, "keys"), Now: x.clock,
		FetchTimeout: x.patience, RetryMin: 20 * time.Millisecond, RetryMax: 200 * time.Millisecond, Recheck: 100 * time.Millisecond,
		Poll: 50 * time.Millisecond, StickPoll: 20 * time.Millisecond,
		Refused: func(r Refusal) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.refusals = append(x.refusals, r)
		},
		Applied: func(a Applied) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.applied = append(x.applied, a)
		},
		Ordered: func(c CarriedOut) error {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.ordered = append(x.ordered, c)
			return nil
		},
	}
	if x.options != nil {
		x.options(&o)
	}
	x.sub, err = NewSubscriber(o)
	if err != nil {
		x.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		x.sub.Run(ctx)
	}()
	x.stop = func() {
		cancel()
		<-done
		x.gallery.Close()
	}
}

func (x *booth) halt() {
	if x.stop != nil {
		x.stop()
		x.stop = nil
	}
}

func (x *booth) restart() {
	x.halt()
	x.mu.Lock()
	x.refusals = nil
	x.mu.Unlock()
	x.start()
}

func (x *booth) version() uint64 {
	info, _ := x.gallery.List(context.Background(), "sis")
	return info.Version
}

func (x *booth) waitVersion(v uint64) {
	x.t.Helper()
	until(x.t, "the list is at hand", func() bool { // and asked: the gallery tells of it just before that
		return x.version() == v && x.sub.Status()[0].Version == v
	})
}

func (x *booth) waitRefusal(want Reason) {
	x.t.Helper()
	until(x.t, "refused as "+string(want), func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		return slices.ContainsFunc(x.refusals, func(r Refusal) bool { return r.Reason == want })
	})
}

// wantNumbers checks that of the numbers exactly those wanted are found.
func (x *booth) wantNumbers(want ...string) {
	x.t.Helper()
	for _, n := range []string{"A1", "B2", "C3", "D4", "E5"} {
		found, err := x.find(n)
		if err != nil {
			x.t.Fatal(err)
		}
		if got := len(found.Entries) == 1; got != slices.Contains(want, n) {
			x.t.Errorf("number %s found: %t", n, got)
		}
	}
}

func (x *booth) find(number string) (gallery.Found, error) {
	q := gallery.Question{Document: numbers.Document{Number: number, Issuer: "UTO"}}
	var found gallery.Found
	var err error
	until(x.t, "the list is ready", func() bool {
		found, err = x.gallery.Find(context.Background(), "sis", q)
		return !errors.Is(err, gallery.ErrNotReady)
	})
	found.Entries = slices.DeleteFunc(found.Entries, func(e *gallery.Entry) bool { return e.Documents[0].Number != number })
	return found, err
}

func (x *booth) waitStatus(b *testBroker, what string, ok func(Status) bool) {
	x.t.Helper()
	until(x.t, what, func() bool {
		var s Status
		return json.Unmarshal(b.retained(StatusTopic("booth-7", "sis")), &s) == nil && ok(s)
	})
}

func TestBoothTakesSnapshotThenDeltasAndTellsCentral(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1", "B2"), false)
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	x.wantNumbers("A1", "B2")
	second := c.build(people("A1", "C3"), false)
	c.publish(b)
	x.waitVersion(2)
	x.wantNumbers("A1", "C3")
	x.waitStatus(b, "the status tells version 2", func(s Status) bool {
		return s.Version == 2 && s.Manifest == second.Hash && s.State == StateCurrent && s.Booth == "booth-7" && s.Entries == 2 && s.Refusal == nil
	})
	x.halt()
	if want := []uint64{0, 1}; len(x.applied) != 2 || x.applied[0].Base != want[0] || x.applied[1].Base != want[1] {
		t.Errorf("applied %+v", x.applied)
	}
	if left, _ := filepath.Glob(filepath.Join(x.dir, "spool", "sis", "*")); len(left) != 0 {
		t.Errorf("left in the spool: %d files", len(left))
	}
}

func TestBoothThatWasAwayCatchesUpByVersion(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1", "B2", "C3", "D4"), false)
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	x.halt()
	for _, entries := range []string{people("B2", "C3", "D4", "E5"), people("B2", "C3", "D4"), people("A1", "B2", "C3", "D4")} {
		c.build(entries, false)
	}
	c.publish(b)
	x.start()
	x.waitVersion(4)
	x.wantNumbers("A1", "B2", "C3", "D4")
	x.halt()
	if last := x.applied[len(x.applied)-1]; last.Base != 1 {
		t.Errorf("caught up from version %d, want 1", last.Base)
	}
}

func TestGapInTheDeltasIsFilledByTheSnapshot(t *testing.T) {
	for what, remove := range map[string]func(b *testBroker, s *Signed){
		"a chunk is missing":    func(b *testBroker, s *Signed) { b.retain(t, chunkTopic("sis", s.Delta.Chunks[0], 0), nil) },
		"a manifest is missing": func(b *testBroker, s *Signed) { b.retain(t, manifestTopic("sis", s.Version), nil) },
	} {
		t.Run(what, func(t *testing.T) {
			b, c := startBroker(t), newCentral(t)
			c.build(people("A1"), false)
			c.publish(b)
			x := newBooth(t, b.broker("booth-7"), c.trusted())
			x.waitVersion(1)
			x.halt()
			missing := c.build(people("A1", "B2")+bulky(4), false) // too much to be carried inline
			c.build(people("A1", "B2", "C3"), true)
			c.build(people("B2", "C3"), false)
			c.publish(b)
			remove(b, missing)
			x.patience = 50 * time.Millisecond
			x.start()
			x.waitVersion(4)
			x.wantNumbers("B2", "C3")
			x.halt()
			if last := x.applied[len(x.applied)-1]; last.Base != 0 {
				t.Errorf("base %d, want the snapshot", last.Base)
			}
		})
	}
}

func TestMissingPieceIsAskedForAgain(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	first := c.build(people("A1"), false)
	c.publish(b)
	topic := chunkTopic("sis", first.Snapshot.Chunks[0], 0)
	chunk := b.retained(topic)
	b.retain(t, topic, nil)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.halt()
	x.patience = 50 * time.Millisecond
	x.start()
	x.waitStatus(b, "the status tells what is missing", func(s Status) bool { return s.Problem != "" && s.Known == 1 && s.Version == 0 })
	b.retain(t, topic, chunk)
	x.waitVersion(1)
	x.waitStatus(b, "the status is good again", func(s Status) bool { return s.Problem == "" && s.State == StateCurrent })
}

func TestSnapshotResumesAfterARestart(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	first := c.build(bulky(200), false)
	c.publish(b)
	total := len(first.Snapshot.Chunks)
	if total < 8 {
		t.Fatalf("only %d chunks", total)
	}
	// The last chunk is held back, so that the first run cannot end.
	last := chunkTopic("sis", first.Snapshot.Chunks[total-1], 0)
	held := b.retained(last)
	b.retain(t, last, nil)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	spooled := func() []string {
		all, _ := filepath.Glob(filepath.Join(x.dir, "spool", "sis", strings.Repeat("?", 64)))
		return slices.DeleteFunc(all, func(path string) bool { return filepath.Base(path) == first.Hash.String() })
	}
	until(t, "some chunks are in the spool", func() bool { return len(spooled()) >= total/2 })
	x.halt()
	before, there := b.fetches.connections(), spooled()
	if len(before) != 1 || len(there) == 0 || len(there) >= total {
		t.Fatalf("%d of %d chunks in the spool after %d connections", len(there), total, len(before))
	}
	b.retain(t, last, held)
	x.start()
	x.waitVersion(1)
	fetched := map[string]bool{}
	for connection, counts := range b.fetches.connections() {
		if before[connection] != nil {
			continue
		}
		for topic := range counts {
			chunk, _, _ := strings.Cut(strings.TrimPrefix(topic, listTopic("sis")+"chunks/"), "/")
			fetched[chunk] = true
		}
	}
	for _, file := range there {
		if fetched[filepath.Base(file)] {
			t.Error("a chunk of the spool was fetched again")
		}
	}
	if len(fetched) != total-len(there) {
		t.Errorf("%d chunks fetched after the restart, %d were missing", len(fetched), total-len(there))
	}
}

func TestBrokerThatForgotEverythingIsNoHarm(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	b.server.Close()
	c.build(people("A1", "B2"), false)
	b.start(t)
	x.waitStatus(b, "the status is told again", func(s Status) bool { return s.Version == 1 })
	c.publish(b)
	x.waitVersion(2)
	x.wantNumbers("A1", "B2")
}

func TestListThatIsNotWholeIsReceivedAgain(t *testing.T) {
	for what, harm := range map[string]func(x *booth) error{
		"erased": func(x *booth) error { return x.gallery.Erase(context.Background(), "sis") },
		"damaged": func(x *booth) error {
			files, err := filepath.Glob(filepath.Join(x.dir, "*", "sis.*.records"))
			if err != nil || len(files) == 0 {
				return errors.Join(err, errors.New("no file to damage"))
			}
			for _, file := range files {
				f, err := os.OpenFile(file, os.O_RDWR, 0)
				if err != nil {
					return err
				}
				st, err := f.Stat()
				if err != nil {
					return err
				}
				_, err = f.WriteAt(make([]byte, st.Size()), 0)
				if err := errors.Join(err, f.Close()); err != nil {
					return err
				}
			}
			found, err := x.find("A1")
			if err == nil && found.Damaged == 0 && len(found.Entries) == 0 {
				err = errors.New("the damage was not noticed")
			}
			if errors.Is(err, gallery.ErrDamaged) {
				err = nil
			}
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			b, c := startBroker(t), newCentral(t)
			c.build(people("A1"), false)
			c.build(people("A1", "B2"), false)
			c.publish(b)
			x := newBooth(t, b.broker("booth-7"), c.trusted())
			x.waitVersion(2)
			if err := harm(x); err != nil {
				t.Fatal(err)
			}
			until(t, "the list is whole again", func() bool {
				info, err := x.gallery.List(context.Background(), "sis")
				return err == nil && !info.Erased && !info.Damaged && info.Version == 2
			})
			x.wantNumbers("A1", "B2")
		})
	}
}

func TestLeaseRunsOutByTheBoothsClock(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	x.mu.Lock()
	x.now = testDay.Add(49 * time.Hour)
	x.mu.Unlock()
	x.restart()
	x.waitStatus(b, "the lease is told", func(s Status) bool { return s.Version == 1 && s.Expires.Equal(testDay.Add(48*time.Hour)) })
	c.build(people("A1", "B2"), false) // its lease has ended too
	c.publish(b)
	x.waitRefusal(ReasonExpired)
	c.now = testDay.Add(49 * time.Hour)
	c.build(people("A1", "B2"), false)
	c.publish(b)
	x.waitVersion(3)
	x.waitStatus(b, "the refusal is history", func(s Status) bool { return s.Version == 3 && s.Refusal == nil })
}
