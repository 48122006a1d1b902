package recent

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/internal/sqlite"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
)

// lists is a gallery of one list, behind a watch.
type lists struct {
	t       testing.TB
	dir     string
	finder  *finder
	watch   *Watch
	found   []Found
	broken  error // alerts cannot be kept
	version uint64
}

func newLists(t testing.TB, s *Store) *lists {
	t.Helper()
	l := &lists{t: t}
	l.watch = NewWatch(Watch{
		Names: []localmatch.List{{Name: "sis", System: "SIS"}}, Store: s, Log: slog.New(slog.DiscardHandler),
		Found: func(f Found) error {
			if l.broken == nil {
				l.found = append(l.found, f)
			}
			return l.broken
		},
	})
	l.setAside()
	return l
}

// setAside puts an empty gallery in the place of the one there was.
func (l *lists) setAside() {
	l.t.Helper()
	l.dir, l.version = l.t.TempDir(), 0
	g, err := gallery.Open(l.t.Context(), filepath.Join(l.dir, "gallery.db"), filepath.Join(l.dir, "keys"), gallery.Options{Now: l.watch.Store.now})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { g.Close() })
	l.finder = &finder{Gallery: g}
	l.watch.Lists = g
	l.watch.Matcher = localmatch.New(l.finder, localmatch.Options{Lists: l.watch.Names, Now: l.watch.Store.now})
}

// finder is a gallery whose fingers may be not ready yet.
type finder struct {
	*gallery.Gallery
	notReady bool
}

func (f *finder) FindFingers(ctx context.Context, list string, q gallery.FingerQuestion) (gallery.FoundFingers, error) {
	found, err := f.Gallery.FindFingers(ctx, list, q)
	if f.notReady {
		found = gallery.FoundFingers{Info: found.Info, NotReady: true}
	}
	return found, err
}

// next is the update with the entries, as the whole list or as changes, of so many afterwards.
func (l *lists) next(whole bool, total int, entries ...gallery.Entry) gallery.Update {
	u := gallery.Update{
		List: "sis", System: "SIS", Version: l.version + 1, Head: gallery.Hash{byte(l.version + 1)},
		Issued: l.issued(), Expires: l.issued().Add(time.Hour), Entries: total, Lines: gallery.LinesOf(puts(entries)),
	}
	if !whole {
		u.Base, u.BaseHead = l.version, gallery.Hash{byte(l.version)}
	}
	return u
}

func (l *lists) issued() time.Time { return l.watch.Store.now() }

func (l *lists) update(whole bool, total int, entries ...gallery.Entry) error {
	l.t.Helper()
	l.found = nil
	err := l.watch.Apply(l.t.Context(), l.next(whole, total, entries...))
	if err == nil {
		l.version++
	}
	return err
}

// again does what Run does of its own accord.
func (l *lists) again() []Found {
	l.t.Helper()
	l.found = nil
	if err := l.watch.again(l.t.Context(), l.watch.Names[0]); err != nil {
		l.t.Fatal(err)
	}
	return l.found
}

// damage spoils the last record on disk.
func (l *lists) damage() {
	l.t.Helper()
	files, err := filepath.Glob(filepath.Join(l.dir, "segments", "*.records"))
	if err != nil || len(files) == 0 {
		l.t.Fatal("no records", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			l.t.Fatal(err)
		}
		b[len(b)-1] ^= 1
		if err := os.WriteFile(f, b, 0o600); err != nil {
			l.t.Fatal(err)
		}
	}
}

// pass is the check of traveller n at this moment, with what the list answers, remembered.
func (l *lists) pass(t *testing.T, n int) *capture.Record {
	t.Helper()
	r := record(t, n)
	r.At = l.watch.Store.now()
	for _, e := range r.Evidence {
		q := capture.Query{Officer: r.Officer, Evidence: e}
		l.watch.Matcher.Look(t.Context(), q, func(a capture.Answer) { r.Answers = append(r.Answers, a) })
	}
	l.remember(r)
	return r
}

func (l *lists) remember(r *capture.Record) {
	k := NewKeeper(check.Recorder(recorder{}), l.watch.Store, slog.New(slog.DiscardHandler))
	k.Remembered = l.watch.Remembered
	k.remember(l.t.Context(), r)
}

