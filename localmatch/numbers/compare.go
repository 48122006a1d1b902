package numbers

import (
	"bytes"
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Grade is how well two numbers agree.
type Grade uint8

// The grades, the better the higher.
const (
	Different Grade = iota // or nothing to compare
	Alike
	Same
)

// Reason is why two numbers are alike.
type Reason uint8

// The reasons. The first two hold whatever the documents are, the others need an issuer and
// a type whose formats are known.
const (
	NoReason       Reason = iota // not alike
	LookAlike                    // look-alike characters
	Format                       // look-alike characters, and the issuer's formats allow one reading only
	CheckDigit                   // one has the check digit of its zone behind it
	LeadingZeros                 // one lacks the zeros it begins with
	LeadingLetters               // the list lacks the letters it begins with
)

// Comparison is what was found when two numbers were compared.
type Comparison struct {
	Grade  Grade
	Reason Reason
	Asked  string // normal
	Found  string // normal
	// Swaps are the places where Asked and Found differ, if LookAlike or Format is the reason.
	Swaps []Swap
}

// Swap is one place at which look-alike characters differ.
type Swap struct {
	Place        int // from 0
	Asked, Found byte
}

// Compare compares the number of a traveller's document with that of a list. Whether issuer
// and type agree is for the caller to judge; a type or issuer that only one side knows is taken
// for the other's too.
func Compare(asked, found Document) Comparison {
	a, f := appendNormal(nil, asked.Number), appendNormal(nil, found.Number)
	c := Comparison{Asked: string(a), Found: string(f)}
	switch {
	case len(a) == 0 || len(f) == 0:
		return c
	case bytes.Equal(a, f):
		c.Grade = Same
		return c
	case foldAlike(a, f):
		c.Grade, c.Reason = Alike, LookAlike
		c.Swaps = swaps(a, f)
		formats := common(asked, found)
		read(a, formats)
		read(f, formats)
		if bytes.Equal(a, f) {
			c.Reason = Format
		}
		return c
	}
	if asked.Issuer == "" || Issuer(asked.Issuer) != Issuer(found.Issuer) {
		return c
	}
	for _, form := range asked.carelessForms(nil, a) {
		if foldAlike(form.number, f) {
			c.Grade, c.Reason = Alike, form.reason
		}
	}
	return c
}

// common returns the formats that both documents have, none if theirs differ.
func common(a, b Document) []format {
	a.Issuer, b.Issuer = cmp.Or(a.Issuer, b.Issuer), cmp.Or(b.Issuer, a.Issuer)
	a.Type, b.Type = cmp.Or(a.Type, b.Type), cmp.Or(b.Type, a.Type)
	if f := a.formats(); slices.Equal(f, b.formats()) {
		return f
	}
	return nil
}

func foldAlike(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if folded(a[i]) != folded(b[i]) {
			return false
		}
	}
	return true
}

func swaps(asked, found []byte) []Swap {
	var all []Swap
	for i := range asked {
		if asked[i] != found[i] {
			all = append(all, Swap{i, asked[i], found[i]})
		}
	}
	return all
}

// Note is what explains the comparison to the officer, empty if the numbers are the same or
// different.
func (c Comparison) Note() string {
	switch c.Reason {
	case LookAlike:
		return "look-alike characters: " + c.swapped()
	case Format:
		return "look-alike characters: " + c.swapped() + "; the issuer's numbers allow one reading only"
	case CheckDigit:
		return "the same but for the check digit behind it"
	case LeadingZeros:
		return "the same but for zeros in front"
	case LeadingLetters:
		return "the list lacks the letters in front"
	}
	return ""
}

func (c Comparison) swapped() string {
	var notes []string
	for _, s := range c.Swaps {
		if note := fmt.Sprintf("%c read, %c listed", s.Asked, s.Found); !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	return strings.Join(notes, ", ")
}

// LogValue keeps the numbers out of logs.
func (c Comparison) LogValue() slog.Value { return slog.StringValue("comparison of document numbers") }

// String keeps the numbers out of printed text.
func (c Comparison) String() string { return "comparison of document numbers" }
