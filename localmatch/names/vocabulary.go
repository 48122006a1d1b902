package names

import "strings"

// Word is a token where it stands in a name, as an index of many names needs it.
type Word struct {
	*Spelling
	Kind Kind
}

// Spelling is what makes words alike. It may be shared and is not to be changed.
type Spelling struct {
	Fold string // as of a [Token]
	// Serial numbers the spellings that a parser remembers, from 1; it is 0 for one that it does not.
	Serial int
}

// vocabulary is the words that a parser remembers.
type vocabulary struct {
	plain     map[string]*Spelling // by how a word was written; nil for one that is not plain
	spellings map[string]*Spelling // by Fold
	pieces    []piece
}

// maxPlain is how many words a vocabulary remembers as they were written, and how many spellings.
const maxPlain = 1 << 18

func newVocabulary() vocabulary {
	return vocabulary{plain: map[string]*Spelling{}, spellings: map[string]*Spelling{}}
}

// Words appends the words of a name, those of the tokens that Parse makes of it. The parser
// is one that remembers. Most names consist of plain words, and are not looked at any further.
func (p *Parser) Words(words []Word, name string) []Word {
	if all, ok := p.words.plainWords(words, name); ok {
		return all
	}
	for _, t := range p.Parse(name).Tokens {
		words = append(words, Word{p.words.spelling(t.Fold), t.Kind})
	}
	return words
}

// plainWords reports false for a name that has a word which is not plain.
func (v *vocabulary) plainWords(words []Word, name string) ([]Word, bool) {
	if len(name) > maxText || !isASCII(name) || strings.Contains(name, "(") {
		return words, false
	}
	v.pieces = pieces(v.pieces[:0], name)
	if len(v.pieces) > maxTokens {
		return words, false
	}
	for _, p := range v.pieces {
		s, known := v.plain[p.text]
		if !known {
			s = v.learn(p.text)
		}
		if s == nil {
			return words, false
		}
		words = append(words, Word{s, plainKind(s.Fold)})
	}
	return words, true
}

// learn returns the spelling of an ASCII word, nil if it is not plain, and remembers that.
func (v *vocabulary) learn(text string) *Spelling {
	var s *Spelling
	if w := appendWord(nil, text, common); len(w) == 1 && w[0].isPlain() {
		t := newToken(joinCompounds(w)[0])
		if t.Kind == plainKind(t.Fold) {
			s = v.spelling(t.Fold)
		}
	}
	if len(v.plain) < maxPlain && len(text) <= maxLetters {
		v.plain[strings.Clone(text)] = s // or whole lines would be held
	}
	return s
}

// isPlain reports whether the token that a word becomes is the same whatever stands around it, and
// whatever stands around it is the same without it.
func (w word) isPlain() bool {
	return kindOf(w.text) == plainKind(w.text) && !servantHeads[w.text] && endings[w.text] == "" && !w.twoInitials()
}

func (v *vocabulary) spelling(fold string) *Spelling {
	s := v.spellings[fold]
	if s != nil {
		return s
	}
	s = &Spelling{Fold: fold}
	if len(v.spellings) < maxPlain {
		*s = Spelling{strings.Clone(fold), len(v.spellings) + 1}
		v.spellings[s.Fold] = s
	}
	return s
}
