package synthetic

import (
	"math"
	"math/rand/v2"
)

// The pattern of a finger's ridges grows at half of 500 dpi: noise is filtered again and
// again with a Gabor filter turned to the local direction of the ridges, until ridges have
// formed. Where they do not fit together they end or fork: these are the minutiae.
//
// All of it is integer arithmetic, so that the pattern, which would magnify the least
// difference in rounding, is the same on every machine. The innermost loops are hidden from
// the race detector, under which they would take minutes of every test run.
const (
	patternWidth  = 232
	patternHeight = 216
	turns         = 32 // directions of the filter bank, over 180 degrees
	periods       = 3  // ridge distances of the filter bank
	radius        = 4  // of a filter
	side          = 2*radius + 1
	rounds        = 14
	fixed         = 12 // bits after the point of a filter's weights
	full          = 127
)

// pattern is a finger's ridges, from -full (furrow) to full (ridge).
type pattern struct {
	value [patternWidth * patternHeight]int32
}

// grow makes the ridges of one finger.
func grow(flow flow, period float64, rng *rand.Rand) *pattern {
	bank := newBank(period)
	choice := flow.choose(rng)
	p, next := new(pattern), new(pattern)
	for i := range p.value {
		p.value[i] = int32(rng.IntN(2*full+1) - full)
	}
	for range rounds {
		next.filter(p, bank, choice)
		p, next = next, p
	}
	return p
}

// filter sets p to q filtered, amplified and limited. The border stays noise.
//
//go:norace
func (p *pattern) filter(q *pattern, bank *bank, choice []uint8) {
	p.value = q.value
	for y := radius; y < patternHeight-radius; y++ {
		for x := radius; x < patternWidth-radius; x++ {
			at := y*patternWidth + x
			weights := &bank[choice[at]]
			var sum int32
			for j := range side {
				row := (*[side]int32)(q.value[at+(j-radius)*patternWidth-radius:])
				w := (*[side]int32)(weights[j*side:])
				sum += row[0]*w[0] + row[1]*w[1] + row[2]*w[2] + row[3]*w[3] + row[4]*w[4] +
					row[5]*w[5] + row[6]*w[6] + row[7]*w[7] + row[8]*w[8]
			}
			p.value[at] = min(max(sum>>fixed, -full), full)
		}
	}
}

// bank holds a filter for every direction and period.
type bank [turns * periods][side * side]int32

func newBank(period float64) *bank {
	b := new(bank)
	for k := range periods {
		wave := period / 2 * (0.92 + 0.08*float64(k)) // in pixels of the pattern
		for turn := range turns {
			b[k*turns+turn] = gabor(math.Pi*float64(turn)/turns, wave)
		}
	}
	return b
}

// gabor returns the filter that answers to ridges in the direction angle, counterclockwise from
// the horizontal, at the given distance, and to nothing where the picture is even.
//
//go:norace
func gabor(angle, wave float64) (out [side * side]int32) {
	const along, across = 2.1, 1.7
	var weights [side * side]float64
	var sum, envelope float64
	sin, cos := math.Sincos(angle)
	for y := -radius; y <= radius; y++ {
		for x := -radius; x <= radius; x++ {
			u := float64(x)*cos - float64(y)*sin // along the ridge; y points down
			v := float64(x)*sin + float64(y)*cos
			g := math.Exp(-u*u/(2*along*along) - v*v/(2*across*across))
			i := (y+radius)*side + x + radius
			weights[i] = g * math.Cos(2*math.Pi*v/wave)
			sum += weights[i]
			envelope += g
		}
	}
	var size float64
	for i := range weights {
		weights[i] -= sum / (side * side)
		size += math.Abs(weights[i])
	}
	const gain = 2.2
	for i, w := range weights {
		out[i] = int32(math.Round(w / size * gain * (1 << fixed)))
	}
	return out
}

