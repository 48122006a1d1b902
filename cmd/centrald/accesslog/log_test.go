package accesslog

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/audit/chain"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/system"
)

var day0 = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// clock is the time of the tests.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func openLog(t testing.TB, db *store.DB, c *clock) *Log {
	t.Helper()
	l, err := Open(t.Context(), db, c.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// hourly appends n entries, an hour apart.
func hourly(t testing.TB, l *Log, n int) []chain.Link {
	t.Helper()
	var links []chain.Link
	for i := range n {
		link, err := l.Append(t.Context(), Entry{Kind: KindQuery, At: day0.Add(time.Duration(i) * time.Hour), Officer: fmt.Sprint("officer-", i), Booth: "booth-1"})
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, link)
	}
	return links
}

func verify(t testing.TB, l *Log, anchors ...chain.Anchor) *chain.Report {
	t.Helper()
	r, err := l.Verify(t.Context(), anchors...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func someQuery() Entry {
	return Entry{
		Officer: "officer-1", Booth: "booth-1", Check: "check-1", Category: "border guard", Profile: "first line", Purpose: "entry",
		LegalBasis: "2016/399 Art 8", Modality: capture.ModalityDocument, Grant: "grant-1", Ground: capture.GroundNoDocument, Case: "case-1",
		Asked: []Asked{{"SIS", []system.Field{system.FieldName}}, {"SLTD", []system.Field{system.FieldDocumentNumber}}},
	}
}

func TestAQueryIsInTheLogBeforeItMayBeAnswered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		c := &clock{at: day0}
		here, elsewhere := openLog(t, db, c), openLog(t, open(), c)
		q := here.Ask(someQuery())
		if err := q.Durable(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := someQuery()
		want.Kind, want.At, want.Query = KindQuery, day0, q.ID()
		if got, err := elsewhere.Recent(t.Context(), 10); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Fatalf("another instance reads %+v, %v", got, err)
		}
		states := []Answer{{System: "SIS", State: capture.StateHit, At: day0}, {System: "SLTD", State: capture.StateUnavailable, At: day0, Late: true}}
		if err := q.Answered(t.Context(), states); err != nil {
			t.Fatal(err)
		}
		got, err := elsewhere.Recent(t.Context(), 1)
		if err != nil || len(got) != 1 || got[0].Kind != KindAnswered || got[0].Query != q.ID() || !slices.Equal(got[0].Answers, states) {
			t.Errorf("the answers: %+v, %v", got, err)
		}
		if here.Ask(someQuery()).ID() == q.ID() {
			t.Error("two queries have one id")
		}
	})
}

func TestSeveralInstancesWriteOneChain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		c := &clock{at: day0}
		logs := []*Log{openLog(t, db, c), openLog(t, open(), c), openLog(t, open(), c)}
		const callers, each = 8, 20
		var mu sync.Mutex
		links := map[chain.Link]bool{}
		var wg sync.WaitGroup
		for i := range callers {
			for _, l := range logs {
				wg.Go(func() {
					for range each {
						link, err := l.Append(t.Context(), Entry{Kind: KindQuery, Officer: fmt.Sprint(i)})
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						links[link] = true
						mu.Unlock()
					}
				})
			}
		}
		wg.Wait()
		want := callers * each * len(logs)
		var anchors []chain.Anchor
		for link := range links {
			anchors = append(anchors, chain.Anchor(link))
		}
		if r := verify(t, logs[0], anchors...); !r.Whole() || r.Entries != uint64(want) || len(links) != want {
			t.Errorf("%d entries in %d places, want %d: %+v, %v", r.Entries, len(links), want, r, r.Break)
		}
	})
}

// A serializable transaction that has waited for another's would have to begin again.
func TestInstancesWaitForEachOtherWhateverTheServersDefaultIs(t *testing.T) {
	url := storetest.Postgres(t)
	open := func() *store.DB {
		db, err := store.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	if _, err := open().Exec("ALTER ROLE boothd SET default_transaction_isolation = 'serializable'"); err != nil {
		t.Fatal(err)
	}
	c := &clock{at: day0}
	first, second := open(), openLog(t, open(), c)
	openLog(t, first, c)
	tx, err := first.Begin() // another instance writes
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("UPDATE accesslog_head SET seq = seq"); err != nil {
		t.Fatal(err)
	}
	entry := second.Ask(someQuery())
	awaitLock(t, open())
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := entry.Durable(t.Context()); err != nil {
		t.Error(err)
	}
}

// awaitLock returns once somebody waits for another's transaction.
func awaitLock(t *testing.T, db *store.DB) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		var waiting bool
		if err := db.QueryRow("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		if waiting {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("nobody waits")
		}
	}
}

func TestAnEntryThatCannotBeWrittenSpoilsNoOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		l := openLog(t, db, &clock{at: day0})
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				e := Entry{Kind: KindQuery}
				switch {
				case i%4 == 0:
					e.Case = strings.Repeat("x", maxContent)
				case i%4 == 1:
					e.Kind = ""
				}
				if _, err := l.Append(t.Context(), e); (err != nil) != (i%4 < 2) {
					t.Errorf("entry %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if r := verify(t, l); !r.Whole() || r.Entries != 20 {
			t.Errorf("%+v, %v", r, r.Break)
		}
	})
}

func TestAQueryThatCannotBeLoggedIsToldSo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		l := openLog(t, db, &clock{at: day0})
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.Ask(someQuery()).Durable(gone); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the caller was gone: %v", err)
		}
		l.Close()
		if err := l.Ask(someQuery()).Durable(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		other := open()
		lost := openLog(t, other, &clock{at: day0})
		other.Close()
		if err := lost.Ask(someQuery()).Durable(t.Context()); err == nil {
			t.Error("without its database the log took an entry")
		}
	})
}

func TestMoreThanMayWaitAreTurnedAway(t *testing.T) {
	l := &Log{waiting: make([]*entering, maxWaiting), busy: true, now: time.Now}
	if err := l.Ask(someQuery()).Durable(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("error = %v", err)
	}
}

// Whoever adds a field to the entry must see to it that it says nothing of the traveller,
// and name it here.
func TestAnEntryHasNoRoomForThePerson(t *testing.T) {
	allowed := map[reflect.Type][]string{
		reflect.TypeFor[Entry](): {"Kind", "At", "Query", "Officer", "Booth", "Check", "Category", "Profile", "Purpose", "LegalBasis",
			"Modality", "Asked", "Answers", "Grant", "Ground", "Case", "Detail"},
		reflect.TypeFor[Asked]():  {"System", "Fields"},
		reflect.TypeFor[Answer](): {"System", "State", "At", "Late", "Grant"},
	}
	for typ, names := range allowed {
		for _, f := range reflect.VisibleFields(typ) {
			if !slices.Contains(names, f.Name) {
				t.Errorf("%s.%s", typ, f.Name)
			}
		}
	}
}
