package names

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/text/unicode/norm"
)

// word is a part of a name on its way to becoming a token.
type word struct {
	text     string // A to Z
	comma    bool   // a comma follows
	capitals bool   // two letters or more and all of them capitals
	surname  bool
	given    bool
	bare     bool
	native   string // as it was written, if that tells more than its reading
}

// split cuts a name into words and writes each with the letters A to Z. Words are separated
// by spaces, hyphens and punctuation, not by apostrophes; where capitals follow small
// letters (SergeiLavrov) a space was lost.
func split(text string) []word {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	alphabet := common
	if !isASCII(text) {
		text = norm.NFC.String(text)
		alphabet = alphabetOf(text)
	}
	text = withoutAsides(text)
	words := make([]word, 0, 4)
	for _, p := range pieces(make([]piece, 0, 8), text) {
		words = appendWord(words, p.text, alphabet)
		if p.comma && len(words) > 0 {
			words[len(words)-1].comma = true
		}
	}
	return words
}

// withoutAsides leaves out other spellings in brackets: Mohammad (a.k.a. Muhammad, Mohamed)
// AL-AHMED.
func withoutAsides(text string) string {
	for {
		start := strings.Index(text, "(")
		if start < 0 {
			return text
		}
		head := strings.ToLower(text[start+1 : min(len(text), start+8)])
		if !strings.HasPrefix(head, "a.k.a") && !strings.HasPrefix(head, "aka") && !strings.HasPrefix(head, "alias") {
			return text
		}
		end := strings.Index(text[start:], ")")
		if end < 0 {
			return text[:start]
		}
		text = text[:start] + " " + text[start+end+1:]
	}
}

func appendWord(words []word, s string, alphabet alphabet) []word {
	capitals := isCapitals(s)
	bare := false
	var written string
	var native []string
	switch scriptOf(s) {
	case latin:
		if isASCII(s) {
			if text := onlyLetters(s); text != "" {
				words = append(words, word{text: text, capitals: capitals})
			}
			return words
		}
		written = writeLatin(s)
	case cyrillic:
		written = writeCyrillic(s, alphabet)
	case greek:
		written = writeGreek(s)
	case arabic:
		written, bare = writeArabic(s, alphabet)
	case hebrew:
		written, bare = writeHebrew(s), true
	case armenian:
		written = writeLetters(s, armenianLetters)
	case georgian:
		written = writeLetters(s, georgianLetters)
	case hangul:
		native = splitNative(s, len(words) == 0)
		written = writeHangul(native)
	case indic:
		written = writeIndic(s)
	case han:
		native = splitNative(s, len(words) == 0)
		written = writeHan(native)
	default:
		written = unidecode.Unidecode(s)
	}
	for _, part := range strings.FieldsFunc(written, func(r rune) bool { return r == ' ' }) {
		if part = onlyLetters(part); part == "" {
			continue
		}
		w := word{text: part, capitals: capitals, bare: bare}
		if len(native) > 0 {
			w.native, native = native[0], native[1:]
		}
		words = append(words, w)
	}
	return words
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func isCapitals(s string) bool {
	n := 0
	for _, r := range s {
		switch {
		case unicode.IsUpper(r):
			n++
		case unicode.IsLower(r):
			return false
		}
	}
	return n > 1
}

// digits are what a digit inside a word was meant to be.
const digits = "OIZEASGTBG"

// onlyLetters writes in capitals, takes digits for the letters they look like and leaves
// out the rest. A number stays out altogether.
func onlyLetters(s string) string {
	if len(s) <= maxLetters && !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' }) {
		return s
	}
	b := make([]byte, 0, min(len(s), maxLetters))
	letter := false
	for i := 0; i < len(s) && len(b) < maxLetters; i++ {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			b, letter = append(b, c), true
		case c >= 'a' && c <= 'z':
			b, letter = append(b, c-'a'+'A'), true
		case c >= '0' && c <= '9':
			b = append(b, digits[c-'0'])
		}
	}
	if !letter {
		return ""
	}
	return string(b)
}

type script uint8

const (
	other script = iota
	latin
	cyrillic
	greek
	arabic
	hebrew
	armenian
	georgian
	hangul
	indic
	han
)

var scripts = []struct {
	table  *unicode.RangeTable
	script script
}{
	{unicode.Latin, latin}, {unicode.Cyrillic, cyrillic}, {unicode.Arabic, arabic}, {unicode.Greek, greek},
	{unicode.Hebrew, hebrew}, {unicode.Han, han}, {unicode.Hangul, hangul}, {unicode.Armenian, armenian},
	{unicode.Georgian, georgian}, {unicode.Devanagari, indic}, {unicode.Bengali, indic}, {unicode.Gurmukhi, indic},
	{unicode.Gujarati, indic}, {unicode.Oriya, indic}, {unicode.Tamil, indic}, {unicode.Telugu, indic},
	{unicode.Kannada, indic}, {unicode.Malayalam, indic},
}

// scriptOf returns the script of the first letter that has one.
func scriptOf(s string) script {
	for _, r := range s {
		if r < 0x80 {
			if unicode.IsLetter(r) {
				return latin
			}
			continue
		}
		for _, sc := range scripts {
			if unicode.Is(sc.table, r) {
				return sc.script
			}
		}
		if unicode.IsLetter(r) {
			return other
		}
	}
	return other
}

// writeLetters writes with a table of small letters, leaving out what is not in it.
func writeLetters(s string, table map[rune]string) string {
	var b strings.Builder
	for _, r := range s {
		if w, ok := table[unicode.ToLower(r)]; ok {
			b.WriteString(w)
		} else if r < 0x80 {
			b.WriteRune(r)
		}
	}
	return b.String()
}
