package identity

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/system"
)

var all = Sight{Systems: []string{system.EES, system.VIS, system.Eurodac, system.SIS}, Cleared: true}

func berta(r *Record) { r.Surname, r.GivenNames = "BEISPIEL", "BERTA" }

func discreet(r *Record) { r.Discreet = true }

// linksOf returns the links of the EES entry that a fully allowed officer sees.
func linksOf(t *testing.T, l *Links) []capture.Link {
	t.Helper()
	found, err := l.Of(t.Context(), system.EES, "ees-1", all.Systems)
	must(t, err)
	return found
}

// yellow makes a yellow link between an EES and a VIS entry.
func yellow(t *testing.T, l *Links) capture.Link {
	t.Helper()
	must(t, l.Detect(t.Context(), []Record{record(system.EES, "ees-1")}, record(system.VIS, "vis-1", berta)))
	found := linksOf(t, l)
	if len(found) != 1 || found[0].Colour != capture.LinkYellow {
		t.Fatalf("links %+v", found)
	}
	return found[0]
}

func verification(k capture.Link, colour capture.LinkColour) Verification {
	return Verification{Link: k.ID, Colour: colour, Officer: "officer-1", Why: "both passports are genuine, one name by marriage", Sight: all}
}

func TestFilesAreLinkedWhenTheyArePut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		now := newClock()
		l := openLinks(t, db, now.now)
		c := openCIR(t, db, newPeople(), Options{Links: l})
		must(t, c.Put(t.Context(), anna()))
		found := linksOf(t, l)
		if len(found) != 1 || found[0].Colour != capture.LinkWhite || !reflect.DeepEqual(found[0].Systems, []string{system.EES, system.VIS}) || found[0].Work != "" {
			t.Fatalf("one file: %+v", found)
		}
		now.pass(time.Minute)
		other := anna(func(f *File) {
			f.ID, f.Surname, f.Holdings = "other", "BEISPIEL", []Member{{System: system.Eurodac, Entry: "eu-1"}}
		})
		must(t, c.Put(t.Context(), other))
		found = linksOf(t, l)
		if len(found) != 2 || found[1].Colour != capture.LinkYellow || !reflect.DeepEqual(found[1].Systems, []string{system.EES, system.Eurodac}) {
			t.Fatalf("another file with the same print: %+v", found)
		}
		must(t, c.Put(t.Context(), other, anna()))
		if again := linksOf(t, l); !reflect.DeepEqual(again, found) {
			t.Errorf("put again: %+v", again)
		}
		other.Biometrics, other.Documents = nil, nil // the service errs no more: nothing connects them now
		must(t, c.Put(t.Context(), other))
		if found = linksOf(t, l); len(found) != 1 || found[0].Colour != capture.LinkWhite {
			t.Errorf("once nothing connects them: %+v", found)
		}
		now.pass(time.Minute)
		sis := record(system.SIS, "sis-1", discreet)
		near, err := c.Similar(t.Context(), sis)
		must(t, err)
		must(t, l.Detect(t.Context(), []Record{sis}, near...))
		if found = linksOf(t, l); len(found) != 2 || !found[1].Discreet || found[1].Colour != capture.LinkWhite {
			t.Errorf("an entry outside the repository: %+v", found)
		}
		for _, secret := range []bool{false, true} {
			sis.Discreet = secret
			must(t, l.Detect(t.Context(), []Record{sis}))
			if found = linksOf(t, l); found[1].Discreet != secret {
				t.Errorf("once it is discreet (%v): %+v", secret, found)
			}
		}
	})
}

func TestLinksAreToldToThoseWhoMayAskAllTheirSystems(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		l := openLinks(t, db, newClock().now)
		must(t, l.Detect(t.Context(), []Record{record(system.EES, "ees-1")},
			record(system.VIS, "vis-1"), record(system.Eurodac, "eu-1", berta, discreet)))
		tests := []struct {
			name    string
			entry   string
			allowed []string
			want    []string // the other system
		}{
			{"both systems are allowed", "ees-1", []string{"VIS", "EES"}, []string{"VIS"}},
			{"all are", "ees-1", []string{"VIS", "EES", "Eurodac"}, []string{"VIS", "Eurodac"}},
			{"only the entry's own is", "ees-1", []string{"EES"}, nil},
			{"only the other one is", "ees-1", []string{"VIS"}, nil},
			{"none is", "ees-1", nil, nil},
			{"an entry without links", "ees-2", []string{"VIS", "EES", "Eurodac"}, nil},
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				found, err := l.Of(t.Context(), system.EES, test.entry, test.allowed)
				must(t, err)
				var got []string
				for _, k := range found {
					for _, s := range k.Systems {
						if s != system.EES {
							got = append(got, s)
							if k.Discreet != (s == system.Eurodac) {
								t.Errorf("%s discreet: %v", s, k.Discreet)
							}
						}
					}
				}
				if len(got) != len(test.want) || len(got) > 0 && !sameSet(got, test.want) {
					t.Errorf("linked with %q, want %q", got, test.want)
				}
			})
		}
	})
}

