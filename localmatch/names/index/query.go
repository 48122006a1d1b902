package index

import (
	"math/bits"
	"slices"

	"boothd/localmatch/names"
)

// leastPart is the length of the shortest part of a token that is looked up.
const leastPart = 3

// prepare makes the forms of the name asked for and finds the words that are like them.
func (s *search) prepare(x *Index, n *names.Name) {
	s.forms = s.forms[:0]
	s.total = 0
	s.cut = n.Cut
	tokens := telling(n)
	s.tokens = len(tokens)
	for i, at := range tokens {
		t := &n.Tokens[at]
		f := s.form([]byte(t.Fold), t.Skeleton, 3<<(2*i))
		f.cut = n.Cut && at == len(n.Tokens)-1
		f.quiet = f.cut && len(f.text) < leastPart && i > 0 // half of the list begins so
		x.words.expand(f, []byte(t.Skeleton), s)
		f.weight = x.formRarity(f)
		s.total += f.weight
	}
	for i := range tokens[:max(0, len(tokens)-1)] {
		s.join(x, n, tokens[i], tokens[i+1], i)
	}
	for i := range tokens {
		s.split(x, i)
	}
	for i := range s.forms {
		for _, l := range s.forms[i].words {
			s.remember(l.word, uint8(i), l.like)
		}
	}
}

// form returns the next form, one that was used before if there is one left.
func (s *search) form(text []byte, skeleton string, cover uint32) *form {
	if len(s.forms) < cap(s.forms) {
		s.forms = s.forms[:len(s.forms)+1]
	} else {
		s.forms = append(s.forms, form{})
	}
	f := &s.forms[len(s.forms)-1]
	f.set(text, skeleton)
	f.cover, f.weight, f.cut, f.quiet = cover, 0, false, false
	return f
}

// join adds what tokens from and to of a name make when written as one, with the particles
// between them and without.
func (s *search) join(x *Index, n *names.Name, from, to, i int) {
	var all []byte
	for _, t := range n.Tokens[from : to+1] {
		all = append(all, t.Fold...)
	}
	pair := []byte(n.Tokens[from].Fold + n.Tokens[to].Fold)
	for _, text := range [...][]byte{all, pair} {
		if len(text) > maxWordLen || len(text) < 2*leastPart {
			continue
		}
		skeleton := names.Skeleton(string(text))
		f := s.form(text, skeleton, 0xf<<(2*i))
		x.words.expand(f, []byte(skeleton), s)
		// A word that is somewhat like two tokens is more likely one of them.
		f.words = slices.DeleteFunc(f.words, func(l likeWord) bool { return l.like < closely })
		f.weight = s.forms[i].weight + s.forms[i+1].weight
		if len(f.words) == 0 {
			s.forms = s.forms[:len(s.forms)-1]
		}
		if len(pair) == len(all) {
			return
		}
	}
}

// split adds the two words that token i is made of, if the dictionary has them: those of which
// the rarer is used most. Up to two letters between them may be an article.
func (s *search) split(x *Index, i int) {
	text := s.forms[i].text
	var most int
	var first, second uint32
	for at := leastPart; at <= len(text)-leastPart; at++ {
		w, ok := x.words.find(text[at:])
		if !ok {
			continue
		}
		for _, gap := range [...]int{0, 2} {
			if at-gap < leastPart {
				continue
			}
			v, ok := x.words.find(text[:at-gap])
			if used := min(len(x.carriers(v)), len(x.carriers(w))); ok && used > most {
				most, first, second = used, v, w
			}
		}
	}
	if most == 0 {
		return
	}
	for half, w := range [...]uint32{first, second} {
		part := x.words.word(w)
		f := s.form(slices.Clone(part), "", 1<<(2*i+half))
		f.weight = s.forms[i].weight / 2
		f.words = append(f.words, likeWord{w, same})
		// Words are numbered by use: it is enough to look up the rarer.
		f.quiet = w < max(first, second)
	}
}

// formRarity returns the rarity of the most used word that a form may be a spelling of.
func (x *Index) formRarity(f *form) float32 {
	best := float32(-1)
	for _, l := range f.words {
		if r := x.rarity(l.word); l.like >= closely && (best < 0 || r < best) {
			best = r
		}
	}
	if best < 0 {
		return unknownRarity
	}
	return best
}

// Bounds of rarity.
const (
	leastRarity = 3
	maxRarity   = 16 // beyond this the rarer word says nothing more
	// unknownRarity is that of a token that is no spelling of any word in the dictionary: it may
	// be any of them, so it must not drown those that are known.
	unknownRarity = 8
)

// weigh works out the rarities and shapes of all words.
func (x *Index) weigh() {
	x.rarities = make([]uint8, x.words.len())
	x.words.shapes = make([]shape, x.words.len())
	for w := range x.rarities {
		x.words.shapes[w] = shapeOf(x.words.word(uint32(w)))
		x.rarities[w] = uint8(rarityUnit * rarity(len(x.people), len(x.carriers(uint32(w)))))
	}
}

// rarityUnit is what rarities are multiplied by to be kept in a byte.
const rarityUnit = 8

// rarity returns what agreement on a word is worth.
func (x *Index) rarity(word uint32) float32 { return float32(x.rarities[word]) / rarityUnit }

// rarity returns what agreement on a word that n of all records hold is worth: the bits by which it
// narrows the choice, and a little, because two common words are more than none.
func rarity(all, n int) float32 {
	return leastRarity + min(log2(uint32(all))-log2(uint32(max(n, 1))), maxRarity)
}

// log2 is the logarithm to base 2, straight between powers of 2. That of 0 is 0.
func log2(n uint32) float32 {
	if n == 0 {
		return 0
	}
	whole := bits.Len32(n) - 1
	return float32(whole) + float32(n)/float32(uint32(1)<<whole) - 1
}
