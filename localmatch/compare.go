package localmatch

import (
	"cmp"
	"slices"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch/gallery"
	"boothd/localmatch/names"
	"boothd/localmatch/numbers"
)

// traveller is what the document says, made ready to compare.
type traveller struct {
	zone    *mrz.Zone
	number  numbers.Document
	person  names.Person
	partial bool // what the document lacks was left out on purpose
}

func newTraveller(z *mrz.Zone) *traveller {
	t := &traveller{zone: z}
	if n := numbers.Normal(z.DocumentNumber); n != "" {
		t.number = numbers.Document{Number: n, Type: z.DocumentCode, Issuer: z.Issuer}
	}
	if n := names.ParseZone(z.Surname, z.GivenNames, z.NameTruncated); len(n.Tokens) > 0 {
		t.person.Names = []names.Name{n}
	}
	if d := z.BirthDate; d.Year != 0 {
		t.person.Births = []names.Birth{{Year: d.Year, Month: d.Month, Day: d.Day}}
	}
	t.person.Nationalities = nationalities(z.Nationality)
	t.person.Sex = z.Sex
	return t
}

// question is what lists are asked.
func (t *traveller) question() gallery.Question {
	q := gallery.Question{Document: t.number, Births: t.person.Births}
	if len(t.person.Names) > 0 {
		q.Name = t.person.Names[0]
	}
	return q
}

// personOf is what an entry tells of a person.
func personOf(e *gallery.Entry) *names.Person {
	p := &names.Person{Sex: e.Sex}
	for _, n := range e.Names {
		p.Names = append(p.Names, names.Parse(n))
	}
	for _, d := range e.BirthDates {
		if b, err := names.ParseBirth(d); err == nil {
			p.Births = append(p.Births, b)
		}
	}
	p.Nationalities = nationalities(e.Nationalities...)
	return p
}

// nationalities are the codes that name a state's nationals. ICAO 9303-3 §5 has codes for who has
// no nationality (XXA), for refugees (XXB and XXC) and for whose is not stated (XXX): of what
// nationality a list may know such a person they do not say.
func nationalities(codes ...string) (known []string) {
	for _, c := range codes {
		switch c {
		case "", "XXA", "XXB", "XXC", "XXX":
		default:
			known = append(known, numbers.Issuer(c))
		}
	}
	return known
}

// grade is how well one thing agrees.
type grade int

const (
	differs grade = iota // both are known and they differ
	unknown              // one side does not know
	same
)

// comparison is one thing compared, with what explains it to the officer.
type comparison struct {
	grade        grade
	asked, found string
	note         string
}

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

func (c comparison) part(what string, weights map[grade]float64) capture.Part {
	return capture.Part{What: what, Asked: c.asked, Found: c.found, Note: c.note, Weight: weights[c.grade]}
}

// The weights of a finding by number sum to 1.
var (
	numberWeights = map[numbers.Grade]float64{numbers.Same: 0.6, numbers.Alike: 0.45}
	issuerWeights = map[grade]float64{same: 0.2, unknown: 0.1}
)

// supportWeight is what name and birth date add at most to a finding by number, each.
const supportWeight = 0.1

// numberComparison is the number with what belongs to it.
type numberComparison struct {
	numbers.Comparison
	issuer comparison
	kind   comparison
}

// compareNumber returns the comparison with the entry's document that agrees best.
func (t *traveller) compareNumber(e *gallery.Entry) numberComparison {
	best := numberComparison{}
	for _, d := range e.Documents {
		if c := t.compareDocument(d); c.compare(best) > 0 {
			best = c
		}
	}
	return best
}

// compare is above 0 if c agrees better than other.
func (c numberComparison) compare(other numberComparison) int {
	return cmp.Or(cmp.Compare(c.Grade, other.Grade), cmp.Compare(c.issuer.grade, other.issuer.grade), cmp.Compare(c.kind.grade, other.kind.grade))
}

func (t *traveller) compareDocument(d gallery.DocumentNumber) numberComparison {
	c := numberComparison{Comparison: numbers.Compare(t.number, d.Document())}
	if c.Grade == numbers.Different {
		return c
	}
	c.issuer = compareCode(numbers.Issuer(t.number.Issuer), numbers.Issuer(d.Issuer))
	if c.issuer.grade == differs { // the same number of two states is two numbers
		return numberComparison{}
	}
	c.kind = compareCode(firstLetter(t.number.Type), firstLetter(d.Type))
	return c
}

func firstLetter(s string) string { return s[:min(1, len(s))] }

// part explains the number itself.
func (t *traveller) part(c numberComparison) capture.Part {
	p := capture.Part{What: "document number", Asked: c.Asked, Found: c.Found, Note: c.Note(), Weight: numberWeights[c.Grade]}
	wrong := func(k mrz.Check) bool { return k.Field == mrz.FieldDocumentNumber && !k.OK }
	if slices.ContainsFunc(t.zone.Checks, wrong) {
		if p.Note != "" {
			p.Note += "; "
		}
		p.Note += "the document's check digit is wrong"
	}
	return p
}
