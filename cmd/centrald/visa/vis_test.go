package visa

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/border/person/persontest"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/gallery"
	"boothd/localmatch/numbers"
	"boothd/sync/system"
)

var secret = []byte("a secret of tests")

var noon = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

func openVIS(t testing.TB, db *store.DB, p *persontest.People) *VIS {
	t.Helper()
	s, err := OpenVIS(t.Context(), db, VISOptions{People: p, Remove: p.Remove, Secret: secret, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sqlite(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir()+"/central.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
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

// plain is a visa for several entries that is valid when the tests ask.
var plain = Visa{Sticker: "FRA123456", Holder: "h1", From: "2026-06-01", Until: "2026-06-30", Status: StatusValid}

func (v Visa) with(change func(*Visa)) Visa {
	change(&v)
	return v
}

func TestHowAVisaStands(t *testing.T) {
	rest := []string{"valid_from=2026-06-01", "valid_until=2026-06-30", "territory=Schengen", "entries=multiple"}
	cases := []struct {
		name string
		visa Visa
		want []string
	}{
		{"a valid visa", plain, append([]string{"no_hit", "visa=valid"}, rest...)},
		{"the first day is valid", plain.with(func(v *Visa) { v.From = "2026-06-15" }),
			[]string{"no_hit", "visa=valid", "valid_from=2026-06-15", "valid_until=2026-06-30", "territory=Schengen", "entries=multiple"}},
		{"the last day is valid", plain.with(func(v *Visa) { v.Until = "2026-06-15" }),
			[]string{"no_hit", "visa=valid", "valid_from=2026-06-01", "valid_until=2026-06-15", "territory=Schengen", "entries=multiple"}},
		{"a visa for a part of the territory", plain.with(func(v *Visa) { v.Territory = "EST LVA" }),
			[]string{"no_hit", "visa=valid", "valid_from=2026-06-01", "valid_until=2026-06-30", "territory=EST LVA", "entries=multiple"}},
		{"an entry that is left", plain.with(func(v *Visa) { v.Entries, v.Used = 2, 1 }),
			[]string{"no_hit", "visa=valid", "valid_from=2026-06-01", "valid_until=2026-06-30", "territory=Schengen", "entries=2"}},
		{"entries used up", plain.with(func(v *Visa) { v.Entries, v.Used = 1, 1 }),
			[]string{"possible", "visa=used_up", "valid_from=2026-06-01", "valid_until=2026-06-30", "territory=Schengen", "entries=1",
				"possible document_number entries of the visa used up"}},
		{"an expired visa", plain.with(func(v *Visa) { v.Until = "2026-06-14" }),
			[]string{"possible", "visa=expired", "valid_from=2026-06-01", "valid_until=2026-06-14", "territory=Schengen", "entries=multiple",
				"possible document_number expired visa"}},
		{"a visa that is not valid yet", plain.with(func(v *Visa) { v.From = "2026-06-16" }),
			[]string{"possible", "visa=not_yet_valid", "valid_from=2026-06-16", "valid_until=2026-06-30", "territory=Schengen", "entries=multiple",
				"possible document_number visa not yet valid"}},
		{"a revoked visa", plain.with(func(v *Visa) { v.Status = StatusRevoked }),
			slices.Concat([]string{"hit", "visa=revoked"}, rest, []string{"hit document_number revoked visa"})},
		{"a visa annulled and expired is annulled", plain.with(func(v *Visa) { v.Status, v.Until = StatusAnnulled, "2026-06-14" }),
			[]string{"hit", "visa=annulled", "valid_from=2026-06-01", "valid_until=2026-06-14", "territory=Schengen", "entries=multiple",
				"hit document_number annulled visa"}},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		s := openVIS(t, db, &persontest.People{})
		for _, tt := range cases {
			t.Run(tt.name, func(t *testing.T) {
				if err := s.Put(t.Context(), tt.visa); err != nil { // replaces the one before
					t.Fatal(err)
				}
				r, err := s.Ask(t.Context(), system.Question{VisaSticker: "FRA 123456"})
				if got := said(r); err != nil || !slices.Equal(got, tt.want) {
					t.Errorf("got  %q, %v\nwant %q", got, err, tt.want)
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

// TestWhoseVisaItIs asks about a visa of a holder with a finger and one of a holder without.
func TestWhoseVisaItIs(t *testing.T) {
	p := &persontest.People{}
	_ = p.Put(t.Context(),
		gallery.Entry{
			ID: "h1", Names: []string{"MORVANESCU, DARIVA"}, BirthDates: []string{"1990-04-05"},
			Documents: []gallery.DocumentNumber{{Number: "P1234567", Issuer: "UTO"}},
			Fingers:   []gallery.FingerTemplate{{Position: 2, Data: []byte("hers")}},
		},
		gallery.Entry{
			ID: "h2", Names: []string{"KELDOMAR, TOMASIEL"}, BirthDates: []string{"2016-04-05"},
			Documents: []gallery.DocumentNumber{{Number: "P7654321", Issuer: "UTO"}},
		},
		gallery.Entry{ID: "h3", Documents: []gallery.DocumentNumber{{Number: "P0000001", Issuer: "UTO"}}},
	)
	s := openVIS(t, sqlite(t), p)
	err := s.Put(t.Context(), plain,
		plain.with(func(v *Visa) { v.Sticker, v.Holder = "FRA222222", "h2" }),
		plain.with(func(v *Visa) {
			v.Sticker, v.From, v.Until, v.Status = "FRA333333", "2026-07-01", "2026-08-01", StatusRevoked
		}))
	if err != nil {
		t.Fatal(err)
	}
	named := system.Question{Surname: "MORVANESCU", GivenNames: "DARIVA", BirthDate: "1990-04-05"}
	for _, tt := range []struct {
		name   string
		q      system.Question
		rest   capture.Rest
		want   []string // without the visa's validity
		reason string
	}{
		{"a finger that agrees", system.Question{VisaSticker: "FRA123456", Finger: pressed("hers")}, capture.Rest{},
			[]string{"no_hit", "visa=valid", "file=verified"}, ""},
		{"another's finger", system.Question{VisaSticker: "FRA123456", Finger: pressed("another's")}, capture.Rest{},
			[]string{"possible", "visa=valid", "file=not_verified", "possible finger fingers not the visa holder's"}, ""},
		{"another's finger and a revoked visa", system.Question{VisaSticker: "FRA333333", Finger: pressed("another's")}, capture.Rest{},
			[]string{"hit", "visa=revoked", "file=not_verified", "hit document_number revoked visa", "possible finger fingers not the visa holder's"}, ""},
		{"a holder without fingers on file", system.Question{VisaSticker: "FRA222222", Finger: pressed("hers")}, capture.Rest{},
			[]string{"no_hit", "visa=valid", "file=not_verified"}, ""},
		{"a finger that could not be taken", system.Question{VisaSticker: "FRA123456", Finger: &capture.Finger{Missing: capture.MissingTemporary}},
			capture.Rest{}, []string{"no_hit", "visa=valid", "file=not_verified"}, ""},
		{"a smeared finger leaves it unknown", system.Question{VisaSticker: "FRA123456", Finger: pressed(persontest.Smeared)}, capture.Rest{},
			[]string{"unavailable", "visa=valid", "file=not_verified"}, "the finger cannot be compared with those of the visa's holder: take it again"},
		{"a smeared finger hides no finding", system.Question{VisaSticker: "FRA333333", Finger: pressed(persontest.Smeared)}, capture.Rest{},
			[]string{"hit", "visa=revoked", "file=not_verified", "hit document_number revoked visa"}, ""},
		{"a sticker that nobody issued", system.Question{VisaSticker: "FRA999999"}, capture.Rest{},
			[]string{"possible", "possible document_number unknown visa sticker"}, ""},
		{"a sticker that cannot be read", system.Question{VisaSticker: "<<<"}, capture.Rest{},
			[]string{"unavailable"}, "the number of the visa sticker cannot be read"},
		{"by the document the visa of today counts", system.Question{DocumentNumber: "P1234567", Issuer: "UTO"}, capture.Rest{},
			[]string{"no_hit", "visa=valid"}, ""},
		{"a document of somebody without a visa", system.Question{DocumentNumber: "P0000001", Issuer: "UTO"}, capture.Rest{}, []string{"no_hit"}, ""},
		{"an unknown document", system.Question{DocumentNumber: "P9999999", Issuer: "UTO"}, capture.Rest{}, []string{"no_hit"}, ""},
		{"a name alone is for a person to verify", named, capture.Rest{}, []string{"possible", "possible name perhaps this person's visa"}, ""},
		{"a name and the finger that goes with it", func() system.Question {
			q := named
			q.Finger = pressed("hers")
			return q
		}(), capture.Rest{}, []string{"no_hit", "visa=valid", "file=verified"}, ""},
		{"a finger alone identifies", system.Question{Finger: pressed("hers")}, capture.Rest{}, []string{"no_hit", "visa=valid", "file=verified"}, ""},
		{"what could not be searched is not known", system.Question{DocumentNumber: "P9999999", Issuer: "UTO"},
			capture.Rest{State: capture.StateUnavailable, Reason: "damaged"}, []string{"unavailable"}, "damaged"},
		{"a question about nothing", system.Question{}, capture.Rest{}, []string{"unavailable"}, "nothing to look for was in the question"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.Rest = tt.rest
			r, err := s.Ask(t.Context(), tt.q)
			if err != nil {
				t.Fatal(err)
			}
			r.Facts = slices.DeleteFunc(r.Facts, func(f capture.Fact) bool { return f.Code != capture.FactFile && f.Code != capture.FactVisa })
			if got := said(r); !slices.Equal(got, tt.want) || r.Reason != tt.reason {
				t.Errorf("got  %q, %q\nwant %q, %q", got, r.Reason, tt.want, tt.reason)
			}
		})
	}
}

func TestAFindingSaysWhoseVisaItIs(t *testing.T) {
	p := &persontest.People{}
	_ = p.Put(t.Context(), gallery.Entry{ID: "h1", Names: []string{"KELDOMAR, TOMASIEL"}, BirthDates: []string{"2016"}})
	s := openVIS(t, sqlite(t), p)
	if err := s.Put(t.Context(), plain.with(func(v *Visa) { v.Status = StatusRevoked })); err != nil {
		t.Fatal(err)
	}
	r, err := s.Ask(t.Context(), system.Question{VisaSticker: plain.Sticker})
	if err != nil || len(r.Findings) != 1 {
		t.Fatalf("%q, %v", said(r), err)
	}
	if f := r.Findings[0]; f.Entry != "h1" || f.Name != "KELDOMAR, TOMASIEL" || !f.Minor || f.Action != "refuse or refer" {
		t.Errorf("finding %+v", f)
	}
}

func TestAReplySpeaksOfTheHoldersEntry(t *testing.T) {
	p := &persontest.People{}
	_ = p.Put(t.Context(), gallery.Entry{
		ID: "h1", Names: []string{"MORVANESCU, DARIVA"}, BirthDates: []string{"1990-04-05"},
		Documents: []gallery.DocumentNumber{{Number: "P1234567", Issuer: "UTO"}},
	})
	db := sqlite(t)
	vis, etias := openVIS(t, db, p), openETIAS(t, db)
	if err := errors.Join(vis.Put(t.Context(), plain), etias.Put(t.Context(), granted)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		system system.Adapter
		q      system.Question
		want   []string
	}{
		{"a visa by its sticker", vis, system.Question{VisaSticker: plain.Sticker}, []string{"h1"}},
		{"a visa by the document", vis, system.Question{DocumentNumber: "P1234567", Issuer: "UTO"}, []string{"h1"}},
		{"perhaps somebody's", vis, system.Question{Surname: "MORVANESCU", GivenNames: "DARIVA", BirthDate: "1990-04-05"}, []string{"h1"}},
		{"nobody's sticker", vis, system.Question{VisaSticker: "FRA999999"}, nil},
		{"nobody's document", vis, system.Question{DocumentNumber: "P9999999", Issuer: "UTO"}, nil},
		{"an authorisation", etias, system.Question{DocumentNumber: "P1234567", Issuer: "UTO", Nationality: "UTO"}, []string{"h1"}},
		{"no authorisation", etias, system.Question{DocumentNumber: "P9999999", Issuer: "UTO", Nationality: "UTO"}, nil},
	} {
		r, err := tt.system.Ask(t.Context(), tt.q)
		if err != nil || !slices.Equal(r.Entries, tt.want) {
			t.Errorf("%s: entries %q, %v, want %q", tt.name, r.Entries, err, tt.want)
		}
	}
}

func TestFaultsOfTheVISAreErrorsAndNeverNoHit(t *testing.T) {
	p := &persontest.People{}
	db := sqlite(t)
	s := openVIS(t, db, p)
	if err := s.Put(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	p.Err = errors.New("out of order")
	for name, q := range map[string]system.Question{
		"the holder's entry": {VisaSticker: plain.Sticker},
		"the search":         {Surname: "MORVANESCU"},
	} {
		if r, err := s.Ask(t.Context(), q); !errors.Is(err, p.Err) || r.State != "" {
			t.Errorf("%s: %s, %v", name, r.State, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Ask(ended, system.Question{VisaSticker: plain.Sticker}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
	db.Close()
	if _, err := s.Ask(t.Context(), system.Question{VisaSticker: plain.Sticker}); err == nil || strings.Contains(err.Error(), plain.Sticker) {
		t.Errorf("with the database closed: %v", err)
	}
}

func TestWhatIsNoVisaIsNotKept(t *testing.T) {
	s := openVIS(t, sqlite(t), &persontest.People{})
	for name, bad := range map[string]Visa{
		"no number":                 plain.with(func(v *Visa) { v.Sticker = "<<" }),
		"a number too long":         plain.with(func(v *Visa) { v.Sticker = strings.Repeat("1", 21) }),
		"no holder":                 plain.with(func(v *Visa) { v.Holder = "" }),
		"a day that there is not":   plain.with(func(v *Visa) { v.From = "2026-02-30" }),
		"an end before its begin":   plain.with(func(v *Visa) { v.Until = "2026-05-31" }),
		"fewer than no entries":     plain.with(func(v *Visa) { v.Entries = -1 }),
		"an authorisation's status": plain.with(func(v *Visa) { v.Status = StatusRefused }),
		"a territory too long":      plain.with(func(v *Visa) { v.Territory = strings.Repeat("X", 257) }),
	} {
		err := s.Put(t.Context(), plain.with(func(v *Visa) { v.Sticker = "GOOD" }), bad)
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "visa 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := s.bySticker(t.Context(), "GOOD"); v != nil || err != nil {
		t.Errorf("a visa beside an invalid one was kept: %v", err)
	}
}

func TestManyVisasArePutAtOnceAndTheLastOfOneNumberCounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		s := openVIS(t, db, &persontest.People{})
		visas := manyVisas(1001)
		visas = append(visas, visas[3].with(func(v *Visa) { v.Status = StatusRevoked }))
		for range 2 { // the second time all are there
			if err := s.Put(t.Context(), visas...); err != nil {
				t.Fatal(err)
			}
		}
		var n int
		if err := db.QueryRow("SELECT count(*) FROM vis_visa").Scan(&n); err != nil || n != len(visas)-1 {
			t.Errorf("%d visas, %v, want %d", n, err, len(visas)-1)
		}
		if v, err := s.bySticker(t.Context(), visas[3].Sticker); err != nil || v == nil || v.Status != StatusRevoked {
			t.Errorf("the last of one number: %v", err)
		}
		if err := s.Put(t.Context()); err != nil {
			t.Errorf("no visas: %v", err)
		}
	})
}

func FuzzValidSticker(f *testing.F) {
	for _, s := range []string{"FRA123456", "fra 123-456", "<<<", "", strings.Repeat("9", 21), "É1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		normal := numbers.Normal(s)
		if ValidSticker(s) && (!ValidSticker(normal) || len(normal) > maxSticker) {
			t.Errorf("%q is a number and %q is none", s, normal)
		}
	})
}

func FuzzValidDate(f *testing.F) {
	for _, s := range []string{"2026-02-28", "2028-02-29", "2027-02-29", "1899-12-31", "2200-12-31", "", "2026-1-1"} {
		f.Add(s, "2026-06-15")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !validDate(a) || !validDate(b) {
			return
		}
		x, errX := time.Parse(time.DateOnly, a)
		y, errY := time.Parse(time.DateOnly, b)
		if errX != nil || errY != nil || x.Before(y) != (a < b) {
			t.Errorf("%q and %q are not in the order of their days", a, b)
		}
	})
}