// other is an entry that names nobody.
func other() gallery.Entry {
	e := byNumber(99)
	e.ID = "other"
	return e
}

// A list that cannot answer a check, or the look back at it, and can later.
func TestNobodyIsForgottenWhoPassedWhileAListCouldNotAnswer(t *testing.T) {
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, story := range map[string]func(t *testing.T, p *place, l *lists){
		"a record was damaged when the list was asked again, and the same version mended it": func(t *testing.T, p *place, l *lists) {
			p.add(t, record(t, 21))
			must(t, l.update(true, 1, byNumber(21)))
			l.damage()
			if err := l.watch.again(t.Context(), l.watch.Names[0]); err == nil || len(l.found) != 0 {
				t.Errorf("of a damaged list: found %+v, %v", l.found, err)
			}
			l.version--
			must(t, l.update(true, 1, byNumber(21)))
		},
		"a record was damaged during the check": func(t *testing.T, p *place, l *lists) {
			must(t, l.update(true, 1, byNumber(21)))
			l.damage()
			l.pass(t, 21)
			l.again()
			l.version--
			must(t, l.update(true, 1, byNumber(21)))
		},
		"the lease had ended by a time that central told, not by this clock": func(t *testing.T, p *place, l *lists) {
			p.add(t, record(t, 21))
			must(t, l.update(true, 1, byNumber(21)))
			later := l.next(true, 0)
			later.List, later.Issued, later.Expires = "later", p.now.Add(2*time.Hour), p.now.Add(3*time.Hour)
			must(t, l.watch.Apply(t.Context(), later))
			if found := l.again(); len(found) != 0 {
				t.Errorf("past the lease: found %+v", found)
			}
			p.now = p.now.Add(2 * time.Hour)
			must(t, l.update(false, 2, other()))
		},
		"the lease had ended during the check, and changes renewed it": func(t *testing.T, p *place, l *lists) {
			must(t, l.update(true, 1, byNumber(21)))
			l.again()
			p.now = p.now.Add(2 * time.Hour)
			l.pass(t, 21)
			l.again()
			must(t, l.update(false, 2, other()))
		},
		"the lease ended while the list was asked again": func(t *testing.T, p *place, l *lists) {
			first := record(t, 21)
			first.Check, first.At = "the first that is asked about", now.Add(time.Second)
			p.add(t, first)
			p.add(t, record(t, 21))
			must(t, l.update(true, 1, byNumber(21)))
			told := l.watch.Found
			l.watch.Found = func(Found) error { p.now = p.now.Add(2 * time.Hour); return nil }
			if err := l.watch.again(t.Context(), l.watch.Names[0]); err == nil {
				t.Error("all was looked up")
			}
			l.watch.Found = told
			must(t, l.update(false, 2, other()))
		},
		"the fingers were being made ready during the check": func(t *testing.T, p *place, l *lists) {
			must(t, l.update(true, 1, byFinger(t, 21)))
			l.finder.notReady = true
			l.pass(t, 21)
			if err := l.watch.again(t.Context(), l.watch.Names[0]); err == nil {
				t.Error("all was looked up")
			}
			l.finder.notReady = false
		},
		"the gallery was set aside and the same version came again": func(t *testing.T, p *place, l *lists) {
			must(t, l.update(true, 1, byNumber(21)))
			l.again()
			l.setAside()
			l.pass(t, 21)
			l.again()
			must(t, l.update(true, 1, byNumber(21)))
		},
		"the gallery was set aside and a version before came": func(t *testing.T, p *place, l *lists) {
			must(t, l.update(true, 1, other()))
			must(t, l.update(true, 1, other()))
			r := l.pass(t, 21)
			if r.Answers[0].Version != 2 {
				t.Errorf("the list answered %+v", r.Answers[0])
			}
			l.again()
			l.setAside()
			must(t, l.update(true, 1, byNumber(21)))
		},
		"the list did not answer in time": func(t *testing.T, p *place, l *lists) {
			must(t, l.update(true, 1, byNumber(21)))
			r := record(t, 21)
			r.Answers = []capture.Answer{{System: "SIS", Source: "local", State: capture.StateUnavailable, Silence: true}}
			l.remember(r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			l := newLists(t, p.Store)
			story(t, p, l)
			if found := l.again(); len(found) != 1 || found[0].Check != "check-21" {
				t.Errorf("found %+v", found)
			}
			if found := l.again(); len(found) != 0 {
				t.Errorf("told again: %+v", found)
			}
		})
	}
}