func sameSet(a, b []string) bool {
	set := map[string]bool{}
	for _, s := range a {
		set[s] = true
	}
	for _, s := range b {
		if !set[s] {
			return false
		}
	}
	return len(set) == len(b)
}

func TestVerification(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Verification)
		want   error
	}{
		{"a colour that a person finds is taken", func(*Verification) {}, nil},
		{"yellow is no result", func(v *Verification) { v.Colour = capture.LinkYellow }, ErrColour},
		{"a colour that there is not", func(v *Verification) { v.Colour = "blue" }, ErrColour},
		{"red needs a reason of twenty characters", func(v *Verification) { v.Colour, v.Why = capture.LinkRed, "   false identity 19   " }, ErrWhy},
		{"red with twenty is taken", func(v *Verification) { v.Colour, v.Why = capture.LinkRed, "false identity, 20 é" }, nil},
		{"green needs a reason", func(v *Verification) { v.Colour, v.Why = capture.LinkGreen, " \t" }, ErrWhy},
		{"a reason without end", func(v *Verification) { v.Why = string(make([]byte, maxWhy+1)) }, ErrWhy},
		{"a link that there is not", func(v *Verification) { v.Link = "none" }, ErrNoLink},
		{"a link of a system that the profile may not ask", func(v *Verification) { v.Systems = []string{system.EES} }, ErrNoLink},
		{"a discreet link without clearance", func(v *Verification) { v.Cleared = false }, ErrNoLink},
		{"an officer whom nobody knows", func(v *Verification) { v.Officer = "" }, ErrOfficer},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		l := openLinks(t, db, newClock().now)
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				must(t, l.Detect(t.Context(), []Record{record(system.EES, "ees-1")}, record(system.VIS, test.name, berta, discreet)))
				before, err := l.Of(t.Context(), system.VIS, test.name, all.Systems)
				must(t, err)
				v := verification(before[0], capture.LinkWhite)
				test.change(&v)
				if err := l.Verify(t.Context(), v); !errors.Is(err, test.want) {
					t.Fatalf("%v", err)
				}
				want := before[0]
				if test.want == nil {
					want.Colour, want.Work, want.Due = v.Colour, "", time.Time{}
				}
				got, err := l.Of(t.Context(), system.VIS, test.name, all.Systems)
				must(t, err)
				if !reflect.DeepEqual(got, []capture.Link{want}) {
					t.Errorf("links %+v, want %+v", got, want)
				}
			})
		}
	})
}

func TestALinkIsVerifiedOnceUnlessReopened(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		now := newClock()
		l := openLinks(t, db, now.now)
		k := yellow(t, l)
		white := verification(k, capture.LinkWhite)
		must(t, l.Verify(t.Context(), white))
		now.pass(time.Hour)
		must(t, l.Verify(t.Context(), white)) // the reply was lost, say
		green := verification(k, capture.LinkGreen)
		if err := l.Verify(t.Context(), green); !errors.Is(err, ErrVerified) {
			t.Errorf("another colour: %v", err)
		}
		other := white
		other.Officer = "officer-2"
		if err := l.Verify(t.Context(), other); !errors.Is(err, ErrVerified) {
			t.Errorf("another officer: %v", err)
		}
		if err := l.Reopen(t.Context(), k.ID, "officer-2", " ", all); !errors.Is(err, ErrWhy) {
			t.Errorf("reopened without a reason: %v", err)
		}
		if err := l.Reopen(t.Context(), k.ID, "officer-2", "a third passport", Sight{}); !errors.Is(err, ErrNoLink) {
			t.Errorf("reopened by who may not see it: %v", err)
		}
		must(t, l.Reopen(t.Context(), k.ID, "officer-2", "a third passport", all))
		must(t, l.Reopen(t.Context(), k.ID, "officer-2", "a third passport", all))
		if got := linksOf(t, l)[0]; got.Colour != capture.LinkYellow || got.Work == "" || got.Work == k.Work || !got.Due.Equal(now.now().Add(12*time.Hour)) {
			t.Errorf("reopened: %+v", got)
		}
		must(t, l.Verify(t.Context(), green))
		const grounds = "different identity, same biometric data"
		want := []Event{
			{day, capture.LinkYellow, "", "", grounds},
			{day, capture.LinkWhite, "officer-1", white.Why, grounds},
			{day.Add(time.Hour), capture.LinkYellow, "officer-2", "a third passport", grounds},
			{day.Add(time.Hour), capture.LinkGreen, "officer-1", green.Why, grounds},
		}
		got, err := l.History(t.Context(), k.ID)
		must(t, err)
		for i := range got {
			got[i].At = got[i].At.UTC()
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("history\n%+v, want\n%+v", got, want)
		}
	})
}

