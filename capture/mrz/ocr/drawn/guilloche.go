package drawn

import (
	"math"
	"math/rand/v2"
)

// A guilloche is fine curves in parallel, as banknotes and documents have them behind what
// is written: sharp, and darker than a tint.
type guilloche struct {
	strength       float64 // 0: there are none
	sin, cos       float64 // of the curves' direction
	apart, thick   float64 // pitches
	height, length float64 // of the waves, in pitches
	phase          float64
}

// newGuilloche draws by chance. Pixels, of the given size in pitches, see curves that are
// thinner as if they were as thick and paler.
func newGuilloche(rng *rand.Rand, strength, pixel float64) guilloche {
	g := guilloche{
		strength: strength, apart: between(rng, 0.3, 1.6), thick: between(rng, 0.03, 0.09),
		height: between(rng, 0, 1.5), length: between(rng, 3, 14), phase: 10 * rng.Float64(),
	}
	if g.thick < pixel {
		g.strength *= g.thick / pixel
		g.thick = pixel
	}
	g.sin, g.cos = math.Sincos(rng.Float64() * math.Pi)
	return g
}

// at is how much ink there is at a place in pitches, 0 to 1.
func (g *guilloche) at(u, v float64) float64 {
	if g.strength == 0 {
		return 0
	}
	along, across := u*g.cos+v*g.sin, v*g.cos-u*g.sin
	across += g.phase + g.height*math.Sin(2*math.Pi*along/g.length+g.phase)
	off := math.Abs(across - g.apart*math.Round(across/g.apart))
	// The line's edge is soft over half its thickness.
	return g.strength * min(1, max(0, 1.5-off/g.thick*2))
}
