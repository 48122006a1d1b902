package numbers

import (
	"bytes"
	"math/bits"
)

// format writes what a number may hold at each place, one byte a place, by the names of
// alphabet.
type format string

// formats are those of ordinary passports, by issuer. They are what Microsoft publishes for
// its Purview data classifiers ("passport number" of each state, learn.microsoft.com/purview),
// unless another source is named. Where sources disagree the wider one stands, and a state
// with documents that are known to be numbered otherwise has both formats: a format that is
// too wide decides less, one that is too narrow decides wrongly.
var formats = map[string][]format{
	"AUS": {"A9999999", "AA9999999"},
	"BEL": {"AA999999"},
	"CAN": {"AA999999", "A999999AA"}, // second: canada.ca, series of 2023
	"D":   {"ggggggggg"},             // alphabet: PRADO, series of 2007; 9 digits before
	"FIN": {"AA9999999"},
	"FRA": {"99AA99999"},
	"GBR": {"999999999"},
	"GRC": {"AA9999999"},
	"HRV": {"999999999"},
	"HUN": {"AA999999", "AA9999999"},
	"IRL": {"XX9999999"},
	"ITA": {"XX9999999"},
	"JPN": {"AA9999999"},
	"KOR": {"A99999999", "A999A9999"}, // second: passport.go.kr, series of 2021
	"NLD": {"nnmmmmmm9"},              // rvig.nl: the letter O is never used
	"POL": {"AA9999999"},
	"ROU": {"99999999", "999999999"},
	"RUS": {"999999999"},
	"UKR": {"AA999999"},
	"USA": {"999999999", "A99999999"}, // letter: travel.state.gov, series of 2021
}

// identityCards are formats of identity cards.
var identityCards = map[string][]format{
	"D":   {"ggggggggg"}, // PRADO, series of 2010; 10 digits and a letter before fit nothing
	"NLD": {"nnmmmmmm9"},
	"POL": {"AAA999999"}, // Microsoft Purview, Poland identity card
}

// formats returns the formats that numbers of such documents have, none if they are not known.
// Diplomatic and other special passports are numbered in series of their own.
func (d Document) formats() []format {
	switch d.Type {
	case "P", "PP":
		return formats[Issuer(d.Issuer)]
	case "I", "ID":
		return identityCards[Issuer(d.Issuer)]
	}
	return nil
}

// Reading writes a normal number as the formats of its issuer have it: a character that no
// format allows becomes the look-alike that they allow, if they allow only one. A number that
// fits a format, and one whose look-alikes fit none, is its own reading.
func Reading(d Document) string {
	b := appendNormal(nil, d.Number)
	read(b, d.formats())
	return string(b)
}

func read(normal []byte, formats []format) {
	var allowed [maxPlaces]alphabet
	for _, f := range formats {
		f.allow(&allowed, normal)
	}
	for i := range min(len(normal), maxPlaces) {
		if bits.OnesCount64(uint64(allowed[i])) == 1 {
			normal[i] = allowed[i].first()
		}
	}
}

// maxPlaces is the length of the longest format.
const maxPlaces = 9

// allow adds what may stand at each place of the number, if its look-alikes fit the format.
func (f format) allow(allowed *[maxPlaces]alphabet, normal []byte) {
	if len(normal) != len(f) {
		return
	}
	var fit [maxPlaces]alphabet
	for i, c := range normal {
		fit[i] = places[f[i]] & classes[c]
		if fit[i] == 0 {
			return
		}
	}
	for i := range fit {
		allowed[i] |= fit[i]
	}
}

// fits reports whether the number, as it is written, has one of the formats.
func fits(normal []byte, formats []format) bool {
	for _, f := range formats {
		if f.has(normal) {
			return true
		}
	}
	return false
}

func (f format) has(normal []byte) bool {
	if len(normal) != len(f) {
		return false
	}
	for i, c := range normal {
		if places[f[i]]&one(c) == 0 {
			return false
		}
	}
	return true
}

// alphabet is a set of the characters 0 to 9 and A to Z.
type alphabet uint64

func one(c byte) alphabet { return 1 << ((c - '0') & 63) }

func (a alphabet) first() byte { return '0' + byte(bits.TrailingZeros64(uint64(a))) }

func alphabetOf(chars string) (a alphabet) {
	for i := range len(chars) {
		a |= one(chars[i])
	}
	return a
}

// places are the alphabets that formats name.
var places = [256]alphabet{
	'9': alphabetOf(digits),
	'A': alphabetOf(letters),
	'X': alphabetOf(digits + letters),
	'g': alphabetOf(digits + "CFGHJKLMNPRTVWXYZ"),
	'n': alphabetOf("ABCDEFGHIJKLMNPQRSTUVWXYZ"),
	'm': alphabetOf(digits + "ABCDEFGHIJKLMNPQRSTUVWXYZ"),
}

// classes are the look-alikes of each character.
var classes = func() (of [256]alphabet) {
	for _, a := range digits + letters {
		for _, b := range digits + letters {
			if folded(byte(a)) == folded(byte(b)) {
				of[a] |= one(byte(b))
			}
		}
	}
	return of
}()

// careless is a form of a number that lists hold by mistake.
type careless struct {
	number []byte
	reason Reason
}

// shortest is the length from which digits alone can stand for a number with letters or zeros
// in front of it.
const shortest = 6

// carelessForms appends the forms in which a list may hold the number of d, or the numbers that
// d is a careless form of. Of the two one at most fits a format of the issuer, so that they are
// never two numbers that both exist.
func (d Document) carelessForms(all []careless, normal []byte) []careless {
	known := d.formats()
	if known == nil {
		return all
	}
	number := append(make([]byte, 0, 2*maxPlaces), normal...)
	read(number, known)
	add := func(form []byte, reason Reason) {
		if !fits(form, known) {
			all = append(all, careless{form, reason})
		}
	}
	if !fits(number, known) {
		return mended(all, number, known)
	}
	add(append(number, checkDigit(number)), CheckDigit)
	switch rest := bytes.TrimLeft(number, letters); {
	case bytes.ContainsAny(rest, letters):
	case len(rest) < len(number) && len(rest) >= shortest:
		add(rest, LeadingLetters)
	case len(rest) == len(number):
		if rest = bytes.TrimLeft(number, "0"); len(rest) < len(number) && len(rest) >= shortest {
			add(rest, LeadingZeros)
		}
	}
	return all
}

// mended appends the numbers that a careless form stands for.
func mended(all []careless, number []byte, known []format) []careless {
	if n := len(number) - 1; n >= shortest {
		head := append(make([]byte, 0, 2*maxPlaces), number[:n]...)
		read(head, known)
		if fits(head, known) && folded(number[n]) == checkDigit(head) {
			return append(all, careless{head, CheckDigit})
		}
	}
	if len(number) < shortest || !format(bytes.Repeat([]byte("9"), len(number))).has(number) {
		return all
	}
	var padded []byte
	for n := len(number) + 1; n <= maxPlaces; n++ {
		form := append(bytes.Repeat([]byte("0"), n-len(number)), number...)
		if !fits(form, known) {
			continue
		}
		if padded != nil {
			return all
		}
		padded = form
	}
	if padded == nil {
		return all
	}
	return append(all, careless{padded, LeadingZeros})
}
