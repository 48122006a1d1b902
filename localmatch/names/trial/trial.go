// Package trial measures how well and how fast people are found by their names, with people
// who do not exist.
//
// Invented people are made of nothing but chance: a culture, a sex and a state by their
// weights, a name by the culture's rules from tables of common names and of parts of rare
// ones ([corpus.Culture.Draw]), a day of birth, a document number in the issuing state's
// format. No record of a real person was looked at, so none can be in it; that a common name
// with some birthday belongs to somebody as well is chance. Person i of a seed is always the
// same, which makes a list of any size out of one number.
//
// [Measure] asks for people of a list as their documents would name them, undamaged and
// damaged in the ways of [Class], always with nationality and sex, and tells how long the answer took and whether the right
// entry was in it. [Rate] scores pairs of names whose truth is known.
package trial

// Class is what has happened to a name on its way into the document.
type Class string

// The classes of questions.
const (
	Exact     Class = "exact"    // the entry's main name
	OneTypo   Class = "one typo" // a letter wrong, missing, added or swapped with the next, in one word
	EveryTypo Class = "typo in every token"
	Vowels    Class = "vowels"             // one vowel of one or two words as another romanisation writes it
	Dropped   Class = "dropped given name" // of several
	Truncated Class = "truncated"          // to the 39 places of a passport's name field (ICAO 9303-4)
	NoMatch   Class = "no match"           // somebody who is not in the list
)

// Classes are all classes, in the order in which they are measured.
var Classes = []Class{Exact, OneTypo, EveryTypo, Vowels, Dropped, Truncated, NoMatch}
