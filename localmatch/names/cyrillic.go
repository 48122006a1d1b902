package names

import (
	"strings"
	"unicode"
)

// alphabet is the language, as far as its letters give it away, whose transliteration is
// used.
type alphabet uint8

const (
	common alphabet = iota // Russian, Arabic
	ukrainian
	belarusian
	bulgarian
	serbian
	macedonian
	persian
)

// alphabetOf recognises the language of a whole name: single words do not have enough
// letters.
func alphabetOf(text string) alphabet {
	has := func(letters string) bool { return strings.ContainsAny(text, letters) }
	switch {
	case has("ўЎ"), has("іІ") && has("ыЫэЭёЁ"):
		return belarusian
	case has("ґҐєЄїЇ"), has("іІ") && !has("қҚғҒңҢүҮұҰөӨһҺәӘ"):
		return ukrainian
	case has("ѓЃќЌѕЅ"):
		return macedonian
	case has("ђЂћЋљЉњЊџЏјЈ"):
		return serbian
	case has("گچپژکی"):
		return persian
	case hardVowel(text):
		return bulgarian
	}
	return common
}

// hardVowel reports whether ъ stands before a consonant, where only Bulgarian has it.
func hardVowel(text string) bool {
	for i, r := range text {
		if r != 'ъ' && r != 'Ъ' {
			continue
		}
		for _, next := range text[i+len("ъ"):] {
			if unicode.Is(unicode.Cyrillic, next) && !strings.ContainsRune("еёюяЕЁЮЯ", next) {
				return true
			}
			break
		}
	}
	return false
}

// cyrillicLetters is ICAO 9303-3 §6 B, with the letters of other languages written in
// Cyrillic script after their national romanisations.
var cyrillicLetters = map[rune]string{
	'а': "A", 'б': "B", 'в': "V", 'г': "G", 'д': "D", 'е': "E", 'ё': "E", 'ж': "ZH", 'з': "Z", 'и': "I", 'й': "I",
	'к': "K", 'л': "L", 'м': "M", 'н': "N", 'о': "O", 'п': "P", 'р': "R", 'с': "S", 'т': "T", 'у': "U", 'ф': "F",
	'х': "KH", 'ц': "TS", 'ч': "CH", 'ш': "SH", 'щ': "SHCH", 'ъ': "IE", 'ы': "Y", 'ь': "", 'э': "E", 'ю': "IU", 'я': "IA",
	'ґ': "G", 'є': "IE", 'і': "I", 'ї': "I", 'ў': "U", 'ѓ': "G", 'ђ': "D", 'ј': "J", 'ќ': "K", 'љ': "LJ", 'њ': "NJ",
	'ћ': "C", 'џ': "DZ", 'ѕ': "DZ", 'ѫ': "U", 'ѣ': "IE",
	'қ': "K", 'ғ': "G", 'ң': "N", 'ү': "U", 'ұ': "U", 'ө': "O", 'ә': "A", 'һ': "H", 'ҳ': "H", 'ӣ': "I", 'ӯ': "U",
	'ҷ': "J", 'җ': "ZH", 'ӡ': "DZ", 'ҙ': "Z", 'ҫ': "S", 'ӑ': "A", 'ӗ': "E", 'ӈ': "N", 'ӱ': "U", 'ӧ': "O", 'ӓ': "A",
	'ӏ': "", 'ӹ': "Y", 'ҵ': "TS", 'ҟ': "K", 'ԥ': "P",
}

// national are the letters that ICAO 9303-3 §6 B writes another way for one language.
var national = map[alphabet]map[rune]string{
	ukrainian:  {'г': "H", 'и': "Y"},
	belarusian: {'г': "H", 'ё': "IO"},
	bulgarian:  {'щ': "SHT", 'ъ': "A"},
	serbian:    {'ж': "Z", 'х': "H", 'ц': "C", 'ч': "C", 'ш': "S"},
	macedonian: {'х': "H", 'ц': "C", 'ѓ': "GJ", 'ќ': "KJ", 'џ': "DJ"},
}

func writeCyrillic(s string, alphabet alphabet) string {
	var b strings.Builder
	for _, r := range s {
		r = unicode.ToLower(r)
		if w, ok := national[alphabet][r]; ok {
			b.WriteString(w)
		} else if w, ok := cyrillicLetters[r]; ok {
			b.WriteString(w)
		} else {
			b.WriteString(writeLatin(string(r))) // a Latin letter that looks Cyrillic
		}
	}
	return b.String()
}
