package names

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// piece is what stands between separators, as it was written.
type piece struct {
	text  string
	comma bool // a comma follows
}

// pieces appends the pieces of a text, none of them empty.
func pieces(list []piece, text string) []piece {
	start, end, lower := -1, 0, false
	for i, r := range text {
		c := markOf(r)
		switch {
		case c == apostrophe && start >= 0:
		case c >= inside, c == apostrophe && unicode.IsLetter(r):
			if lower && c == upperCase && start >= 0 {
				list, start = append(list, piece{text: text[start:end]}), -1
			}
			if start < 0 {
				start = i
			}
			end = i + utf8.RuneLen(r)
		default:
			if start >= 0 {
				list, start = append(list, piece{text: text[start:end]}), -1
			}
			if c == comma && len(list) > 0 {
				list[len(list)-1].comma = true
			}
		}
		lower = c == lowerCase
	}
	if start >= 0 {
		list = append(list, piece{text: text[start:end]})
	}
	return list
}

// mark is what a character does to the division of a name into pieces.
type mark uint8

const (
	separator mark = iota
	comma
	apostrophe // belongs to the piece in which it stands
	inside     // from here on it is a part of a piece
	upperCase
	lowerCase
)

func markOf(r rune) mark {
	if r < utf8.RuneSelf {
		return asciiMarks[r]
	}
	return foreignMark(r)
}

var asciiMarks = func() (table [utf8.RuneSelf]mark) {
	for r := range rune(utf8.RuneSelf) {
		table[r] = foreignMark(r)
	}
	table['\''], table['`'], table[','] = apostrophe, apostrophe, comma
	return table
}()

func foreignMark(r rune) mark {
	switch {
	case unicode.IsUpper(r):
		return upperCase
	case unicode.IsLower(r):
		return lowerCase
	case r == '،':
		return comma
	case strings.ContainsRune("’‘ʼʿʾ´ʹʻ״׳", r):
		return apostrophe
	case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r), r == '\u200d':
		return inside
	}
	return separator
}
