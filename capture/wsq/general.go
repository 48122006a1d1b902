package wsq

// general joins with any filters that the standard allows. Those in use have 7 and 9 taps
// and are joined by the faster kernel; these are for the rest: longer ones, and those of an even
// number of taps, whose low half is symmetric and whose high half is antisymmetric around the
// middle between two samples.
type general struct {
	even bool // the number of taps
	pad  int  // how many neighbours on each side are weighed
	// weights of the low and high samples, which alternate, from pad before an even sample
	// to pad after the odd one beside it: for that even sample, and for the odd one.
	weights [2][]float64
}

// newGeneral takes the right halves of the synthesis filters, from the middle outwards.
func newGeneral(low, high []float64, even bool) *general {
	g := &general{even: even, pad: max(len(low), len(high))}
	for phase := range g.weights {
		w := make([]float64, 2*g.pad+2)
		for i := range w {
			at := i - g.pad // of the sample that is weighed, seen from the even one
			isLow := at%2 == 0
			switch {
			case even && isLow:
				w[i] = tapBetween(low, phase-at, 1)
			case even:
				w[i] = tapBetween(high, phase-(at-1), -1)
			case isLow:
				w[i] = tapAround(low, phase-at)
			default:
				w[i] = tapAround(high, phase-at)
			}
		}
		g.weights[phase] = w
	}
	return g
}

// tapAround returns tap k of a filter whose middle is its tap 0.
func tapAround(half []float64, k int) float64 {
	if k = max(k, -k); k < len(half) {
		return half[k]
	}
	return 0
}

// tapBetween returns tap k of a filter whose middle lies between its taps 0 and 1.
func tapBetween(half []float64, k int, sign float64) float64 {
	if k > 0 {
		k, sign = k-1, 1
	} else {
		k = -k
	}
	if k < len(half) {
		return float64(sign * half[k])
	}
	return 0
}

// synthesise joins the four parts of a part.
func (g *general) synthesise(p *plane, s split) {
	joined := make([]float64, max(s.w, s.h))
	padded := make([]float64, len(joined)+1+2*g.pad)
	column := make([]float64, s.h)
	for x := range s.w {
		for y := range s.h {
			column[y] = p.values[(s.y+y)*p.width+s.x+x]
		}
		g.join(joined[:s.h], column, s.flipY, padded)
		for y := range s.h {
			p.values[(s.y+y)*p.width+s.x+x] = joined[y]
		}
	}
	for y := range s.h {
		row := p.row(s.rect, y)
		g.join(joined[:s.w], row, s.flipX, padded)
		copy(row, joined)
	}
}

// join joins the two halves of a line; padded is room to work in.
func (g *general) join(joined, line []float64, flip bool, padded []float64) {
	n := len(line)
	low, high := halves(line, flip)
	padded = padded[:2*(len(low)+g.pad)]
	for i := range padded {
		if at := i - g.pad; g.even {
			padded[i] = sampleBetween(low, high, at, n)
		} else {
			padded[i] = sampleAround(low, high, at, n)
		}
	}
	for i := range joined {
		weights := g.weights[i%2]
		window := padded[i&^1:][:len(weights)]
		var sum float64
		for k, w := range weights {
			sum += float64(w * window[k])
		}
		joined[i] = sum
	}
}

// sampleAround returns what stands at a place of the endless line of n low and high samples in
// turn, mirrored around its first and its last sample.
func sampleAround(low, high []float64, at, n int) float64 {
	if n == 1 && at%2 != 0 {
		return 0
	}
	at = mirror(at, n)
	if at%2 == 0 {
		return low[at/2]
	}
	return high[at/2]
}

// sampleBetween is the same for filters of an even number of taps: mirrored around the
// outer edges of the first and the last sample, the high samples with the other sign.
func sampleBetween(low, high []float64, at, n int) float64 {
	i := (at >> 1) % n
	if i < 0 {
		i += n
	}
	back := n - 1 - i
	switch {
	case at%2 == 0:
		return low[min(i, back)]
	case i < len(high):
		return high[i]
	case back < len(high):
		return -high[back]
	}
	return 0
}