func TestAListIsAskedAboutEveryDocumentAndFingerOfACheck(t *testing.T) {
	p := newPlace(t)
	r := record(t, 21)
	r.Evidence = append(r.Evidence, record(t, 22).Evidence...)
	r.Evidence = append(r.Evidence, r.Evidence[0]) // read once more
	p.add(t, r)
	first, second := byNumber(21), byNumber(22)
	first.ID, second.ID = "first document", "second document"
	third, fourth := byFinger(t, 21), byFinger(t, 22)
	third.ID, fourth.ID = "first finger", "second finger"
	entries := []gallery.Entry{first, second, third, fourth}
	for _, e := range entries {
		if found, err := p.Match(t.Context(), "SIS", []gallery.Entry{e}); err != nil || len(found) != 1 || found[0].Answer.Findings[0].Entry != e.ID {
			t.Errorf("%s: matched %+v, %v", e.ID, found, err)
		}
	}
	l := newLists(t, p.Store)
	if err := l.update(true, len(entries), entries...); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, f := range l.again() {
		for _, one := range f.Answer.Findings {
			got[one.Entry]++
		}
	}
	if want := map[string]int{first.ID: 1, second.ID: 1, third.ID: 1, fourth.ID: 1}; !maps.Equal(got, want) {
		t.Errorf("the list found %v, want %v", got, want)
	}
}

func TestAHitIsToldOfWhatWasPossible(t *testing.T) {
	for name, test := range map[string]struct {
		then capture.State
		now  gallery.Entry
		told int
	}{
		"possible then, a hit now": {capture.StatePossible, byNumber(21), 1},
		"a hit then and now":       {capture.StateHit, byNumber(21), 0},
		"a hit then, possible now": {capture.StateHit, byName(21), 0},
		"possible then and now":    {capture.StatePossible, byName(21), 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			r := record(t, 21)
			r.Answers = []capture.Answer{{
				System: "SIS", Source: "local", List: "sis", Version: 1, State: test.then,
				Findings: []capture.Finding{{Entry: test.now.ID, State: test.then}},
			}}
			l := newLists(t, p.Store)
			l.version = 1
			if err := l.update(true, 1, test.now); err != nil {
				t.Fatal(err)
			}
			l.remember(r)
			if found := l.again(); len(found) != test.told {
				t.Errorf("the list found %+v", found)
			}
			if found, err := p.Match(t.Context(), "SIS", []gallery.Entry{test.now}); err != nil || len(found) != test.told {
				t.Errorf("matched %+v, %v", found, err)
			}
		})
	}
}

