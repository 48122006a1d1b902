package localmatch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch/gallery"
)

// traveller is what the document says, made ready to compare.
type traveller struct {
	zone    *mrz.Zone
	number  string // gallery.NormalNumber
	tokens  []string
	keys    []gallery.Key
	partial bool // what the document lacks was left out on purpose
}

func newTraveller(z *mrz.Zone) *traveller {
	t := &traveller{zone: z, number: gallery.NormalNumber(z.DocumentNumber)}
	if tokens, ok := gallery.NameTokens(z.Surname + " " + z.GivenNames); ok {
		t.tokens = tokens
	}
	if t.number != "" {
		t.keys = append(t.keys, gallery.ByNumber(t.number))
	}
	if len(t.tokens) == 0 {
		return t
	}
	for _, year := range birthYears(z.BirthDate) {
		t.keys = append(t.keys, gallery.ByName(t.tokens, year))
		if z.NameTruncated {
			t.keys = append(t.keys, gallery.ByCutName(t.tokens, year))
		}
	}
	return t
}

// birthYears are the years to look under: the traveller's, and that of entries without a
// birth date; or all of them if the document leaves the year open.
func birthYears(d mrz.Date) []int {
	if d.Year == 0 {
		return []int{gallery.AnyYear}
	}
	return []int{gallery.NoYear, d.Year}
}

// grade is how well one thing agrees.
type grade int

const (
	none    grade = iota // nothing to compare, or no agreement
	differs              // both are known and they differ
	unknown              // one side does not know
	year                 // birth dates: only the year is known on both sides
	month                // birth dates: year and month
	cut                  // names: the document cuts the name off, what is there agrees
	alike                // but for look-alike characters, or letters with several forms
	same
)

// comparison is one thing compared, with what explains it to the officer.
type comparison struct {
	grade        grade
	asked, found string
	note         string
}

// The weights of a finding by number sum to 1, those of a finding by name too.
var (
	numberWeights      = map[grade]float64{same: 0.6, alike: 0.45}
	issuerWeights      = map[grade]float64{same: 0.2, unknown: 0.1}
	supportWeights     = map[grade]float64{same: 0.1, alike: 0.08, cut: 0.06, month: 0.05, year: 0.03}
	nameWeights        = map[grade]float64{same: 0.5, alike: 0.45, cut: 0.35}
	birthWeights       = map[grade]float64{same: 0.4, month: 0.25, year: 0.15}
	nationalityWeights = map[grade]float64{same: 0.06}
	sexWeights         = map[grade]float64{same: 0.04}
)

func (c comparison) part(what string, weights map[grade]float64) capture.Part {
	return capture.Part{What: what, Asked: c.asked, Found: c.found, Note: c.note, Weight: weights[c.grade]}
}

// numberComparison is the number with what belongs to it.
type numberComparison struct {
	comparison
	issuer comparison
	kind   comparison
}

// compareNumber returns the comparison with the entry's document that agrees best.
func (t *traveller) compareNumber(e *gallery.Entry) numberComparison {
	best := numberComparison{}
	for _, d := range e.Documents {
		c := t.compareDocument(d)
		if c.grade > best.grade || c.grade == best.grade && c.rank() > best.rank() {
			best = c
		}
	}
	return best
}

func (c numberComparison) rank() int {
	r := 2 * int(c.issuer.grade)
	if c.kind.grade != differs {
		r++
	}
	return r
}

func (t *traveller) compareDocument(d gallery.DocumentNumber) numberComparison {
	found := gallery.NormalNumber(d.Number)
	c := numberComparison{comparison: comparison{asked: t.number, found: found}}
	switch {
	case t.number == "" || gallery.FoldNumber(found) != gallery.FoldNumber(t.number):
		return c
	case found == t.number:
		c.grade = same
	default:
		c.grade, c.note = alike, "look-alike characters: "+substitutions(t.number, found)
	}
	for _, check := range t.zone.Checks {
		if check.Field == mrz.FieldDocumentNumber && !check.OK {
			c.note = strings.TrimPrefix(c.note+"; the document's check digit is wrong", "; ")
		}
	}
	c.issuer = compareCode(gallery.Code(t.zone.Issuer), gallery.Code(d.Issuer))
	c.kind = compareCode(firstLetter(t.zone.DocumentCode), firstLetter(d.Type))
	return c
}

