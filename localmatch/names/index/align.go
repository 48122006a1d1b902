package index

// A memo remembers which forms a word is like. Words that were found are there from the beginning,
// others come as records are studied.
const (
	memoSize = 1 << 14
	memoFull = memoSize * 3 / 4
	maxLikes = 4
)

type memo struct {
	word  uint32
	round uint32 // the search that wrote it
	n     uint8
	likes [maxLikes]formLike
}

type formLike struct {
	form uint8
	like likeness
}

// recall returns the memo of a word; fresh is set if the search had none.
func (s *search) recall(word uint32) (m *memo, fresh bool) {
	i := word * 0x9e3779b1 >> (32 - 14)
	for {
		m = &s.memos[i]
		if m.round != s.round {
			break
		}
		if m.word == word {
			return m, false
		}
		i = (i + 1) % memoSize
	}
	if s.memoed == memoFull {
		m = &s.spare
	} else {
		s.memoed++
	}
	*m = memo{word: word, round: s.round}
	return m, true
}

func (s *search) remember(word uint32, form uint8, like likeness) {
	m, _ := s.recall(word)
	m.add(form, like)
	s.sieve[word%sieveSize/64] |= 1 << (word % 64)
}

// sieveSize is the number of bits in the sieve, which lets pass words that have likes in their
// memos, and few others. It fits the nearest cache.
const sieveSize = 1 << 17

func (s *search) passes(word uint32) bool {
	return s.sieve[word%sieveSize/64]>>(word%64)&1 != 0
}

// add keeps the likest forms.
func (m *memo) add(form uint8, like likeness) {
	if m.n < maxLikes {
		m.likes[m.n] = formLike{form, like}
		m.n++
		return
	}
	worst := 0
	for i, l := range m.likes {
		if l.like < m.likes[worst].like {
			worst = i
		}
	}
	if m.likes[worst].like < like {
		m.likes[worst] = formLike{form, like}
	}
}

// study compares a word with all forms that stand for whole tokens.
func (s *search) study(x *Index, word uint32) {
	if _, fresh := s.recall(word); !fresh {
		return
	}
	text, bone := x.words.word(word), x.words.bones[word]
	for i := range s.forms[:s.tokens] {
		f := &s.forms[i]
		if len(f.text) > 1 && len(text) > 1 && f.shape.far(x.words.shapes[word]) && bone != f.bone {
			continue
		}
		if l := f.like(text, bone); l > 0 {
			s.remember(word, uint8(i), l)
		}
	}
}

// What is missing on either side takes from a score. A list knows more names of a person than
// a document shows, so that a word more there weighs least; if the document has cut the name
// off, next to nothing.
const (
	askedMissing    = 0.6
	foundMissing    = 0.25
	foundMissingCut = 0.08
)

// pair is one word of a record that may be one form of the name asked for.
type pair struct {
	gain  float32
	cover uint32
	word  uint8
}

// score aligns the words of a record with the name asked for, the pair that is worth most
// first, and returns how much of both agrees: 1 if all does.
func (s *search) score(x *Index, words []uint32) float32 {
	var pairs [maxNameWords * maxLikes]pair
	n := 0
	for i, w := range words {
		if !s.passes(w) {
			continue
		}
		m, _ := s.recall(w)
		for _, l := range m.likes[:m.n] {
			f := &s.forms[l.form]
			p := pair{f.weight * float32(l.like) / float32(same), f.cover, uint8(i)}
			at := n
			for ; at > 0 && pairs[at-1].gain < p.gain; at-- {
				pairs[at] = pairs[at-1]
			}
			pairs[at] = p
			n++
		}
	}
	if n == 0 {
		return 0
	}
	var gained, missing float32
	var covered, used uint32
	for _, p := range pairs[:n] {
		if covered&p.cover == 0 && used>>p.word&1 == 0 {
			covered |= p.cover
			used |= 1 << p.word
			gained += p.gain
		}
	}
	for i, w := range words {
		if used>>i&1 == 0 {
			missing += x.rarity(w)
		}
	}
	return s.agreement(gained, missing)
}

// agreement returns the score of what agrees, gained, while missing is what only the record has.
func (s *search) agreement(gained, missing float32) float32 {
	rest := askedMissing * max(s.total-gained, 0)
	if s.cut {
		return gained / (gained + rest + foundMissingCut*missing)
	}
	return gained / (gained + rest + foundMissing*missing)
}
