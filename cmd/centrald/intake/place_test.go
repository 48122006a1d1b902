package intake

import (
	"crypto/ed25519"
	"crypto/hpke"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/audit"
	"boothd/cmd/centrald/store"
	"boothd/internal/keys"
	"boothd/sync/portal"
)

var day0 = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// clock is a time that goes on by a second whenever it is read.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Second)
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// central is what all instances share but the database.
type central struct {
	opening hpke.PrivateKey
	signing ed25519.PrivateKey
	clock   *clock
}

func newCentral(t testing.TB) *central {
	t.Helper()
	opening, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	_, signing, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &central{opening, signing, &clock{at: day0}}
}

func (c *central) public() ed25519.PublicKey { return c.signing.Public().(ed25519.PublicKey) }

// instance opens an intake; change may add hooks.
func (c *central) instance(t testing.TB, db *store.DB, change func(*Options)) *Intake {
	t.Helper()
	opt := Options{DB: db, Opening: []hpke.PrivateKey{c.opening}, Signing: c.signing, Now: c.clock.now}
	if change != nil {
		change(&opt)
	}
	in, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// traveller is what no table may show.
const traveller = "ERIKSSON ANNA MARIA"

func someRecord(booth string, n int) capture.Record {
	r := capture.Record{
		ID: fmt.Sprintf("%s-record-%d", booth, n), Kind: capture.RecordOutcome, Check: fmt.Sprintf("check-%d", (n+1)/2), Booth: booth, At: day0,
		Recommendation: &capture.Recommendation{Outcome: capture.OutcomeClear},
		Answers:        []capture.Answer{{System: "SIS", State: capture.StateHit, Findings: []capture.Finding{{Entry: "e", Name: traveller}}}},
	}
	if n%2 == 0 {
		r.Kind, r.Recommendation = capture.RecordDisposition, nil
		r.Disposition = &capture.Disposition{Decision: capture.OutcomeRefer, Officer: "o"}
	}
	return r
}

// item seals a record as a booth does.
func (c *central) item(t testing.TB, rec capture.Record, epoch string, sequence uint64) portal.Item {
	t.Helper()
	plaintext, err := audit.Plaintext(&rec)
	if err != nil {
		t.Fatal(err)
	}
	return c.sealed(t, rec.Booth, rec.ID, epoch, sequence, plaintext)
}

func (c *central) sealed(t testing.TB, booth, id, epoch string, sequence uint64, plaintext []byte) portal.Item {
	t.Helper()
	box, err := keys.Seal(c.opening.PublicKey(), portal.SealInfo, portal.SealedFor(booth, id), plaintext)
	if err != nil {
		t.Fatal(err)
	}
	it := portal.Item{Booth: booth, Epoch: epoch, Sequence: sequence, ID: id, Journal: fmt.Sprintf("%064d", sequence), Sealed: box}
	it.Hash = portal.HashItem(&it)
	return it
}

// items makes the first n items of a booth.
func (c *central) items(t testing.TB, booth string, n int) []portal.Item {
	t.Helper()
	list := make([]portal.Item, n)
	for i := range list {
		list[i] = c.item(t, someRecord(booth, i+1), "epoch", uint64(i+1))
	}
	return list
}

// commit delivers items and makes sure that what is acknowledged is so validly.
func (c *central) commit(t testing.TB, in *Intake, items ...portal.Item) *portal.ReportReply {
	t.Helper()
	reply, err := in.Commit(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	c.verify(t, reply, items)
	return reply
}

func (c *central) verify(t testing.TB, reply *portal.ReportReply, items []portal.Item) {
	t.Helper()
	sent := map[uint64]*portal.Item{}
	for i := range items {
		sent[items[i].Sequence] = &items[i]
	}
	for _, ack := range reply.Acks {
		if it := sent[ack.Sequence]; it == nil {
			t.Errorf("acknowledged sequence %d, which was not sent", ack.Sequence)
		} else if err := ack.Verify(c.public(), it); err != nil {
			t.Errorf("acknowledgement of %d: %v", ack.Sequence, err)
		}
	}
}

func count(t testing.TB, db *store.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
