package intake

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/intake/certtest"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/portal"
)

// serve starts an instance as booths reach it.
func serve(t testing.TB, in *Intake, ca *certtest.Authority) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(in.Handler())
	s.TLS = ca.Server()
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func address(s *httptest.Server) string { return s.Listener.Addr().String() }

// booth delivers items and keeps what was acknowledged.
type booth struct {
	name   string
	items  []portal.Item
	client *http.Client
	url    string

	mu   sync.Mutex
	acks map[uint64][]portal.Ack
}

func newBooth(name, addr string, ca *certtest.Authority, items []portal.Item) *booth {
	return &booth{
		name: name, items: items, url: "https://" + addr, acks: make(map[uint64][]portal.Ack),
		client: &http.Client{
			Transport: &http.Transport{TLSClientConfig: ca.Client(name), DisableKeepAlives: true},
			Timeout:   time.Minute,
		},
	}
}

// deliver sends some of the items. The error is the line's or central's.
func (b *booth) deliver(items []portal.Item) error {
	body, err := json.Marshal(portal.ReportRequest{Items: items})
	if err != nil {
		return err
	}
	resp, err := b.client.Post(b.url+portal.PathReport, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var reply portal.ReportReply
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	if err := json.Unmarshal(text, &reply); err != nil {
		return err
	}
	if len(reply.Refused) > 0 {
		return errors.New("refused: " + reply.Refused[0].Reason)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range reply.Acks {
		b.acks[a.Sequence] = append(b.acks[a.Sequence], a)
	}
	return nil
}

// some is a few items in any order, around a place that moves on with the deliveries.
func (b *booth) some(at, of int) []portal.Item {
	first := max(0, at*len(b.items)/of-rand.IntN(12))
	list := slices.Clone(b.items[first:min(len(b.items), first+1+rand.IntN(8))])
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// unacknowledged is what the booth still has in its outbox.
func (b *booth) unacknowledged() []portal.Item {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.items), func(it portal.Item) bool { return len(b.acks[it.Sequence]) > 0 })
}

// flaky fails once for every fifth record.
func flaky() Hook {
	var mu sync.Mutex
	seen := map[string]bool{}
	n := 0
	return Hook{"flaky", func(ctx context.Context, tx *sql.Tx, rec *capture.Record) error {
		if err := effect("flaky").Do(ctx, tx, rec); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if seen[rec.ID] {
			return nil
		}
		seen[rec.ID] = true
		if n++; n%5 == 0 {
			return errors.New("not this time")
		}
		return nil
	}}
}

func TestRecordsArriveExactlyOnceOverABadLine(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		const booths, records, deliveries, senders = 4, 60, 1000, 8
		effects(t, db)
		c, ca := newCentral(t), certtest.New(t)
		var worked sync.Map
		hooks := func(o *Options) {
			o.Hooks = []Hook{effect("steady"), flaky()}
			o.After = []After{{Name: "work", Do: func(_ context.Context, rec *capture.Record) error {
				worked.Store(rec.ID, true)
				return nil
			}}}
		}
		second := open()
		staying, leaving := serve(t, c.instance(t, db, hooks), ca), serve(t, c.instance(t, second, hooks), ca)
		line := newCutter(t, address(staying), address(leaving))
		var fleet []*booth
		for i := range booths {
			name := string(rune('a'+i)) + "-booth"
			fleet = append(fleet, newBooth(name, line.Addr().String(), ca, c.items(t, name, records)))
		}
		var sent, failed atomic.Int64
		var wg sync.WaitGroup
		for range senders {
			wg.Go(func() {
				for {
					n := int(sent.Add(1))
					if n > deliveries {
						return
					}
					if n == deliveries/2 {
						stopInstance(t, db, second, leaving, line)
					}
					b := fleet[rand.IntN(booths)]
					if b.deliver(b.some(n, deliveries)) != nil {
						failed.Add(1)
					}
				}
			})
		}
		wg.Wait()
		t.Logf("%d deliveries, %d failed; %d connections cut in the request, %d in the reply", deliveries, failed.Load(), line.cutUp.Load(), line.cutDown.Load())
		if failed.Load() < deliveries/10 || line.cutUp.Load() < deliveries/20 || line.cutDown.Load() < deliveries/20 {
			t.Error("the line was not bad: the test shows nothing")
		}
		line.quiet.Store(true)
		for _, b := range fleet {
			emptyOutbox(t, b)
		}
		finish := c.instance(t, db, hooks)
		for n := 1; n > 0; {
			var err error
			if n, err = finish.workOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		examine(t, c, db, finish, fleet)
		for _, b := range fleet {
			for _, it := range b.items {
				if _, ok := worked.Load(it.ID); !ok {
					t.Errorf("%s: the work after the commit was not done", it.ID)
				}
			}
		}
	})
}

// stopInstance takes an instance away in the middle of its work: its connections to booths
// break, and on PostgreSQL so do all those to the database, with what they were about to
// commit.
func stopInstance(t *testing.T, db, second *store.DB, leaving *httptest.Server, line *cutter) {
	line.drop(1)
	leaving.CloseClientConnections()
	if db.Postgres() {
		if _, err := db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"); err != nil {
			t.Error(err)
		}
	}
	second.Close()
}

// emptyOutbox delivers until all is acknowledged, as a booth does.
func emptyOutbox(t *testing.T, b *booth) {
	t.Helper()
	for range 50 {
		left := b.unacknowledged()
		if len(left) == 0 {
			return
		}
		if err := b.deliver(left[:min(len(left), portal.MaxReportItems)]); err != nil {
			t.Logf("%s: %v", b.name, err)
		}
	}
	t.Fatalf("%s: %d items are not acknowledged", b.name, len(b.unacknowledged()))
}

// examine looks whether every record is there once with all that hangs on it, and every
// acknowledgement says the same and is valid.
func examine(t *testing.T, c *central, db *store.DB, in *Intake, fleet []*booth) {
	t.Helper()
	total := 0
	for _, b := range fleet {
		total += len(b.items)
		for i := range b.items {
			it := &b.items[i]
			for _, ack := range b.acks[it.Sequence] {
				if err := ack.Verify(c.public(), it); err != nil || !reflect.DeepEqual(ack, b.acks[it.Sequence][0]) {
					t.Errorf("%s: acknowledged with %s and %s: %v", it.ID, asJSON(t, ack), asJSON(t, b.acks[it.Sequence][0]), err)
				}
			}
			for _, hook := range []string{"steady", "flaky"} {
				if n := count(t, db, "SELECT count(*) FROM effect WHERE hook = $1 AND booth = $2 AND id = $3", hook, it.Booth, it.ID); n != 1 {
					t.Errorf("%s: hook %s took effect %d times", it.ID, hook, n)
				}
			}
		}
		word, err := in.Through(t.Context(), b.name, "epoch")
		if err != nil || word.Sequence != uint64(len(b.items)) || word.Verify(c.public(), b.name, "epoch") != nil {
			t.Errorf("through %+v, %v", word, err)
		}
	}
	r, err := in.Received(t.Context())
	if err != nil || r.Records != total || r.Refused != 0 || r.Missing != 0 {
		t.Errorf("received %+v, %v, want %d records", r, err, total)
	}
	if r.Repeated == 0 {
		t.Error("nothing came twice: the test shows nothing")
	}
	if list, err := in.Failures(t.Context(), 10); err != nil || len(list) != 0 {
		t.Errorf("failures %+v, %v", list, err)
	}
}
