package register

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"slices"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/chip/chipemu"
	"boothd/capture/synthetic"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/finger"
	"boothd/localmatch/gallery"
	"boothd/localmatch/trust"
	"boothd/sync/system"
)

var now = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

const rightIndex = 2

func open(t testing.TB, db *store.DB, name string, change ...func(*Options)) *Register {
	t.Helper()
	o := Options{System: name, Secret: []byte("a secret of the tests"), Now: func() time.Time { return now }}
	for _, f := range change {
		f(&o)
	}
	r, err := Open(t.Context(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func put(t testing.TB, r *Register, entries ...gallery.Entry) {
	t.Helper()
	if err := r.Put(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
}

// person is the synthetic traveller n as an entry.
func person(n int) gallery.Entry {
	f := synthetic.New(n).Fields
	return gallery.Entry{
		ID: fmt.Sprintf("e-%d", n), Names: []string{f.Surname + ", " + f.GivenNames}, BirthDates: []string{"1980-01-02"},
		Documents: []gallery.DocumentNumber{{Number: f.DocumentNumber, Type: f.DocumentCode, Issuer: f.Issuer}},
		Category:  "arrest", Action: "verify identity, then arrest",
	}
}

// printed is an entry with the traveller's finger.
func printed(t testing.TB, n int) gallery.Entry {
	t.Helper()
	data := templateOf(n)
	if data == nil {
		t.Fatal("the finger gives no template")
	}
	return gallery.Entry{ID: fmt.Sprintf("f-%d", n), Fingers: []gallery.FingerTemplate{{Position: rightIndex, Format: gallery.FormatBoothd, Data: data}}}
}

// laid is the same finger laid at another time.
func laid(t testing.TB, n int) *capture.Finger {
	t.Helper()
	picture := fingerOf(n)
	if picture == nil {
		t.Fatal("the finger gives no picture")
	}
	return &capture.Finger{Position: rightIndex, PNG: picture, DPI: synthetic.FingerDPI}
}

// templateOf is the template of traveller n's finger, nil if it gives none.
var templateOf = remembered(func(n int) []byte {
	laid := synthetic.New(n).Press(rightIndex, synthetic.Press{X: -14, Y: 9, Turn: 8, Area: 0.95, Pressure: 0.1, Seed: 3})
	made, err := finger.Extract(laid, synthetic.FingerDPI)
	if err != nil {
		return nil
	}
	data, _ := made.AppendBinary(nil)
	return data
})

// fingerOf is the picture of traveller n's finger, nil if it cannot be written.
var fingerOf = remembered(func(n int) []byte {
	var picture bytes.Buffer
	if png.Encode(&picture, synthetic.New(n).Finger(rightIndex)) != nil {
		return nil
	}
	return picture.Bytes()
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

func ask(t testing.TB, r *Register, q system.Question) system.Reply {
	t.Helper()
	reply, err := r.Ask(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func byNumber(n int) system.Question {
	f := synthetic.New(n).Fields
	return system.Question{DocumentNumber: f.DocumentNumber, DocumentType: f.DocumentCode, Issuer: f.Issuer}
}

func byName(n int) system.Question {
	f := synthetic.New(n).Fields
	return system.Question{Surname: f.Surname, GivenNames: f.GivenNames, BirthDate: "1980-01-02"}
}

func TestPeopleAreFoundInTheirOwnSystemOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		sis, vis := open(t, db, "SIS"), open(t, db, "VIS")
		put(t, sis, person(21), person(22), printed(t, 21))
		sticker := byNumber(21)
		sticker.VisaSticker, sticker.DocumentNumber = sticker.DocumentNumber, ""
		for _, test := range []struct {
			name  string
			q     system.Question
			state capture.State
			by    capture.By
			entry string
		}{
			{"by the number", byNumber(21), capture.StateHit, capture.ByDocumentNumber, "e-21"},
			{"by the sticker's number", sticker, capture.StateHit, capture.ByDocumentNumber, "e-21"},
			{"by the name", byName(21), capture.StatePossible, capture.ByName, "e-21"},
			{"by the finger", system.Question{Finger: laid(t, 21)}, capture.StateHit, capture.ByFinger, "f-21"},
			{"another number", byNumber(23), capture.StateNoHit, "", ""},
			{"another finger", system.Question{Finger: laid(t, 24)}, capture.StateNoHit, "", ""},
		} {
			got := ask(t, sis, test.q)
			if got.State != test.state || test.entry != "" && (len(got.Findings) != 1 || got.Findings[0].By != test.by ||
				got.Findings[0].Entry != test.entry || !slices.Equal(got.Entries, []string{test.entry})) {
				t.Errorf("%s: %s, %+v", test.name, got.State, got.Findings)
			}
			if got := ask(t, vis, test.q); got.State != capture.StateNoHit || len(got.Findings) > 0 {
				t.Errorf("%s, in another system: %s", test.name, got.State)
			}
		}
		if f := ask(t, sis, byNumber(21)).Findings[0]; f.Category != "arrest" || f.Action == "" || f.Name == "" || len(f.Explanation) == 0 {
			t.Errorf("finding %+v", f)
		}
	})
}

func TestAQuestionWithNothingToSearchByIsNotANoHit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, "SIS")
		put(t, r, person(21))
		for name, q := range map[string]system.Question{
			"nothing":                    {Officer: "officer-1"},
			"a face":                     {Face: &capture.Face{JPEG: []byte("x")}},
			"a finger without a picture": {Finger: &capture.Finger{Missing: capture.MissingPermanent}},
			"a birth date alone":         {BirthDate: "1980-01-02"},
			"a picture that is none":     {Finger: &capture.Finger{PNG: []byte("x")}},
		} {
			if got := ask(t, r, q); got.State != capture.StateUnavailable || got.Reason == "" {
				t.Errorf("%s: %s, %q", name, got.State, got.Reason)
			}
		}
	})
}

func TestEntriesAreReplacedReadAndRemoved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		var changed []string
		r := open(t, db, "SIS", func(o *Options) {
			o.Changed = func(_ context.Context, e gallery.Entry) { changed = append(changed, e.ID) }
		})
		first, second := person(21), person(22)
		second.ID = first.ID
		put(t, r, first)
		put(t, r, first, second) // the last one counts
		if n, err := r.Count(t.Context()); err != nil || n != 1 {
			t.Errorf("%d entries, %v", n, err)
		}
		if e, err := r.Get(t.Context(), first.ID); err != nil || e == nil || e.Names[0] != second.Names[0] {
			t.Errorf("entry %+v, %v", e, err)
		}
		if ask(t, r, byNumber(21)).State != capture.StateNoHit || ask(t, r, byNumber(22)).State != capture.StateHit {
			t.Error("the entry is still found by what it was")
		}
		for _, want := range []bool{true, false} {
			if was, err := r.Remove(t.Context(), first.ID); err != nil || was != want {
				t.Errorf("Remove = %t, %v", was, err)
			}
		}
		if e, err := r.Get(t.Context(), first.ID); err != nil || e != nil {
			t.Errorf("after removal: %+v, %v", e, err)
		}
		if ask(t, r, byNumber(22)).State != capture.StateNoHit {
			t.Error("found after removal")
		}
		var bad *EntryError
		if err := r.Put(t.Context(), person(23), gallery.Entry{}); !errors.As(err, &bad) || bad.Index != 1 || ask(t, r, byNumber(23)).State != capture.StateNoHit {
			t.Errorf("error %v", err)
		}
		if !slices.Equal(changed, []string{"e-21", "e-21", "e-21"}) {
			t.Errorf("changes told of: %v", changed)
		}
	})
}

