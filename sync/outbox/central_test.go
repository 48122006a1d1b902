package outbox

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/sync/portal"
)

var day0 = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// central is a search portal that commits each item once. Its switches make it err.
type central struct {
	opening hpke.PrivateKey
	signing ed25519.PrivateKey

	mu        sync.Mutex
	committed map[string]portal.Item // by epoch and sequence
	order     []uint64               // sequences as they were committed
	doubled   int                    // items that came again
	reports   int

	down    bool                    // cannot be reached
	losing  bool                    // commits, but its reply is lost
	bend    func(*portal.Ack)       // spoils acknowledgements after signing
	silent  func(*portal.Item) bool // says nothing of these
	refuses func(*portal.Item) bool
	came    chan struct{} // told of each report
}

func newCentral(t testing.TB) *central {
	t.Helper()
	opening, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	_, signing, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &central{opening: opening, signing: signing, committed: map[string]portal.Item{}, came: make(chan struct{}, 1)}
}

func (c *central) key() ed25519.PublicKey { return c.signing.Public().(ed25519.PublicKey) }

func (c *central) set(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *central) Report(ctx context.Context, items []portal.Item) (portal.ReportReply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer nudge(c.came)
	c.reports++
	var reply portal.ReportReply
	if c.down {
		return reply, errors.New("central is down")
	}
	for i := range items {
		it := &items[i]
		place := fmt.Sprint(it.Epoch, "/", it.Sequence)
		had, again := c.committed[place]
		switch {
		case c.silent != nil && c.silent(it):
			continue
		case it.Hash != portal.HashItem(it) || again && had.Hash != it.Hash || c.refuses != nil && c.refuses(it):
			reply.Refused = append(reply.Refused, portal.Refusal{Sequence: it.Sequence, Reason: "not wanted"})
			continue
		case again:
			c.doubled++
		default:
			c.committed[place] = *it
			c.order = append(c.order, it.Sequence)
		}
		ack := portal.Ack{Booth: it.Booth, Epoch: it.Epoch, Sequence: it.Sequence, ID: it.ID, Journal: it.Journal, Hash: it.Hash, At: day0}
		ack.Sign(c.signing)
		if c.bend != nil {
			c.bend(&ack)
		}
		reply.Acks = append(reply.Acks, ack)
	}
	if c.losing {
		return portal.ReportReply{}, errors.New("reply lost")
	}
	return reply, nil
}

func (c *central) counts() (committed, doubled, reports int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.committed), c.doubled, c.reports
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func open(t testing.TB, path string, c *central, change ...func(*Options)) *Store {
	t.Helper()
	opt := Options{Booth: "b1", Central: c.opening.PublicKey(), ReserveBytes: 1 << 20, Log: quiet()}
	for _, f := range change {
		f(&opt)
	}
	s, err := Open(context.Background(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func dbPath(t testing.TB) string { return filepath.Join(t.TempDir(), "booth.db") }

func record(i int) *capture.Record {
	r := benchRecord(i)
	r.ID, r.Booth = fmt.Sprintf("r%d", i), "b1"
	return r
}

func mustRecord(t testing.TB, s *Store, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := s.Record(context.Background(), record(i)); err != nil {
			t.Fatal(err)
		}
	}
}

func newSender(t testing.TB, s *Store, c *central, change ...func(*SenderOptions)) *Sender {
	t.Helper()
	opt := SenderOptions{Keys: []ed25519.PublicKey{c.key()}, Base: time.Millisecond, Cap: 4 * time.Millisecond, Log: quiet()}
	for _, f := range change {
		f(&opt)
	}
	d, err := NewSender(s, c, opt)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// running runs f until the test ends.
func running(t testing.TB, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := f(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	stop = func() { cancel(); wg.Wait() }
	t.Cleanup(stop)
	return stop
}

// await waits until the store's stats satisfy f.
func await(t testing.TB, s *Store, what string, f func(Stats) bool) {
	t.Helper()
	late := time.After(6 * time.Minute)
	for {
		changed := s.Changed()
		if f(s.Stats()) {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("never %s: %+v", what, s.Stats())
		}
	}
}

func empty(st Stats) bool { return st.Depth == 0 }

// verified verifies store and journal and expects both to be whole.
func verified(t testing.TB, s *Store, c *central) *Report {
	t.Helper()
	r := verify(t, s, c)
	if !r.Whole() {
		t.Errorf("not whole: %+v, %v", r.Faults, r.Journal.Break)
	}
	return r
}

func verify(t testing.TB, s *Store, c *central) (r *Report) {
	t.Helper()
	err := s.View(func(v *Reader) (err error) {
		r, err = v.Verify(context.Background(), []ed25519.PublicKey{c.key()})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func kinds(t testing.TB, s *Store) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.View(func(v *Reader) error { return v.ExportJournal(context.Background(), &b, 0, 0) }); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, line := range strings.Split(b.String(), "\n")[1:] {
		var l struct{ Entry struct{ Kind string } }
		if json.Unmarshal([]byte(line), &l) == nil {
			found = append(found, l.Entry.Kind)
		}
	}
	return strings.Join(found, " ")
}
