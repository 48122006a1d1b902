package itl

import (
	"math"

	"boothd/capture"
)

// Impression says how a print was taken (SP 500-290 table 7). Booths scan live; the other
// codes, up to 43, are carried along.
type Impression int

// The impressions of fingers that were scanned or inked.
const (
	LivePlain     Impression = 0
	LiveRolled    Impression = 1
	NonlivePlain  Impression = 2 // from a card
	NonliveRolled Impression = 3
	Unspecified   Impression = 29
)

func (i Impression) known() bool { return i >= 0 && i <= 43 }

// Position is a friction ridge position (SP 500-290 table 8). 0 to 10 are those of
// capture.FingerPosition.
type Position int

// Positions beyond the single fingers.
const (
	PlainRightThumb Position = 11
	PlainLeftThumb  Position = 12
	RightFour       Position = 13 // the four fingers at once, without the thumb
	LeftFour        Position = 14
	BothThumbs      Position = 15
	RightExtra      Position = 16 // an eleventh finger
	LeftExtra       Position = 17
	PartOfFinger    Position = 19 // entire joint image or tip; 14.014 says which
)

// Fingers returns the fingers that a picture of the position shows, from thumb to little
// finger, right before left. There are none if it shows something else, or one that has no
// code here. 0, the unknown finger, is one finger.
func (p Position) Fingers() []capture.FingerPosition {
	switch {
	case p >= 0 && p <= 10:
		return []capture.FingerPosition{capture.FingerPosition(p)}
	case p == PlainRightThumb:
		return []capture.FingerPosition{1}
	case p == PlainLeftThumb:
		return []capture.FingerPosition{6}
	case p >= 40 && p <= 54:
		return combinations[p-40]
	}
	switch p {
	case RightFour:
		return []capture.FingerPosition{2, 3, 4, 5}
	case LeftFour:
		return []capture.FingerPosition{7, 8, 9, 10}
	case BothThumbs:
		return []capture.FingerPosition{1, 6}
	}
	return nil
}

// combinations are the fingers of positions 40 to 54.
var combinations = [...][]capture.FingerPosition{
	{2, 3}, {3, 4}, {4, 5}, {7, 8}, {8, 9}, {9, 10}, {2, 7}, {2, 3, 4}, {3, 4, 5}, {7, 8, 9}, {8, 9, 10},
	{2, 3, 4, 5}, {7, 8, 9, 10}, {1, 2, 3, 4, 5}, {6, 7, 8, 9, 10},
}

// single tells whether the position can stand for one finger of a picture.
func (p Position) single() bool {
	return p >= 0 && p <= 10 || p == RightExtra || p == LeftExtra
}

// several tells whether a picture of the position shows more than one finger.
func (p Position) several() bool { return len(p.Fingers()) > 1 }

// known tells whether a Type-14 picture can show the position: fingers, parts of palms that
// are taken with them, combinations.
func (p Position) known() bool {
	return p >= 0 && p <= 19 || p == 33 || p == 36 || p >= 40 && p <= 54
}

// Absence says why a finger is not or not wholly in a picture (14.018 ABC).
type Absence string

// The absences. Editions differ: in 2007 XX is an amputated finger; from 2011 on XX is kept
// for the partial print of one, and UP may also stand for a finger that is wholly gone.
const (
	Amputated     Absence = "XX"
	UnableToPrint Absence = "UP"
	Scarred       Absence = "SR" // from 2015 on; the finger is there
)

// AbsenceOf codes a finger that was not taken: a permanent reason as XX, a temporary one as
// UP. It reports false for what has no code, such as a child of whom no fingerprints may be
// taken. A receiver that follows 2011 to the letter may want UP for both.
func AbsenceOf(m capture.Missing) (Absence, bool) {
	switch m {
	case capture.MissingPermanent:
		return Amputated, true
	case capture.MissingTemporary:
		return UnableToPrint, true
	}
	return "", false
}

// Missing is the opposite of AbsenceOf. It reports false for a finger that is there
// (Scarred) and for codes that are not known.
func (a Absence) Missing() (capture.Missing, bool) {
	switch a {
	case Amputated:
		return capture.MissingPermanent, true
	case UnableToPrint:
		return capture.MissingTemporary, true
	}
	return "", false
}

func (a Absence) known() bool {
	return len(a) == 2 && a[0] >= 'A' && a[0] <= 'Z' && a[1] >= 'A' && a[1] <= 'Z'
}

// Unit is the unit of a scale (14.008 SLC).
type Unit int

// The units.
const (
	NoUnit        Unit = 0 // the scale is the pixels' aspect ratio
	PerInch       Unit = 1
	PerCentimetre Unit = 2
)

// Scale is a picture's resolution (14.008 to 14.010).
type Scale struct {
	Unit                 Unit
	Horizontal, Vertical int // pixels in a unit, 1 to 99,999
}

// DPI is the resolution in whole pixels per inch, or 0 if it is not known or not the same
// in both directions.
func (s Scale) DPI() int {
	switch {
	case s.Horizontal != s.Vertical:
		return 0
	case s.Unit == PerInch:
		return s.Horizontal
	case s.Unit == PerCentimetre:
		return int(math.Round(float64(s.Horizontal) * 2.54))
	}
	return 0
}