func TestInstancesSeeEachOthersChangesAlsoByFinger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, again func() *store.DB) {
		here, there := open(t, db, "SIS"), open(t, again(), "SIS")
		q := system.Question{Finger: laid(t, 21)}
		put(t, here, printed(t, 21))
		if got := ask(t, there, q); got.State != capture.StateHit {
			t.Errorf("added: %s", got.State)
		}
		if got := ask(t, open(t, again(), "SIS"), q); got.State != capture.StateHit {
			t.Errorf("added before it was opened: %s", got.State)
		}
		changed := printed(t, 24)
		changed.ID = "f-21"
		put(t, there, changed)
		if got := ask(t, here, q); got.State != capture.StateNoHit {
			t.Errorf("replaced: %s", got.State)
		}
		put(t, there, printed(t, 21))
		if was, err := there.Remove(t.Context(), "f-21"); err != nil || !was {
			t.Fatal(was, err)
		}
		if got := ask(t, here, q); got.State != capture.StateNoHit {
			t.Errorf("removed: %s", got.State)
		}
	})
}

func TestATemplateThatShowsTooLittleDoesNotEnter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, "SIS")
		poor := printed(t, 21)
		_, made, err := poor.Fingers[0].Read()
		if err != nil {
			t.Fatal(err)
		}
		made.Minutiae = made.Minutiae[:DefaultGate.Minutiae-1]
		if poor.Fingers[0].Data, err = made.AppendBinary(nil); err != nil {
			t.Fatal(err)
		}
		var bad *EntryError
		err = r.Put(t.Context(), person(22), poor)
		if !errors.Is(err, ErrGate) || !errors.As(err, &bad) || bad.Index != 1 {
			t.Errorf("error %v", err)
		}
		if n, err := r.Count(t.Context()); err != nil || n != 0 {
			t.Errorf("%d entries, %v", n, err)
		}
	})
}

