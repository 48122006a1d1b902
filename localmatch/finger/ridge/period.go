package ridge

import (
	"math"

	"boothd/localmatch/finger/angle"
)

// A patch of so many pixels to each side is looked at to find the distance of ridges: laid
// along the ridges it is summed to one line across them.
const (
	patchAcross = 16
	patchAlong  = 7
	patchStep   = 8 // pixels from patch to patch
	cellsAPatch = patchStep / cell

	// unclear is the clarity below which a patch's period is not to be believed.
	unclear = 200
)

// waves holds the cosine and sine of each period across half a patch, faded out towards its
// end: the other half is the same but for the sine's sign.
var waves = func() (w [longest - shortest + 1]struct{ cos, sin [patchAcross + 1]int32 }) {
	fade := func(t int) float64 { return 0.5 + 0.5*math.Cos(math.Pi*float64(t)/(patchAcross+1)) }
	for p := range w {
		step := 2 * math.Pi / (float64(p+shortest) / 2)
		mean, weight := 1.0, 1.0
		for t := 1; t <= patchAcross; t++ {
			mean += 2 * fade(t) * math.Cos(step*float64(t))
			weight += 2 * fade(t)
		}
		for t := range w[p].cos {
			sin, cos := math.Sincos(step * float64(t))
			w[p].cos[t] = int32(math.Round(256 * fade(t) * (cos - mean/weight)))
			w[p].sin[t] = int32(math.Round(256 * fade(t) * sin))
		}
	}
	return w
}()

// spacing says how far ridges lie apart in each patch, and how clearly they show.
type spacing struct {
	period  cells[int32] // in 16ths of the half pixels that filters are made for
	clarity cells[int32] // 0 to 1024: share of the patch's variation that is one wave
}

func patches(p *plane) cells[int32] {
	w, h := (p.width+patchStep-1)/patchStep, (p.height+patchStep-1)/patchStep
	return cells[int32]{w, h, make([]int32, w*h)}
}

// spacingOf measures the distance of ridges across the flow, where grey levels deviate enough.
func spacingOf(p *plane, f flow, level cells[int32], least int32) spacing {
	s := spacing{patches(p), patches(p)}
	for py := range s.period.height {
		for px := range s.period.width {
			i := py*s.period.width + px
			s.period.v[i] = usual << 4
			if level.v[min(py*cellsAPatch+1, level.height-1)*level.width+min(px*cellsAPatch+1, level.width-1)] < least {
				continue
			}
			x, y := min(px*patchStep+patchStep/2, p.width-1), min(py*patchStep+patchStep/2, p.height-1)
			s.period.v[i], s.clarity.v[i] = wave(signature(p, x, y, f.at(x, y)))
		}
	}
	return s
}

// signature sums a patch along the ridges. It reaches less than the margin beyond the pixel.
//
//go:norace
func signature(p *plane, x, y int, line uint16) *[2*patchAcross + 1]int32 {
	var sums [2*patchAcross + 1]int32
	ux, uy := int(angle.Cosine(angle.Round(line))), -int(angle.Sine(angle.Round(line))) // along
	vx, vy := -uy, ux                                                                   // across
	for t := range sums {
		k := t - patchAcross
		cx, cy := (x+margin)*angle.Unit+k*vx-patchAlong*ux+angle.Unit/2, (y+margin)*angle.Unit+k*vy-patchAlong*uy+angle.Unit/2
		var sum int32
		for range 2*patchAlong + 1 {
			sum += int32(p.px[cy>>angle.UnitBits*p.stride+cx>>angle.UnitBits])
			cx, cy = cx+ux, cy+uy
		}
		sums[t] = sum
	}
	return &sums
}

// wave finds the strongest wave in a signature.
//
//go:norace
func wave(s *[2*patchAcross + 1]int32) (period, clarity int32) {
	var even, odd [patchAcross + 1]int32
	even[0] = s[patchAcross]
	var energy, sum int64
	for t := 1; t <= patchAcross; t++ {
		even[t], odd[t] = s[patchAcross+t]+s[patchAcross-t], s[patchAcross+t]-s[patchAcross-t]
	}
	for _, v := range s {
		energy += int64(v) * int64(v)
		sum += int64(v)
	}
	energy -= sum * sum / int64(len(s))
	var power [longest - shortest + 1]int64
	best := 0
	for p := range waves {
		var c, d int32
		for t, v := range waves[p].cos {
			c += v * even[t]
			d += waves[p].sin[t] * odd[t]
		}
		power[p] = (int64(c)*int64(c) + int64(d)*int64(d)) >> 16
		if power[p] > power[best] {
			best = p
		}
	}
	if energy <= 0 || power[best] == 0 {
		return usual << 4, 0
	}
	// A pure wave of height a has the energy 33a²/2 and the power (33a/4)².
	clarity = int32(min(power[best]*1024/(energy*8+1), 1024))
	period = int32(best+shortest) << 4
	if best > 0 && best < len(power)-1 {
		l, m, r := power[best-1], power[best], power[best+1]
		if d := 2*m - l - r; d > 0 {
			period += int32((r - l) * 8 / d)
		}
	}
	return period, clarity
}

// even spreads the periods of clear patches over their surroundings.
func (s spacing) even() cells[int32] {
	n := len(s.period.v)
	sum := cells[int32]{s.period.width, s.period.height, make([]int32, n)}
	weight := cells[int32]{s.period.width, s.period.height, make([]int32, n)}
	for i, c := range s.clarity.v {
		value, w := s.period.v[i], c*c>>4+16
		if c < unclear {
			value, w = usual<<4, 256
		}
		sum.v[i], weight.v[i] = value*w, w<<6
	}
	for range 3 {
		blur(sum, 2)
		blur(weight, 2)
	}
	out := cells[int32]{s.period.width, s.period.height, make([]int32, n)}
	for i := range out.v {
		out.v[i] = int32(int64(sum.v[i]) << 6 / int64(weight.v[i]+1))
	}
	return out
}
