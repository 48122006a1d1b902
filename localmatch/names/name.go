package names

import (
	"slices"
	"strings"
)

// Bounds of what is looked at, so that no input costs more than a few microseconds.
const (
	maxTokens  = 24  // of a name; what follows is left out
	maxLetters = 32  // of a token; what follows is left out
	maxText    = 512 // bytes of a name; what follows is left out
)

// Name is a name made ready to be compared.
type Name struct {
	Text   string // as it was given
	Tokens []Token
	// Cut is set if the document may have cut the name off: its last token may be the
	// beginning of a longer one, and tokens may be missing behind it (ICAO 9303-3 §4.6).
	Cut bool
}

// Token is one part of a name. Only [Parse] and [ParseZone] make tokens that compare well:
// they also prepare what is not exported.
type Token struct {
	Text string // A to Z: upper case, transliterated
	// Fold is the same for all forms that ICAO 9303-3 §6 allows for a letter: MUELLER, MULLER
	// and MUXXLLER fold alike.
	Fold string
	// Skeleton is what is left when vowels and what differs between romanisations are taken
	// out: the same for MOHAMMED, MUHAMMAD and MOHAMED. It is never empty.
	Skeleton string
	Kind     Kind
	// Surname is set if the source says that the token belongs to the primary identifier:
	// before a comma, before the double filler of a machine-readable zone, or in capitals
	// where the rest of the name is not.
	Surname bool
	// Given is set if the source says that the token does not belong to it.
	Given bool
	// Bare is set if the token comes from a script that leaves vowels out.
	Bare bool

	native  string  // in Han characters or Hangul, where one sound has many letters
	weight  float32 // nats that agreement on the token is worth
	letters uint32  // a bit for each letter of Fold
	forms   []form  // the sets of equivalent names that the token belongs to
}

// Kind tells what a token is.
type Kind uint8

// The kinds.
const (
	Ordinary Kind = iota
	Particle      // al, bin, van, de: may be missing, or written as one with the next
	Initial       // a single letter
	Title         // Dr, Haji, Jr: says little
)

// Parse reads a name in any script, "SURNAME, GIVEN NAMES" or in free order. It never
// fails: of a text without letters or digits it makes a name without tokens.
func Parse(text string) Name { return new(Parser).Parse(text) }

// ParseZone reads the name of a machine-readable zone; cut is set if its name field is full.
func ParseZone(surname, given string, cut bool) Name {
	words := zoneWords(surname, true)
	words = append(words, zoneWords(given, false)...)
	n := Name{Text: strings.Trim(surname+", "+given, ", "), Cut: cut}
	n.Tokens = new(Parser).tokens(joinCompounds(words))
	return n
}

// Parser reads many names: it remembers the tokens of those that it has read. It is for one
// goroutine at a time.
type Parser struct {
	known map[string]*Token // by text, with a mark behind it if it was in capitals; nil to forget
	words vocabulary
}

// NewParser returns a parser.
func NewParser() *Parser { return &Parser{known: map[string]*Token{}, words: newVocabulary()} }

// maxKnown is how many tokens a parser remembers.
const maxKnown = 1 << 16

// Parse reads a name as the function Parse does.
func (p *Parser) Parse(text string) Name {
	words := split(text)
	n := Name{Text: text}
	if comma := commaAt(words); comma > 0 {
		for i := range words {
			words[i].surname, words[i].given = i < comma, i >= comma
		}
	} else {
		markCapitals(words)
	}
	n.Tokens = p.tokens(joinCompounds(splitInitials(words)))
	return n
}

func zoneWords(field string, surname bool) []word {
	words := split(strings.ReplaceAll(field, "<", " "))
	for i := range words {
		words[i].surname, words[i].given = surname, !surname
	}
	return words
}

