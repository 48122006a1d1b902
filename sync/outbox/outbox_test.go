package outbox

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/audit"
	"boothd/internal/keys"
	"boothd/sync/portal"
)

func TestARecordIsJournalledQueuedAndOpenedByCentralAlone(t *testing.T) {
	c := newCentral(t)
	s := open(t, dbPath(t), c)
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Record(dead, record(1)); err != nil {
		t.Fatalf("recording heeded the end of its context: %v", err)
	}
	if st := s.Stats(); st.Depth != 1 || st.Bytes == 0 || st.Sequence != 1 || st.Oldest.IsZero() {
		t.Errorf("stats = %+v", st)
	}
	verified(t, s, c)
	got, err := s.next(t.Context(), 10, 1<<20)
	if err != nil || len(got) != 1 {
		t.Fatalf("next = %v, %v", got, err)
	}
	it := got[0].item
	plain, err := keys.Open(c.opening, portal.SealInfo, portal.SealedFor(it.Booth, it.ID), it.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	var r capture.Record
	if err := json.Unmarshal(plain, &r); err != nil || r.ID != "r1" || r.Check != "check-1" {
		t.Errorf("central reads %+v, %v", &r, err)
	}
	var b bytes.Buffer
	if err := s.View(func(v *Reader) error { return v.ExportJournal(t.Context(), &b, 0, 0) }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), audit.Commit(plain)) || !strings.Contains(b.String(), it.Journal) {
		t.Error("the journal does not commit to the record that central reads")
	}
}

func TestItemsAreDeliveredInOrderAndOnceOverARestart(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	s := open(t, path, c)
	mustRecord(t, s, 0, 30)
	d := newSender(t, s, c, func(o *SenderOptions) { o.MaxItems = 7 })
	for range 2 {
		if n, trouble := d.once(t.Context()); n != 7 || trouble != "" {
			t.Fatalf("once = %d, %q", n, trouble)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, c)
	if st := s.Stats(); st.Depth != 16 || st.Sequence != 30 {
		t.Errorf("after the restart: %+v", st)
	}
	d = newSender(t, s, c)
	stop := running(t, d.Run)
	mustRecord(t, s, 30, 40)
	await(t, s, "empty", empty)
	stop() // its own stats come after the store's
	committed, doubled, _ := c.counts()
	if committed != 40 || doubled != 0 {
		t.Errorf("committed %d, doubled %d", committed, doubled)
	}
	for i, n := range c.order {
		if n != uint64(i+1) {
			t.Fatalf("order at central: %v", c.order)
		}
	}
	if r := verified(t, s, c); r.Journal.Anchored != r.Journal.Last {
		t.Errorf("anchored at %d, journal ends at %d", r.Journal.Anchored, r.Journal.Last)
	}
	if st := d.Stats(); st.Delivered != 26 || st.LastSuccess.IsZero() || st.Trouble != "" {
		t.Errorf("sender = %+v", st)
	}
}

func TestALostAcknowledgementDeliversAgainAndCommitsOnce(t *testing.T) {
	c := newCentral(t)
	s := open(t, dbPath(t), c)
	mustRecord(t, s, 0, 5)
	d := newSender(t, s, c)
	c.losing = true
	if n, trouble := d.once(t.Context()); n != 0 || trouble != TroubleLink || s.Stats().Depth != 5 {
		t.Errorf("once = %d, %q, depth %d", n, trouble, s.Stats().Depth)
	}
	c.losing = false
	if n, trouble := d.once(t.Context()); n != 5 || trouble != "" {
		t.Errorf("once = %d, %q", n, trouble)
	}
	if committed, doubled, _ := c.counts(); committed != 5 || doubled != 5 {
		t.Errorf("committed %d, doubled %d", committed, doubled)
	}
}

func TestAnAcknowledgementThatIsNotValidDeletesNothing(t *testing.T) {
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(c *central, a *portal.Ack){
		"signed by a stranger":        func(c *central, a *portal.Ack) { a.Sign(stranger) },
		"not signed":                  func(c *central, a *portal.Ack) { a.Signature = nil },
		"signed for another hash":     func(c *central, a *portal.Ack) { a.Hash = strings.Repeat("0", 64); a.Sign(c.signing) },
		"signed for another journal":  func(c *central, a *portal.Ack) { a.Journal = strings.Repeat("0", 64); a.Sign(c.signing) },
		"signed for another booth":    func(c *central, a *portal.Ack) { a.Booth = "b2"; a.Sign(c.signing) },
		"signed for another epoch":    func(c *central, a *portal.Ack) { a.Epoch = "e2"; a.Sign(c.signing) },
		"signed for the item after":   func(c *central, a *portal.Ack) { a.Sequence++; a.Sign(c.signing) },
		"signed for an unknown item":  func(c *central, a *portal.Ack) { a.Sequence = 999; a.Sign(c.signing) },
		"changed after it was signed": func(c *central, a *portal.Ack) { a.At = a.At.Add(1) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCentral(t)
			s := open(t, dbPath(t), c)
			mustRecord(t, s, 0, 2)
			d := newSender(t, s, c)
			c.bend = func(a *portal.Ack) { bend(c, a) }
			n, trouble := d.once(t.Context())
			d.note(n, trouble)
			if n != 0 || trouble != TroubleAck || s.Stats().Depth != 2 || d.Stats().BadAcks == 0 || d.Stats().Failures != 1 {
				t.Errorf("once = %d, %q, depth %d, %+v", n, trouble, s.Stats().Depth, d.Stats())
			}
			c.bend = nil
			if n, trouble := d.once(t.Context()); n != 2 || trouble != "" {
				t.Errorf("then once = %d, %q", n, trouble)
			}
		})
	}
}

