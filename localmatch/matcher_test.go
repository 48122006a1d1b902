package localmatch_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/mrz"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
)

var _ check.Source = (*localmatch.Matcher)(nil)

var day = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// shelf is a gallery with lists, and the time at the booth.
type shelf struct {
	t       testing.TB
	dir     string
	gallery *gallery.Gallery
	now     time.Time
	lists   []localmatch.List
}

func newShelf(t testing.TB) *shelf {
	t.Helper()
	dir := t.TempDir()
	g, err := gallery.Open(context.Background(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), gallery.Options{Now: func() time.Time { return day.Add(time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return &shelf{t: t, dir: dir, gallery: g, now: day.Add(time.Hour)}
}

// put fills a list, issued on the day, soft age 24 hours, lease 48.
func (s *shelf) put(list, system string, entries ...*gallery.Entry) {
	s.t.Helper()
	s.lists = append(s.lists, localmatch.List{Name: list, System: system})
	err := s.gallery.Apply(context.Background(), gallery.Update{
		List: list, System: system, Version: 1, Issued: day, Expires: day.Add(48 * time.Hour), SoftAge: 24 * time.Hour,
		Entries: len(entries),
		Lines: gallery.LinesOf(func(yield func(gallery.Change, error) bool) {
			for _, e := range entries {
				if !yield(gallery.Change{Put: e}, nil) {
					return
				}
			}
		}),
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shelf) matcher() *localmatch.Matcher {
	return localmatch.New(s.gallery, localmatch.Options{Lists: s.lists, Now: func() time.Time { return s.now }})
}

// look returns the answer of every list, by its name.
func (s *shelf) look(q capture.Query) map[string]capture.Answer {
	s.t.Helper()
	answers := map[string]capture.Answer{}
	err := s.matcher().Look(context.Background(), q, func(a capture.Answer) { answers[a.List] = a })
	if err != nil {
		s.t.Fatal(err)
	}
	return answers
}

// passport is the document of ICAO 9303-4 appendix B with changes.
func passport(change func(*mrz.Zone)) mrz.Zone {
	z := mrz.Zone{
		Format: mrz.TD3, DocumentCode: "P", Issuer: "UTO", DocumentNumber: "L898902C3", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
		Nationality: "UTO", BirthDate: mrz.Date{Text: "740812", Year: 1974, Month: 8, Day: 12}, Sex: "F",
		Checks: []mrz.Check{{Field: mrz.FieldDocumentNumber, OK: true}},
	}
	if change != nil {
		change(&z)
	}
	return z
}

func query(z mrz.Zone, systems ...string) capture.Query {
	return capture.Query{
		Officer:  capture.Officer{Profile: capture.Profile{Systems: map[capture.Modality][]string{capture.ModalityDocument: systems}}},
		Evidence: capture.Evidence{ID: "document-1", Document: &capture.Document{Zone: z}},
	}
}

// anna is an entry for the passport's holder with changes.
func anna(change func(*gallery.Entry)) *gallery.Entry {
	e := &gallery.Entry{
		ID: "anna", Names: []string{"ERIKSSON, Anna Maria"}, BirthDates: []string{"1974-08-12"}, Nationalities: []string{"UTO"}, Sex: "F",
		Documents: []gallery.DocumentNumber{{Number: "L898902C3", Type: "P", Issuer: "UTO"}},
		Category:  "refusal of entry", Action: "refuse", Discreet: true,
	}
	if change != nil {
		change(e)
	}
	return e
}

func TestAnswersByNumberAndName(t *testing.T) {
	number := func(n string) func(*gallery.Entry) {
		return func(e *gallery.Entry) {
			*e = gallery.Entry{ID: "anna", Documents: []gallery.DocumentNumber{{Number: n, Issuer: "UTO"}}}
		}
	}
	names := func(birth string, names ...string) func(*gallery.Entry) {
		return func(e *gallery.Entry) {
			e.Documents, e.Names, e.BirthDates = nil, names, nil
			if birth != "" {
				e.BirthDates = []string{birth}
			}
		}
	}
	long := func(z *mrz.Zone) {
		z.Surname, z.GivenNames, z.NameTruncated = "NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG K", true
	}
	for what, c := range map[string]struct {
		entry func(*gallery.Entry)
		zone  func(*mrz.Zone)
		state capture.State
		by    capture.By
	}{
		"number, issuer, name and birth date":       {nil, nil, capture.StateHit, capture.ByDocumentNumber},
		"number and issuer alone":                   {number("L898902C3"), nil, capture.StateHit, capture.ByDocumentNumber},
		"number written with separators":            {number("l-898 902.c3"), nil, capture.StateHit, capture.ByDocumentNumber},
		"number with look-alikes":                   {number("1B98902C3"), nil, capture.StatePossible, capture.ByDocumentNumber},
		"number with look-alikes, name, birth date": {func(e *gallery.Entry) { e.Documents[0].Number = "L8989O2C3" }, nil, capture.StateHit, capture.ByDocumentNumber},
		"number of another issuer": {func(e *gallery.Entry) {
			number("L898902C3")(e)
			e.Documents[0].Issuer = "XXX"
		}, nil, capture.StateNoHit, ""},
		"number of another issuer, name, birth date": {func(e *gallery.Entry) { e.Documents[0].Issuer = "XXX" }, nil, capture.StatePossible, capture.ByName},
		"number of an unknown issuer": {func(e *gallery.Entry) {
			number("L898902C3")(e)
			e.Documents[0].Issuer = ""
		}, nil, capture.StatePossible, capture.ByDocumentNumber},
		"number of an unknown issuer, name, birth date": {func(e *gallery.Entry) { e.Documents[0].Issuer = "" }, nil, capture.StateHit, capture.ByDocumentNumber},
		"number of another kind of document": {func(e *gallery.Entry) {
			number("L898902C3")(e)
			e.Documents[0].Type = "I"
		}, nil, capture.StatePossible, capture.ByDocumentNumber},
		"second document of the entry": {func(e *gallery.Entry) {
			e.Documents = append([]gallery.DocumentNumber{{Number: "X1"}}, e.Documents...)
		}, nil, capture.StateHit, capture.ByDocumentNumber},
		"Germany as ISO writes it": {func(e *gallery.Entry) { e.Documents[0].Issuer = "DEU" }, func(z *mrz.Zone) { z.Issuer = "D" }, capture.StateHit, capture.ByDocumentNumber},
		"other number":             {number("L898902C4"), nil, capture.StateNoHit, ""},

		"name and birth date":                  {names("1974-08-12", "ERIKSSON, Anna Maria"), nil, capture.StatePossible, capture.ByName},
		"name in another order":                {names("1974-08-12", "Anna Maria Eriksson"), nil, capture.StatePossible, capture.ByName},
		"alias":                                {names("1974-08-12", "OTHER, NAME", "Maria Eriksson-Anna"), nil, capture.StatePossible, capture.ByName},
		"name in another transliteration":      {names("1974-08-12", "Ériksson Ännå Maria"), func(z *mrz.Zone) { z.GivenNames = "AENNAA MARIA" }, capture.StatePossible, capture.ByName},
		"name and year":                        {names("1974", "ERIKSSON, Anna Maria"), nil, capture.StatePossible, capture.ByName},
		"name, year and month":                 {names("1974-08", "ERIKSSON, Anna Maria"), nil, capture.StatePossible, capture.ByName},
		"name, entry without birth date":       {names("", "ERIKSSON, Anna Maria"), nil, capture.StatePossible, capture.ByName},
		"name, document without birth date":    {names("1974-08-12", "ERIKSSON, Anna Maria"), func(z *mrz.Zone) { z.BirthDate = mrz.Date{} }, capture.StatePossible, capture.ByName},
		"name, document with year of birth":    {names("1974-08-12", "ERIKSSON, Anna Maria"), func(z *mrz.Zone) { z.BirthDate.Month, z.BirthDate.Day = 0, 0 }, capture.StatePossible, capture.ByName},
		"name with a birth date far off":       {names("1951-03-30", "ERIKSSON, Anna Maria"), nil, capture.StateNoHit, ""},
		"name with a birth date one digit off": {names("1974-08-13", "ERIKSSON, Anna Maria"), nil, capture.StatePossible, capture.ByName},
		"name with day and month swapped":      {names("1974-12-08", "ERIKSSON, Anna Maria"), nil, capture.StatePossible, capture.ByName},
		"part of the name":                     {names("1974-08-12", "ERIKSSON, Anna"), nil, capture.StatePossible, capture.ByName},
		"name with a typing error":             {names("1974-08-12", "ERIKSON, Ana Maria"), nil, capture.StatePossible, capture.ByName},
		"name in another script":               {names("1974-08-12", "Эрикссон, Анна Мария"), nil, capture.StatePossible, capture.ByName},
		"another name on the same birth date":  {names("1974-08-12", "OTHER, Person Altogether"), nil, capture.StateNoHit, ""},
		"name that the document cuts off":      {names("1974-08-12", "NILAVADHANANANDA, CHAYAPA DEJTHAMRONG KRASUANG"), long, capture.StatePossible, capture.ByName},
		"cut-off name, document without dates": {names("", "NILAVADHANANANDA, CHAYAPA DEJTHAMRONG KRASUANG"), func(z *mrz.Zone) { long(z); z.BirthDate = mrz.Date{} }, capture.StatePossible, capture.ByName},
	} {
		t.Run(what, func(t *testing.T) {
			s := newShelf(t)
			s.put("sis", "SIS", anna(c.entry))
			a := s.look(query(passport(c.zone), "SIS"))["sis"]
			if a.State != c.state || a.System != "SIS" || a.Source != "local" || a.Version != 1 || !a.AsOf.Equal(day) || !a.At.Equal(s.now) || a.Evidence != "document-1" {
				t.Fatalf("answer %+v", a)
			}
			if c.by == "" {
				if len(a.Findings) > 0 {
					t.Errorf("findings %+v", a.Findings)
				}
				return
			}
			wantFinding(t, a, c.by)
		})
	}
}

func wantFinding(t *testing.T, a capture.Answer, by capture.By) {
	t.Helper()
	if len(a.Findings) != 1 || a.Findings[0].By != by || a.Findings[0].Entry != "anna" || a.Findings[0].State != a.State {
		t.Fatalf("findings %+v", a.Findings)
	}
	f := a.Findings[0]
	sum := 0.0
	for _, p := range f.Explanation {
		if p.What == "" || by == capture.ByName && p.Note == "" {
			t.Errorf("part %+v", p)
		}
		sum += p.Weight
	}
	if by == capture.ByName { // the parts are evidence, of which the score follows
		sum = probability(sum)
	}
	if math.Abs(sum-f.Score) > 1e-4 || f.Score <= 0 || f.Score > 1 {
		t.Errorf("score %v, parts come to %v", f.Score, sum)
	}
}

// probability is the logistic function, which scores far from a half damp a little.
func probability(odds float64) float64 { return 1 / (1 + math.Exp(-odds)) }

func TestFindingCarriesWhatTheOfficerNeeds(t *testing.T) {
	s := newShelf(t)
	s.put("sis", "SIS", anna(func(e *gallery.Entry) { e.Documents[0].Number = "L8989O2C3" }))
	f := s.look(query(passport(nil), "SIS"))["sis"].Findings[0]
	if f.Name != "ERIKSSON, Anna Maria" || f.Category != "refusal of entry" || f.Action != "refuse" || !f.Discreet {
		t.Errorf("finding %+v", f)
	}
	if p := f.Explanation[0]; p.Asked != "L898902C3" || p.Found != "L8989O2C3" || !strings.Contains(p.Note, "0 read, O listed") {
		t.Errorf("part %+v", p)
	}
	whole := newShelf(t)
	whole.put("sis", "SIS", anna(nil))
	if got := whole.look(query(passport(nil), "SIS"))["sis"].Findings[0].Score; math.Abs(got-1) > 1e-4 || got <= f.Score {
		t.Errorf("score of full agreement %v, of look-alikes %v", got, f.Score)
	}
}

func TestHitsComeFirst(t *testing.T) {
	s := newShelf(t)
	s.put("sis", "SIS",
		anna(func(e *gallery.Entry) { e.ID, e.Documents = "by name", nil }),
		anna(func(e *gallery.Entry) { e.ID, e.Documents[0].Number = "look-alike", "1898902C3"; e.Names = nil }),
		anna(func(e *gallery.Entry) { e.ID = "hit" }))
	a := s.look(query(passport(nil), "SIS"))["sis"]
	var states []capture.State
	for _, f := range a.Findings {
		states = append(states, f.State)
	}
	if a.State != capture.StateHit || !slices.Equal(states, []capture.State{capture.StateHit, capture.StatePossible, capture.StatePossible}) {
		t.Errorf("answer %+v", a)
	}
}

func TestListsThatCannotAnswerAreNeverNoHit(t *testing.T) {
	entry := anna(nil)
	stranger := passport(func(z *mrz.Zone) {
		z.DocumentNumber, z.Surname, z.GivenNames = "Z9", "NOBODY", "ATALL"
	})
	for what, c := range map[string]struct {
		prepare func(*shelf)
		zone    mrz.Zone
		state   capture.State
		reason  string
	}{
		"a good list":                                {nil, stranger, capture.StateNoHit, ""},
		"a list past its soft age":                   {func(s *shelf) { s.now = day.Add(25 * time.Hour) }, stranger, capture.StateStale, "2026-03-01 08:00 UTC"},
		"a list past its soft age, hit":              {func(s *shelf) { s.now = day.Add(25 * time.Hour) }, passport(nil), capture.StateHit, ""},
		"a list at the end of its lease":             {func(s *shelf) { s.now = day.Add(48 * time.Hour) }, stranger, capture.StateUnavailable, "lease ended"},
		"a list past its lease, of a listed person":  {func(s *shelf) { s.now = day.Add(72 * time.Hour) }, passport(nil), capture.StateUnavailable, "lease ended"},
		"a clock set back":                           {func(s *shelf) { s.now = day.Add(-time.Hour) }, stranger, capture.StateStale, "clock is behind"},
		"a clock behind what another list told":      {func(s *shelf) { s.later("sltd", 20*time.Hour) }, stranger, capture.StateStale, "clock is behind"},
		"a clock set back into a lease that ended":   {func(s *shelf) { s.later("sltd", 49*time.Hour) }, stranger, capture.StateUnavailable, "lease ended"},
		"a clock set back, hit":                      {func(s *shelf) { s.now = day.Add(-time.Hour) }, passport(nil), capture.StateHit, ""},
		"a clock a little behind":                    {func(s *shelf) { s.now = day.Add(-time.Minute) }, stranger, capture.StateNoHit, ""},
		"a list that was never received":             {func(s *shelf) { s.lists[0].Name = "new" }, stranger, capture.StateUnavailable, "never received"},
		"a list of another system":                   {func(s *shelf) { s.lists[0].System = "SLTD" }, stranger, capture.StateUnavailable, "another system"},
		"an erased list":                             {func(s *shelf) { s.gallery.Erase(context.Background(), "sis") }, stranger, capture.StateUnavailable, "erased"},
		"a list with damaged entries, of a stranger": {func(s *shelf) { s.damage() }, stranger, capture.StateNoHit, ""},
		"a list with damaged entries, of the listed": {func(s *shelf) { s.damage() }, passport(nil), capture.StateUnavailable, "damaged"},
		"a document without a number":                {nil, passport(func(z *mrz.Zone) { z.DocumentNumber, z.Surname = "", "NOBODY" }), capture.StateUnavailable, "no document number"},
		"a document without a name":                  {nil, passport(func(z *mrz.Zone) { z.DocumentNumber, z.Surname, z.GivenNames = "Z9", "", "" }), capture.StateUnavailable, "no name"},
		"a document without a name, hit":             {nil, passport(func(z *mrz.Zone) { z.Surname, z.GivenNames = "", "" }), capture.StateHit, "no name"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newShelf(t)
			s.put("sis", "SIS", entry)
			if c.prepare != nil {
				c.prepare(s)
			}
			a := s.look(query(c.zone, "SIS", "SLTD"))[s.lists[0].Name]
			if a.State != c.state || !strings.Contains(a.Reason, c.reason) || (a.Reason == "") != (c.reason == "") {
				t.Errorf("state %s, reason %q; want %s, %q", a.State, a.Reason, c.state, c.reason)
			}
			if (a.State == capture.StateHit) != (len(a.Findings) > 0) {
				t.Errorf("findings %+v", a.Findings)
			}
		})
	}
}

// later applies another list, which was issued so much later.
func (s *shelf) later(list string, after time.Duration) {
	s.t.Helper()
	err := s.gallery.Apply(context.Background(), gallery.Update{
		List: list, System: "SLTD", Version: 1, Issued: day.Add(after), Expires: day.Add(after + time.Hour),
		Lines: func(func([]byte, error) bool) {},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// damage changes the last byte of every list's records.
func (s *shelf) damage() {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "segments", "*.records"))
	if err != nil || len(files) == 0 {
		s.t.Fatal(files, err)
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			s.t.Fatal(err)
		}
		b[len(b)-1] ^= 1
		if err := os.WriteFile(path, b, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestOnlySystemsOfTheProfileAreAskedAndNamed(t *testing.T) {
	s := newShelf(t)
	s.put("sis-persons", "SIS", anna(nil))
	s.put("sis-objects", "SIS", anna(nil))
	s.put("national", "national", anna(nil))
	q := query(passport(nil), "SIS", "VIS")
	if got := s.matcher().Systems(q); !slices.Equal(got, []string{"SIS", "SIS"}) {
		t.Errorf("Systems = %v", got)
	}
	answers := s.look(q)
	if len(answers) != 2 || answers["sis-persons"].State != capture.StateHit || answers["sis-objects"].State != capture.StateHit {
		t.Errorf("answers %+v", answers)
	}
	for what, q := range map[string]capture.Query{
		"a profile without a system": query(passport(nil)),
		"a finger":                   {Officer: q.Officer, Evidence: capture.Evidence{ID: "finger-1", Finger: &capture.Finger{}}},
		"a face":                     {Officer: q.Officer, Evidence: capture.Evidence{ID: "face-1", Face: &capture.Face{}}},
	} {
		if got := s.matcher().Systems(q); len(got) != 0 {
			t.Errorf("%s: Systems = %v", what, got)
		}
		if got := s.look(q); len(got) != 0 {
			t.Errorf("%s: answers %+v", what, got)
		}
	}
}

func TestDiscreetFindingsDifferInNothingButTheirFlag(t *testing.T) {
	answers := map[bool]capture.Answer{}
	for _, discreet := range []bool{false, true} {
		s := newShelf(t)
		s.put("sis", "SIS", anna(func(e *gallery.Entry) { e.Discreet = discreet }))
		a := s.look(query(passport(nil), "SIS"))["sis"]
		if a.Findings[0].Discreet != discreet {
			t.Errorf("discreet %t: %+v", discreet, a.Findings[0])
		}
		a.Findings[0].Discreet = false
		answers[discreet] = a
	}
	if a, b := answers[false], answers[true]; a.State != b.State || a.Findings[0].Score != b.Findings[0].Score || len(a.Findings[0].Explanation) != len(b.Findings[0].Explanation) {
		t.Errorf("answers differ: %+v, %+v", a, b)
	}
}

// brokenGallery fails as no gallery should.
type brokenGallery struct{ err error }

func (g brokenGallery) Find(context.Context, string, gallery.Question) (gallery.Found, error) {
	return gallery.Found{}, g.err
}

func (g brokenGallery) FindFingers(context.Context, string, gallery.FingerQuestion) (gallery.FoundFingers, error) {
	return gallery.FoundFingers{}, g.err
}

func (g brokenGallery) HoldsFingers(string) bool { return true }

func TestGalleryThatFailsIsUnavailableAndLogged(t *testing.T) {
	bang := errors.New("bang")
	m := localmatch.New(brokenGallery{bang}, localmatch.Options{Lists: []localmatch.List{{Name: "sis", System: "SIS"}}})
	var states []capture.State
	err := m.Look(context.Background(), query(passport(nil), "SIS"), func(a capture.Answer) { states = append(states, a.State) })
	if !errors.Is(err, bang) || !slices.Equal(states, []capture.State{capture.StateUnavailable}) {
		t.Errorf("%v, %v", states, err)
	}
}

func TestCancelledLookEndsWithoutAnswers(t *testing.T) {
	s := newShelf(t)
	s.put("sis", "SIS", anna(nil))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := s.matcher().Look(ctx, query(passport(nil), "SIS"), func(capture.Answer) { t.Error("answered") })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
}
