package names

import (
	"math/bits"
	"strings"
)

// Part is one thing compared and what it contributed. The contributions of all parts add up
// to the odds of a match.
type Part struct {
	What         string // one of the constants What…
	Asked, Found string // empty if the side has nothing
	Relation     Relation
	Contribution float64 // nats: above zero it speaks for one person
}

// What is compared.
const (
	WhatName        = "name" // a part of a name of which the sources do not say what it is
	WhatSurname     = "surname"
	WhatGiven       = "given name"
	WhatBirth       = "birth date"
	WhatNationality = "nationality"
	WhatSex         = "sex"
	WhatWhole       = "whole name" // how much of both names has a counterpart
	WhatOrder       = "order"      // of the parts of a name
	WhatPrior       = "prior"      // that most candidates are somebody else
)

// parts explains the odds of two names that were aligned.
func (m *model) parts(al *alignment, a, b *Name) []Part {
	e := m.weigh(al, a, b)
	list := make([]Part, 0, al.n+4)
	for i := range a.Tokens[:min(len(a.Tokens), maxTokens)] {
		for k := range al.n {
			if p := &al.pairs[k]; int(p.a) == i {
				list = append(list, p.explain(a, b, e.damping))
			}
		}
	}
	openA, openB := al.openA, al.openB
	for first := true; openA != 0 && openB != 0; first = false {
		x, y := bits.TrailingZeros32(openA), bits.TrailingZeros32(openB)
		p := Part{What: what(&a.Tokens[x], &b.Tokens[y]), Asked: a.Tokens[x].Text, Found: b.Tokens[y].Text,
			Contribution: float64(-m.different - e.clash)}
		if first {
			p.Contribution -= float64(e.surname)
		}
		list = append(list, p)
		openA &= openA - 1
		openB &= openB - 1
	}
	for ; openA != 0; openA &= openA - 1 {
		t := &a.Tokens[bits.TrailingZeros32(openA)]
		list = append(list, Part{What: what(t, t), Asked: t.Text, Relation: Extra, Contribution: float64(-e.missing)})
	}
	for ; openB != 0; openB &= openB - 1 {
		t := &b.Tokens[bits.TrailingZeros32(openB)]
		list = append(list, Part{What: what(t, t), Found: t.Text, Relation: Missing, Contribution: float64(-e.missing)})
	}
	if e.whole > 0 {
		relation := Partly
		if al.openA|al.openB == 0 {
			relation = Same
		}
		list = append(list, Part{What: WhatWhole, Asked: a.Text, Found: b.Text, Relation: relation, Contribution: float64(e.whole)})
	}
	if e.order > 0 {
		list = append(list, Part{What: WhatOrder, Asked: a.Text, Found: b.Text, Relation: Different, Contribution: float64(-e.order)})
	}
	return append(list, Part{What: WhatPrior, Relation: Unknown, Contribution: float64(m.bias)})
}

func (p *pair) explain(a, b *Name, damping float32) Part {
	part := Part{
		What:     what(&a.Tokens[p.a], &b.Tokens[p.b]),
		Asked:    run(a.Tokens[p.a : p.a+p.spanA]),
		Found:    run(b.Tokens[p.b : p.b+p.spanB]),
		Relation: p.relation,
	}
	part.Contribution = float64(p.value)
	if p.value > 0 {
		part.Contribution *= float64(damping)
	}
	return part
}

func run(tokens []Token) string {
	words := make([]string, len(tokens))
	for i := range tokens {
		words[i] = tokens[i].Text
	}
	return strings.Join(words, " ")
}

// what names a pair of tokens if one of the sources says what it is and the other does not
// say otherwise.
func what(a, b *Token) string {
	switch {
	case a.Surname && b.Surname:
		return WhatSurname
	case a.Given && b.Given:
		return WhatGiven
	}
	return WhatName
}

// Sentence says the part to an officer.
func (p Part) Sentence() string {
	switch p.What {
	case WhatPrior:
		return "Most people whose names are similar are not the same person."
	case WhatWhole:
		if p.Relation == Same {
			return "All parts of the name have a counterpart."
		}
		return "Parts of the name have a counterpart."
	case WhatOrder:
		return "The parts of the name come in another order."
	case WhatBirth:
		return p.birthSentence()
	case WhatNationality, WhatSex:
		if p.Relation == Same {
			return "The " + p.What + " " + p.Asked + " is the same."
		}
		return "The " + p.What + " is " + p.Found + ", asked was " + p.Asked + "."
	}
	if p.Asked == "" && p.Found == "" {
		return "No name is known."
	}
	if p.Contribution < 0 && p.Asked != "" && p.Found != "" {
		return "The " + p.What + " " + p.Asked + " differs from " + p.Found + "."
	}
	switch p.Relation {
	case Same:
		return "The " + p.What + " " + p.Asked + " is the same."
	case Consonants:
		return p.Asked + " is written with like consonants as " + p.Found + "."
	case Variant:
		return p.Asked + " is a spelling of " + p.Found + "."
	case Translation:
		return p.Asked + " and " + p.Found + " are one name in two languages."
	case Nickname:
		return p.Asked + " and " + p.Found + " are used for one another."
	case Typo:
		return p.Asked + " is almost " + p.Found + "."
	case InitialOf:
		return p.Asked + " and " + p.Found + " have the same initial."
	case Joined:
		return p.Asked + " is " + p.Found + " with other spaces."
	case Cut:
		return p.Asked + " and " + p.Found + " begin alike, and the document cuts the name off."
	case Within:
		return p.Asked + " and " + p.Found + " have the same stem."
	case Missing:
		return p.Found + " is in the entry and was not asked."
	case Extra:
		return p.Asked + " was asked and is not in the entry."
	}
	return "The " + p.What + " is " + p.Found + ", asked was " + p.Asked + "."
}

func (p Part) birthSentence() string {
	switch p.Relation {
	case Same:
		return "The birth date " + p.Asked + " is the same."
	case Swapped:
		return "The birth date is " + p.Found + ", asked was " + p.Asked + ": day and month are swapped."
	case Typo:
		return "The birth date is " + p.Found + ", asked was " + p.Asked + ": one digit differs."
	case Century:
		return "The birth date is " + p.Found + ", asked was " + p.Asked + ": a hundred years apart, as a zone with two digits of the year may be read."
	case NearYear:
		return "The birth date is " + p.Found + ", asked was " + p.Asked + ": a year apart."
	case Partly:
		s := "The birth date is " + p.Found + ", asked was " + p.Asked + ": "
		if p.standsForYear() {
			return s + "the year agrees, and 1 January often stands for the year alone."
		}
		return s + "what is known of both agrees."
	case Unknown:
		switch {
		case p.Asked == "":
			return "The birth date " + p.Found + " is in the entry and was not asked."
		case p.Found == "":
			return "The birth date " + p.Asked + " was asked and is not in the entry."
		}
		return "The birth date is " + p.Found + ", asked was " + p.Asked + ": they have nothing in common that could be compared."
	}
	return "The birth date is " + p.Found + ", asked was " + p.Asked + "."
}

// standsForYear reports whether dates of one year agree only because a first of January is no day.
func (p Part) standsForYear() bool {
	year, _, _ := strings.Cut(p.Asked, "-")
	january := year + "-01-01"
	return strings.HasPrefix(p.Found, year) && (p.Asked == january || p.Found == january) &&
		!strings.HasPrefix(p.Asked, p.Found) && !strings.HasPrefix(p.Found, p.Asked)
}
