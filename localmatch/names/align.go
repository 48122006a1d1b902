package names

// model holds what the evidence of names is worth. The numbers were fitted to pairs of names
// and aliases of listed people, four fifths of them while a fifth decided, and rounded. The
// shares are of a token's weight.
type model struct {
	reach     float32 // distance per letter, of that of unrelated letters, at which words are nothing to each other
	different float32 // nats, for a token against another that it is not
	clash     float32 // share of such tokens' weight, on top: a rare name is not confused easily
	surname   float32 // nats, on top if both are surnames
	missing   float32 // nats, for a token without counterpart
	order     float32 // nats, if the parts come in another order
	variant   float32 // share that a known spelling keeps
	language  float32 // share, for forms of a name in two languages
	nickname  float32 // share
	initial   float32 // nats, for a word that begins with the initial
	within    float32 // share, for RAHMAN against ABDULRAHMAN
	homophone float32 // share, for equal readings of different characters
	bare      float32 // share, for equal consonants where vowels are not written
	half      float32 // share of the distance that counts if a skeleton of six consonants is equal
	whole     float32 // nats, if all of both names has a counterpart; less if not
	spread    float32 // nats, where agreement begins to count less, because parts of a name are not independent
	bias      float32 // nats: most candidates are somebody else
}

// alignment says which tokens of two names belong together.
type alignment struct {
	pairs [maxTokens]pair
	n     int
	usedA uint32 // a bit for each token of a that is in a pair
	usedB uint32
	openA uint32 // ordinary tokens and initials without counterpart
	openB uint32
	found [maxPairs]pair // candidates for pairs
}

// pair is a run of tokens of one name that stands for a run of the other's; one of the
// runs has one token.
type pair struct {
	a, b         int8
	spanA, spanB int8
	relation     Relation
	value        float32
}

func (p *pair) maskA() uint32 { return (1<<p.spanA - 1) << p.a }
func (p *pair) maskB() uint32 { return (1<<p.spanB - 1) << p.b }

const maxPairs = 96

// align finds the pairs, the most telling first.
func (m *model) align(al *alignment, a, b *Name) {
	ta, tb := a.Tokens[:min(len(a.Tokens), maxTokens)], b.Tokens[:min(len(b.Tokens), maxTokens)]
	al.same(ta, tb)
	n := 0
	put := func(p pair) {
		if n < maxPairs && p.value > -m.different {
			al.found[n] = p
			n++
		}
	}
	for i := range ta {
		if al.usedA&(1<<i) != 0 {
			continue
		}
		for j := range tb {
			if al.usedB&(1<<j) != 0 {
				continue
			}
			p := m.compare(&ta[i], &tb[j])
			if p.relation == Different {
				continue
			}
			p.a, p.b, p.spanA, p.spanB = int8(i), int8(j), 1, 1
			put(p)
		}
	}
	m.compounds(al, ta, tb, put)
	if a.Cut || b.Cut {
		m.cuts(a, b, put)
	}
	for {
		best := -1
		for k := range n {
			p := &al.found[k]
			if al.usedA&p.maskA() == 0 && al.usedB&p.maskB() == 0 && (best < 0 || p.value > al.found[best].value) {
				best = k
			}
		}
		if best < 0 || al.n == maxTokens {
			break
		}
		al.pairs[al.n] = al.found[best]
		al.n++
		al.usedA |= al.found[best].maskA()
		al.usedB |= al.found[best].maskB()
	}
	al.openA, al.openB = open(ta, al.usedA), open(tb, al.usedB)
}

// exact reports whether all tokens are alike but for their position.
func (al *alignment) exact(a, b []Token) bool {
	if len(a) != len(b) || len(a) == 0 || len(a) > maxTokens {
		return false
	}
	al.same(a, b)
	return al.n == len(a)
}

// same begins anew and pairs the tokens that are alike but for their position.
func (al *alignment) same(a, b []Token) {
	al.n, al.usedA, al.usedB = 0, 0, 0
	for i := range a {
		for j := range b {
			if al.usedB&(1<<j) == 0 && a[i].letters == b[j].letters && a[i].Fold == b[j].Fold && sameNative(&a[i], &b[j]) {
				value := min(a[i].weight, b[j].weight)
				al.pairs[al.n] = pair{a: int8(i), b: int8(j), spanA: 1, spanB: 1, relation: Same, value: value}
				al.n++
				al.usedA |= 1 << i
				al.usedB |= 1 << j
				break
			}
		}
	}
}

// open returns the tokens that say something and are in no pair. A word that the name says
// twice is not among them.
func open(tokens []Token, used uint32) uint32 {
	var set uint32
	for i := range tokens {
		if used&(1<<i) != 0 || tokens[i].Kind == Particle || tokens[i].Kind == Title {
			continue
		}
		repeated := false
		for j := range tokens {
			if j != i && used&(1<<j) != 0 && tokens[j].Fold == tokens[i].Fold {
				repeated = true
			}
		}
		if !repeated {
			set |= 1 << i
		}
	}
	return set
}

// compare compares two tokens; the value is between -different and the tokens' weight.
func (m *model) compare(a, b *Token) pair {
	if a.Kind == Initial || b.Kind == Initial {
		if a.Fold[0] == b.Fold[0] && a.Kind != Particle && b.Kind != Particle {
			return pair{relation: InitialOf, value: m.initial}
		}
		return pair{}
	}
	if a.Kind == Title && b.Kind == Title {
		return pair{}
	}
	w := min(a.weight, b.weight) // a common name mistyped is rare, but no rare name
	if !sameNative(a, b) {
		return m.native(a, b, w)
	}
	if r := shared(a.forms, b.forms); r != Different {
		switch r {
		case Variant:
			return pair{relation: r, value: w * m.variant}
		case Translation:
			return pair{relation: r, value: w * m.language}
		}
		return pair{relation: r, value: w * m.nickname}
	}
	if a.Kind == Particle || b.Kind == Particle {
		return pair{}
	}
	return m.spelling(a, b, w)
}

