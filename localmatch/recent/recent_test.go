package recent

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"image/png"
	"iter"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/internal/sqlite"
	"boothd/localmatch/finger"
	"boothd/localmatch/gallery"
)

var now = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

const rightIndex = 2

// place is a store whose clock can be set.
type place struct {
	*Store
	path string
	now  time.Time
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{path: filepath.Join(t.TempDir(), "recent.db"), now: now}
	db, err := sqlite.Open(t.Context(), p.path, sqlite.Schema{ApplicationID: 1, Migrations: []string{Schema, SchemaLists, SchemaAsked}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	p.Store = p.on(t, db)
	return p
}

func (p *place) on(t *testing.T, db *sql.DB) *Store {
	t.Helper()
	s, err := New(db, bytes.Repeat([]byte("secret"), 8), func() time.Time { return p.now })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fingerOf is the picture of traveller n's finger, nil if it cannot be written.
var fingerOf = remembered(func(n int) []byte {
	var picture bytes.Buffer
	if png.Encode(&picture, synthetic.New(n).Finger(rightIndex)) != nil {
		return nil
	}
	return picture.Bytes()
})

// templateOf is the template of the same finger laid at another time, nil if it gives none.
var templateOf = remembered(func(n int) []byte {
	laid := synthetic.New(n).Press(rightIndex, synthetic.Press{X: -14, Y: 9, Turn: 8, Area: 0.95, Pressure: 0.1, Seed: 3})
	made, err := finger.Extract(laid, synthetic.FingerDPI)
	if err != nil {
		return nil
	}
	data, _ := made.AppendBinary(nil)
	return data
})

// remembered returns f, which is asked about each number once: under the race detector a
// finger takes a second to draw.
func remembered[T any](f func(n int) T) func(n int) T {
	var asked sync.Map // a func() T by number
	return func(n int) T {
		once, _ := asked.LoadOrStore(n, sync.OnceValue(func() T { return f(n) }))
		return once.(func() T)()
	}
}

// record is the outcome of traveller n's check.
func record(t *testing.T, n int) *capture.Record {
	t.Helper()
	traveller := synthetic.New(n)
	zone, err := mrz.Read(traveller.MRZ, now)
	if err != nil {
		t.Fatal(err)
	}
	everything := []string{"SIS", "national"}
	return &capture.Record{
		Kind: capture.RecordOutcome, Check: fmt.Sprintf("check-%d", n), Booth: "booth-1", At: now,
		Officer: capture.Officer{Profile: capture.Profile{Systems: map[capture.Modality][]string{
			capture.ModalityDocument: everything, capture.ModalityFinger: everything,
		}}},
		Evidence: []capture.Evidence{
			{ID: "document-1", Document: &capture.Document{Zone: zone}},
			{ID: "finger-1", Finger: &capture.Finger{Position: rightIndex, PNG: fingerOf(n), DPI: synthetic.FingerDPI}},
		},
	}
}

func (p *place) add(t *testing.T, r *capture.Record) string {
	t.Helper()
	if err := p.Add(t.Context(), CheckOf(r)); err != nil {
		t.Fatal(err)
	}
	return r.Check
}

// byNumber is an entry with the document of traveller n.
func byNumber(n int) gallery.Entry {
	f := synthetic.New(n).Fields
	return gallery.Entry{ID: "by-number", Documents: []gallery.DocumentNumber{{Number: f.DocumentNumber, Issuer: f.Issuer}}, Action: "seize"}
}

func byName(n int) gallery.Entry {
	f := synthetic.New(n).Fields
	zone, _ := mrz.Read(synthetic.New(n).MRZ, now)
	return gallery.Entry{ID: "by-name", Names: []string{f.Surname + ", " + f.GivenNames}, BirthDates: []string{zone.BirthDate.ISO()}, Discreet: true}
}

func byFinger(t *testing.T, n int) gallery.Entry {
	t.Helper()
	data := templateOf(n)
	if data == nil {
		t.Fatal("the finger gives no template")
	}
	return gallery.Entry{ID: "by-finger", Fingers: []gallery.FingerTemplate{{Position: rightIndex, Format: gallery.FormatBoothd, Data: data}}}
}

func TestAnEntryFindsWhoPassedBefore(t *testing.T) {
	p := newPlace(t)
	passed := p.add(t, record(t, 21))
	p.add(t, record(t, 22))
	for _, test := range []struct {
		name  string
		entry gallery.Entry
		by    capture.By
		state capture.State
	}{
		{"by the document's number", byNumber(21), capture.ByDocumentNumber, capture.StateHit},
		{"by name and birth date", byName(21), capture.ByName, capture.StatePossible},
		{"by the finger", byFinger(t, 21), capture.ByFinger, capture.StateHit},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, err := p.Match(t.Context(), "SIS", []gallery.Entry{byNumber(99), test.entry})
			if err != nil || len(found) != 1 {
				t.Fatalf("found %+v, %v", found, err)
			}
			f := found[0]
			if f.Check != passed || f.Booth != "booth-1" || !f.At.Equal(now) || f.Answer.State != test.state || f.Answer.System != "SIS" {
				t.Errorf("found %+v", f)
			}
			if got := f.Answer.Findings[0]; got.By != test.by || got.Entry != test.entry.ID || got.Action != test.entry.Action || got.Discreet != test.entry.Discreet {
				t.Errorf("finding %+v", got)
			}
		})
	}
}

func TestWhatTheCheckFoundIsNotToldAgain(t *testing.T) {
	p := newPlace(t)
	r := record(t, 21)
	r.Answers = []capture.Answer{{System: "SIS", Findings: []capture.Finding{{Entry: "by-number", State: capture.StateHit}}}}
	p.add(t, r)
	if found, err := p.Match(t.Context(), "SIS", []gallery.Entry{byNumber(21)}); err != nil || len(found) != 0 {
		t.Errorf("found %+v, %v", found, err)
	}
	if found, err := p.Match(t.Context(), "national", []gallery.Entry{byNumber(21)}); err != nil || len(found) != 1 {
		t.Errorf("another system's entry: %+v, %v", found, err)
	}
}

func TestNothingIsToldOfSystemsThatTheProfileMayNotAsk(t *testing.T) {
	p := newPlace(t)
	r := record(t, 21)
	r.Officer.Profile.Systems = map[capture.Modality][]string{capture.ModalityDocument: {"SIS"}}
	p.add(t, r)
	for system, entry := range map[string]gallery.Entry{"national": byNumber(21), "SIS": byFinger(t, 21)} {
		if found, err := p.Match(t.Context(), system, []gallery.Entry{entry}); err != nil || len(found) != 0 {
			t.Errorf("%s: found %+v, %v", system, found, err)
		}
	}
}

func TestAfterThreeDaysACheckIsForgotten(t *testing.T) {
	p := newPlace(t)
	p.add(t, record(t, 21))
	p.now = now.Add(Keep)
	if n, err := p.Erase(t.Context()); err != nil || n != 0 {
		t.Errorf("erased %d too early, %v", n, err)
	}
	p.now = now.Add(Keep + time.Second)
	for _, e := range []gallery.Entry{byNumber(21), byFinger(t, 21)} { // before it is erased
		if found, err := p.Match(t.Context(), "SIS", []gallery.Entry{e}); err != nil || len(found) != 0 {
			t.Errorf("found %+v, %v", found, err)
		}
	}
	if n, err := p.Erase(t.Context()); err != nil || n != 1 {
		t.Errorf("erased %d, %v", n, err)
	}
	if len(p.prints.names) != 0 || p.prints.index.Len() != 0 {
		t.Errorf("%d fingers are still in memory", len(p.prints.names))
	}
	var left int
	if err := p.db.QueryRow("SELECT (SELECT count(*) FROM recent_check) + (SELECT count(*) FROM recent_key)").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows left, %v", left, err)
	}
	if err := p.Add(t.Context(), CheckOf(record(t, 22))); err != nil {
		t.Fatal(err)
	}
	if n, err := p.Count(t.Context()); err != nil || n != 0 {
		t.Errorf("an old check was remembered: %d, %v", n, err)
	}
}

