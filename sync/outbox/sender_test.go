package outbox

import (
	"context"
	"crypto/ed25519"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture/audit"
	"boothd/sync/portal"
)

// counting is a portal that cannot be reached and notes when it was tried.
type counting struct {
	mu    sync.Mutex
	tries []time.Time
}

func (c *counting) Report(ctx context.Context, items []portal.Item) (portal.ReportReply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tries = append(c.tries, time.Now())
	return portal.ReportReply{}, errors.New("no route")
}

func TestPausesGrowToTheCapAndNewRecordsDoNotShortenThem(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	synctest.Test(t, func(t *testing.T) {
		s := open(t, path, c)
		defer s.Close()
		portal := &counting{}
		opt := SenderOptions{Keys: []ed25519.PublicKey{c.key()}, Base: time.Second, Cap: time.Minute, Log: quiet()}
		d, err := NewSender(s, portal, opt)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() { d.Run(ctx) })
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				mustRecord(t, s, i, i+1)
				select {
				case <-ctx.Done():
				case <-time.After(20 * time.Second):
				}
			}
		})
		wg.Wait()
		tries := portal.tries
		for i := 1; i < len(tries); i++ {
			bound := min(time.Minute, time.Second<<min(i-1, 20))
			if gap := tries[i].Sub(tries[i-1]); gap > bound+time.Second {
				t.Errorf("pause %d lasted %s, at most %s", i, gap, bound)
			}
		}
		// Pauses last half a minute on average: 240 in two hours.
		if len(tries) < 120 || len(tries) > 480 {
			t.Errorf("%d attempts in two hours", len(tries))
		}
		if st := d.Stats(); st.Trouble != TroubleLink || st.Failures < len(tries)-1 {
			t.Errorf("stats = %+v", st)
		}
	})
}

func TestAnEmptyOutboxAsksNothing(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	synctest.Test(t, func(t *testing.T) {
		s := open(t, path, c)
		defer s.Close()
		portal := &counting{}
		d, err := NewSender(s, portal, SenderOptions{Keys: []ed25519.PublicKey{c.key()}, Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() { d.Run(ctx) })
		wg.Go(func() { s.Run(ctx) })
		wg.Wait()
		if len(portal.tries) != 0 {
			t.Errorf("%d attempts with nothing to send", len(portal.tries))
		}
	})
}

func TestRetryEndsAPause(t *testing.T) {
	c := newCentral(t)
	c.down = true
	s := open(t, dbPath(t), c)
	d := newSender(t, s, c, func(o *SenderOptions) { o.Base, o.Cap = 1<<62, 1<<62 })
	running(t, d.Run)
	mustRecord(t, s, 0, 1)
	<-c.came
	c.set(func() { c.down = false })
	d.Retry()
	await(t, s, "empty", empty)
}

func TestAReportThatHangsEndsAtItsDeadline(t *testing.T) {
	c := newCentral(t)
	s := open(t, dbPath(t), c)
	mustRecord(t, s, 0, 1)
	d, err := NewSender(s, hanging{}, SenderOptions{Keys: []ed25519.PublicKey{c.key()}, Timeout: time.Millisecond, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	if n, trouble := d.once(t.Context()); n != 0 || trouble != TroubleLink {
		t.Errorf("once = %d, %q", n, trouble)
	}
}

type hanging struct{}

func (hanging) Report(ctx context.Context, items []portal.Item) (portal.ReportReply, error) {
	<-ctx.Done()
	return portal.ReportReply{}, ctx.Err()
}

func TestASenderWithoutAKeyIsRefused(t *testing.T) {
	if _, err := NewSender(nil, nil, SenderOptions{}); err == nil {
		t.Error("a sender that can believe no acknowledgement was made")
	}
}

// weighing acknowledges everything and notes how much memory is in use meanwhile.
type weighing struct {
	c    *central
	peak uint64
	n    int
}

func (w *weighing) Report(ctx context.Context, items []portal.Item) (portal.ReportReply, error) {
	var reply portal.ReportReply
	for i := range items {
		it := &items[i]
		ack := portal.Ack{Booth: it.Booth, Epoch: it.Epoch, Sequence: it.Sequence, ID: it.ID, Journal: it.Journal, Hash: it.Hash, At: day0}
		ack.Sign(w.c.signing)
		reply.Acks = append(reply.Acks, ack)
	}
	if w.n%10 == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		w.peak = max(w.peak, m.HeapAlloc)
	}
	w.n++
	return reply, nil
}

func TestAHugeBacklogDoesNotFillTheMemory(t *testing.T) {
	const items, size = 5_000, 8_000 // 40 MB, above the bound
	c := newCentral(t)
	path := dbPath(t)
	s := open(t, path, c)
	stop := running(t, s.Run)
	sealed := make([]byte, size)
	for from := 0; from < items; from += batchWrites {
		var batch []*pending
		for i := from; i < min(from+batchWrites, items); i++ {
			batch = append(batch, &pending{
				entry: audit.Entry{Kind: audit.KindOutcome, At: day0, Booth: "b1"},
				item:  &portal.Item{Booth: "b1", ID: record(i).ID, Sealed: sealed},
			})
		}
		if err := s.exclusive(func() error { return s.commit(batch) }); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	s.Close()
	s = open(t, path, c)
	running(t, s.Run)
	if st := s.Stats(); st.Depth != items || st.Bytes != items*size {
		t.Fatalf("stats = %+v", st)
	}
	w := &weighing{c: c}
	d, err := NewSender(s, w, SenderOptions{Keys: []ed25519.PublicKey{c.key()}, MaxItems: 100, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	running(t, d.Run)
	await(t, s, "empty", empty)
	if w.peak > 32<<20 {
		t.Errorf("%d bytes of memory for a backlog of %d", w.peak, items*size)
	}
	if w.n != (items+99)/100 {
		t.Errorf("%d reports for %d items", w.n, items)
	}
	verified(t, s, c)
}

func TestCentralsReasonIsKeptShort(t *testing.T) {
	if got := clip(strings.Repeat("ä", 1000)); len(slices.Collect(strings.SplitSeq(got, ""))) != maxNote {
		t.Errorf("kept %d runes", len([]rune(got)))
	}
}