func sameNative(a, b *Token) bool { return a.native == "" || b.native == "" || a.native == b.native }

// native compares two words in Han characters or Hangul. Characters with one reading may be
// the short and the long form of one; syllables of Hangul that differ are different.
func (m *model) native(a, b *Token, w float32) pair {
	if a.Fold == b.Fold {
		return pair{relation: Variant, value: w * m.homophone}
	}
	return pair{}
}

func shared(a, b []form) Relation {
	for _, x := range a {
		for _, y := range b {
			if x.set == y.set {
				return x.relation
			}
		}
	}
	return Different
}

// spelling compares the letters of two words.
func (m *model) spelling(a, b *Token, w float32) pair {
	x, y := a.Fold, b.Fold
	if a.Bare || b.Bare {
		if a.Skeleton == b.Skeleton {
			return pair{relation: Variant, value: w * m.bare}
		}
		x, y = a.Skeleton, b.Skeleton
	}
	if p, ok := m.withinWord(a.Fold, b.Fold, w); ok {
		return p
	}
	letters := float32(len(x)+len(y)) / 2
	limit := int32(m.reach * whole * letters)
	alike := a.Skeleton == b.Skeleton && len(a.Skeleton) > 1
	if !alike {
		if abs(len(x)-len(y))*costMute > int(limit)+2*costMute || !a.Bare && !b.Bare && farApart(a.letters, b.letters, limit) {
			return pair{}
		}
	}
	d := float32(distance(x, y, 2*limit))
	if alike {
		d *= min(1, m.half*6/float32(len(a.Skeleton)))
	}
	if d > float32(limit) {
		return pair{}
	}
	relation := Typo
	if alike {
		relation = Consonants
	}
	return pair{relation: relation, value: w - (w+m.different)*d/float32(limit)}
}

// withinWord recognises AL and ABDUL written as one with a word.
func (m *model) withinWord(a, b string, w float32) (pair, bool) {
	if len(a) > len(b) {
		a, b = b, a
	}
	head := len(b) - len(a)
	if len(a) < 4 || head != 2 && head != 5 || b[head:] != a {
		return pair{}, false
	}
	switch b[:head] {
	case "AL", "EL":
		return pair{relation: Joined, value: w * m.variant}, true
	case "ABDUL":
		return pair{relation: Within, value: w * m.within}, true
	}
	return pair{}, false
}

func abs(x int) int { return max(x, -x) }

// compounds compares two adjacent tokens of a name, or two with a particle between, with one
// of the other.
func (m *model) compounds(al *alignment, a, b []Token, put func(pair)) {
	for i := range a {
		for j := range b {
			if al.usedA&(1<<i) != 0 || al.usedB&(1<<j) != 0 {
				continue
			}
			for span := 2; span <= 3; span++ {
				if p, ok := m.compound(a, i, span, &b[j]); ok {
					p.a, p.spanA, p.b, p.spanB = int8(i), int8(span), int8(j), 1
					put(p)
				}
				if p, ok := m.compound(b, j, span, &a[i]); ok {
					p.a, p.spanA, p.b, p.spanB = int8(i), 1, int8(j), int8(span)
					put(p)
				}
			}
		}
	}
}

func (m *model) compound(tokens []Token, i, span int, one *Token) (pair, bool) {
	if i+span > len(tokens) || len(one.Fold) < 4 || span == 3 && tokens[i+1].Kind != Particle {
		return pair{}, false
	}
	length := 0
	for k := range span {
		length += len(tokens[i+k].Fold)
	}
	if abs(length-len(one.Fold)) > 2 || substitution[tokens[i].Fold[0]-'A'][one.Fold[0]-'A'] > 10 || length > maxLetters {
		return pair{}, false
	}
	var buf [maxLetters]byte
	joined := buf[:0]
	for k := range span {
		joined = append(joined, tokens[i+k].Fold...)
	}
	limit := int32(m.reach * whole * float32(length) / 2)
	d := distance(string(joined), one.Fold, limit)
	if d > limit {
		return pair{}, false
	}
	w := one.weight
	return pair{relation: Joined, value: w - (w+m.different)*float32(d)/float32(2*limit)}, true
}

// cuts compares the last token of a name that was cut off with what it may be the beginning
// of.
func (m *model) cuts(a, b *Name, put func(pair)) {
	if last := len(a.Tokens) - 1; a.Cut && last >= 0 && last < maxTokens {
		for j := range b.Tokens[:min(len(b.Tokens), maxTokens)] {
			if v, ok := m.cut(&a.Tokens[last], &b.Tokens[j]); ok {
				put(pair{a: int8(last), b: int8(j), spanA: 1, spanB: 1, relation: Cut, value: v})
			}
		}
	}
	if last := len(b.Tokens) - 1; b.Cut && last >= 0 && last < maxTokens {
		for i := range a.Tokens[:min(len(a.Tokens), maxTokens)] {
			if v, ok := m.cut(&b.Tokens[last], &a.Tokens[i]); ok {
				put(pair{a: int8(i), b: int8(last), spanA: 1, spanB: 1, relation: Cut, value: v})
			}
		}
	}
}

func (m *model) cut(head, whole *Token) (float32, bool) {
	h, w := head.Fold, whole.Fold
	if len(h) >= len(w) || w[:len(h)] != h {
		return 0, false
	}
	return whole.weight * min(1, 0.2+0.8*float32(len(h))/min(8, float32(len(w)))), true
}
