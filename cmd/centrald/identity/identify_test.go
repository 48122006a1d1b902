package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/system"
)

const serves = "to bring the child back to its parents"

func TestArticle20(t *testing.T) {
	child := anna(func(f *File) {
		f.ID, f.BirthDate, f.Documents[0].Number = "file-child", "2018-01-01", "CHILD1"
		f.Holdings = []Member{{System: system.EES, Entry: "ees-child"}}
	})
	type question = system.Question
	ask := func(ground capture.Ground, interests string) *capture.Identification {
		return &capture.Identification{Ground: ground, BestInterests: interests}
	}
	doubt := capture.GroundDoubtOnIdentity
	tests := []struct {
		name   string
		q      question
		state  capture.State
		reason string
		looked bool
	}{
		{"without a ground nothing is looked up", question{DocumentNumber: "L898902C3"}, capture.StateUnavailable, reasonGround, false},
		{"an empty ground is none", question{DocumentNumber: "L898902C3", Identify: ask("", "")}, capture.StateUnavailable, reasonGround, false},
		{"a ground that the law does not know is none", question{DocumentNumber: "L898902C3", Identify: ask("curiosity", "")}, capture.StateUnavailable, reasonGround, false},
		{"a child's best interests are no ground", question{DocumentNumber: "CHILD1", BirthDate: "2018-01-01", Identify: ask("", serves)}, capture.StateUnavailable, reasonGround, false},
		{"with a ground a grown-up is identified", question{DocumentNumber: "L898902C3", Identify: ask(doubt, "")}, capture.StatePossible, "", true},
		{"one child among those found is enough to refuse", question{Surname: "MUSTER", GivenNames: "ANNA MARIA", BirthDate: "1990-05-17", Identify: ask(capture.GroundNoDocument, "")}, capture.StateUnavailable, reasonChild, true},
		{"who is not in the repository is not found", question{DocumentNumber: "NONE", Identify: ask(doubt, "")}, capture.StateNoHit, "", true},
		{"a child by the question is not looked up", question{DocumentNumber: "L898902C3", BirthDate: "2018-01-01", Identify: ask(doubt, "")}, capture.StateUnavailable, reasonChild, false},
		{"who may be a child by the year is not looked up", question{DocumentNumber: "L898902C3", BirthDate: "2014", Identify: ask(doubt, "")}, capture.StateUnavailable, reasonChild, false},
		{"a birth date that cannot be read protects as a child's", question{DocumentNumber: "L898902C3", BirthDate: "1990?", Identify: ask(doubt, "")}, capture.StateUnavailable, reasonChild, false},
		{"a child by the file is not told", question{DocumentNumber: "CHILD1", Identify: ask(doubt, "")}, capture.StateUnavailable, reasonChild, true},
		{"a grown-up's birth date in the question does not open a child's file", question{DocumentNumber: "CHILD1", BirthDate: "1990-01-01", Identify: ask(doubt, "")}, capture.StateUnavailable, reasonChild, true},
		{"blanks are no best interests", question{DocumentNumber: "CHILD1", BirthDate: "2018-01-01", Identify: ask(doubt, strings.Repeat(" ", 20))}, capture.StateUnavailable, reasonChild, false},
		{"nine characters are no best interests", question{DocumentNumber: "CHILD1", Identify: ask(doubt, "  is lost é  ")}, capture.StateUnavailable, reasonChild, true},
		{"in its best interests a child is identified", question{DocumentNumber: "CHILD1", BirthDate: "2018-01-01", Identify: ask(doubt, serves)}, capture.StatePossible, "", true},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := newPeople()
		c := openCIR(t, db, p, Options{})
		must(t, c.Put(t.Context(), anna(), child))
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				p.asked = 0
				r, err := c.Ask(t.Context(), test.q)
				must(t, err)
				if r.State != test.state || r.Reason != test.reason || (p.asked > 0) != test.looked {
					t.Errorf("%s %q, looked up: %v", r.State, r.Reason, p.asked > 0)
				}
				if told := len(r.Findings) > 0 || len(r.Facts) > 0; told != (test.state == capture.StatePossible) {
					t.Errorf("findings %v, facts %v", r.Findings, r.Facts)
				}
			})
		}
	})
}

func TestIdentificationTellsTheFileAndNotWhoHoldsData(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := newPeople()
		c := openCIR(t, db, p, Options{})
		q := system.Question{DocumentNumber: "L898902C3", Identify: &capture.Identification{Ground: capture.GroundNoDocument}}
		var replies [][]byte
		for _, holdings := range [][]Member{
			{{System: system.EES, Entry: "1"}},
			{{System: system.Eurodac, Entry: "1"}, {System: system.VIS, Entry: "2"}, {System: system.EES, Entry: "3", Discreet: true}},
		} {
			must(t, c.Put(t.Context(), anna(func(f *File) { f.Holdings = holdings })))
			r, err := c.Ask(t.Context(), q)
			must(t, err)
			text, err := json.Marshal(r)
			must(t, err)
			replies = append(replies, text)
			want := []capture.Fact{
				{Code: capture.FactIdentity, Value: "MUSTER, ANNA MARIA, 1990-05-17, UTO"},
				{Code: capture.FactDocument, Value: "P UTO L898902C3"},
			}
			if !reflect.DeepEqual(r.Facts, want) {
				t.Errorf("facts %q", r.Facts)
			}
			if len(r.Findings) != 1 || r.Findings[0].State != capture.StatePossible || r.Findings[0].Entry != "file-anna" {
				t.Errorf("findings %+v", r.Findings)
			}
		}
		if string(replies[0]) != string(replies[1]) {
			t.Errorf("the reply depends on who holds data:\n%s\n%s", replies[0], replies[1])
		}
	})
}

