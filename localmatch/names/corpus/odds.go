package corpus

import "math/rand/v2"

// odds draws an index in proportion to its weight, in constant time (the alias method of
// A. J. Walker, 1977).
type odds struct {
	sum   float64
	keep  []float64 // the chance that a cell means itself
	other []int32   // what it means else
	share []float64
}

func newOdds(weights []float64) odds {
	n := len(weights)
	o := odds{keep: make([]float64, n), other: make([]int32, n), share: make([]float64, n)}
	for _, w := range weights {
		o.sum += w
	}
	var small, large []int32
	for i, w := range weights {
		o.share[i] = w / o.sum
		o.keep[i] = o.share[i] * float64(n)
		if o.keep[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		o.other[s] = l
		if o.keep[l] -= 1 - o.keep[s]; o.keep[l] < 1 {
			small, large = append(small, l), large[:len(large)-1]
		}
	}
	for _, i := range append(small, large...) {
		o.keep[i] = 1
	}
	return o
}

func (o *odds) draw(r *rand.Rand) int {
	f := r.Float64() * float64(len(o.keep))
	i := int(f)
	if f-float64(i) < o.keep[i] {
		return i
	}
	return int(o.other[i])
}

func (t *table) draw(r *rand.Rand) *word { return &t.words[t.odds.draw(r)] }