func TestAKeyThatWasReplacedStillVerifies(t *testing.T) {
	c, newer := newCentral(t), newCentral(t)
	s := open(t, dbPath(t), c)
	mustRecord(t, s, 0, 1)
	d := newSender(t, s, c, func(o *SenderOptions) { o.Keys = []ed25519.PublicKey{newer.key(), c.key()} })
	if n, trouble := d.once(t.Context()); n != 1 || trouble != "" {
		t.Errorf("once = %d, %q", n, trouble)
	}
}

func TestARefusedItemGoesIntoQuarantineAndTheOthersGoOn(t *testing.T) {
	c := newCentral(t)
	c.refuses = func(it *portal.Item) bool { return it.Sequence == 2 }
	s := open(t, dbPath(t), c)
	mustRecord(t, s, 0, 4)
	d := newSender(t, s, c)
	stop := running(t, d.Run)
	await(t, s, "empty", empty)
	stop() // its own stats come after the store's
	if st := s.Stats(); st.Quarantined != 1 || st.QuarantinedBytes == 0 || d.Stats().Refused != 1 {
		t.Errorf("stats = %+v, %+v", st, d.Stats())
	}
	if committed, _, _ := c.counts(); committed != 3 {
		t.Errorf("committed %d", committed)
	}
	if got := kinds(t, s); got != "begun outcome outcome outcome outcome quarantine" {
		t.Errorf("journal: %s", got)
	}
	if got := list(t, s); len(got) != 1 || !got[0].Quarantined || got[0].Sequence != 2 || got[0].Reason != "refused by central: not wanted" {
		t.Errorf("list = %+v", got)
	}
	verified(t, s, c)
}

