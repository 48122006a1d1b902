package names

import (
	"math"
	"math/bits"
)

// tuned is the model that is used.
var tuned = model{
	reach: 0.38, different: 3, clash: 2, surname: 0.3, missing: 0.33, order: 0.7,
	variant: 0.95, language: 0.25, nickname: 0.5, initial: 1.8, within: 0.25, homophone: 0.2, bare: 0.95, half: 0.1,
	whole: 0.6, spread: 4, bias: -2.2,
}

// evidence is what an alignment says, in the parts that are added up.
type evidence struct {
	agree   float32 // of the pairs that speak for one person, damped
	damping float32 // what is left of each
	against float32 // of the pairs that speak against it
	clash   float32 // for each two tokens that differ, on top of model.different
	surname float32 // once, if surnames are among them
	missing float32 // for each token without counterpart
	whole   float32 // for what share of both names has a counterpart
	order   float32 // once, if the parts come in another order
}

// odds returns the evidence of two names in nats: above zero they speak for one person.
func (m *model) odds(al *alignment, a, b *Name) float32 {
	m.align(al, a, b)
	e := m.weigh(al, a, b)
	conflicts := min(bits.OnesCount32(al.openA), bits.OnesCount32(al.openB))
	missing := max(bits.OnesCount32(al.openA), bits.OnesCount32(al.openB)) - conflicts
	return e.agree + e.whole - e.order - e.against - float32(conflicts)*(m.different+e.clash) - e.surname - float32(missing)*e.missing + m.bias
}

func (m *model) weigh(al *alignment, a, b *Name) evidence {
	e := evidence{missing: m.missing, damping: 1}
	for i := range al.n {
		if v := al.pairs[i].value; v > 0 {
			e.agree += v
		} else {
			e.against -= v
		}
	}
	if potential := nameWeight(a.Tokens) + nameWeight(b.Tokens); potential > 0 {
		cover := min(1, 2*e.agree/potential)
		e.whole = m.whole * cover * cover
	}
	if e.agree > 0 {
		damped := m.spread * float32(math.Log1p(float64(e.agree/m.spread)))
		e.agree, e.damping = damped, damped/e.agree
	}
	openA, surnameA := openWeight(a.Tokens, al.openA)
	openB, surnameB := openWeight(b.Tokens, al.openB)
	if conflicts := min(bits.OnesCount32(al.openA), bits.OnesCount32(al.openB)); conflicts > 0 {
		e.clash = m.clash * min(openA, openB) / float32(conflicts)
		if surnameA && surnameB {
			e.surname = m.surname
		}
	}
	if a.Cut && openB > openA || b.Cut && openA > openB {
		e.missing /= 3
	}
	e.order = m.order * float32(al.turns())
	if namesFather(a.Tokens) && namesFather(b.Tokens) {
		e.order *= 4
	}
	return e
}

// namesFather reports whether the name has a word for "son of": then whose son he is
// depends on the order.
func namesFather(tokens []Token) bool {
	for i := range tokens[:min(len(tokens), maxTokens)] {
		switch tokens[i].Fold {
		case "BIN", "BEN", "IBN", "BINT", "OULD":
			return true
		}
	}
	return false
}

// turns counts how often the pairs go back in the second name while they go on in the first
// one. Once does not count: surnames come first or last.
func (al *alignment) turns() int {
	var at [maxTokens]int8
	for i := range al.n {
		if p := &al.pairs[i]; p.value > weightInitial {
			at[p.a] = p.b + 1
		}
	}
	first, last, turns := int8(0), int8(0), 0
	for _, b := range at {
		if b == 0 {
			continue
		}
		if first == 0 {
			first = b
		}
		if b < last {
			turns++
		}
		last = b
	}
	if first < last {
		turns++
	}
	return max(turns-1, 0)
}

func nameWeight(tokens []Token) (sum float32) {
	for i := range tokens[:min(len(tokens), maxTokens)] {
		if k := tokens[i].Kind; k == Ordinary || k == Initial {
			sum += tokens[i].weight
		}
	}
	return sum
}

func openWeight(tokens []Token, open uint32) (sum float32, surname bool) {
	for ; open != 0; open &= open - 1 {
		t := &tokens[bits.TrailingZeros32(open)]
		sum += t.weight
		surname = surname || t.Surname
	}
	return sum, surname
}
