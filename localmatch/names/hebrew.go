package names

import (
	"strings"
	"unicode"
)

// hebrewLetters is ICAO 9303-3 §6 (Hebrew), with V for vav and TS for tsadi.
var hebrewLetters = map[rune]string{
	'א': "A", 'ב': "V", 'ג': "G", 'ד': "D", 'ה': "H", 'ו': "O", 'ז': "Z", 'ח': "H", 'ט': "T", 'י': "I", 'כ': "KH", 'ך': "KH",
	'ל': "L", 'ם': "M", 'מ': "M", 'ן': "N", 'נ': "N", 'ס': "S", 'ע': "A", 'ף': "F", 'פ': "F", 'ץ': "TS", 'צ': "TS",
	'ק': "K", 'ר': "R", 'ש': "SH", 'ת': "T",
}

// hebrewHard are letters at the head of a word, or with a dot in them.
var hebrewHard = map[rune]string{'ב': "B", 'כ': "K", 'פ': "P", 'ו': "V", 'י': "Y"}

// hebrewPoints are the vowel points, which names seldom carry.
var hebrewPoints = map[rune]string{
	'ְ': "", 'ֱ': "E", 'ֲ': "A", 'ֳ': "O", 'ִ': "I", 'ֵ': "E", 'ֶ': "E", 'ַ': "A", 'ָ': "A", 'ֹ': "O", 'ֻ': "U",
}

func writeHebrew(s string) string {
	letters := []rune(s)
	var b strings.Builder
	for i, r := range letters {
		dotted := i+1 < len(letters) && letters[i+1] == 'ּ'
		switch {
		case (i == 0 || dotted) && hebrewHard[r] != "":
			b.WriteString(hebrewHard[r])
		case r == 'ש' && i+1 < len(letters) && letters[i+1] == 'ׂ':
			b.WriteString("S")
		case unicode.IsMark(r):
			b.WriteString(hebrewPoints[r])
		default:
			b.WriteString(hebrewLetters[r])
		}
	}
	return b.String()
}