func list(t testing.TB, s *Store) (all []Listed) {
	t.Helper()
	err := s.View(func(v *Reader) error {
		for l, err := range v.List(context.Background()) {
			if err != nil {
				return err
			}
			all = append(all, l)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAnItemThatCentralIsSilentAboutDoesNotBlockTheOthers(t *testing.T) {
	c := newCentral(t)
	c.silent = func(it *portal.Item) bool { return it.Sequence == 1 }
	s := open(t, dbPath(t), c)
	mustRecord(t, s, 0, 6)
	d := newSender(t, s, c, func(o *SenderOptions) { o.MaxItems = 3 })
	running(t, d.Run)
	await(t, s, "down to one", func(st Stats) bool { return st.Depth == 1 })
	c.set(func() { c.silent = nil })
	d.Retry()
	await(t, s, "empty", empty)
}

func TestOrderIsThatOfNumbersWhenTheClockIsSetBack(t *testing.T) {
	c := newCentral(t)
	now := day0
	path := dbPath(t)
	clock := func(o *Options) { o.Now = func() time.Time { return now } }
	s := open(t, path, c, clock)
	mustRecord(t, s, 0, 2)
	now = day0.Add(-1000 * time.Hour)
	mustRecord(t, s, 2, 4)
	s.Close()
	now = day0.Add(-2000 * time.Hour)
	s = open(t, path, c, clock)
	mustRecord(t, s, 4, 5)
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("not ready: %v", err)
	}
	d := newSender(t, s, c, func(o *SenderOptions) { o.MaxItems = 2 })
	running(t, d.Run)
	await(t, s, "empty", empty)
	if fmt.Sprint(c.order) != "[1 2 3 4 5]" {
		t.Errorf("order = %v", c.order)
	}
	if got := kinds(t, s); got != "begun outcome outcome clock_jump outcome outcome clock_jump opened outcome" {
		t.Errorf("journal: %s", got)
	}
	verified(t, s, c)
}

func TestBatchesAreLimitedByBytesAndEpoch(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	s := open(t, path, c)
	mustRecord(t, s, 0, 4)
	one := s.Stats().Bytes / 4
	if got, err := s.next(t.Context(), 50, 2*one+one/2); err != nil || len(got) != 2 {
		t.Errorf("next = %d items, %v; want 2", len(got), err)
	}
	if got, err := s.next(t.Context(), 50, 1); err != nil || len(got) != 1 {
		t.Errorf("next = %d items, %v; want 1", len(got), err)
	}
	first := s.Stats().Epoch
	s.Close()
	s = open(t, path, c, func(o *Options) { o.Booth = "b2" })
	mustRecord(t, s, 4, 6)
	if st := s.Stats(); st.Epoch == first || st.Sequence != 2 || st.Depth != 6 {
		t.Errorf("under another booth's id: %+v", st)
	}
	if got, err := s.next(t.Context(), 50, 1<<20); err != nil || len(got) != 4 || got[3].item.Booth != "b1" {
		t.Errorf("next = %d items, %v; want the 4 of the first epoch", len(got), err)
	}
	d := newSender(t, s, c)
	running(t, d.Run)
	await(t, s, "empty", empty)
	if fmt.Sprint(c.order) != "[1 2 3 4 1 2]" {
		t.Errorf("order = %v", c.order)
	}
	verified(t, s, c)
}

func TestAJournalWrittenAnewIsFoundByTheAcknowledgementKept(t *testing.T) {
	c := newCentral(t)
	s := open(t, dbPath(t), c)
	mustRecord(t, s, 0, 5)
	if n, trouble := newSender(t, s, c).once(t.Context()); n != 5 {
		t.Fatalf("once = %d, %q", n, trouble)
	}
	for _, stmt := range []string{
		"DELETE FROM journal WHERE seq > 3",
		"UPDATE journal_head SET seq = 3, hash = (SELECT hash FROM journal WHERE seq = 3)",
	} {
		if _, err := s.writer.ExecContext(t.Context(), stmt); err != nil {
			t.Fatal(err)
		}
	}
	if r := verify(t, s, c); r.Journal.Break == nil || r.Journal.Break.What != audit.CutOff || r.Journal.Break.Seq != 4 {
		t.Errorf("cut off: %+v", r.Journal.Break)
	}
	mustRecord(t, s, 5, 10)
	if r := verify(t, s, c); r.Journal.Break == nil || r.Journal.Break.What != audit.Rewritten {
		t.Errorf("written anew: %+v", r.Journal.Break)
	}
	stranger := newCentral(t)
	if r := verify(t, s, stranger); len(r.Faults) == 0 {
		t.Error("an acknowledgement not signed by central was believed")
	}
}

func TestAnOldCopyPutBackBeginsANewEpoch(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	s := open(t, path, c)
	mustRecord(t, s, 0, 3)
	if n, _ := newSender(t, s, c).once(t.Context()); n != 3 {
		t.Fatal("not delivered")
	}
	epoch := s.Stats().Epoch
	if _, err := s.writer.ExecContext(t.Context(), "UPDATE life SET sequence = 1"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, path, c)
	mustRecord(t, s, 3, 5)
	if st := s.Stats(); st.Epoch == epoch || st.Sequence != 2 {
		t.Errorf("numbers may be given twice: %+v", st)
	}
	if n, trouble := newSender(t, s, c).once(t.Context()); n != 2 || trouble != "" {
		t.Errorf("once = %d, %q", n, trouble)
	}
	if committed, _, _ := c.counts(); committed != 5 {
		t.Errorf("committed %d", committed)
	}
}

func TestOnlyChecksAreCountedForThoseWhoMustNotNoticeAnAlert(t *testing.T) {
	c := newCentral(t)
	start := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	now := start
	s := open(t, dbPath(t), c, func(o *Options) { o.Now = func() time.Time { return now } })
	waits := func(step string, want int, since time.Time) {
		t.Helper()
		if n, oldest, err := s.Checks(t.Context()); err != nil || n != want || !oldest.Equal(since) {
			t.Errorf("%s: %d since %s, %v; want %d since %s", step, n, oldest, err, want, since)
		}
	}
	waits("nothing waits", 0, time.Time{})
	for i, step := range []struct {
		kind  capture.RecordKind
		want  int
		since time.Time
	}{
		{capture.RecordLateAnswer, 0, time.Time{}},
		{capture.RecordOutcome, 1, start.Add(time.Minute)},
		{capture.RecordLateAnswer, 1, start.Add(time.Minute)},
		{capture.RecordDisposition, 2, start.Add(time.Minute)},
		{capture.RecordAbandoned, 3, start.Add(time.Minute)},
		{capture.RecordDrill, 3, start.Add(time.Minute)},
	} {
		now = start.Add(time.Duration(i) * time.Minute)
		r := record(i)
		r.Kind = step.kind
		if err := s.Record(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		waits(string(step.kind), step.want, step.since)
	}
	if st := s.Stats(); st.Depth != 6 {
		t.Errorf("%d records wait", st.Depth)
	}
}
