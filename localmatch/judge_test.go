package localmatch_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
)

// large is a gallery whose lists say that they have so many entries.
type large struct {
	*gallery.Gallery
	entries int
}

func (g large) Find(ctx context.Context, list string, q gallery.Question) (gallery.Found, error) {
	found, err := g.Gallery.Find(ctx, list, q)
	found.Info.Entries = g.entries
	return found, err
}

// askLarge asks a list that says that it has so many entries, or as many as it has if that is 0.
func askLarge(t *testing.T, entries int, z mrz.Zone, list ...*gallery.Entry) (a capture.Answer) {
	t.Helper()
	s := newShelf(t)
	s.put("sis", "SIS", list...)
	m := localmatch.New(large{s.gallery, cmp.Or(entries, len(list))}, localmatch.Options{Lists: s.lists, Now: func() time.Time { return s.now }})
	if err := m.Look(t.Context(), query(z, "SIS"), func(got capture.Answer) { a = got }); err != nil {
		t.Fatal(err)
	}
	return a
}

// unnumbered is the passport with a number that no list has.
func unnumbered(surname, given string) mrz.Zone {
	return passport(func(z *mrz.Zone) { z.Surname, z.GivenNames, z.DocumentNumber = surname, given, "ZZ9" })
}

// crowd is so many entries with a number each.
func crowd(n int, of func(id string) *gallery.Entry) []*gallery.Entry {
	all := make([]*gallery.Entry, n)
	for i := range all {
		all[i] = of(fmt.Sprintf("%03d", i))
	}
	return all
}

func TestOneWhoIsCrowdedOutIsNeverNoHit(t *testing.T) {
	mohamed := func(id, nationality, sex string) *gallery.Entry {
		return &gallery.Entry{ID: id, Names: []string{"ALI, MOHAMED AHMED"}, BirthDates: []string{"1974"}, Nationalities: []string{nationality}, Sex: sex}
	}
	z := unnumbered("ALI", "MOHAMED AHMED")
	z.Nationality, z.Sex = "IRQ", "M"
	for name, c := range map[string]struct {
		others func(id string) *gallery.Entry
		state  capture.State
	}{
		"others of another nationality":    {func(id string) *gallery.Entry { return mohamed(id, "EGY", "M") }, capture.StateUnavailable},
		"others of the other sex":          {func(id string) *gallery.Entry { return mohamed(id, "IRQ", "F") }, capture.StateUnavailable},
		"others who are findings as well":  {func(id string) *gallery.Entry { return mohamed(id, "IRQ", "M") }, capture.StatePossible},
		"others whose names are less like": {func(id string) *gallery.Entry { e := mohamed(id, "IRQ", "M"); e.Names[0] = "ALI, MAHMOUD"; return e }, capture.StatePossible},
	} {
		t.Run(name, func(t *testing.T) {
			him := mohamed("he", "IRQ", "M")
			if a := askLarge(t, 1_000_000, z, him); a.State != capture.StatePossible {
				t.Fatalf("alone he is %s", a.State)
			}
			if a := askLarge(t, 1_000_000, z, append(crowd(70, c.others), him)...); a.State != c.state {
				t.Errorf("among 71 he is %s, %q; want %s", a.State, a.Reason, c.state)
			}
		})
	}
	t.Run("a stranger among many whose names are somewhat like", func(t *testing.T) {
		others := crowd(70, func(id string) *gallery.Entry { e := mohamed(id, "EGY", "M"); e.Names[0] = "ALI, MAHMOUD"; return e })
		if a := askLarge(t, 1_000_000, z, others...); a.State != capture.StateNoHit {
			t.Errorf("%s, %q", a.State, a.Reason)
		}
	})
}