func TestTheFileTellsNothingOfTheTraveller(t *testing.T) {
	p := newPlace(t)
	p.add(t, record(t, 21))
	f := synthetic.New(21).Fields
	for _, path := range []string{p.path, p.path + "-wal"} {
		b, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, private := range []string{f.Surname, f.DocumentNumber, f.GivenNames} {
			if bytes.Contains(b, []byte(private)) {
				t.Errorf("%s holds the traveller's data", filepath.Base(path))
			}
		}
	}
}

func TestADamagedCheckDoesNotHideTheOthers(t *testing.T) {
	p := newPlace(t)
	bad := p.add(t, record(t, 21))
	r := record(t, 21)
	r.Check = "another check of the same traveller"
	p.add(t, r)
	if _, err := p.db.Exec("UPDATE recent_check SET sealed = 'x' WHERE id = $1", bad); err != nil {
		t.Fatal(err)
	}
	found, err := p.Match(t.Context(), "SIS", []gallery.Entry{byNumber(21)})
	if err == nil || len(found) != 1 || found[0].Check != r.Check {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestADamagedCheckDoesNotHideTheOthersFingers(t *testing.T) {
	p := newPlace(t)
	bad := p.add(t, record(t, 22))
	good := p.add(t, record(t, 21))
	if _, err := p.db.Exec("UPDATE recent_check SET sealed = 'x' WHERE id = $1", bad); err != nil {
		t.Fatal(err)
	}
	e := byFinger(t, 21)
	e.Fingers = append([]gallery.FingerTemplate{{Position: rightIndex, Format: gallery.FormatBoothd, Data: []byte("x")}}, e.Fingers...)
	found, err := p.Match(t.Context(), "SIS", []gallery.Entry{e})
	if err == nil || len(found) != 1 || found[0].Check != good {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestAKeeperRemembersWhatWaitsWhenItEnds(t *testing.T) {
	p := newPlace(t)
	k := NewKeeper(recorder{}, p.Store, slog.New(slog.DiscardHandler))
	for n := range 8 {
		if err := k.Record(t.Context(), &capture.Record{Kind: capture.RecordOutcome, Check: fmt.Sprintf("check-%d", n), At: now}); err != nil {
			t.Fatal(err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.Run(ended); err != nil {
		t.Fatal(err)
	}
	if n, err := p.Count(t.Context()); err != nil || n != 8 {
		t.Errorf("%d checks are remembered, want 8: %v", n, err)
	}
}

func TestAnotherInstancesChecksAreFoundByFingerToo(t *testing.T) {
	p := newPlace(t)
	other := p.on(t, p.db)
	entries := []gallery.Entry{byFinger(t, 21)}
	if found, err := other.Match(t.Context(), "SIS", entries); err != nil || len(found) != 0 {
		t.Fatalf("found %+v, %v", found, err)
	}
	p.add(t, record(t, 21))
	if found, err := other.Match(t.Context(), "SIS", entries); err != nil || len(found) != 1 {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestASecretThatIsShortIsRefused(t *testing.T) {
	if _, err := New(nil, make([]byte, MinSecret-1), time.Now); err == nil {
		t.Error("taken")
	}
}

func puts(entries []gallery.Entry) iter.Seq2[gallery.Change, error] {
	return func(yield func(gallery.Change, error) bool) {
		for i := range entries {
			if !yield(gallery.Change{Put: &entries[i]}, nil) {
				return
			}
		}
	}
}

func TestAListUpdateTellsWhomItNames(t *testing.T) {
	p := newPlace(t)
	passed := p.add(t, record(t, 21))
	l := newLists(t, p.Store)
	if err := l.update(true, 1, byNumber(99)); err != nil || len(l.again()) != 0 {
		t.Fatalf("a list that names nobody: %+v, %v", l.found, err)
	}
	if err := l.update(false, 3, byNumber(21), byFinger(t, 21)); err == nil {
		t.Fatal("an update with a wrong count was applied")
	}
	if len(l.found) != 0 {
		t.Errorf("an update that was refused tells %+v", l.found)
	}
	if err := l.update(false, 2, byNumber(21), byFinger(t, 21)); err != nil { // by-number replaces that of 99
		t.Fatal(err)
	}
	if found := l.again(); len(found) != 2 || found[0].Check != passed || found[0].Answer.List != "sis" || found[0].Answer.Version != 2 {
		t.Errorf("found %+v", found)
	}
	if again := l.again(); len(again) != 0 {
		t.Errorf("what was looked up to the end was asked again: %+v", again)
	}
}

func TestAWholeListFindsByDocumentAndFinger(t *testing.T) {
	p := newPlace(t)
	passed := p.add(t, record(t, 21))
	p.add(t, record(t, 22))
	known := record(t, 21)
	known.Check = "found it itself"
	known.Answers = []capture.Answer{{System: "SIS", State: capture.StateHit, Findings: []capture.Finding{
		{Entry: "by-name", State: capture.StatePossible}, {Entry: "by-finger", State: capture.StateHit},
	}}}
	p.add(t, known)
	state := record(t, 21)
	state.Check = "was told the states only"
	state.Answers = []capture.Answer{{System: "SIS", State: capture.StateHit}, {System: "SIS", State: capture.StatePossible}}
	p.add(t, state)
	narrow := record(t, 21)
	narrow.Check = "may ask about documents only"
	narrow.Officer.Profile.Systems = map[capture.Modality][]string{capture.ModalityDocument: {"SIS"}}
	p.add(t, narrow)
	l := newLists(t, p.Store)
	if err := l.update(true, 2, byName(21), byFinger(t, 21)); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range l.again() {
		got[f.Check] += " " + string(f.Answer.Modality) + " " + string(f.Answer.State)
		if f.Answer.Source != "local" || f.Answer.List != "sis" || f.Answer.Version != 1 || f.Booth != "booth-1" || !f.At.Equal(now) {
			t.Errorf("found %+v", f)
		}
	}
	want := map[string]string{passed: " document possible finger hit", narrow.Check: " document possible"}
	if !maps.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	if again := l.again(); len(again) != 0 {
		t.Errorf("told again: %+v", again)
	}
}

// The power fails after the list was applied and before anybody was told.
func TestAnUpdateThatWasAppliedButNotLookedUpIsLookedUpLater(t *testing.T) {
	for name, whole := range map[string]bool{"changes": false, "a whole list": true} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			passed := p.add(t, record(t, 21))
			l := newLists(t, p.Store)
			if err := l.update(true, 1, byNumber(99)); err != nil || len(l.again()) != 0 {
				t.Fatal(l.found, err)
			}
			total := 2
			if whole {
				total = 1
			}
			if err := l.watch.Lists.Apply(t.Context(), l.next(whole, total, byFinger(t, 21))); err != nil {
				t.Fatal(err)
			}
			if found := l.again(); len(found) != 1 || found[0].Check != passed {
				t.Errorf("found %+v", found)
			}
			if found := l.again(); len(found) != 0 {
				t.Errorf("told again: %+v", found)
			}
		})
	}
}

func TestAFindingThatCouldNotBeKeptComesAgain(t *testing.T) {
	p := newPlace(t)
	passed := p.add(t, record(t, 21))
	l := newLists(t, p.Store)
	if err := l.update(true, 1, byNumber(99)); err != nil || len(l.again()) != 0 {
		t.Fatal(l.found, err)
	}
	l.broken = errors.New("disk full")
	if err := l.update(false, 2, byName(21)); err != nil {
		t.Fatalf("the list is not applied for it: %v", err)
	}
	if err := l.watch.again(t.Context(), l.watch.Names[0]); !errors.Is(err, l.broken) {
		t.Errorf("again: %v", err)
	}
	l.broken = nil
	if err := l.update(false, 3, byFinger(t, 22)); err != nil { // must not hide what is left to be done
		t.Fatal(err)
	}
	if found := l.again(); len(found) != 1 || found[0].Check != passed {
		t.Errorf("found %+v", found)
	}
}

// A list changes while a check is under way: its update does not find what is not remembered yet.
func TestACheckDuringWhichAListChangedIsLookedUp(t *testing.T) {
	p := newPlace(t)
	l := newLists(t, p.Store)
	if err := l.update(true, 1, byNumber(99)); err != nil || len(l.again()) != 0 {
		t.Fatal(l.found, err)
	}
	r := record(t, 21)
	r.Answers = []capture.Answer{{System: "SIS", Source: "local", List: "sis", Version: 1, State: capture.StateNoHit}}
	if err := l.update(false, 2, byName(21)); err != nil || len(l.again()) != 0 {
		t.Fatal(l.found, err)
	}
	l.remember(r)
	if len(l.watch.wake) != 1 {
		t.Error("nobody was told that a check is remembered")
	}
	l.broken = errors.New("disk full")
	if err := l.watch.again(t.Context(), l.watch.Names[0]); !errors.Is(err, l.broken) {
		t.Errorf("again: %v", err)
	}
	l.broken = nil
	if found := l.again(); len(found) != 1 || found[0].Check != r.Check {
		t.Errorf("found %+v", found)
	}
	r.Answers[0].Version = 2
	l.remember(r)
	if found := l.again(); len(found) != 0 {
		t.Errorf("of a list that has not changed: %+v", found)
	}
}

func TestRunAsksAgainWhenAWholeListComes(t *testing.T) {
	p := newPlace(t)
	passed := p.add(t, record(t, 21))
	l := newLists(t, p.Store)
	found := make(chan Found, 9)
	l.watch.Found = func(f Found) error { found <- f; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := l.watch.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer running.Wait()
	defer cancel()
	if err := l.watch.Apply(ctx, l.next(true, 1, byNumber(21))); err != nil {
		t.Fatal(err)
	}
	select {
	case f := <-found:
		if f.Check != passed {
			t.Errorf("found %+v", f)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nobody was found")
	}
}

// recorder keeps nothing, or fails.
type recorder struct{ err error }

func (r recorder) Ready(context.Context) error                   { return nil }
func (r recorder) Record(context.Context, *capture.Record) error { return r.err }

func TestAKeeperRemembersWhatWasRecorded(t *testing.T) {
	p := newPlace(t)
	ctx, cancel := context.WithCancel(t.Context())
	k := NewKeeper(recorder{}, p.Store, slog.New(slog.DiscardHandler))
	var running sync.WaitGroup
	running.Go(func() { k.Run(ctx) })
	defer running.Wait()
	defer cancel()
	failing := NewKeeper(recorder{errors.New("disk full")}, p.Store, slog.New(slog.DiscardHandler))
	if err := failing.Record(ctx, record(t, 22)); err == nil || len(failing.queue) != 0 {
		t.Errorf("not recorded, but remembered: %v", err)
	}
	other := record(t, 22)
	other.Kind = capture.RecordDisposition
	for _, r := range []*capture.Record{other, record(t, 21)} {
		if err := k.Record(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if n, err := p.Count(ctx); err != nil || n > 0 {
			if n != 1 || err != nil {
				t.Errorf("%d checks, %v", n, err)
			}
			break
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the check was not remembered")
		}
	}
	if found, err := p.Match(ctx, "SIS", []gallery.Entry{byFinger(t, 21)}); err != nil || len(found) != 1 {
		t.Errorf("found %+v, %v", found, err)
	}
}

// A booth at a busy crossing has some 4,000 checks in 72 hours. An update of a hundred entries is
// looked up.
func BenchmarkLookBack(b *testing.B) {
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "recent.db"), sqlite.Schema{ApplicationID: 1, Migrations: []string{Schema, SchemaLists, SchemaAsked}})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	s, err := New(db, make([]byte, MinSecret), func() time.Time { return now })
	if err != nil {
		b.Fatal(err)
	}
	for n := range 4000 {
		zone, _ := mrz.Read(synthetic.New(n).MRZ, now)
		may := map[capture.Modality][]string{capture.ModalityDocument: {"SIS"}}
		if err := s.Add(b.Context(), Check{ID: synthetic.New(n).Fields.DocumentNumber, At: now, Zones: []mrz.Zone{zone}, Systems: may}); err != nil {
			b.Fatal(err)
		}
	}
	l := newLists(b, s)
	var entries []gallery.Entry
	for n := range 100 {
		e := byName(5000 + n)
		e.ID = fmt.Sprint("new-", n)
		e.BirthDates = slices.DeleteFunc(e.BirthDates, func(d string) bool { return len(d) != len(time.DateOnly) })
		entries = append(entries, e)
	}
	if err := l.watch.Apply(b.Context(), l.next(true, 100, entries...)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.db.Exec("DELETE FROM recent_asked"); err != nil {
			b.Fatal(err)
		}
		if err := l.watch.again(b.Context(), l.watch.Names[0]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/4000, "µs/check")
}
