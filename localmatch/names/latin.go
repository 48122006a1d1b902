package names

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// latinLetters have no decomposition into a letter A to Z and marks (ICAO 9303-3 §6 A).
var latinLetters = map[rune]string{
	'Æ': "AE", 'Œ': "OE", 'Ø': "OE", 'Å': "AA", 'ẞ': "SS", 'ß': "SS", 'Þ': "TH", 'Ð': "D", 'Đ': "D",
	'Ł': "L", 'Ħ': "H", 'Ŧ': "T", 'Ŋ': "N", 'ĸ': "Q", 'Ə': "E", 'Ɛ': "E", 'Ɔ': "O", 'Ɓ': "B", 'Ɗ': "D",
	'Ƙ': "K", 'Ƴ': "Y", 'Ɖ': "D", 'Ƣ': "G", 'Ĳ': "IJ", 'Ŀ': "L", 'Ɨ': "I", 'Ʉ': "U",
}

// writeLatin writes national characters as one of the forms that ICAO allows; Ä, Ö, Ü and Ñ
// without the mark, Fold knows the others.
func writeLatin(s string) string {
	var b strings.Builder
	for _, r := range s {
		r = unicode.ToUpper(r)
		if w, ok := latinLetters[r]; ok {
			b.WriteString(w)
			continue
		}
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, d := range norm.NFKD.String(string(r)) {
			if w, ok := latinLetters[d]; ok {
				b.WriteString(w)
			} else if d < 0x80 {
				b.WriteRune(unicode.ToUpper(d))
			}
		}
	}
	return b.String()
}

// Fold writes the forms that ICAO 9303-3 §6 A allows for one letter the same way: Ä as AE
// or A, Å as AA or A, Ö and Ø as OE or O, Ü as UE, UXX or U, Ñ as NXX or N. Words that only
// look like it fold too; what matters is that both sides do. The token is A to Z.
func Fold(token string) string {
	at := 0
	for at < len(token) && alternative(token[at], token[at+1:]) == 0 {
		at++
	}
	if at >= len(token) {
		return token
	}
	b := make([]byte, 0, len(token))
	for i := 0; i < len(token); {
		c := token[i]
		b = append(b, c)
		i++
		for n := alternative(c, token[i:]); n > 0; n = alternative(c, token[i:]) {
			i += n
		}
	}
	return string(b)
}

// alternative returns how many bytes at the head of rest only write the letter c another
// way.
func alternative(c byte, rest string) int {
	switch {
	case rest == "":
		return 0
	case c == 'A' && (rest[0] == 'E' || rest[0] == 'A'), c == 'O' && rest[0] == 'E', c == 'U' && rest[0] == 'E':
		return 1
	case (c == 'U' || c == 'N') && strings.HasPrefix(rest, "XX"):
		return 2
	}
	return 0
}

// zoneArabic are the codes of ICAO 9303-3 §6 C for Arabic letters that begin with X, and how
// romanisations usually write the letter. Longer ones come first.
var zoneArabic = strings.NewReplacer(
	"XKH", "KH", "XSH", "SH", "XTH", "TH", "XDH", "DH", "XSS", "S", "XDZ", "D", "XTT", "T", "XZZ", "Z",
	"XAA", "A", "XAE", "A", "XAY", "A", "XTA", "A", "XTG", "A", "XXA", "A", "XKE", "Z", "XXH", "TS", "XXT", "T", "XRT", "T",
	"XXD", "D", "XDR", "D", "XXR", "R", "XRR", "R", "XRX", "ZH", "XXS", "KH", "XKK", "K", "XXK", "G",
	"XNG", "NG", "XGG", "G", "XNN", "N", "XXN", "N", "XDO", "H", "XYH", "A", "XXG", "H", "XGE", "A",
	"XYA", "Y", "XXY", "Y", "XYB", "E", "XBE", "E", "XC", "CH", "XJ", "ZH", "XE", "", "XI", "I", "XH", "H",
)

// zoneForms takes the codes for Arabic letters back out of a machine-readable zone's word:
// XSSALXH is SALH. A word of another language has an X too, but not such: it needs two
// of the codes, or one that no other language has.
func zoneForms(text string) string {
	at := strings.IndexByte(text, 'X')
	if at < 0 || at+1 == len(text) {
		return text
	}
	for i := at; i+1 < len(text); i++ {
		if text[i] == 'X' && isArabicCode(text[i+1:], i == 0 || text[i-1] != 'U' && text[i-1] != 'N') {
			return zoneArabic.Replace(text)
		}
	}
	return text
}

// isArabicCode reports whether what follows an X makes it a code for an Arabic letter; free
// says that the letter before is not one that ICAO writes with XX.
func isArabicCode(rest string, free bool) bool {
	for _, code := range []string{"KH", "SH", "TH", "DH", "SS", "DZ", "TT", "ZZ", "AA", "KK", "GG", "YA", "NN", "DO"} {
		if strings.HasPrefix(rest, code) {
			return true
		}
	}
	if rest[0] == 'X' {
		return free && len(rest) > 1
	}
	return rest[0] == 'H' && (len(rest) == 1 || !isVowel(rest[1]))
}

func isVowel(c byte) bool {
	switch c {
	case 'A', 'E', 'I', 'O', 'U', 'Y':
		return true
	}
	return false
}
