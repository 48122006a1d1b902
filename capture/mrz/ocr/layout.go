package ocr

import (
	"strings"

	"boothd/capture/mrz"
	"boothd/capture/mrz/ocr/glyph"
)

// layout says which characters a format allows at each place (ICAO 9303-4 to 9303-7):
// A letters and filler, N letters, digits and filler, D digits and (rarely) filler,
// C digits, c digits and filler, S sex.
type layout struct {
	format mrz.Format
	prefix string // of the first line
	lines  []string
}

// bookTail is the second line of books, visas and TD2 cards up to the optional data.
func bookTail(numberCheck string) string { return "NNNNNNNNN" + numberCheck + "AAADDDDDDCSDDDDDDC" }

// layoutOf returns the layout of lines of a shape that begin with certain letters.
func layoutOf(s shape, begin string) layout {
	names := strings.Repeat("A", s.length)
	visa := strings.HasPrefix(begin, "V")
	switch {
	case s.lines == 3:
		return layout{mrz.TD1, "", []string{
			"AAAAANNNNNNNNNcNNNNNNNNNNNNNNN", "DDDDDDCSDDDDDDCAAANNNNNNNNNNNC", names}}
	case s.length == 44 && visa:
		return layout{mrz.MRVA, "V", []string{names, bookTail("C") + strings.Repeat("N", 16)}}
	case s.length == 44:
		return layout{mrz.TD3, "", []string{names, bookTail("C") + strings.Repeat("N", 14) + "cC"}}
	case visa:
		return layout{mrz.MRVB, "V", []string{names, bookTail("C") + strings.Repeat("N", 8)}}
	case begin == "IDFRA":
		return layout{mrz.FRAID, "IDFRA", []string{names[:30] + "NNNNNN", "DDDDNNNNNNNNC" + names[:14] + "DDDDDDCSC"}}
	}
	return layout{mrz.TD2, "", []string{names, bookTail("c") + strings.Repeat("N", 7) + "C"}}
}

// handicap is the logarithm of how much rarer a class is at a place than the others there;
// ok is false where it cannot stand.
func handicap(kind byte, class int) (penalty float64, ok bool) {
	const (
		rare  = -3
		rareO = -3.5 // in numbers; most issuers leave it out
	)
	ch := glyph.Alphabet[class]
	isDigit, isFiller := ch <= '9' && ch >= '0', ch == '<'
	switch kind {
	case 'A':
		return 0, !isDigit
	case 'D':
		if isFiller {
			return rare, true
		}
		return 0, isDigit
	case 'C':
		return 0, isDigit
	case 'c':
		return 0, isDigit || isFiller
	case 'N':
		if ch == 'O' {
			return rareO, true
		}
	case 'S':
		return 0, ch == 'M' || ch == 'F' || isFiller
	}
	return 0, true
}
