package ocr

import (
	"cmp"
	"math"
	"slices"

	"boothd/capture/mrz/ocr/glyph"
)

// option is a character that a position may have.
type option struct {
	ch   byte
	cost float64 // the logarithm of how many times less likely it is than the likeliest
}

// cell is a position with its characters, the likeliest first.
type cell struct {
	options    []option
	confidence float64
	// foreign is the part of the recogniser's belief that goes to characters that the
	// position does not allow.
	foreign float64
}

// steady scores a place; one that is not quite clear from three slightly different windows.
func (r *reader) steady(l *line, place int) glyph.Scores {
	sum := *r.at(l, place)
	if best(&sum) > allClear {
		return sum
	}
	for _, shift := range [2]float64{0.05, -0.05} {
		s := r.look(l.window(place, shift, 0.7*shift))
		for i, v := range s {
			sum[i] += v
		}
	}
	for i := range sum {
		sum[i] /= 3
	}
	return sum
}

// allClear is the logarithm of the probability of a character that needs no second look.
const allClear = -0.004

// cellOf ranks the characters that a place allows.
func cellOf(s *glyph.Scores, kind byte) cell {
	var c cell
	total := math.Exp(float64(s[glyph.None]))
	var any, allowed float64
	for class := range glyph.None {
		penalty, ok := handicap(kind, class)
		p := math.Exp(float64(s[class]))
		any += p
		if ok || class == zero || class == letterO { // which are hard to tell apart
			allowed += p
		}
		if !ok {
			continue
		}
		v := float64(s[class])
		if class == zero {
			v = max(v, float64(s[letterO])-sureO)
		}
		v += penalty
		total += math.Exp(v)
		c.options = append(c.options, option{glyph.Alphabet[class], -v})
	}
	c.foreign = 1 - allowed/(any+math.SmallestNonzeroFloat64)
	c.rank()
	c.confidence = math.Exp(-c.options[0].cost) / total
	if twin := map[byte]byte{'0': 'O', 'O': '0'}[c.options[0].ch]; twin != 0 {
		c.considerTwin(twin)
	}
	least := c.options[0].cost
	for i := range c.options {
		c.options[i].cost -= least
	}
	return c
}

// The classes of the twins.
const (
	zero    = 0
	letterO = 10 + 'O' - 'A'
)

func (c *cell) rank() {
	slices.SortStableFunc(c.options, func(a, b option) int { return cmp.Compare(a.cost, b.cost) })
}

const (
	// twinCost is the highest cost of O for 0 and of 0 for O.
	twinCost = 4.0
	// sureO is how much likelier than 0 an O can look. In numbers it is so much rarer that
	// 0 is read unless check digits say O: two mistakes side by side make up for each
	// other (7+3 = 10), so that they cannot be left to prove a 0.
	sureO = 3.0
)

// considerTwin lets check digits decide between O and 0 however sure the recogniser is:
// issuers' fonts differ in them more than they differ from each other. It makes no doubt
// by itself.
func (c *cell) considerTwin(twin byte) {
	for i := range c.options {
		if c.options[i].ch == twin {
			c.options[i].cost = min(c.options[i].cost, c.options[0].cost+twinCost)
		}
	}
	c.rank()
}
