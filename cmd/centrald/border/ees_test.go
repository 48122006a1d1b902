package border

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/border/person"
	"boothd/cmd/centrald/border/person/persontest"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

var secret = []byte("a secret of tests")

// noon is when the tests' questions are asked.
var noon = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

func open(t testing.TB, db *store.DB, p *persontest.People) *EES {
	t.Helper()
	e, err := Open(t.Context(), db, Options{
		People: p, Enrol: p.Put, Remove: p.Remove, Secret: secret, Exempt: []string{"DEU", "FRA"}, Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// at is noon of the day.
func at(t testing.TB, day string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return d.Add(12 * time.Hour)
}

// crossings reads words such as "entry 2026-05-01", "exit 2026-05-03 offline" and "refusal
// 2026-01-01 H".
func crossings(t testing.TB, words ...string) []Crossing {
	t.Helper()
	all := make([]Crossing, len(words))
	for i, w := range words {
		parts := strings.Fields(w)
		all[i] = Crossing{
			ID: w, Booth: "gate-1", Place: "Narva", Kind: Kind(parts[0]), At: at(t, parts[1]),
			Document: gallery.DocumentNumber{Number: "P1234567", Type: "P", Issuer: "UTO"},
			Name:     "MORVANESCU, DARIVA", BirthDate: "1990-04-05", Nationality: "UTO", Sex: "F",
		}
		for _, p := range parts[2:] {
			switch {
			case p == "offline":
				all[i].Fallback = true
			case strings.HasPrefix(p, "until="):
				all[i].AuthorisedUntil = day(t, strings.TrimPrefix(p, "until="))
			default:
				all[i].Reason = Reason(p)
			}
		}
	}
	return all
}

func record(t testing.TB, db *store.DB, e *EES, all ...Crossing) {
	t.Helper()
	err := db.Tx(t.Context(), func(tx *sql.Tx) error {
		for _, c := range all {
			if err := e.Record(t.Context(), tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func enrolled(t testing.TB, e *EES) {
	t.Helper()
	if _, err := e.Enrol(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// said writes a reply as words: the state, the facts, and the findings as
// "state by category".
func said(r system.Reply) []string {
	words := []string{string(r.State)}
	for _, f := range r.Facts {
		words = append(words, string(f.Code)+"="+f.Value)
	}
	for _, f := range r.Findings {
		words = append(words, string(f.State)+" "+string(f.By)+" "+f.Category)
	}
	return words
}

var byDocument = system.Question{System: system.EES, DocumentNumber: "P1234567", Issuer: "UTO", Nationality: "UTO"}

// TestWhatTheFileTells runs every case on one database: each has its own passport.
func TestWhatTheFileTells(t *testing.T) {
	cases := []struct {
		name    string
		records []string
		want    []string
	}{
		{"nobody knows the document", nil, []string{"no_hit", "file=none"}},
		{"a traveller who is inside", []string{"entry 2026-06-01"},
			[]string{"no_hit", "file=not_verified", "presence=inside", "entered=2026-06-01", "days_left=75", "leave_by=2026-08-29"}},
		{"a traveller who left again", []string{"entry 2026-06-01", "exit 2026-06-02"},
			[]string{"no_hit", "file=not_verified", "presence=outside", "entered=2026-06-01", "days_left=88", "leave_by=2026-09-10"}},
		{"records that arrive in another order than they happened", []string{"exit 2026-06-02", "entry 2026-06-01"},
			[]string{"no_hit", "file=not_verified", "presence=outside", "entered=2026-06-01", "days_left=88", "leave_by=2026-09-10"}},
		{"an overstay", []string{"entry 2026-03-01"},
			[]string{"hit", "file=not_verified", "presence=inside", "entered=2026-03-01", "days_left=0", "leave_by=2026-05-29", "days_over=17",
				"hit document_number overstay"}},
		{"the last lawful day is no overstay", []string{"entry 2026-03-18"},
			[]string{"no_hit", "file=not_verified", "presence=inside", "entered=2026-03-18", "days_left=0", "leave_by=2026-06-15"}},
		{"a visa for ten days that are over", []string{"entry 2026-06-01 until=2026-06-10"},
			[]string{"hit", "file=not_verified", "presence=inside", "entered=2026-06-01", "days_left=0", "leave_by=2026-06-10", "days_over=5",
				"hit document_number overstay"}},
		{"an extension beyond the ninety days", []string{"entry 2026-03-01 until=2026-06-20"},
			[]string{"no_hit", "file=not_verified", "presence=inside", "entered=2026-03-01", "days_left=5", "leave_by=2026-06-20"}},
		{"who comes back without a day left", []string{"entry 2026-01-20", "exit 2026-04-19"},
			[]string{"possible", "file=not_verified", "presence=outside", "entered=2026-01-20", "days_left=0", "possible document_number no days of stay left"}},
		{"records that were stored locally first are counted", []string{"entry 2026-06-01 offline", "exit 2026-06-02 offline"},
			[]string{"no_hit", "file=not_verified", "presence=outside", "entered=2026-06-01", "days_left=88", "leave_by=2026-09-10", "fallback=2"}},
		{"an entry that was refused earlier", []string{"refusal 2026-02-01 H"},
			[]string{"possible", "file=not_verified", "presence=outside", "days_left=90", "leave_by=2026-09-12", "possible document_number refused entry"}},
		{"two booths that record one entry", []string{"entry 2026-06-01", "entry 2026-06-01 offline"},
			[]string{"no_hit", "file=not_verified", "presence=inside", "entered=2026-06-01", "days_left=75", "leave_by=2026-08-29", "fallback=1"}},
		{"an exit that was never recorded", []string{"entry 2026-05-01", "entry 2026-06-01"},
			[]string{"possible", "file=not_verified", "presence=inside", "entered=2026-06-01", "days_left=74", "leave_by=2026-08-28",
				"possible document_number incomplete records"}},
		{"an entry that was never recorded", []string{"exit 2026-06-01"},
			[]string{"possible", "file=not_verified", "presence=outside", "days_left=89", "leave_by=2026-09-11", "possible document_number incomplete records"}},
		{"a gap so old that it does not count", []string{"exit 2025-06-01"},
			[]string{"no_hit", "file=not_verified", "presence=outside", "days_left=90", "leave_by=2026-09-12"}},
		{"an exit recorded twice", []string{"entry 2026-06-01", "exit 2026-06-02", "exit 2026-06-02 offline"},
			[]string{"no_hit", "file=not_verified", "presence=outside", "entered=2026-06-01", "days_left=88", "leave_by=2026-09-10", "fallback=1"}},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		e := open(t, db, &persontest.People{})
		for i, tt := range cases {
			t.Run(tt.name, func(t *testing.T) {
				passport := "P" + strings.Repeat("X", i)
				all := crossings(t, tt.records...)
				for j := range all {
					all[j].ID += passport
					all[j].Document.Number = passport
				}
				record(t, db, e, all...)
				q := byDocument
				q.DocumentNumber = passport
				r, err := e.Ask(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if got := said(r); !slices.Equal(got, tt.want) {
					t.Errorf("got  %q\nwant %q", got, tt.want)
				}
				if !r.AsOf.Equal(noon) {
					t.Errorf("as of %s", r.AsOf)
				}
			})
		}
	})
}

func pressed(picture string) *capture.Finger {
	return &capture.Finger{Position: 2, PNG: []byte(picture)}
}

// TestWhoseFileItIs has one file, of an adult with a finger unless the case says otherwise.
func TestWhoseFileItIs(t *testing.T) {
	adult := gallery.Entry{
		ID: "f1", Names: []string{"MORVANESCU, DARIVA"}, BirthDates: []string{"1990-04-05"},
		Documents: []gallery.DocumentNumber{{Number: "P1234567", Issuer: "UTO"}},
		Fingers:   []gallery.FingerTemplate{{Position: 2, Data: []byte("hers")}},
	}
	with := func(change func(*gallery.Entry)) gallery.Entry {
		e := adult
		change(&e)
		return e
	}
	child := with(func(e *gallery.Entry) { e.BirthDates = []string{"2016-01-01"} })
	noFinger := with(func(e *gallery.Entry) { e.Fingers = nil })
	named := system.Question{System: system.EES, Surname: "MORVANESCU", GivenNames: "DARIVA", BirthDate: "1990-04-05", Nationality: "UTO"}
	ask := func(change func(*system.Question)) system.Question {
		q := byDocument
		change(&q)
		return q
	}
	for _, tt := range []struct {
		name   string
		entry  gallery.Entry
		q      system.Question
		rest   capture.Rest
		want   []string // without presence, entered, days_left and leave_by
		reason string
	}{
		{"a finger that agrees verifies", adult, ask(func(q *system.Question) { q.Finger = pressed("hers") }), capture.Rest{},
			[]string{"no_hit", "file=verified"}, ""},
		{"a finger that differs is for the second line", adult, ask(func(q *system.Question) { q.Finger = pressed("another's") }), capture.Rest{},
			[]string{"possible", "file=not_verified", "possible document_number not verified"}, ""},
		{"a child under twelve is never found not verified", child, ask(func(q *system.Question) { q.Finger = pressed("another's") }), capture.Rest{},
			[]string{"no_hit", "file=not_verified"}, ""},
		{"nothing follows from a file without fingers", noFinger, ask(func(q *system.Question) { q.Finger = pressed("hers") }), capture.Rest{},
			[]string{"no_hit", "file=not_verified"}, ""},
		{"nothing follows from a finger that could not be taken", adult,
			ask(func(q *system.Question) { q.Finger = &capture.Finger{Missing: capture.MissingPermanent} }), capture.Rest{},
			[]string{"no_hit", "file=not_verified"}, ""},
		{"a smeared finger leaves it unknown", adult, ask(func(q *system.Question) { q.Finger = pressed(persontest.Smeared) }), capture.Rest{},
			[]string{"unavailable", "file=not_verified"}, "the finger cannot be compared with those of the file: take it again"},
		{"a finger alone identifies", adult, system.Question{System: system.EES, Finger: pressed("hers")}, capture.Rest{},
			[]string{"no_hit", "file=verified"}, ""},
		{"a finger alone finds nobody", adult, system.Question{System: system.EES, Finger: pressed("another's")}, capture.Rest{},
			[]string{"no_hit", "file=none"}, ""},
		{"an unknown passport but a known finger", adult, ask(func(q *system.Question) { q.DocumentNumber, q.Finger = "NEW", pressed("hers") }), capture.Rest{},
			[]string{"possible", "file=verified", "possible finger file under another document"}, ""},
		{"a name alone is for a person to verify", adult, named, capture.Rest{},
			[]string{"possible", "file=not_verified", "possible name perhaps this person's file"}, ""},
		{"an unknown passport and a name that is known", adult, func() system.Question {
			q := named
			q.DocumentNumber, q.Issuer = "NEW", "UTO"
			return q
		}(), capture.Rest{}, []string{"possible", "file=not_verified", "possible name perhaps this person's file"}, ""},
		{"a finger says more than a name", adult, func() system.Question {
			q := named
			q.Finger = pressed("hers")
			return q
		}(), capture.Rest{}, []string{"no_hit", "file=verified"}, ""},
		{"what could not be searched is not known", adult, ask(func(q *system.Question) { q.DocumentNumber = "NEW" }),
			capture.Rest{State: capture.StateUnavailable, Reason: "damaged"}, []string{"unavailable"}, "damaged"},
		{"a question about nothing", adult, system.Question{System: system.EES}, capture.Rest{},
			[]string{"unavailable"}, "nothing to look for was in the question"},
		{"a face is not compared", adult, ask(func(q *system.Question) { q.Face = &capture.Face{} }), capture.Rest{},
			[]string{"unavailable"}, "faces are not compared"},
		{"of an exempt nationality nothing is said", adult, ask(func(q *system.Question) { q.Nationality = "D" }), capture.Rest{},
			[]string{"no_hit"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, err := store.Open(t.Context(), t.TempDir()+"/ees.db")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			p := &persontest.People{Rest: tt.rest}
			e := open(t, db, p)
			if err := e.Put(t.Context(), File{Entry: tt.entry}); err != nil {
				t.Fatal(err)
			}
			r, err := e.Ask(t.Context(), tt.q)
			if err != nil {
				t.Fatal(err)
			}
			r.Facts = slices.DeleteFunc(r.Facts, func(f capture.Fact) bool { return f.Code != capture.FactFile })
			if got := said(r); !slices.Equal(got, tt.want) || r.Reason != tt.reason {
				t.Errorf("got  %q, %q\nwant %q, %q", got, r.Reason, tt.want, tt.reason)
			}
		})
	}
}

func TestAnOverstayOfAPersonFoundByNameIsOnlyPossible(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/ees.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	e := open(t, db, &persontest.People{})
	entry := gallery.Entry{ID: "f1", Names: []string{"MORVANESCU, DARIVA"}, BirthDates: []string{"2010"}}
	if err := e.Put(t.Context(), File{Entry: entry, Records: crossings(t, "entry 2026-01-01")}); err != nil {
		t.Fatal(err)
	}
	r, err := e.Ask(t.Context(), system.Question{Surname: "MORVANESCU", GivenNames: "DARIVA", BirthDate: "2010"})
	if err != nil || len(r.Findings) != 2 {
		t.Fatalf("%q, %v", said(r), err)
	}
	f := r.Findings[0]
	if f.Category != "overstay" || f.State != capture.StatePossible || r.State != capture.StatePossible {
		t.Errorf("%s of state %s, reply %s", f.Category, f.State, r.State)
	}
	if f.Name != "MORVANESCU, DARIVA" || !f.Minor || f.Entry != "f1" || f.Action != "refer to second line" {
		t.Errorf("finding %+v", f)
	}
}

func TestFaultsAreErrorsAndNeverNoHit(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/ees.db")
	if err != nil {
		t.Fatal(err)
	}
	p := &persontest.People{}
	e := open(t, db, p)
	record(t, db, e, crossings(t, "entry 2026-06-01")...)
	p.Err = errors.New("out of order")
	for name, q := range map[string]system.Question{
		"the entry of the document's file": byDocument,
		"the search by name":               {Surname: "MORVANESCU"},
		"the search by finger":             {Finger: pressed("hers")},
	} {
		if r, err := e.Ask(t.Context(), q); !errors.Is(err, p.Err) || r.State != "" {
			t.Errorf("%s: %s, %v", name, r.State, err)
		}
	}
	p.Err = nil
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Ask(ended, byDocument); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
	db.Close()
	if _, err := e.Ask(t.Context(), byDocument); err == nil || strings.Contains(err.Error(), "P1234567") {
		t.Errorf("with the database closed: %v", err)
	}
}

func TestAnEESIsNotOpenedHalf(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/ees.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p := &persontest.People{}
	for name, o := range map[string]Options{
		"without people":        {Secret: secret},
		"without a secret":      {People: p, Enrol: p.Put},
		"with a secret too few": {People: p, Enrol: p.Put, Secret: secret[:person.LeastSecret-1]},
	} {
		if _, err := Open(t.Context(), db, o); err == nil {
			t.Errorf("opened %s", name)
		}
	}
}
