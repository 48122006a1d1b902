package visa

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"boothd/cmd/centrald/border/person/persontest"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/gallery"
)

// ago is noon, so many years before the day.
func ago(t testing.TB, years int, today string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, today)
	if err != nil {
		t.Fatal(err)
	}
	return d.Add(12*time.Hour).AddDate(-years, 0, 0)
}

// people are entries with the ids.
func people(t testing.TB, ids ...string) *persontest.People {
	t.Helper()
	p := &persontest.People{}
	for _, id := range ids {
		if err := p.Put(t.Context(), gallery.Entry{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func left(t testing.TB, p *persontest.People, ids ...string) []string {
	t.Helper()
	var there []string
	for _, id := range ids {
		if e, err := p.Get(t.Context(), id); err != nil {
			t.Fatal(err)
		} else if e != nil {
			there = append(there, id)
		}
	}
	return there
}

func TestVisasAreErasedFiveYearsAfterTheirEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := people(t, "expired", "revoked", "annulled", "two", "valid")
		s := openVIS(t, db, p)
		visa := func(sticker, holder, until string, status Status, decided string) Visa {
			return Visa{Sticker: sticker, Holder: holder, From: "2019-01-01", Until: until, Status: status, Decided: decided}
		}
		all := []Visa{
			visa("A1", "expired", "2021-06-15", StatusValid, ""),
			visa("A2", "revoked", "2027-01-01", StatusRevoked, "2021-03-01"),
			visa("A3", "annulled", "2027-01-01", StatusAnnulled, ""), // put in 2026
			visa("A4", "two", "2020-01-01", StatusValid, ""), visa("A5", "two", "2025-01-01", StatusValid, ""),
			visa("A6", "valid", "2027-01-01", StatusValid, ""),
		}
		if err := s.Put(t.Context(), all...); err != nil {
			t.Fatal(err)
		}
		all[1].Decided = "" // what was decided first counts
		if err := s.Put(t.Context(), all[1]); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			today  string
			erased int
			left   []string
		}{
			{"2026-06-15", 2, []string{"expired", "annulled", "two", "valid"}},
			{"2026-06-16", 1, []string{"annulled", "two", "valid"}},
			{"2026-06-16", 0, []string{"annulled", "two", "valid"}},
			{"2030-01-02", 1, []string{"annulled", "valid"}},
			{"2031-06-16", 1, []string{"valid"}},
			{"2032-01-02", 1, nil},
		} {
			if n, err := s.Erase(t.Context(), ago(t, 5, step.today)); err != nil || n != step.erased {
				t.Errorf("%s: erased %d, %v; want %d", step.today, n, err, step.erased)
			}
			if got := left(t, p, "expired", "revoked", "annulled", "two", "valid"); !slices.Equal(got, step.left) {
				t.Errorf("%s: left %v, want %v", step.today, got, step.left)
			}
		}
	})
}

func TestAuthorisationsAreErasedByWhatWasDecided(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		ids := []string{"expired", "valid", "refused", "revoked"}
		p := people(t, ids...)
		s, err := OpenETIAS(t.Context(), db, ETIASOptions{Required: []string{"UTO"}, Remove: p.Remove, Secret: secret, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		put := func(number, holder, until string, status Status, decided string) Authorisation {
			return Authorisation{Number: number, Issuer: "UTO", Holder: holder, From: "2020-01-01", Until: until, Status: status, Decided: decided}
		}
		err = s.Put(t.Context(), put("P1", "expired", "2026-06-14", StatusValid, ""), put("P2", "valid", "2026-06-15", StatusValid, ""),
			put("P3", "refused", "2022-01-01", StatusRefused, "2021-06-14"), put("P4", "revoked", "2022-01-01", StatusRevoked, "2021-06-15"),
			put("P5", "", "2020-01-02", StatusValid, "")) // nobody's
		if err != nil {
			t.Fatal(err)
		}
		today := ago(t, 0, "2026-06-15")
		if n, err := s.Erase(t.Context(), ago(t, 5, "2026-06-15"), ago(t, 3, "2026-06-15")); err != nil || n != 2 {
			t.Errorf("with consent: erased %d, %v", n, err)
		}
		if got := left(t, p, ids...); !slices.Equal(got, []string{"expired", "valid", "revoked"}) {
			t.Errorf("with consent: left %v", got)
		}
		if n, err := s.Erase(t.Context(), ago(t, 5, "2026-06-15"), today); err != nil || n != 1 {
			t.Errorf("without: erased %d, %v", n, err)
		}
		if got := left(t, p, ids...); !slices.Equal(got, []string{"valid", "revoked"}) {
			t.Errorf("without: left %v", got)
		}
	})
}

func TestManyVisasAreErased(t *testing.T) {
	s := openVIS(t, sqlite(t), people(t))
	many := make([]Visa, 2*eraseAtOnce+1)
	for i := range many {
		many[i] = plain.with(func(v *Visa) { v.Sticker = fmt.Sprintf("F%06d", i) })
	}
	if err := s.Put(t.Context(), many...); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Erase(t.Context(), noon.AddDate(1, 0, 0)); err != nil || n != len(many) {
		t.Errorf("erased %d, %v", n, err)
	}
}
