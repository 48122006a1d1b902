package register

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/synthetic"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/finger"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

func TestWhatWasNotSearchedWithIsNeverANoHit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, "SIS")
		put(t, r, person(21))
		for name, test := range map[string]struct {
			change func(*system.Question)
			reason string
		}{
			"a face besides":                   {func(q *system.Question) { q.Face = &capture.Face{JPEG: []byte("x")} }, reasonFaces},
			"a finger without its picture":     {func(q *system.Question) { q.Finger = &capture.Finger{Missing: capture.MissingTemporary} }, reasonPicture},
			"a name in another script":         {func(q *system.Question) { q.Surname = "Иванов" }, reasonName},
			"a name longer than any":           {func(q *system.Question) { q.Surname = strings.Repeat("A", gallery.MaxName+1) }, reasonName},
			"a birth date that is none":        {func(q *system.Question) { q.BirthDate = "1980-02-31" }, reasonBirth},
			"a number without letter or digit": {func(q *system.Question) { q.DocumentNumber, q.Surname = "--", "NOBODY" }, reasonNumber},
		} {
			q := byNumber(23)
			test.change(&q)
			if got := ask(t, r, q); got.State != capture.StateUnavailable || got.Reason != test.reason {
				t.Errorf("%s, nobody found: %s, %q", name, got.State, got.Reason)
			}
			if test.reason == reasonNumber {
				continue
			}
			q = byNumber(21)
			test.change(&q)
			got := ask(t, r, q)
			if got.State != capture.StateHit || got.Rest == nil || got.Rest.State != capture.StateUnavailable || got.Rest.Reason != test.reason {
				t.Errorf("%s, somebody found: %s, rest %+v", name, got.State, got.Rest)
			}
		}
		if got := ask(t, r, system.Question{Surname: "NOBODY"}); got.State != capture.StateNoHit {
			t.Errorf("a name alone: %s, %q", got.State, got.Reason)
		}
	})
}

func TestARegisterDoesNotOpenWithAnotherSecret(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, again func() *store.DB) {
		put(t, open(t, db, "SIS"), person(21))
		_, err := Open(t.Context(), again(), Options{System: "SIS", Secret: []byte("another secret of the tests")})
		if !errors.Is(err, ErrSecret) {
			t.Errorf("error %v", err)
		}
		if got := ask(t, open(t, again(), "SIS"), byNumber(21)); got.State != capture.StateHit {
			t.Errorf("opened again: %s", got.State)
		}
	})
}

func TestANumberIsFoundAmongManyNamesakes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, "SIS")
		var many []gallery.Entry
		for i := range gallery.MaxFound + 50 {
			e := person(21)
			e.ID, e.Documents = fmt.Sprintf("namesake-%d", i), nil
			many = append(many, e)
		}
		put(t, r, append(many, person(21))...)
		q := byNumber(21)
		q.Surname, q.GivenNames, q.BirthDate = byName(21).Surname, byName(21).GivenNames, byName(21).BirthDate
		got := ask(t, r, q)
		if got.State != capture.StateHit || got.Findings[0].Entry != "e-21" || got.Rest == nil || got.Rest.State != capture.StateUnavailable {
			t.Errorf("%s, rest %+v", got.State, got.Rest)
		}
	})
}

func TestEveryRowOfARemovedEntryIsErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, "SIS")
		both := person(21)
		both.Fingers = printed(t, 21).Fingers
		put(t, r, both, person(22))
		both.Names = []string{"ANOTHER, NAME"}
		put(t, r, both)
		for _, id := range []string{"e-21", "e-22"} {
			if was, err := r.Remove(t.Context(), id); err != nil || !was {
				t.Fatal(was, err)
			}
		}
		for _, table := range []string{"entry", "key", "print"} {
			var n int
			if err := db.QueryRow("SELECT count(*) FROM " + r.tables.name(table)).Scan(&n); err != nil || n != 0 {
				t.Errorf("%s holds %d rows, %v", table, n, err)
			}
		}
		if n, err := r.Count(t.Context()); err != nil || n != 0 {
			t.Errorf("%d entries, %v", n, err)
		}
	})
}

// An instance that has slept while the removals were forgotten builds its index anew.
func TestAnInstanceThatMissedForgottenRemovalsStartsAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, again func() *store.DB) {
		awake, asleep := open(t, db, "SIS"), open(t, again(), "SIS")
		awake.prints.memory, asleep.prints.memory = 3, 3
		put(t, awake, printed(t, 21))
		q := system.Question{Finger: laid(t, 21)}
		if got := ask(t, asleep, q); got.State != capture.StateHit {
			t.Fatal(got.State)
		}
		if _, err := awake.Remove(t.Context(), "f-21"); err != nil {
			t.Fatal(err)
		}
		put(t, awake, person(1), person(2), person(3), printed(t, 24))
		if _, err := awake.Remove(t.Context(), "f-24"); err != nil {
			t.Fatal(err)
		}
		var told int
		if err := db.QueryRow("SELECT count(*) FROM " + awake.tables.name("gone")).Scan(&told); err != nil || told != 1 {
			t.Fatalf("%d removals are told of, %v, want the last one only", told, err)
		}
		if got := ask(t, asleep, q); got.State != capture.StateNoHit {
			t.Errorf("removed long ago: %s", got.State)
		}
	})
}