func TestWhatAPersonVerifiedStandsUntilTheDataSaysOtherwise(t *testing.T) {
	ees := record(system.EES, "ees-1")
	tests := []struct {
		name   string
		change func(*Record) // of the other record, after it was verified as red
		want   capture.LinkColour
	}{
		{"the same data again", berta, capture.LinkRed},
		{"another name that is as different", func(r *Record) { r.Surname = "ANDERS" }, capture.LinkRed},
		{"nothing connects the records any more", func(r *Record) { berta(r); r.Biometrics = nil }, capture.LinkRed},
		{"the identity is the same now", func(*Record) {}, capture.LinkYellow},
		{"the identity is similar now", func(r *Record) { r.Sex = "M" }, capture.LinkYellow},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		l := openLinks(t, db, newClock().now)
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				must(t, l.Detect(t.Context(), []Record{ees}, record(system.VIS, test.name, berta)))
				found, err := l.Of(t.Context(), system.VIS, test.name, all.Systems)
				must(t, err)
				must(t, l.Verify(t.Context(), verification(found[0], capture.LinkRed)))
				must(t, l.Detect(t.Context(), []Record{ees}, record(system.VIS, test.name, test.change)))
				found, err = l.Of(t.Context(), system.VIS, test.name, all.Systems)
				must(t, err)
				if len(found) != 1 || found[0].Colour != test.want || (found[0].Work != "") != (test.want == capture.LinkYellow) {
					t.Errorf("links %+v", found)
				}
			})
		}
	})
}

func TestWorkOfTheSecondLine(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		ctx := t.Context()
		now := newClock()
		l := openLinks(t, db, now.now)
		must(t, l.Detect(ctx, []Record{record(system.Eurodac, "eu-1")}, record(system.VIS, "vis-0", berta)))
		if items, err := l.Open(ctx, all); err != nil || len(items) != 0 {
			t.Errorf("a yellow link without the EES is work: %v, %v", items, err)
		}
		k := yellow(t, l)
		now.pass(time.Hour)
		must(t, l.Detect(ctx, []Record{record(system.EES, "ees-2", discreet)}, record(system.VIS, "vis-2", berta)))
		now.pass(11*time.Hour + time.Second)

		items, err := l.Open(ctx, all)
		must(t, err)
		if len(items) != 2 || !items[0].Overdue || items[1].Overdue || items[0].Link.ID != k.ID || items[0].ID != k.Work || !items[0].Due.Equal(day.Add(12*time.Hour)) {
			t.Fatalf("work %+v", items)
		}
		if uncleared, err := l.Open(ctx, Sight{Systems: all.Systems}); err != nil || len(uncleared) != 1 || uncleared[0].ID != k.Work {
			t.Errorf("without clearance: %v, %v", uncleared, err)
		}
		if none, err := l.Open(ctx, Sight{Systems: []string{system.EES}, Cleared: true}); err != nil || len(none) != 0 {
			t.Errorf("without the VIS: %v, %v", none, err)
		}

		must(t, l.Take(ctx, all, k.Work, "officer-1"))
		must(t, l.Take(ctx, all, k.Work, "officer-1"))
		if err := l.Take(ctx, all, k.Work, "officer-2"); !errors.Is(err, ErrTaken) {
			t.Errorf("taken from another: %v", err)
		}
		if err := l.Return(ctx, all, k.Work, "officer-2"); !errors.Is(err, ErrTaken) {
			t.Errorf("given back for another: %v", err)
		}
		if err := l.Take(ctx, Sight{Systems: all.Systems}, items[1].ID, "officer-2"); !errors.Is(err, ErrNoItem) {
			t.Errorf("discreet work taken without clearance: %v", err)
		}
		must(t, l.Return(ctx, all, k.Work, "officer-1"))
		must(t, l.Take(ctx, all, k.Work, "officer-2"))
		if items, err := l.Open(ctx, all); err != nil || items[0].Officer != "officer-2" {
			t.Errorf("taken: %+v, %v", items, err)
		}
		must(t, l.Verify(ctx, verification(k, capture.LinkGreen)))
		if items, err := l.Open(ctx, all); err != nil || len(items) != 1 {
			t.Errorf("after the verification: %+v, %v", items, err)
		}
		if err := l.Take(ctx, all, k.Work, "officer-2"); !errors.Is(err, ErrNoItem) {
			t.Errorf("work that is done: %v", err)
		}
	})
}

