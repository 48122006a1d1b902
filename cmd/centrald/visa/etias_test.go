package visa

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/system"
)

func openETIAS(t testing.TB, db *store.DB) *ETIAS {
	t.Helper()
	s, err := OpenETIAS(t.Context(), db, ETIASOptions{Required: []string{"UTO", "DEU"}, Secret: secret, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var granted = Authorisation{Number: "P1234567", Issuer: "UTO", Holder: "h1", From: "2026-01-01", Until: "2026-12-31", Status: StatusValid}

func (a Authorisation) with(change func(*Authorisation)) Authorisation {
	change(&a)
	return a
}

func TestWhetherATravellerMayTravel(t *testing.T) {
	question := system.Question{DocumentNumber: "P1234567", Issuer: "UTO", Nationality: "UTO"}
	with := func(change func(*system.Question)) system.Question {
		q := question
		change(&q)
		return q
	}
	cases := []struct {
		name   string
		put    []Authorisation
		q      system.Question
		want   []string
		reason string
	}{
		{"a valid authorisation", []Authorisation{granted}, question,
			[]string{"no_hit", "authorisation=valid", "valid_from=2026-01-01", "valid_until=2026-12-31"}, ""},
		{"none", nil, question, []string{"hit", "authorisation=none", "hit document_number no valid travel authorisation"}, ""},
		{"one for another document", []Authorisation{granted}, with(func(q *system.Question) { q.DocumentNumber = "P7654321" }),
			[]string{"hit", "authorisation=none", "hit document_number no valid travel authorisation"}, ""},
		{"one for a document of another issuer", []Authorisation{granted}, with(func(q *system.Question) { q.Issuer = "XOM" }),
			[]string{"hit", "authorisation=none", "hit document_number no valid travel authorisation"}, ""},
		{"an expired one", []Authorisation{granted.with(func(a *Authorisation) { a.Until = "2026-06-14" })}, question,
			[]string{"hit", "authorisation=expired", "valid_from=2026-01-01", "valid_until=2026-06-14", "hit document_number no valid travel authorisation"}, ""},
		{"one that ends today is valid", []Authorisation{granted.with(func(a *Authorisation) { a.Until = "2026-06-15" })}, question,
			[]string{"no_hit", "authorisation=valid", "valid_from=2026-01-01", "valid_until=2026-06-15"}, ""},
		{"one that begins tomorrow is none", []Authorisation{granted.with(func(a *Authorisation) { a.From = "2026-06-16" })}, question,
			[]string{"hit", "authorisation=none", "valid_from=2026-06-16", "valid_until=2026-12-31", "hit document_number no valid travel authorisation"}, ""},
		{"a refused one", []Authorisation{granted.with(func(a *Authorisation) { a.Status = StatusRefused })}, question,
			[]string{"hit", "authorisation=refused", "valid_from=2026-01-01", "valid_until=2026-12-31", "hit document_number no valid travel authorisation"}, ""},
		{"a revoked one", []Authorisation{granted.with(func(a *Authorisation) { a.Status = StatusRevoked })}, question,
			[]string{"hit", "authorisation=revoked", "valid_from=2026-01-01", "valid_until=2026-12-31", "hit document_number no valid travel authorisation"}, ""},
		{"a flagged one", []Authorisation{granted.with(func(a *Authorisation) { a.Flag = "check the purpose of the stay" })}, question,
			[]string{"possible", "authorisation=valid", "valid_from=2026-01-01", "valid_until=2026-12-31", "flag=check the purpose of the stay",
				"possible document_number flagged authorisation"}, ""},
		{"a flagged one that was revoked",
			[]Authorisation{granted.with(func(a *Authorisation) { a.Flag, a.Status = "check again", StatusRevoked })}, question,
			[]string{"hit", "authorisation=revoked", "valid_from=2026-01-01", "valid_until=2026-12-31", "flag=check again",
				"hit document_number no valid travel authorisation", "possible document_number flagged authorisation"}, ""},
		{"a nationality that needs none", []Authorisation{granted.with(func(a *Authorisation) { a.Status = StatusRevoked })},
			with(func(q *system.Question) { q.Nationality = "XOM" }), []string{"no_hit", "authorisation=not_required"}, ""},
		{"Germany under either code", []Authorisation{granted.with(func(a *Authorisation) { a.Issuer = "DEU" })},
			with(func(q *system.Question) { q.Nationality, q.Issuer = "D", "D" }),
			[]string{"no_hit", "authorisation=valid", "valid_from=2026-01-01", "valid_until=2026-12-31"}, ""},
		{"an unknown nationality", []Authorisation{granted}, with(func(q *system.Question) { q.Nationality = "" }),
			[]string{"unavailable"}, "without a nationality it is not known whether an authorisation is required"},
		{"a number that was not read", []Authorisation{granted}, with(func(q *system.Question) { q.DocumentNumber = "" }),
			[]string{"unavailable"}, "without the document's number and issuer no authorisation is found"},
		{"an issuer that was not read", []Authorisation{granted}, with(func(q *system.Question) { q.Issuer = "" }),
			[]string{"unavailable"}, "without the document's number and issuer no authorisation is found"},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		s := openETIAS(t, db)
		for _, tt := range cases {
			t.Run(tt.name, func(t *testing.T) {
				if _, err := db.Exec("DELETE FROM etias_authorisation"); err != nil {
					t.Fatal(err)
				}
				if err := s.Put(t.Context(), tt.put...); err != nil {
					t.Fatal(err)
				}
				r, err := s.Ask(t.Context(), tt.q)
				if got := said(r); err != nil || !slices.Equal(got, tt.want) || r.Reason != tt.reason {
					t.Errorf("got  %q, %q, %v\nwant %q, %q", got, r.Reason, err, tt.want, tt.reason)
				}
			})
		}
	})
}

func TestWhatIsNoAuthorisationIsNotKept(t *testing.T) {
	s := openETIAS(t, sqlite(t))
	for name, bad := range map[string]Authorisation{
		"no number":           granted.with(func(a *Authorisation) { a.Number = "<" }),
		"no issuer":           granted.with(func(a *Authorisation) { a.Issuer = "" }),
		"an issuer too long":  granted.with(func(a *Authorisation) { a.Issuer = "UTOPIA" }),
		"no last day":         granted.with(func(a *Authorisation) { a.Until = "" }),
		"a visa's status":     granted.with(func(a *Authorisation) { a.Status = StatusAnnulled }),
		"a flag without end":  granted.with(func(a *Authorisation) { a.Flag = strings.Repeat("X", 257) }),
		"days in wrong order": granted.with(func(a *Authorisation) { a.From = "2027-01-01" }),
	} {
		err := s.Put(t.Context(), bad)
		if !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), bad.Number) && bad.Number != "<" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFaultsOfETIASAreErrorsAndNeverNoHit(t *testing.T) {
	db := sqlite(t)
	s := openETIAS(t, db)
	q := system.Question{DocumentNumber: "P1234567", Issuer: "UTO", Nationality: "UTO"}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Ask(ended, q); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
	db.Close()
	if r, err := s.Ask(t.Context(), q); err == nil || r.State != "" || strings.Contains(err.Error(), "P1234567") {
		t.Errorf("with the database closed: %s, %v", r.State, err)
	}
}

func TestASystemIsNotOpenedWithoutASecret(t *testing.T) {
	db := sqlite(t)
	if _, err := OpenETIAS(t.Context(), db, ETIASOptions{}); err == nil {
		t.Error("ETIAS opened")
	}
	if _, err := OpenVIS(t.Context(), db, VISOptions{Secret: secret}); err == nil {
		t.Error("the VIS opened without people")
	}
}
