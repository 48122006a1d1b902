package gallery

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"boothd/localmatch/names"
)

// What is here gives keys for databases that find only what is equal (see Key), and subjects of
// grants: it must give the same for ever. Names are compared by package names.

// letters that have no decomposition into a letter A to Z and marks, after ICAO 9303-3
// §6 A.
var letters = map[rune]string{
	'Æ': "AE", 'Œ': "OE", 'Ø': "OE", 'ẞ': "SS", 'ß': "SS", 'Þ': "TH", 'Ð': "D", 'Đ': "D",
	'Ł': "L", 'Ħ': "H", 'Ŧ': "T", 'Ŋ': "N", 'ĸ': "K", 'Ə': "E",
}

// NameTokens writes a name as words of the letters A to Z, in the name's order, as a
// machine-readable zone would: marks are dropped, hyphens and commas separate words,
// apostrophes and full stops do not. It reports false for a name with letters that it
// cannot write so, such as one in another script; such a name is not found exactly.
func NameTokens(name string) ([]string, bool) {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		r = unicode.ToUpper(r)
		switch s, special := letters[r]; {
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r)
		case special:
			b.WriteString(s)
		case unicode.IsMark(r), r == '\'', r == '’', r == '‘', r == 'ʼ', r == 'ʿ', r == 'ʾ', r == '`', r == '.':
		case unicode.IsLetter(r):
			return nil, false
		default:
			b.WriteByte(' ')
		}
	}
	tokens := strings.Fields(b.String())
	return tokens, len(tokens) > 0
}

// FoldTokens folds the words and puts them into alphabetical order, because lists write
// names in free order. Two names that fold alike are the same name or forms of it.
func FoldTokens(tokens []string) string {
	folded := foldEach(tokens)
	slices.Sort(folded)
	return strings.Join(folded, " ")
}

// foldPrefix folds the words of a name that was cut off, keeping their order.
func foldPrefix(tokens []string) string { return strings.Join(foldEach(tokens), " ") }

func foldEach(tokens []string) []string {
	folded := make([]string, len(tokens))
	for i, t := range tokens {
		folded[i] = names.Fold(t)
	}
	return folded
}

// The places for a name in TD1, in TD2 and MRV-B, and in TD3 and MRV-A (ICAO 9303-4 to -7).
var nameFields = []int{30, 31, 39}

// cutForms returns the beginnings of a long name that fit the name fields of travel
// documents, each as words in order: the surname, then the given names. Of a name
// without a comma the surname is taken to be its first or its last one to three words.
func cutForms(name string) [][]string {
	var forms [][]string
	for _, split := range surnameSplits(name) {
		whole := strings.Join(split[0], "<")
		if len(split[1]) > 0 {
			whole += "<<" + strings.Join(split[1], "<")
		}
		for _, places := range nameFields {
			if len(whole) > places {
				forms = append(forms, strings.FieldsFunc(whole[:places], func(r rune) bool { return r == '<' }))
			}
		}
	}
	return forms
}

func surnameSplits(name string) [][2][]string {
	if surname, given, ok := strings.Cut(name, ","); ok {
		s, sok := NameTokens(surname)
		g, gok := NameTokens(given)
		if !sok || !gok {
			return nil
		}
		return [][2][]string{{s, g}}
	}
	tokens, ok := NameTokens(name)
	if !ok || len(strings.Join(tokens, "<")) < nameFields[0] {
		return nil
	}
	splits := [][2][]string{}
	for k := 1; k <= min(3, len(tokens)); k++ {
		splits = append(splits,
			[2][]string{tokens[:k], tokens[k:]},
			[2][]string{tokens[len(tokens)-k:], tokens[:len(tokens)-k]})
	}
	return splits
}
