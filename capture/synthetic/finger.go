package synthetic

import (
	"image"
	"math"
	"math/rand/v2"
)

// The size and resolution of a fingerprint, those of a U.are.U 4500 scanner.
const (
	FingerWidth  = 384
	FingerHeight = 290
	FingerDPI    = 500
)

// Press is how a finger is laid on the scanner. The zero Press touches nothing; Area 0.18 is
// a short press, Pressure -1 too faint and 1 too wet.
type Press struct {
	X, Y     float64 // shift to the right and down, pixels
	Turn     float64 // counterclockwise, degrees
	Area     float64 // share of the usual area that touches, 0 to 1
	Pressure float64 // -1 faint or dry, 0 usual, 1 hard or wet
	Seed     uint64  // of skin stretch, sweat and noise
}

// Finger returns the fingerprint of a finger laid well: 8-bit grey, ridges dark on light
// ground. The position is the finger's code in ISO/IEC 19794-2: 1 right thumb to 5 right
// little finger, 6 left thumb to 10 left little finger. Nothing is kept from call to call:
// callers that need a picture often keep it, or the Finger that Grow returns.
func (t Traveller) Finger(position int) *image.Gray { return t.Press(position, Press{Area: 1}) }

// Impression returns the finger as laid for the k-th time: shifted, turned, stretched and
// pressed a little otherwise each time. Impression 0 is Finger.
func (t Traveller) Impression(position, k int) *image.Gray {
	if k == 0 {
		return t.Finger(position)
	}
	rng := rand.New(rand.NewPCG(uint64(t.Number), uint64(purposeImpression+position+20*k)))
	return t.Press(position, Press{
		X:        12 * rng.NormFloat64(),
		Y:        12 * rng.NormFloat64(),
		Turn:     min(max(6*rng.NormFloat64(), -18), 18),
		Area:     0.85 + 0.15*rng.Float64(),
		Pressure: 0.5*rng.Float64() - 0.25,
		Seed:     uint64(k),
	})
}

// Press returns the picture of the finger laid so.
func (t Traveller) Press(position int, how Press) *image.Gray { return t.Grow(position).Press(how) }

// Finger is a finger whose ridges are grown, to be laid any number of times.
type Finger struct {
	ridges *pattern
	size   float64 // 1 is usual
	seed   uint64
}

// Grow grows the ridges of a finger, which takes some 50 ms; laying it then takes 20 ms.
func (t Traveller) Grow(position int) *Finger {
	rng := t.rng(purposeFinger + position)
	rightHand := position <= 5
	flow := newFlow(rightHand, rng)
	period := 7.8 + 2.4*rng.Float64() // pixels, 0.44 to 0.50 mm
	if t.Child {
		period *= 0.85
	}
	size := 1.0
	if position == 1 || position == 6 {
		size = 1.12
	}
	return &Finger{grow(flow, period, rng), size, uint64(t.Number)<<8 + uint64(position)}
}

// Press returns the picture of the finger laid so.
func (f *Finger) Press(how Press) *image.Gray {
	skin := newSkin(rand.New(rand.NewPCG(f.seed, how.Seed)))
	return skin.picture(f.ridges, how, f.size)
}

// skin is what differs each time a finger is laid.
type skin struct {
	stretchX, stretchY, edge, sweat, pores *waves
	rng                                    *rand.Rand
}

func newSkin(rng *rand.Rand) *skin {
	return &skin{
		stretchX: newWaves(rng, 300), stretchY: newWaves(rng, 300),
		edge: newWaves(rng, 70), sweat: newWaves(rng, 45), pores: newWaves(rng, 12),
		rng: rng,
	}
}

// picture lays the pattern on the scanner.
//
//go:norace
func (s *skin) picture(p *pattern, how Press, size float64) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, FingerWidth, FingerHeight))
	sin, cos := math.Sincos(how.Turn * math.Pi / 180)
	const midX, midY = FingerWidth / 2, FingerHeight / 2
	reachX, reachY := 128*size*math.Sqrt(how.Area), 158*size*math.Sqrt(how.Area)
	for y := range FingerHeight {
		for x := range FingerWidth {
			fx, fy := float64(x)-midX-how.X, float64(y)-midY-how.Y
			u, v := fx*cos-fy*sin, fx*sin+fy*cos // on the finger, from its middle
			ground := 226 - 10*(fx*fx+fy*fy)/(midX*midX) + 2.2*s.noise()
			ex, ey := u/reachX, v/reachY
			inside := 1 - math.Sqrt(ex*ex+ey*ey) + 0.035*s.edge.at(u, v)
			if how.Area <= 0 || inside <= 0 {
				img.Pix[y*img.Stride+x] = clampByte(ground)
				continue
			}
			ridge := p.at(u+3*s.stretchX.at(u, v), v+3*s.stretchY.at(u, v))
			pores := 0.0
			if how.Pressure < 0 {
				pores = s.pores.at(u, v)
			}
			ink := s.ink(ridge, how.Pressure, s.sweat.at(u, v), pores, min(inside*9, 1))
			img.Pix[y*img.Stride+x] = clampByte(ground - ink*(168+9*s.noise()))
		}
	}
	return img
}

// ink returns how much of the glass is touched, 0 to 1, where the skin has the given height
// from -1 to 1. Hard pressure fills the furrows, faint pressure leaves only the crests between
// the pores; the finger's edge always touches faintly.
func (s *skin) ink(ridge, pressure, sweat, pores, middle float64) float64 {
	height := ridge + 0.22*sweat + 0.25*s.noise() - 0.9*(1-middle) + pressure
	strength := 0.78 + 0.22*min(pressure, 1)
	if pressure > 0 {
		height += 0.8 * pressure * pressure
	} else {
		height += pressure * pores
		strength = 0.78 + 0.55*pressure
	}
	contact := 1 / (1 + math.Exp(-4.2*height))
	return contact * strength * (0.35 + 0.65*middle)
}

// noise is nearly normal, of deviation 0.5.
func (s *skin) noise() float64 {
	bits := s.rng.Uint64()
	var sum uint64
	for range 4 {
		sum += bits & 0xffff
		bits >>= 16
	}
	return (float64(sum)/0xffff - 2) * 0.87
}

// at returns the height of the skin, -1 to 1, at a place in pixels of the picture from
// the finger's middle, interpolated with a cubic.
//
//go:norace
func (p *pattern) at(u, v float64) float64 {
	x := u/2 + patternWidth/2
	y := v/2 + patternHeight/2
	x = min(max(x, radius), patternWidth-radius-1)
	y = min(max(y, radius), patternHeight-radius-1)
	ix, iy := int(x), int(y)
	wx, wy := cubic(x-float64(ix)), cubic(y-float64(iy))
	var sum float64
	for j := range 4 {
		row := p.value[(iy+j-1)*patternWidth+ix-1:][:4]
		sum += wy[j] * (wx[0]*float64(row[0]) + wx[1]*float64(row[1]) + wx[2]*float64(row[2]) + wx[3]*float64(row[3]))
	}
	return sum / full
}

// cubic returns the weights of the four neighbours at the fraction t past the second
// (Catmull-Rom).
func cubic(t float64) [4]float64 {
	t2, t3 := t*t, t*t*t
	return [4]float64{
		(-t3 + 2*t2 - t) / 2,
		(3*t3 - 5*t2 + 2) / 2,
		(-3*t3 + 4*t2 + t) / 2,
		(t3 - t2) / 2,
	}
}

func clampByte(v float64) uint8 { return uint8(min(max(v, 0), 255) + 0.5) }