func TestOfOfficersWhoVerifyALinkAtOnceOneDoes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		now := newClock()
		l := openLinks(t, db, now.now)
		k := yellow(t, l)
		const officers = 6
		var wg sync.WaitGroup
		errs := make([]error, officers)
		for i := range officers {
			mine := openLinks(t, open(), now.now)
			v := verification(k, []capture.LinkColour{capture.LinkGreen, capture.LinkRed, capture.LinkWhite}[i%3])
			v.Officer += string(rune('a' + i))
			wg.Go(func() { errs[i] = mine.Verify(t.Context(), v) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, ErrVerified) {
				t.Error(err)
			}
		}
		history, err := l.History(t.Context(), k.ID)
		must(t, err)
		if won != 1 || len(history) != 2 {
			t.Errorf("%d verified it, history %+v", won, history)
		}
	})
}

func TestInstancesThatDetectALinkAtOnceMakeOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, open func() *store.DB) {
		now := newClock()
		l := openLinks(t, db, now.now)
		var wg sync.WaitGroup
		for range 6 {
			mine := openLinks(t, open(), now.now)
			wg.Go(func() {
				if err := mine.Detect(t.Context(), []Record{record(system.EES, "ees-1")}, record(system.VIS, "vis-1", berta)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		items, err := l.Open(t.Context(), all)
		must(t, err)
		if found := linksOf(t, l); len(found) != 1 || len(items) != 1 {
			t.Errorf("links %+v, work %+v", found, items)
		}
	})
}

func TestLinksOfAnEntryThatIsGoneAreForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		l := openLinks(t, db, newClock().now)
		k := yellow(t, l)
		must(t, l.Detect(t.Context(), []Record{record(system.EES, "ees-1")}, record(system.Eurodac, "eu-1")))
		must(t, l.Forget(t.Context(), system.VIS, "vis-1"))
		if found := linksOf(t, l); len(found) != 1 || found[0].Systems[1] != system.Eurodac {
			t.Errorf("links %+v", found)
		}
		if history, err := l.History(t.Context(), k.ID); err != nil || len(history) != 0 {
			t.Errorf("history %v, %v", history, err)
		}
		if items, err := l.Open(t.Context(), all); err != nil || len(items) != 0 {
			t.Errorf("work %v, %v", items, err)
		}
	})
}

func TestAFileGoesWithItsLastEntryAndALinkWithItsFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := newPeople()
		l := openLinks(t, db, newClock().now)
		c := openCIR(t, db, p, Options{Links: l})
		must(t, c.Put(t.Context(), anna()))
		forget := func(name, entry string) {
			t.Helper()
			must(t, l.Forget(t.Context(), name, entry))
			must(t, c.Forget(t.Context(), name, entry))
		}
		forget(system.VIS, "vis-1")
		f, err := c.Get(t.Context(), "file-anna")
		if err != nil || f == nil || len(f.Holdings) != 1 || f.Holdings[0].System != system.EES || len(p.entries) != 1 {
			t.Fatalf("%+v, %v", f, err)
		}
		forget(system.VIS, "vis-1") // nothing is left of it
		forget(system.EES, "ees-1")
		if f, err := c.Get(t.Context(), "file-anna"); err != nil || f != nil || len(p.entries) != 0 {
			t.Errorf("%+v, %v; %d people", f, err, len(p.entries))
		}
		for _, table := range []string{"file", "document", "biometric", "holding", "link", "member", "link_history", "work"} {
			var n int
			if must(t, db.QueryRow("SELECT count(*) FROM identity_"+table).Scan(&n)); n != 0 {
				t.Errorf("%d rows of identity_%s are left", n, table)
			}
		}
	})
}

func TestAFileWithoutEntriesIsErasedWhereForgettingWasCutOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := newPeople()
		c := openCIR(t, db, p, Options{})
		must(t, c.Put(t.Context(), anna()))
		if n, err := c.Erase(t.Context()); n != 0 || err != nil {
			t.Fatalf("erased %d, %v", n, err)
		}
		_, err := db.Exec("DELETE FROM identity_holding") // and no further
		must(t, err)
		if n, err := c.Erase(t.Context()); n != 1 || err != nil || len(p.entries) != 0 {
			t.Errorf("erased %d, %v; %d people", n, err, len(p.entries))
		}
	})
}