func TestACertificateIsNobodyInARegister(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		issuer, err := chipemu.NewIssuer(chipemu.State{})
		if err != nil {
			t.Fatal(err)
		}
		r := open(t, db, "SIS")
		certificate := trust.Entry(issuer.Trust()[0])
		if err := certificate.Validate(); err != nil {
			t.Fatal(err)
		}
		var bad *EntryError
		err = r.Put(t.Context(), person(22), certificate)
		if !errors.Is(err, ErrCertificate) || !errors.As(err, &bad) || bad.Index != 1 {
			t.Errorf("error %v", err)
		}
		if n, err := r.Count(t.Context()); err != nil || n != 0 {
			t.Errorf("%d entries, %v", n, err)
		}
	})
}

func TestMoreIsToldWithAGrantOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, "ECRIS-TCN", func(o *Options) {
			o.Needs = func(e *gallery.Entry) string {
				if e.Category == "arrest" {
					return "judicial"
				}
				return ""
			}
		})
		open := person(22)
		open.Category = "other"
		put(t, r, person(21), open)
		f := ask(t, r, byNumber(21)).Findings[0]
		if f.Needs != "judicial" || f.Name+f.Category+f.Action != "" || len(f.Explanation) > 0 || f.State != capture.StateHit {
			t.Errorf("without a grant: %+v", f)
		}
		q := byNumber(21)
		q.Grant = "grant-1"
		if f := ask(t, r, q).Findings[0]; f.Needs != "" || f.Name == "" {
			t.Errorf("with a grant: %+v", f)
		}
		if f := ask(t, r, byNumber(22)).Findings[0]; f.Needs != "" || f.Name == "" {
			t.Errorf("without need: %+v", f)
		}
	})
}

func TestMinorsAreMarked(t *testing.T) {
	for births, want := range map[string]bool{
		"2009-03-01": false, "2009-03-02": true, "2009-03": true, "2009-02": false, "2009-01": false, "2009": true, "2008": false, "": false, "soon": false,
	} {
		if got := isMinor([]string{births}, now); got != want {
			t.Errorf("born %q: %t", births, got)
		}
	}
	if !isMinor([]string{"1980", "2015-01-01"}, now) {
		t.Error("who may be a child is no minor")
	}
}