func (p *Parser) tokens(words []word) []Token {
	if len(words) > maxTokens {
		words = words[:maxTokens]
	}
	list := make([]Token, len(words))
	for i, w := range words {
		list[i] = p.token(w)
		if i > 0 && list[i].Kind == Title && list[i-1].Kind == Particle {
			list[i].setKind(Ordinary) // AL-SAYYED is a surname
		}
	}
	nameWhole(list)
	return list
}

// nameWhole takes the surname for a name if all of its words are particles and titles: LE and KING
// are names where nothing else stands. A given name of particles may be one (LE, DO) or belong to
// the surname (HAYDAR, ABU): they stay particles, but agreement on them counts as on a common name.
func nameWhole(tokens []Token) {
	surname, given := true, true
	for i := range tokens {
		if t := &tokens[i]; t.Kind != Particle && t.Kind != Title || abbreviations[t.Text] {
			surname, given = surname && !t.Surname, given && !t.Given
		}
	}
	for i := range tokens {
		switch t := &tokens[i]; {
		case surname && t.Surname:
			t.setKind(plainKind(t.Text))
		case given && t.Given && t.Kind == Particle:
			t.weight = weightLeast
		}
	}
}

// token returns the token of a word. One that is remembered says nothing of where it stood.
func (p *Parser) token(w word) Token {
	if p.known == nil || w.native != "" || w.bare || len(w.text) > maxLetters {
		return newToken(w)
	}
	var space [maxLetters + 1]byte
	key := append(space[:0], w.text...)
	if w.capitals {
		key = append(key, '!')
	}
	known := p.known[string(key)]
	if known == nil {
		w.text = strings.Clone(w.text) // or what is remembered would hold whole lines
		t := newToken(w)
		known = &t
		if len(p.known) < maxKnown {
			p.known[string(key)] = known
		}
	}
	t := *known
	t.Surname, t.Given = w.surname, w.given
	return t
}

func newToken(w word) Token {
	text := w.text
	if w.capitals {
		text = zoneForms(text)
		w.bare = w.bare || text != w.text
	}
	t := Token{Text: text, Fold: Fold(text), Skeleton: Skeleton(text), Surname: w.surname, Given: w.given, Bare: w.bare, native: w.native}
	t.setKind(kindOf(t.Text))
	t.forms = formsOf(t.Fold)
	for i := range len(t.Fold) {
		t.letters |= 1 << (t.Fold[i] - 'A')
	}
	return t
}

func (t *Token) setKind(k Kind) {
	t.Kind = k
	t.weight = weightOf(t)
}

// commaAt returns how many words stand before the first comma, 0 if there is none or
// nothing behind it.
func commaAt(words []word) int {
	for i, w := range words {
		if w.comma && i+1 < len(words) {
			return i + 1
		}
	}
	return 0
}

// markCapitals takes words in capitals for the surname where others are not, as lists of
// the United Nations, the European Union and the United States write names.
func markCapitals(words []word) {
	capitals := 0
	for _, w := range words {
		if w.capitals {
			capitals++
		}
	}
	if capitals == 0 || capitals == len(words) {
		return
	}
	for i := range words {
		words[i].surname, words[i].given = words[i].capitals, !words[i].capitals
	}
}

// splitInitials takes two consonants in capitals for initials if the rest of the name is
// not in capitals: JC Juncker.
func splitInitials(words []word) []word {
	for i, w := range words {
		if !w.twoInitials() {
			continue
		}
		if slices.ContainsFunc(words, func(o word) bool { return !o.capitals && len(o.text) > 2 }) {
			first, second := w, w
			first.text, first.comma, first.surname = w.text[:1], false, false
			second.text, second.surname = w.text[1:], false
			return slices.Replace(words, i, i+1, first, second)
		}
	}
	return words
}

// twoInitials reports whether the word may be two initials.
func (w word) twoInitials() bool {
	return w.capitals && len(w.text) == 2 && !isVowel(w.text[0]) && !isVowel(w.text[1]) && kindOf(w.text) == Ordinary
}