func TestWhatTheLookupCannotSay(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/central.db")
	must(t, err)
	defer db.Close()
	p := newPeople()
	c := openCIR(t, db, p, Options{})
	q := system.Question{DocumentNumber: "L898902C3", Identify: &capture.Identification{Ground: capture.GroundNoDocument}}

	p.rest = capture.Rest{State: capture.StateUnavailable, Reason: "damaged"}
	if r, err := c.Ask(t.Context(), q); err != nil || r.State != capture.StateUnavailable || r.Reason != "damaged" {
		t.Errorf("nothing found by a lookup that cannot say: %v, %v", r, err)
	}
	must(t, c.Put(t.Context(), anna()))
	if r, err := c.Ask(t.Context(), q); err != nil || r.State != capture.StatePossible || r.Rest == nil || *r.Rest != p.rest {
		t.Errorf("something found by a lookup that cannot say all: %v, %v", r, err)
	}
	p.err = errors.New("disk")
	if _, err := c.Ask(t.Context(), q); !errors.Is(err, p.err) {
		t.Errorf("a lookup that fails: %v", err)
	}
	p.err = nil
	var many []File
	for i := range maxFiles + 1 {
		many = append(many, anna(func(f *File) {
			f.ID, f.Holdings = fmt.Sprintf("file-%d", i), []Member{{System: system.EES, Entry: fmt.Sprint(i)}}
		}))
	}
	must(t, c.Put(t.Context(), many...))
	if r, err := c.Ask(t.Context(), q); err != nil || r.State != capture.StateUnavailable || r.Reason != reasonTooMany || len(r.Facts) > 0 {
		t.Errorf("too many files: %v, %v", r, err)
	}
}

func TestFiles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := openCIR(t, db, newPeople(), Options{})
		ctx := t.Context()
		first := anna(func(f *File) {
			f.Documents = append(f.Documents, Document{"ID", "D", "X1"})
			f.Holdings[1].Discreet = true
		})
		must(t, c.Put(ctx, first))
		if got, err := c.Get(ctx, first.ID); err != nil || !reflect.DeepEqual(got, &first) {
			t.Errorf("kept %+v, %v", got, err)
		}
		second := anna(func(f *File) { f.Biometrics, f.Holdings = nil, f.Holdings[:1] })
		must(t, c.Put(ctx, first, second)) // the later one of two counts
		if got, err := c.Get(ctx, first.ID); err != nil || !reflect.DeepEqual(got, &second) {
			t.Errorf("replaced by %+v, %v", got, err)
		}
		thief := anna(func(f *File) { f.ID = "thief" })
		if err := c.Put(ctx, thief); !errors.Is(err, ErrHeld) {
			t.Errorf("an entry in two files: %v", err)
		}
		if got, err := c.Get(ctx, "thief"); err != nil || got != nil {
			t.Errorf("a file that was refused: %v, %v", got, err)
		}
		if ok, err := c.Remove(ctx, first.ID); err != nil || !ok {
			t.Errorf("removed: %v, %v", ok, err)
		}
		if ok, err := c.Remove(ctx, first.ID); err != nil || ok {
			t.Errorf("removed again: %v, %v", ok, err)
		}
		must(t, c.Put(ctx, thief))
	})
}

func TestFilesThatAreNotValid(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/central.db")
	must(t, err)
	defer db.Close()
	c := openCIR(t, db, newPeople(), Options{})
	tests := []struct {
		name   string
		change func(*File)
	}{
		{"a file without id", func(f *File) { f.ID = "" }},
		{"a birth date that there is not", func(f *File) { f.BirthDate = "1990-02-30" }},
		{"a sex that is no code", func(f *File) { f.Sex = "female" }},
		{"nobody in it", func(f *File) { f.Identity, f.Documents = Identity{}, nil }},
		{"no entry of a system", func(f *File) { f.Holdings = nil }},
		{"an entry without id", func(f *File) { f.Holdings[0].Entry = " " }},
		{"too many entries", func(f *File) { f.Holdings = make([]Member, MaxHoldings+1) }},
		{"a reference to a document as biometric data", func(f *File) { f.Biometrics[0].Kind = capture.ModalityDocument }},
		{"a control character", func(f *File) { f.Biometrics[0].Reference = "a\nb" }},
		{"too many references", func(f *File) { f.Biometrics = make([]Biometric, MaxBiometrics+1) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := c.Put(t.Context(), anna(func(f *File) { f.ID, f.Holdings = "valid", []Member{{System: "X", Entry: "1"}} }), anna(test.change))
			if !errors.Is(err, ErrFile) || strings.Contains(err.Error(), "MUSTER") {
				t.Errorf("%v", err)
			}
			if got, err := c.Get(t.Context(), "valid"); err != nil || got != nil {
				t.Errorf("the valid file beside it was put: %v", err)
			}
		})
	}
}

func TestThousandsOfFilesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := openCIR(t, db, newPeople(), Options{})
		var files []File
		for i := range 5000 {
			files = append(files, anna(func(f *File) {
				f.ID, f.Holdings = fmt.Sprintf("file-%05d", i), []Member{{System: system.EES, Entry: fmt.Sprint(i)}}
			}))
		}
		must(t, c.Put(t.Context(), files...))
		must(t, c.Put(t.Context(), files...))
		var n int
		must(t, db.QueryRow("SELECT count(*) FROM identity_holding").Scan(&n))
		if n != len(files) {
			t.Errorf("%d entries", n)
		}
	})
}