func TestAFingerIsVerifiedAgainstOneEntry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, "EES")
		put(t, r, printed(t, 21), person(22))
		for _, test := range []struct {
			name, id string
			finger   *capture.Finger
			want     capture.State
		}{
			{"the entry's own", "f-21", laid(t, 21), capture.StateHit},
			{"a stranger's", "f-21", laid(t, 24), capture.StateNoHit},
			{"none", "f-21", nil, capture.StateUnavailable},
			{"a picture that is none", "f-21", &capture.Finger{PNG: []byte("x")}, capture.StateUnavailable},
			{"of another finger", "f-21", &capture.Finger{Position: 7, PNG: laid(t, 21).PNG, DPI: synthetic.FingerDPI}, capture.StateUnavailable},
			{"with an entry that has none", "e-22", laid(t, 21), capture.StateUnavailable},
			{"with nobody", "e-99", laid(t, 21), capture.StateUnavailable},
		} {
			if _, got, err := r.Verify(t.Context(), test.id, test.finger); err != nil || got != test.want {
				t.Errorf("%s: %s, %v, want %s", test.name, got, err, test.want)
			}
		}
	})
}

func TestFindTellsWhatASearchWouldHaveSaidWithoutThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, "EES")
		put(t, r, person(21))
		matches, rest, err := r.Find(t.Context(), byNumber(21))
		if err != nil || len(matches) != 1 || matches[0].Entry.ID != "e-21" || rest.State != capture.StateNoHit {
			t.Errorf("%+v, %+v, %v", matches, rest, err)
		}
		if matches, rest, err = r.Find(t.Context(), system.Question{}); err != nil || len(matches) != 0 || rest.State != capture.StateUnavailable {
			t.Errorf("nothing to search by: %+v, %+v, %v", matches, rest, err)
		}
	})
}

func TestNamesOfTablesNeverCollide(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"SIS", "sis", "Sis", "s.is", "s-is", "s_is", "_73is", "5f73is", "ECRIS-TCN", "ECRIS_TCN", "a", "a__key"} {
		prefix := tablesOf(name).name("entry")
		if other, there := seen[prefix]; there {
			t.Errorf("%s and %s share %s", name, other, prefix)
		}
		seen[prefix] = name
	}
	if _, err := Open(t.Context(), nil, Options{System: "a b", Secret: make([]byte, 32)}); err == nil {
		t.Error("a name that is none was taken")
	}
	if _, err := Open(t.Context(), nil, Options{System: "SIS", Secret: make([]byte, 3)}); err == nil {
		t.Error("a short secret was taken")
	}
}

func TestACancelledQuestionEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, "SIS")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := r.Ask(ctx, byNumber(21)); err == nil {
			t.Error("answered")
		}
	})
}

func FuzzQuestion(f *testing.F) {
	f.Add("SY0000021", "P", "UTO", "ALDERVANE", "BETHANORA", "1980-01-02")
	f.Add("", "", "", "", "", "1980-13-99")
	f.Fuzz(func(t *testing.T, number, kind, issuer, surname, given, birth string) {
		q := system.Question{DocumentNumber: number, DocumentType: kind, Issuer: issuer, Surname: surname, GivenNames: given, BirthDate: birth}
		z, reason := zoneOf(&q)
		d := z.BirthDate
		if d.Month > 12 || d.Day > 31 || d.Year < 0 || d.Year > 9999 || d.ISO() != "" && d.ISO() != birth {
			t.Fatalf("birth date %+v", d)
		}
		left := z.DocumentNumber != number || z.Surname+z.GivenNames != surname+given || birth != "" && d.Year == 0
		if left != (reason != "") {
			t.Fatalf("left out %t, reason %q", left, reason)
		}
		e, why, ok := evidenceOf(&q)
		if ok != (e.Document != nil) || !ok && why == "" {
			t.Fatalf("ok %t, reason %q", ok, why)
		}
		if ok && z.DocumentNumber+z.Surname+z.GivenNames == "" {
			t.Fatal("searched by nothing")
		}
	})
}