func TestTheVeryNameIsNeverSilentWithoutABirthDateToCompare(t *testing.T) {
	for name, c := range map[string]struct {
		entry func(*gallery.Entry)
		zone  func(*mrz.Zone)
		state capture.State
	}{
		"the list has none":                    {func(e *gallery.Entry) { e.BirthDates = nil }, nil, capture.StatePossible},
		"nor nationality nor sex":              {func(e *gallery.Entry) { e.BirthDates, e.Nationalities, e.Sex = nil, nil, "" }, nil, capture.StatePossible},
		"the document has none":                {func(e *gallery.Entry) { e.Nationalities, e.Sex = nil, "" }, func(z *mrz.Zone) { z.BirthDate = mrz.Date{} }, capture.StatePossible},
		"another name":                         {func(e *gallery.Entry) { e.BirthDates, e.Names = nil, []string{"ERIKSSON, Anna Petra"} }, nil, capture.StateNoHit},
		"the list has one, of somebody else":   {func(e *gallery.Entry) { e.BirthDates = []string{"1974-03-27"} }, nil, capture.StateNoHit},
		"the list has none, an alias is right": {func(e *gallery.Entry) { e.BirthDates, e.Names = nil, []string{"SMITH, Petra", "ERIKSSON, Anna Maria"} }, nil, capture.StatePossible},
	} {
		t.Run(name, func(t *testing.T) {
			z := unnumbered("ERIKSSON", "ANNA MARIA")
			if c.zone != nil {
				c.zone(&z)
			}
			a := askLarge(t, 5_000_000, z, anna(func(e *gallery.Entry) { e.Documents = nil; c.entry(e) }))
			if a.State != c.state {
				t.Errorf("%s, want %s", a.State, c.state)
			}
		})
	}
}

func TestCodesOfNoNationalityNeitherAgreeNorDiffer(t *testing.T) {
	for _, code := range []string{"XXA", "XXB", "XXC", "XXX"} {
		for name, codes := range map[string][2]string{"on the document": {code, "UTO"}, "in the list": {"UTO", code}, "on both": {code, code}} {
			z := unnumbered("ERIKSSON", "ANNA MARIA")
			z.Nationality = codes[0]
			a := askLarge(t, 0, z, anna(func(e *gallery.Entry) { e.Documents, e.Nationalities = nil, []string{codes[1]} }))
			for _, p := range a.Findings[0].Explanation {
				if p.What == "nationality" {
					t.Errorf("%s %s: %+v", code, name, p)
				}
			}
		}
	}
}

func TestAFindingByNumberExplainsTheNameThatAgrees(t *testing.T) {
	for name, c := range map[string]struct {
		change      func(*gallery.Entry)
		found, note string
	}{
		"all agrees":          {func(*gallery.Entry) {}, "ERIKSSON, Anna Maria", ""},
		"another nationality": {func(e *gallery.Entry) { e.Nationalities = []string{"FRA"} }, "ERIKSSON, Anna Maria", ""},
		"the other sex":       {func(e *gallery.Entry) { e.Sex = "M" }, "ERIKSSON, Anna Maria", ""},
		"an alias":            {func(e *gallery.Entry) { e.Names = []string{"SMITH, Petra", "ERIKSSON, Anna Maria"} }, "ERIKSSON, Anna Maria", "an alias"},
		"a name is missing":   {func(e *gallery.Entry) { e.Names = []string{"ERIKSSON, Anna"} }, "ERIKSSON, Anna", "MARIA was asked and is not in the entry."},
		"no name":             {func(e *gallery.Entry) { e.Names = nil }, "", "not known"},
	} {
		t.Run(name, func(t *testing.T) {
			parts := askLarge(t, 0, passport(nil), anna(c.change)).Findings[0].Explanation
			i := slices.IndexFunc(parts, func(p capture.Part) bool { return p.What == "name" })
			if p := parts[i]; p.Found != c.found || p.Note != c.note {
				t.Errorf("%+v, want %q, %q", p, c.found, c.note)
			}
		})
	}
}

func TestDiscreetEntriesTakeNoOpenEntrysPlace(t *testing.T) {
	entry := func(birth string, discreet bool) func(id string) *gallery.Entry {
		return func(id string) *gallery.Entry {
			return &gallery.Entry{ID: id, Names: []string{"ERIKSSON, ANNA MARIA"}, BirthDates: []string{birth}, Nationalities: []string{"FRA"}, Discreet: discreet}
		}
	}
	for _, birth := range []string{"1974-08-12", "1974"} { // in a large list a year alone is not enough
		for _, open := range []int{1, 63, 64, 65, 70} {
			for _, discreet := range []int{1, 40, 64} {
				t.Run(fmt.Sprintf("%s, %d open, %d discreet", birth, open, discreet), func(t *testing.T) {
					list := crowd(open, entry(birth, false))
					secret := crowd(discreet, entry(birth, true))
					for _, e := range secret {
						e.ID = "!" + e.ID // it comes first
					}
					z := unnumbered("ERIKSSON", "ANNA MARIA")
					without := askLarge(t, 1_000_000, z, list...)
					with := askLarge(t, 1_000_000, z, append(secret, list...)...)
					if a, b := encode(t, with.Shown(false)), encode(t, without.Shown(false)); a != b {
						t.Errorf("shown\n%s\nwithout discreet entries\n%s", a, b)
					}
					if len(without.Findings) == 0 {
						return
					}
					n := 0
					for _, f := range with.Shown(true).Findings {
						if f.Discreet {
							n++
						}
					}
					if n != discreet {
						t.Errorf("a cleared officer is shown %d of %d", n, discreet)
					}
				})
			}
		}
	}
}