// flow is the direction of the ridges after Sherlock and Monro (1993): every core turns it
// by half the angle at which it is seen, every delta by as much the other way. A flow without
// them is an arch of the given height.
type flow struct {
	cores, deltas []point
	arch          float64
}

// point is a place on the pattern, in pixels of the pattern, y pointing down.
type point struct{ x, y float64 }

// kinds of finger and how many of a hundred have them.
const (
	loops  = 63
	whorls = 31 // the rest are arches
)

// newFlow draws the kind and the singular points of a finger. A right hand's loops mostly open
// to the right, a left hand's to the left.
func newFlow(rightHand bool, rng *rand.Rand) flow {
	const midX, midY = patternWidth / 2, patternHeight / 2
	near := func(x, y, spread float64) point {
		return point{midX + x + spread*(rng.Float64()*2-1), midY + y + spread*(rng.Float64()*2-1)}
	}
	towards := 1.0
	if rightHand == (rng.IntN(20) > 0) {
		towards = -1
	}
	switch kind := rng.IntN(100); {
	case kind < loops:
		return flow{cores: []point{near(0, -10, 20)}, deltas: []point{near(towards*56, 44, 20)}}
	case kind < loops+whorls:
		return flow{
			cores:  []point{near(2*towards, -18, 4), near(-2*towards, 4+8*rng.Float64(), 4)},
			deltas: []point{near(-58, 48, 18), near(58, 48, 18)},
		}
	}
	return flow{arch: 0.7 + 0.9*rng.Float64()}
}

// angle returns the direction of the ridges, counterclockwise from the horizontal, modulo π.
//
//go:norace
func (f flow) angle(x, y float64) float64 {
	if len(f.cores) == 0 {
		across := (x/patternWidth - 0.5) * 2
		down := y / patternHeight
		return -math.Atan(f.arch * math.Sin(math.Pi*across) * math.Exp(-6*(down-0.52)*(down-0.52)))
	}
	var sum float64
	for _, c := range f.cores {
		sum += math.Atan2(c.y-y, x-c.x)
	}
	for _, d := range f.deltas {
		sum -= math.Atan2(d.y-y, x-d.x)
	}
	return sum / 2
}

// bending is how far a finger's flow departs from the rule, in half turns. Without it, fingers
// of one kind resemble each other more than those of real people.
const bending = 0.12

// choose picks each pixel's filter: its direction, and a period that varies slowly.
//
//go:norace
func (f flow) choose(rng *rand.Rand) []uint8 {
	wide, bend := newWaves(rng, 90), newWaves(rng, 105)
	out := make([]uint8, patternWidth*patternHeight)
	for y := range patternHeight {
		for x := range patternWidth {
			angle := f.angle(float64(x), float64(y))/math.Pi + bending*bend.at(float64(x), float64(y))
			turn := int(math.Round((angle - math.Floor(angle)) * turns))
			period := 1 + int(math.Round(wide.at(float64(x), float64(y))))
			out[y*patternWidth+x] = uint8(min(max(period, 0), periods-1)*turns + turn%turns)
		}
	}
	return out
}

// waves is a smooth random surface, mostly from -1 to 1.
type waves [4]struct{ kx, ky, phase float64 }

func newWaves(rng *rand.Rand, length float64) *waves {
	w := new(waves)
	for i := range w {
		angle := 2 * math.Pi * rng.Float64()
		k := 2 * math.Pi / (length * (0.7 + 0.6*rng.Float64()))
		w[i].ky, w[i].kx = math.Sincos(angle)
		w[i].kx *= k
		w[i].ky *= k
		w[i].phase = 2 * math.Pi * rng.Float64()
	}
	return w
}

//go:norace
//go:norace
func (w *waves) at(x, y float64) float64 {
	var sum float64
	for i := range w {
		sum += math.Sin(w[i].kx*x + w[i].ky*y + w[i].phase)
	}
	return sum / 2
}
