package names

import (
	"strings"

	"github.com/mozillazg/go-unidecode"
)

// The parts of a syllable of Hangul in the order of Unicode, in the revised romanisation of
// Korea (2000).
var (
	hangulHeads   = [...]string{"G", "KK", "N", "D", "TT", "R", "M", "B", "PP", "S", "SS", "", "J", "JJ", "CH", "K", "T", "P", "H"}
	hangulVowels  = [...]string{"A", "AE", "YA", "YAE", "EO", "E", "YEO", "YE", "O", "WA", "WAE", "OE", "YO", "U", "WO", "WE", "WI", "YU", "EU", "UI", "I"}
	hangulEndings = [...]string{"", "K", "K", "K", "N", "N", "N", "T", "L", "K", "M", "L", "L", "L", "L", "L", "M", "P", "P", "T", "T", "NG", "T", "T", "K", "T", "P", "T"}
)

// koreanSurnames are written another way than their syllable by nearly all who bear them.
var koreanSurnames = map[rune]string{'김': "KIM", '이': "LEE", '리': "RI", '박': "PARK", '최': "CHOI", '강': "KANG", '우': "WOO", '노': "ROH", '구': "KOO", '권': "KWON", '국': "KOOK"}

const (
	hangulFirst = 0xAC00
	hangulLast  = 0xD7A3
)

func writeHangul(parts []string) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteByte(' ')
		}
		for _, r := range part {
			if surname, ok := koreanSurnames[r]; ok && i == 0 && len(parts) > 1 {
				b.WriteString(surname)
			} else if r >= hangulFirst && r <= hangulLast {
				n := int(r - hangulFirst)
				b.WriteString(hangulHeads[n/588] + hangulVowels[n%588/28] + hangulEndings[n%28])
			}
		}
	}
	return b.String()
}

// doubleSurnames of Chinese with two characters.
var doubleSurnames = []string{"欧阳", "歐陽", "司马", "司馬", "诸葛", "諸葛", "上官", "司徒", "夏侯", "东方", "東方", "皇甫", "尉迟", "尉遲", "公孙", "公孫", "慕容", "长孙", "長孫", "宇文", "端木"}

// splitNative separates the surname of a name in Han characters or Hangul that is written as
// one word.
func splitNative(s string, first bool) []string {
	letters := []rune(s)
	if !first || len(letters) < 2 || len(letters) > 4 || len(letters) == 2 && letters[0] >= hangulFirst {
		return []string{s}
	}
	n := 1
	for _, d := range doubleSurnames {
		if strings.HasPrefix(s, d) && len(letters) > 2 {
			n = 2
		}
	}
	return []string{string(letters[:n]), string(letters[n:])}
}

// writeHan writes the Mandarin reading without tones. Japanese and Korean readings are
// others; such names have to come with a reading.
func writeHan(parts []string) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteByte(' ')
		}
		for _, r := range part {
			b.WriteString(strings.TrimSpace(unidecode.Unidecode(string(r))))
		}
	}
	return b.String()
}

// The scripts of India are laid out alike, 128 places each (ISCII, IS 13194): one table by
// place serves Devanagari, Bengali, Gurmukhi, Gujarati, Oriya, Tamil, Telugu, Kannada and
// Malayalam. Marks and tones after Hunterian transliteration, without length.
var indicLetters = map[rune]string{
	0x01: "N", 0x02: "N", 0x03: "H", 0x05: "A", 0x06: "A", 0x07: "I", 0x08: "I", 0x09: "U", 0x0A: "U", 0x0B: "RI", 0x0E: "E", 0x0F: "E",
	0x10: "AI", 0x12: "O", 0x13: "O", 0x14: "AU",
	0x15: "K", 0x16: "KH", 0x17: "G", 0x18: "GH", 0x19: "N", 0x1A: "CH", 0x1B: "CHH", 0x1C: "J", 0x1D: "JH", 0x1E: "N", 0x1F: "T",
	0x20: "TH", 0x21: "D", 0x22: "DH", 0x23: "N", 0x24: "T", 0x25: "TH", 0x26: "D", 0x27: "DH", 0x28: "N", 0x29: "N", 0x2A: "P",
	0x2B: "PH", 0x2C: "B", 0x2D: "BH", 0x2E: "M", 0x2F: "Y", 0x30: "R", 0x31: "R", 0x32: "L", 0x33: "L", 0x34: "L", 0x35: "V",
	0x36: "SH", 0x37: "SH", 0x38: "S", 0x39: "H", 0x3E: "A", 0x3F: "I", 0x40: "I", 0x41: "U", 0x42: "U", 0x43: "RI", 0x46: "E",
	0x47: "E", 0x48: "AI", 0x4A: "O", 0x4B: "O", 0x4C: "AU", 0x58: "Q", 0x59: "KH", 0x5A: "GH", 0x5B: "Z", 0x5C: "R", 0x5D: "RH",
	0x5E: "F", 0x5F: "Y",
}

// Places with a meaning of their own.
const (
	indicFirstConsonant = 0x15
	indicLastConsonant  = 0x39
	indicNukta          = 0x3C // a dot that makes another consonant
	indicFirstSign      = 0x3E // vowel signs replace the vowel A that every consonant carries
	indicVirama         = 0x4D // and so does this, with none
)

func writeIndic(s string) string {
	var b strings.Builder
	carries := false // the last letter is a consonant whose A is not written yet
	for _, r := range s {
		if r < 0x0900 || r > 0x0D7F {
			continue
		}
		place := r & 0x7F
		sign := place >= indicFirstSign && place <= indicVirama
		if carries && !sign && place != indicNukta {
			b.WriteByte('A')
			carries = false
		}
		b.WriteString(indicLetters[place])
		switch {
		case place >= indicFirstConsonant && place <= indicLastConsonant, place >= 0x58 && place <= 0x5F:
			carries = true
		case sign:
			carries = false
		}
	}
	return b.String()
}