// A copy of the database that lagged may take its place; the numbers that it lost come again.
func TestADatabaseThatWentBackIsReadAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, "SIS")
		put(t, r, person(1))
		var before int64
		if err := db.QueryRow("SELECT seq FROM " + r.tables.name("state")).Scan(&before); err != nil {
			t.Fatal(err)
		}
		lost := system.Question{Finger: laid(t, 21)}
		put(t, r, printed(t, 21))
		if got := ask(t, r, lost); got.State != capture.StateHit {
			t.Fatal(got.State)
		}
		for _, text := range []string{"DELETE FROM @print", "DELETE FROM @key WHERE num > $1", "DELETE FROM @entry WHERE num > $1",
			"UPDATE @state SET seq = $1, entries = 1, prints = 0"} {
			args := []any{before}
			if !strings.Contains(text, "$1") {
				args = nil
			}
			if _, err := db.Exec(r.tables.sql(text), args...); err != nil {
				t.Fatal(err)
			}
		}
		if got := ask(t, r, lost); got.State != capture.StateNoHit {
			t.Errorf("who was lost: %s", got.State)
		}
		put(t, r, printed(t, 24))
		if got := ask(t, r, system.Question{Finger: laid(t, 24)}); got.State != capture.StateHit {
			t.Errorf("who came under the same number: %s", got.State)
		}
	})
}

func TestADamagedEntryIsNeverANoHit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, again func() *store.DB) {
		r := open(t, db, "SIS")
		put(t, r, person(21), printed(t, 21))
		if _, err := db.Exec("UPDATE "+r.tables.name("entry")+" SET entry = $1", []byte("{")); err != nil {
			t.Fatal(err)
		}
		for name, q := range map[string]system.Question{"by number": byNumber(21), "by finger": {Finger: laid(t, 21)}} {
			for who, r := range map[string]*Register{"an open register": r, "one that opens": open(t, again(), "SIS")} {
				if got := ask(t, r, q); got.State != capture.StateUnavailable || got.Reason == "" {
					t.Errorf("%s, %s: %s", who, name, got.State)
				}
			}
		}
	})
}

// Whoever is replaced again and again is there all the time.
func TestSomebodyWhoIsReplacedMeanwhileIsFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, again func() *store.DB) {
		here, there := open(t, db, "SIS"), open(t, again(), "SIS")
		e, q := printed(t, 21), system.Question{Finger: laid(t, 21)}
		put(t, here, e)
		stop := make(chan struct{})
		var wait sync.WaitGroup
		wait.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := there.Put(t.Context(), e); err != nil {
					t.Error(err)
					return
				}
			}
		})
		for range 20 {
			if got := ask(t, here, q); got.State == capture.StateNoHit {
				t.Errorf("state %s", got.State)
			}
		}
		close(stop)
		wait.Wait()
		if got := ask(t, here, q); got.State != capture.StateHit || len(got.Findings) != 1 {
			t.Errorf("in the end: %s, %d findings", got.State, len(got.Findings))
		}
	})
}

func TestInstancesThatWriteAtOnceLoseNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, again func() *store.DB) {
		const writers, each = 6, 15
		var wait sync.WaitGroup
		for w := range writers {
			r := open(t, again(), "SIS")
			wait.Go(func() {
				for i := range each {
					shared := person(9000)
					if err := r.Put(t.Context(), person(w*each+i), shared); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		r := open(t, db, "SIS")
		var rows int
		if err := db.QueryRow("SELECT count(*) FROM " + r.tables.name("entry")).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		if n, err := r.Count(t.Context()); err != nil || n != writers*each+1 || rows != n {
			t.Errorf("%d counted, %d rows, %v", n, rows, err)
		}
	})
}

func TestTheGateSaysWhatATemplateLacks(t *testing.T) {
	picture := synthetic.New(21).Finger(rightIndex)
	sound := func() *finger.Template {
		made, err := finger.Extract(picture, synthetic.FingerDPI)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	for name, test := range map[string]struct {
		change func(*finger.Template)
		want   string
	}{
		"a sound one":                 {func(*finger.Template) {}, ""},
		"few minutiae":                {func(f *finger.Template) { f.Minutiae = f.Minutiae[:11] }, "11 minutiae"},
		"doubtful minutiae":           {func(f *finger.Template) { quality(f, 39) }, "quality 39"},
		"minutiae of unknown quality": {func(f *finger.Template) { quality(f, 0) }, ""},
		"no ridges to be relied on":   {func(f *finger.Template) { clear(f.Ridges.Clear.Words) }, "0.00 cm²"},
		"a record that has no ridges": {func(f *finger.Template) { f.Ridges = nil }, ""},
	} {
		made := sound()
		test.change(made)
		err := DefaultGate.judgeTemplate(made)
		if test.want == "" && err != nil || test.want != "" && (!errors.Is(err, ErrGate) || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func quality(f *finger.Template, q uint8) {
	for i := range f.Minutiae {
		f.Minutiae[i].Quality = q
	}
}

func TestEveryEntryThatCannotBeTakenIsNamed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		told := 0
		r := open(t, db, "SIS", func(o *Options) { o.Changed = func(context.Context, gallery.Entry) { told++ } })
		err := r.Put(t.Context(), gallery.Entry{ID: "a"}, person(21), gallery.Entry{ID: "b"})
		var indexes []int
		var joined interface{ Unwrap() []error }
		if !errors.As(err, &joined) {
			t.Fatalf("error %v", err)
		}
		for _, err := range joined.Unwrap() {
			var bad *EntryError
			if errors.As(err, &bad) {
				indexes = append(indexes, bad.Index)
			}
		}
		if !slices.Equal(indexes, []int{0, 2}) || told != 0 || strings.Contains(err.Error(), person(21).Names[0]) {
			t.Errorf("entries %v, %d changes told of", indexes, told)
		}
	})
}

func TestAStickerTakesTheNumbersPlace(t *testing.T) {
	for name, test := range map[string]struct {
		q                    system.Question
		number, kind, issuer string
	}{
		"no sticker":            {system.Question{DocumentNumber: "P1", DocumentType: "P", Issuer: "UTO"}, "P1", "P", "UTO"},
		"a sticker alone":       {system.Question{VisaSticker: "V1", DocumentType: "V", Issuer: "D"}, "V1", "V", "D"},
		"the document is it":    {system.Question{VisaSticker: "V1", DocumentNumber: "V1", DocumentType: "V", Issuer: "D"}, "V1", "V", "D"},
		"beside the passport's": {system.Question{VisaSticker: "V1", DocumentNumber: "P1", DocumentType: "P", Issuer: "UTO"}, "V1", "", ""},
	} {
		z, reason := zoneOf(&test.q)
		if z.DocumentNumber != test.number || z.DocumentCode != test.kind || z.Issuer != test.issuer || reason != "" {
			t.Errorf("%s: number %q, type %q, issuer %q, %q", name, z.DocumentNumber, z.DocumentCode, z.Issuer, reason)
		}
	}
}

func TestNamesOfTablesFitTheirDatabase(t *testing.T) {
	if got := tablesOf("SIS").name("entry"); got != "register_sis_entry" {
		t.Errorf("SIS's entries are in %s", got)
	}
	long := strings.Repeat("Long.Name-", 6)
	seen := map[string]bool{}
	for _, name := range []string{long, long + "1", strings.ToUpper(long), strings.Repeat("A", 64), strings.Repeat("A", 63)} {
		got := tablesOf(name).name("key_digest")
		if len(got) > 63 || seen[got] || strings.Trim(got, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("%s has %s, of %d bytes", name, got, len(got))
		}
		seen[got] = true
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		one, other := open(t, db, strings.Repeat("A", 64)), open(t, db, strings.Repeat("A", 63))
		put(t, one, person(21))
		if got := ask(t, other, byNumber(21)); got.State != capture.StateNoHit {
			t.Errorf("another system of a like name: %s", got.State)
		}
	})
}

func TestDiscreetAndOpenFindingsDifferInNothingElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, "SIS")
		discreet := person(21)
		discreet.Discreet = true
		put(t, r, discreet)
		hidden := ask(t, r, byNumber(21))
		if len(hidden.Findings) != 1 || !hidden.Findings[0].Discreet {
			t.Fatalf("findings %+v", hidden.Findings)
		}
		put(t, r, person(21))
		shown := ask(t, r, byNumber(21))
		hidden.Findings[0].Discreet = false
		if fmt.Sprint(hidden) != fmt.Sprint(shown) {
			t.Errorf("discreet %+v\nopen %+v", hidden, shown)
		}
	})
}

func TestAWaiterForTheFingersObeysItsContext(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r := open(t, db, "SIS")
		r.prints.turn <- struct{}{} // somebody is reading fingers, for ever
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := r.catchUp(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}