func TestAListCountsAsAskedIfItAnsweredForAll(t *testing.T) {
	const hit, none, stale, out = capture.StateHit, capture.StateNoHit, capture.StateStale, capture.StateUnavailable
	said := func(list string, version uint64, s capture.State) capture.Answer {
		return capture.Answer{Evidence: "document-1", System: "SIS", Source: "local", List: list, Version: version, State: s}
	}
	found := said("a", 3, hit)
	found.Findings = []capture.Finding{{Entry: "e", State: hit}}
	partly := found
	partly.Rest = &capture.Rest{State: out}
	old := found
	old.Rest = &capture.Rest{State: stale}
	silent := said("", 0, out)
	silent.Silence = true
	poor := said("a", 3, out)
	poor.Evidence = "finger-2"
	portal := said("", 0, none)
	portal.Source = "portal"
	for name, test := range map[string]struct {
		answers []capture.Answer
		want    map[string]uint64
	}{
		"nobody answered":                      {nil, map[string]uint64{}},
		"central answered":                     {[]capture.Answer{portal}, map[string]uint64{}},
		"nothing found":                        {[]capture.Answer{said("a", 3, none)}, map[string]uint64{"a": 3}},
		"nothing found in an old list":         {[]capture.Answer{said("a", 3, stale)}, map[string]uint64{"a": 3}},
		"unavailable":                          {[]capture.Answer{said("a", 3, out), said("b", 7, none)}, map[string]uint64{"b": 7}},
		"unavailable about the second":         {[]capture.Answer{said("a", 3, none), said("a", 3, out)}, map[string]uint64{}},
		"unavailable about the first":          {[]capture.Answer{said("a", 3, out), said("a", 3, none)}, map[string]uint64{}},
		"two versions":                         {[]capture.Answer{said("a", 4, none), said("a", 3, none)}, map[string]uint64{"a": 3}},
		"found":                                {[]capture.Answer{found}, map[string]uint64{"a": 3}},
		"found, the rest is not known":         {[]capture.Answer{partly}, map[string]uint64{}},
		"found, the rest is old":               {[]capture.Answer{old}, map[string]uint64{"a": 3}},
		"found, the profile returns the state": {[]capture.Answer{said("a", 3, hit)}, map[string]uint64{}},
		"silent":                               {[]capture.Answer{said("a", 3, none), silent}, map[string]uint64{}},
		"a finger that shows too little":       {[]capture.Answer{said("a", 3, none), poor}, map[string]uint64{"a": 3}},
	} {
		r := &capture.Record{
			Evidence: []capture.Evidence{{ID: "finger-2", Finger: &capture.Finger{PNG: []byte("no picture")}}},
			Answers:  test.answers,
		}
		if got := CheckOf(r).Asked; !maps.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// A booth's file of before: one version for each list, one document and one finger for each check.
func TestWhatWasRememberedBeforeIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recent.db")
	open := func(migrations ...string) *Store {
		db, err := sqlite.Open(t.Context(), path, sqlite.Schema{ApplicationID: 1, Migrations: migrations})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		s, err := New(db, bytes.Repeat([]byte("secret"), 8), func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := open(Schema, SchemaLists)
	c := CheckOf(record(t, 21))
	plain, err := json.Marshal(map[string]any{
		"id": c.ID, "at": c.At, "systems": c.Systems, "zone": c.Zones[0], "position": c.Prints[0].Position, "finger": c.Prints[0].Template,
	})
	if err != nil {
		t.Fatal(err)
	}
	sealed := before.box.Seal(nil, nil, plain, []byte(c.ID))
	if _, err := before.db.Exec("INSERT INTO recent_check (id, at, sealed) VALUES ($1, $2, $3)", c.ID, now.UnixNano(), sealed); err != nil {
		t.Fatal(err)
	}
	if _, err := before.db.Exec("INSERT INTO recent_list (list, version) VALUES ('sis', 1)"); err != nil {
		t.Fatal(err)
	}
	before.db.Close()
	l := newLists(t, open(Schema, SchemaLists, SchemaAsked))
	e := byName(21)
	e.ID = "later"
	if err := l.update(true, 1, byNumber(21)); err != nil || len(l.again()) != 0 {
		t.Fatalf("of the version that was looked up: %+v, %v", l.found, err)
	}
	if err := l.update(false, 3, e, byFinger(t, 21)); err != nil {
		t.Fatal(err)
	}
	if found := l.again(); len(found) != 2 {
		t.Errorf("found %+v", found)
	}
}

func TestWithACheckGoesWhatWasAsked(t *testing.T) {
	p := newPlace(t)
	p.add(t, record(t, 21))
	l := newLists(t, p.Store)
	if err := l.update(true, 1, other()); err != nil || len(l.again()) != 0 {
		t.Fatal(l.found, err)
	}
	rows := func() (n int) {
		if err := p.db.QueryRow("SELECT count(*) FROM recent_asked").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := rows(); n != 1 {
		t.Errorf("%d rows", n)
	}
	p.now = now.Add(Keep + time.Second)
	if _, err := p.Erase(t.Context()); err != nil || rows() != 0 {
		t.Errorf("%d rows are left, %v", rows(), err)
	}
}
