package numbers

import (
	"log/slog"
	"unicode"
	"unicode/utf8"
)

// Document is a document number with what belongs to it.
type Document struct {
	Number string
	Type   string // document code of the zone, "P"; empty if not known
	Issuer string // a code that [Issuer] knows; empty if not known
}

// LogValue keeps the number out of logs.
func (d Document) LogValue() slog.Value { return slog.StringValue("document number") }

// String keeps the number out of printed text.
func (d Document) String() string { return "document number" }

// Normal writes a document number as it stands in a machine-readable zone: upper case A to Z
// and digits, without anything else. Digits of other scripts become digits, Greek and Cyrillic
// letters that look like one of A to Z become it, as the issuers that print them do in the
// zone.
func Normal(number string) string { return string(appendNormal(nil, number)) }

// Fold writes all readings of a number that optical reading takes for one another the same
// way. Two numbers that fold alike are look-alikes; they are the same if Normal agrees too.
func Fold(number string) string {
	b := appendNormal(nil, number)
	fold(b, b)
	return string(b)
}

func appendNormal(b []byte, number string) []byte {
	for i := range len(number) {
		if number[i] >= utf8.RuneSelf {
			return appendRunes(b, number[i:])
		}
		if c := normals[number[i]]; c != 0 {
			b = append(b, c)
		}
	}
	return b
}

func appendRunes(b []byte, number string) []byte {
	for _, r := range number {
		c := latin(unicode.ToUpper(r))
		if r < utf8.RuneSelf {
			c = normals[r]
		}
		if c != 0 {
			b = append(b, c)
		}
	}
	return b
}

const (
	digits  = "0123456789"
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// normals are the characters as Normal writes them, 0 for those that it leaves out.
var normals = func() (of [utf8.RuneSelf]byte) {
	for _, c := range []byte(digits + letters) {
		of[c] = c
	}
	for _, c := range []byte(letters) {
		of[c-'A'+'a'] = c
	}
	return of
}()

// folds are the characters of a normal number as Fold writes them.
var folds = func() (of [256]byte) {
	for c := range of {
		of[c] = byte(c)
	}
	for digit, alike := range map[byte]string{'0': "OQD", '1': "IL", '2': "Z", '5': "S", '6': "G", '8': "B"} {
		for _, c := range []byte(alike) {
			of[c] = digit
		}
	}
	return of
}()

// zeros are the zeros of decimal digits that documents are numbered with: Arabic, eastern
// Arabic, Devanagari, Bengali, Thai and full width.
var zeros = [...]rune{'٠', '۰', '०', '০', '๐', '０'}

// lookalikes are the capital letters of Cyrillic and Greek that are drawn as one of A to Z.
var lookalikes = map[rune]byte{
	'А': 'A', 'В': 'B', 'Е': 'E', 'Ѕ': 'S', 'І': 'I', 'Ј': 'J', 'К': 'K', 'М': 'M', 'Н': 'H',
	'О': 'O', 'Р': 'P', 'С': 'C', 'Т': 'T', 'У': 'Y', 'Х': 'X',
	'Α': 'A', 'Β': 'B', 'Ε': 'E', 'Ζ': 'Z', 'Η': 'H', 'Ι': 'I', 'Κ': 'K', 'Μ': 'M', 'Ν': 'N',
	'Ο': 'O', 'Ρ': 'P', 'Τ': 'T', 'Υ': 'Y', 'Χ': 'X',
}

// latin returns the character A to Z or 0 to 9 that stands for a capital or digit of another
// script, or 0.
func latin(r rune) byte {
	for _, zero := range zeros {
		if r >= zero && r <= zero+9 {
			return '0' + byte(r-zero)
		}
	}
	if r >= 'Ａ' && r <= 'Ｚ' {
		return 'A' + byte(r-'Ａ')
	}
	return lookalikes[r]
}

// fold writes the folded form of a normal number to dst, which may be the number itself.
func fold(dst, normal []byte) {
	for i, c := range normal {
		dst[i] = folded(c)
	}
}

func folded(c byte) byte { return folds[c] }

// checkDigit is that of ICAO 9303-3 §4.9 over a normal number: weights 7, 3, 1.
func checkDigit(normal []byte) byte {
	weights := [3]int{7, 3, 1}
	sum := 0
	for i, c := range normal {
		v := int(c - '0')
		if c >= 'A' {
			v = int(c-'A') + 10
		}
		sum += v * weights[i%3]
	}
	return '0' + byte(sum%10)
}