func TestAnAnswerWithFindingsSaysInWordsThatThereMayBeOthers(t *testing.T) {
	z := unnumbered("ERIKSSON", "ANNA MARIA")
	list := crowd(70, func(id string) *gallery.Entry {
		return anna(func(e *gallery.Entry) { e.ID, e.Documents, e.Discreet = id, nil, false })
	})
	a := askLarge(t, 0, z, list...).Shown(false)
	if a.State != capture.StatePossible || len(a.Findings) != gallery.MaxNamed || !strings.Contains(a.Reason, "too many entries") {
		t.Errorf("%s with %d findings, reason %q", a.State, len(a.Findings), a.Reason)
	}
	if a := askLarge(t, 0, z, list[:3]...).Shown(false); a.State != capture.StatePossible || a.Reason != "" {
		t.Errorf("%s, reason %q", a.State, a.Reason)
	}
}

func TestWhatIsTooMuchToCompareIsSaid(t *testing.T) {
	wordy := func(id string) *gallery.Entry { return wordyEntry(id, false) }
	z := unnumbered("BAT KOL", "DAR BEN TOM KAL ROS MED NAR LOT BES")
	if a := askLarge(t, 0, z, crowd(64, wordy)...); a.State != capture.StateUnavailable || !strings.Contains(a.Reason, "too many entries") {
		t.Errorf("%s, %q", a.State, a.Reason)
	}
	z.DocumentNumber = "L898902C3"
	list := crowd(64, wordy)
	list[63].Documents = anna(nil).Documents
	if a := askLarge(t, 0, z, list...); a.State != capture.StateHit {
		t.Errorf("by number %s, %q", a.State, a.Reason)
	}
	discreet := crowd(64, func(id string) *gallery.Entry { return wordyEntry("!"+id, true) })
	open := []*gallery.Entry{wordy("open")}
	with, without := askLarge(t, 0, z, append(discreet, open...)...), askLarge(t, 0, z, open...)
	if with, without := len(with.Shown(false).Findings), len(without.Findings); with != without {
		t.Errorf("%d findings beside discreet entries, %d without", with, without)
	}
}

// wordyEntry has as many names as may be, of as many words as are compared.
func wordyEntry(id string, discreet bool) *gallery.Entry {
	e := &gallery.Entry{ID: id, BirthDates: []string{"1974-08-12"}, Discreet: discreet}
	for i := range gallery.MaxNames {
		name := "BAT KOL"
		for k := range 22 {
			name += fmt.Sprintf(" %c%c%c", 'A'+(i+k)%26, "AEIOU"[k%5], 'B'+(i*7+k)%20)
		}
		e.Names = append(e.Names, name)
	}
	return e
}

func BenchmarkDocument(b *testing.B) {
	for name, c := range map[string]struct {
		of func(id string) *gallery.Entry
		z  mrz.Zone
	}{
		"64 namesakes":                          {func(id string) *gallery.Entry { return anna(func(e *gallery.Entry) { e.ID, e.Documents = id, nil }) }, unnumbered("ERIKSSON", "ANNA MARIA")},
		"64 entries of as many names as may be": {func(id string) *gallery.Entry { return wordyEntry(id, false) }, unnumbered("BAT KOL", "DAR BEN TOM KAL ROS MED NAR LOT BES")},
	} {
		b.Run(name, func(b *testing.B) {
			s := newShelf(b)
			s.put("sis", "SIS", crowd(64, c.of)...)
			m, q := s.matcher(), query(c.z, "SIS")
			for b.Loop() {
				if err := m.Look(b.Context(), q, func(capture.Answer) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
