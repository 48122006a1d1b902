package gallery

import (
	"log/slog"
	"slices"
	"strconv"

	"boothd/localmatch/numbers"
)

// Key is what an entry is looked up by in a database that finds only what is equal: its number,
// or its name with the year of birth. Keys that are equal after folding are equal. It holds
// personal data; on disk there is only its HMAC.
type Key struct {
	kind keyKind
	text string
	year int
}

type keyKind byte

const (
	byNumber keyKind = iota + 1
	byName
	byCutName
)

// LogValue keeps the key out of logs.
func (k Key) LogValue() slog.Value { return slog.StringValue("lookup key") }

// String keeps the key out of printed text.
func (k Key) String() string { return "lookup key" }

// ByNumber finds the entries with the document number or a look-alike of it (numbers.Fold).
func ByNumber(number string) Key { return Key{kind: byNumber, text: numbers.Fold(number)} }

// The years that are none: NoYear finds the entries whose birth date is not known, AnyYear
// finds all.
const (
	NoYear  = 0
	AnyYear = -1
)

// ByName finds the entries with the name, in whatever order of its words, and with a birth
// date in the year.
func ByName(tokens []string, year int) Key {
	return Key{kind: byName, text: FoldTokens(tokens), year: year}
}

// ByCutName finds the entries whose name begins with the words, as a travel document cuts
// it off: surname, then given names, the last of them perhaps in part. The year is as for
// ByName.
func ByCutName(tokens []string, year int) Key {
	return Key{kind: byCutName, text: foldPrefix(tokens), year: year}
}

// bytes is what the HMAC is taken of. No two keys give the same bytes: the kind is one
// byte and the year holds no zero byte.
func (k Key) bytes() []byte {
	b := make([]byte, 0, len(k.text)+8)
	b = append(b, byte(k.kind))
	b = strconv.AppendInt(b, int64(k.year), 10)
	b = append(b, 0)
	return append(b, k.text...)
}

// Keys returns the keys by which the question finds entries.
func (q *Question) Keys() []Key {
	var keys []Key
	if q.Document.Number != "" {
		keys = append(keys, ByNumber(q.Document.Number))
	}
	tokens, ok := NameTokens(q.Name.Text)
	if !ok {
		return keys
	}
	years := []int{AnyYear}
	if len(q.Births) > 0 {
		years[0] = NoYear
	}
	for _, b := range q.Births {
		years = append(years, b.Year)
	}
	for _, year := range years {
		keys = append(keys, ByName(tokens, year))
		if q.Name.Cut {
			keys = append(keys, ByCutName(tokens, year))
		}
	}
	return keys
}

// KeysOf returns every key by which a question finds the entry.
func KeysOf(e *Entry) []Key {
	var keys []Key
	add := func(k Key) {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for _, d := range e.Documents {
		add(ByNumber(d.Number))
	}
	years := append(yearsOf(e), AnyYear)
	for _, name := range e.Names {
		if tokens, ok := NameTokens(name); ok {
			for _, y := range years {
				add(ByName(tokens, y))
			}
		}
		for _, form := range cutForms(name) {
			for _, y := range years {
				add(ByCutName(form, y))
			}
		}
	}
	return keys
}

// yearsOf returns the years of the entry's birth dates, or NoYear alone if it has none.
func yearsOf(e *Entry) []int {
	var years []int
	seen := map[int]bool{}
	for _, d := range e.BirthDates {
		if b, ok := parseBirthDate(d); ok && !seen[b.Year] {
			seen[b.Year] = true
			years = append(years, b.Year)
		}
	}
	if len(years) == 0 {
		return []int{NoYear}
	}
	return years
}