// substitutions says which characters stand for which; the numbers are of one length
// because they fold alike.
func substitutions(asked, found string) string {
	var notes []string
	for i := range len(asked) {
		if asked[i] != found[i] {
			notes = append(notes, fmt.Sprintf("%c read, %c listed", asked[i], found[i]))
		}
	}
	return strings.Join(slices.Compact(notes), ", ")
}

func firstLetter(s string) string { return s[:min(1, len(s))] }

func compareCode(asked, found string) comparison {
	c := comparison{asked: asked, found: found, grade: differs}
	switch {
	case asked == "" || found == "":
		c.grade, c.note = unknown, "not known"
	case asked == found:
		c.grade = same
	default:
		c.note = "differs"
	}
	return c
}

// compareName returns the comparison with the entry's name that agrees best.
func (t *traveller) compareName(e *gallery.Entry) comparison {
	asked := strings.TrimSpace(t.zone.Surname + " " + t.zone.GivenNames)
	best := comparison{asked: asked, note: "differs"}
	if len(e.Names) == 0 {
		best.note = "not known"
	}
	for i, name := range e.Names {
		c := comparison{asked: asked, found: name, grade: t.gradeName(name)}
		switch c.grade {
		case alike:
			c.note = "letters with several forms"
		case cut:
			c.note = "the document cuts the name off"
		}
		if i > 0 && c.grade != none {
			c.note = strings.TrimPrefix(c.note+"; an alias", "; ")
		}
		if c.grade > best.grade {
			best = c
		}
	}
	if best.grade == none && len(e.Names) > 0 {
		best.found = e.Names[0]
	}
	return best
}

func (t *traveller) gradeName(name string) grade {
	if len(t.tokens) == 0 {
		return none
	}
	tokens, ok := gallery.NameTokens(name)
	switch {
	case ok && slices.Equal(slices.Sorted(slices.Values(tokens)), slices.Sorted(slices.Values(t.tokens))):
		return same
	case ok && gallery.FoldTokens(tokens) == gallery.FoldTokens(t.tokens):
		return alike
	case t.zone.NameTruncated && gallery.IsCutFrom(t.tokens, name):
		return cut
	}
	return none
}

// compareBirth returns the comparison with the entry's birth date that agrees best.
func (t *traveller) compareBirth(e *gallery.Entry) comparison {
	asked := t.zone.BirthDate.ISO()
	if len(e.BirthDates) == 0 || asked == "" {
		return comparison{asked: asked, found: strings.Join(e.BirthDates, ", "), grade: unknown, note: "not known"}
	}
	best := comparison{asked: asked, found: e.BirthDates[0], grade: differs, note: "differs"}
	for _, d := range e.BirthDates {
		if g := gradeBirth(t.zone.BirthDate, d); g > best.grade {
			best = comparison{asked: asked, found: d, grade: g, note: birthNotes[g]}
		}
	}
	return best
}

var birthNotes = map[grade]string{year: "only the year is known", month: "only year and month are known"}

// gradeBirth compares the parts that both dates know.
func gradeBirth(asked mrz.Date, found string) grade {
	parts := strings.Split(found, "-")
	for i, have := range []int{asked.Year, asked.Month, asked.Day} {
		if have == 0 || i == len(parts) {
			return []grade{unknown, year, month}[i]
		}
		if n, err := strconv.Atoi(parts[i]); err != nil || n != have {
			return differs
		}
	}
	return same
}

func (t *traveller) compareNationality(e *gallery.Entry) comparison {
	asked := gallery.Code(t.zone.Nationality)
	best := compareCode(asked, "")
	for _, n := range e.Nationalities {
		if c := compareCode(asked, gallery.Code(n)); best.found == "" || c.grade == same {
			best = c
		}
	}
	return best
}

func (t *traveller) compareSex(e *gallery.Entry) comparison {
	return compareCode(t.zone.Sex, e.Sex)
}
