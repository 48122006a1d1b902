package ridge

import (
	"math"
	"sync"
)

// lines is the number of directions that filters are made for in half a turn.
const lines = 64

// Periods that filters are made for: the distance of one ridge to the next in half pixels
// at 500 dpi. A man's ridges lie 9 pixels apart on average, a child's 6.
const (
	shortest = 10
	longest  = 30
	usual    = 18
)

// tap is one weight of a symmetric filter and where it is applied, relative to the pixel; it
// is applied on the opposite side as well.
type tap struct{ dx, dy, weight int32 }

// filters holds the weights for each direction. The first tap is the pixel itself, with half
// its weight.
type filters struct {
	across [lines][longest - shortest + 1][]tap // passes ridges of one period
	along  [lines][]tap                         // smooths along the ridges
}

const (
	alongSigma  = 4.0 // pixels
	alongReach  = 8.0
	acrossSigma = 0.42 // periods
	acrossReach = 1.2
	filterUnit  = 1 << 10
)

// ridgeFilters are the same for all pictures.
var ridgeFilters = sync.OnceValue(func() *filters {
	f := new(filters)
	for l := range lines {
		sin, cos := math.Sincos(float64(l) / lines * math.Pi)
		f.along[l] = ray(cos, -sin, alongReach, func(t float64) float64 {
			return math.Exp(-t * t / (2 * alongSigma * alongSigma))
		}, false)
		for p := range f.across[l] {
			period := float64(p+shortest) / 2
			sigma := acrossSigma * period
			f.across[l][p] = ray(sin, cos, acrossReach*period, func(t float64) float64 {
				return math.Exp(-t*t/(2*sigma*sigma)) * math.Cos(2*math.Pi*t/period)
			}, true)
		}
	}
	return f
})

// ray lays a symmetric profile on the pixels nearest to a straight line through the origin.
// The weights' sum is filterUnit, or nought if the profile is balanced; then the positive
// ones' sum is filterUnit.
func ray(ux, uy, reach float64, profile func(t float64) float64, balanced bool) []tap {
	major := max(math.Abs(ux), math.Abs(uy))
	n := int(math.Floor(reach*major + 1e-9))
	taps, values := make([]tap, n+1), make([]float64, n+1)
	var sum, weight float64
	for k := range taps {
		x, y := math.Round(float64(k)/major*ux), math.Round(float64(k)/major*uy)
		taps[k] = tap{dx: int32(x), dy: int32(y)}
		values[k] = profile(x*ux + y*uy)
		if k == 0 {
			values[k] /= 2
		}
		sum += values[k]
		weight += math.Abs(values[k])
	}
	var positive float64
	for k, v := range values {
		if balanced {
			values[k] = v - sum*math.Abs(v)/weight
		}
		positive += max(values[k], 0)
	}
	for k, v := range values {
		taps[k].weight = int32(math.Round(v / positive * filterUnit / 2))
	}
	return taps
}

// reach is a tap laid out for a plane's stride.
type reach struct {
	offset int
	weight int32
}

// layout brings taps to the stride of a plane.
func layout(taps []tap, stride int) []reach {
	r := make([]reach, len(taps))
	for i, t := range taps {
		r[i] = reach{int(t.dy)*stride + int(t.dx), t.weight}
	}
	return r
}

// course says, pixel by pixel, which filter to apply; negative where none is.
type course struct {
	line   []int8
	period []int8
}

// enhance passes what looks like ridges of the given direction and period at each pixel.
//
//go:norace
func enhance(p *plane, c course) *plane {
	set := ridgeFilters()
	var along [lines][]reach
	var across [lines][longest - shortest + 1][]reach
	for l := range lines {
		along[l] = layout(set.along[l], p.stride)
	}
	middle, out := newPlane(p.width, p.height), newPlane(p.width, p.height)
	for y := range p.height {
		base := p.at(0, y)
		for x, line := range c.line[y*p.width:][:p.width] {
			if line >= 0 {
				middle.px[base+x] = int16(apply(p.px, base+x, along[line]) >> 6) // sixteenfold
			}
		}
	}
	for y := range p.height {
		base := p.at(0, y)
		for x, line := range c.line[y*p.width:][:p.width] {
			if line < 0 {
				continue
			}
			period := c.period[y*p.width+x]
			taps := across[line][period]
			if taps == nil {
				taps = layout(set.across[line][period], p.stride)
				across[line][period] = taps
			}
			out.px[base+x] = int16(apply(middle.px, base+x, taps) >> 10)
		}
	}
	return out
}

//go:norace
func apply(px []int16, at int, taps []reach) int32 {
	var sum int32
	for _, t := range taps {
		sum += t.weight * (int32(px[at+t.offset]) + int32(px[at-t.offset]))
	}
	return sum
}
