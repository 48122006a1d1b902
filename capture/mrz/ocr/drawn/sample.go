package drawn

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	"boothd/capture/mrz/ocr/glyph"
)

// Sample draws a character with its neighbours, makes the picture worse and cuts the patch
// out, not quite where the character stands. It returns the patch's class.
func (f *Font) Sample(rng *rand.Rand, p *glyph.Patch) (class int, err error) {
	s := newStrip(rng)
	img := s.draw(f, rng)
	if chance(rng, 0.5) {
		if img, err = compressed(img, 15+rng.IntN(80)); err != nil {
			return 0, fmt.Errorf("compress a sample: %w", err)
		}
	}
	w := s.window(rng)
	w.Sample(img, p)
	return s.class, nil
}

// A strip is five cells of a line as a camera sees them; the third is the one to read.
type strip struct {
	class  int
	cells  [5]int // classes; glyph.None: blank
	face   int
	weight int
	filler float64     // the size of "<", of which issuers' fonts differ
	pitch  glyph.Point // pixels, in the camera's picture
	cap    glyph.Point
	middle glyph.Point // of the third cell
	shift  glyph.Point // of the window, in pitches and capitals
	size   image.Point
}

func newStrip(rng *rand.Rand) strip {
	s := strip{face: rng.IntN(Faces), weight: rng.IntN(Weights), filler: between(rng, 0.78, 1.05)}
	for i := range s.cells {
		s.cells[i] = anyClass(rng)
	}
	s.shift = glyph.Point{X: rng.NormFloat64() * 0.06, Y: rng.NormFloat64() * 0.045}
	s.class = rng.IntN(glyph.None)
	s.cells[2] = s.class
	turned := false
	if chance(rng, 0.1) {
		turned = s.spoil(rng)
	}
	pitch := math.Exp(between(rng, math.Log(6.5), math.Log(28)))
	if chance(rng, 0.45) {
		pitch = between(rng, 6.5, 14)
	}
	tall := pitch * CapHeight * between(rng, 0.86, 1.18)
	angle, slant := rng.NormFloat64()*0.025, rng.NormFloat64()*0.03
	if turned {
		angle += math.Pi
	}
	s.pitch = glyph.Point{X: pitch * math.Cos(angle), Y: pitch * math.Sin(angle)}
	s.cap = glyph.Point{X: -tall * math.Sin(angle+slant), Y: tall * math.Cos(angle+slant)}
	s.size = image.Pt(int(pitch*2.2)+8, int(tall*2.4)+8)
	s.middle = glyph.Point{X: float64(s.size.X)/2 + rng.Float64(), Y: float64(s.size.Y)/2 + rng.Float64()}
	return s
}

// anyClass favours the filler, as lines do, and is sometimes blank.
func anyClass(rng *rand.Rand) int {
	switch {
	case chance(rng, 0.2):
		return glyph.None - 1
	case chance(rng, 0.06):
		return glyph.None
	}
	return rng.IntN(glyph.None)
}

// spoil makes a patch that shows no character: nothing, the gap between two, the line's
// edge, or one upside down.
func (s *strip) spoil(rng *rand.Rand) (turned bool) {
	class := s.class
	s.class = glyph.None
	switch rng.IntN(5) {
	case 0, 1:
		s.cells[2] = glyph.None
	case 2:
		s.shift.X = between(rng, 0.36, 0.5)
		if chance(rng, 0.5) {
			s.shift.X = -s.shift.X
		}
	case 3:
		s.shift.Y = between(rng, 0.45, 1)
		if chance(rng, 0.5) {
			s.shift.Y = -s.shift.Y
		}
	default:
		const telling = "1234567ABCDEFGJKLPQRTUVY<"
		ch := telling[rng.IntN(len(telling))]
		for c := range glyph.None {
			if glyph.Alphabet[c] == ch {
				class = c
			}
		}
		s.cells[2] = class
		return true
	}
	return false
}

// draw makes the camera's picture.
func (s *strip) draw(f *Font, rng *rand.Rand) *image.Gray {
	r := newRaw(s.size.X, s.size.Y)
	pitch := s.pitch.Length()
	paper := between(rng, 110, 255)
	contrast := between(rng, 0.25, 0.95)
	if chance(rng, 0.6) {
		contrast = between(rng, 0.6, 0.97)
	}
	print := newPrint(rng, pitch)
	slope := glyph.Point{X: rng.NormFloat64() * 0.01, Y: rng.NormFloat64() * 0.01}
	if chance(rng, 0.1) { // the edge of a shadow or of glare
		slope = glyph.Point{X: rng.NormFloat64() * 0.3 / pitch, Y: rng.NormFloat64() * 0.3 / pitch}
	}
	toCell := s.inverse()
	thin := chance(rng, 0.12) // a bad ribbon leaves holes
	for y := range r.height {
		for x := range r.width {
			u, v := toCell(float64(x), float64(y))
			ink := 0.0
			if k := int(math.Floor(u + 2.5)); k >= 0 && k < len(s.cells) && s.cells[k] != glyph.None {
				size := 1.0
				if s.cells[k] == glyph.None-1 {
					size = s.filler
				}
				ink = f.Ink(s.face, s.weight, s.cells[k], (u+2-float64(k))/size+0.5, v*CapHeight/size, 1/pitch)
			}
			if thin && chance(rng, 0.1) {
				ink *= rng.Float64()
			}
			light := max(0.1, 1+slope.X*(float64(x)-s.middle.X)+slope.Y*(float64(y)-s.middle.Y))
			r.grey[y*r.width+x] = float32(paper * light * (1 - contrast*ink) * (1 - contrast*print.at(u, v)))
		}
	}
	s.worsen(r, rng, pitch)
	return r.gray()
}

// worsen does what lenses, hands, sensors and lamps do.
func (s *strip) worsen(r *raw, rng *rand.Rand, pitch float64) {
	if chance(rng, 0.1) { // glare, mostly beside the character
		glare(r, rng, pitch)
	}
	if chance(rng, 0.2) {
		r.defocus(between(rng, 0, 0.2) * pitch)
	} else {
		r.blur(math.Abs(rng.NormFloat64()) * min(1.8, 0.06*pitch))
	}
	if chance(rng, 0.12) {
		r.move(between(rng, 0, 0.26)*pitch, rng.Float64()*math.Pi)
	}
	if chance(rng, 0.5) {
		r.noise(rng, between(rng, 0, 12))
	}
	if chance(rng, 0.25) {
		r.sharpen(float32(between(rng, 0.3, 1.5)), between(rng, 0.6, 1.6))
	}
}

func glare(r *raw, rng *rand.Rand, pitch float64) {
	x, y := between(rng, 0, float64(r.width)), between(rng, 0, float64(r.height))
	size, strength := between(rng, 0.3, 1)*pitch, between(rng, 40, 160)
	for i := range r.grey {
		d := math.Hypot(float64(i%r.width)-x, float64(i/r.width)-y) / size
		r.grey[i] += float32(strength * math.Exp(-d*d))
	}
}

// inverse returns the map from the camera's picture to pitches and capitals from the
// middle of the third cell.
func (s *strip) inverse() func(x, y float64) (u, v float64) {
	det := s.pitch.X*s.cap.Y - s.pitch.Y*s.cap.X
	return func(x, y float64) (float64, float64) {
		x, y = x-s.middle.X, y-s.middle.Y
		return (x*s.cap.Y - y*s.cap.X) / det, (y*s.pitch.X - x*s.pitch.Y) / det
	}
}

// window is where a reader believes the character to be.
func (s *strip) window(rng *rand.Rand) glyph.Window {
	w := glyph.Window{Middle: s.middle.Plus(s.shift.X, s.pitch).Plus(s.shift.Y, s.cap)}
	turn := rng.NormFloat64() * 0.015
	w.Pitch = glyph.Point{}.Plus(1+rng.NormFloat64()*0.025, s.pitch).Plus(turn, s.cap)
	w.Cap = glyph.Point{}.Plus(1+rng.NormFloat64()*0.05, s.cap).Plus(-turn, s.pitch)
	return w
}

// A print is what is printed behind and beside the line: waves, a tint, fine curves, a rule.
type print struct {
	waves  [2]wave
	curves guilloche
	rule   float64 // its place in capitals from the middle; far away: none
}

type wave struct{ strength, u, v, phase float64 }

func newPrint(rng *rand.Rand, pitch float64) print {
	p := print{rule: 9}
	if chance(rng, 0.5) {
		for i := range p.waves {
			frequency := between(rng, 1, 6) * 2 * math.Pi
			angle := rng.Float64() * math.Pi
			p.waves[i] = wave{between(rng, 0, 0.16), frequency * math.Cos(angle), frequency * math.Sin(angle), rng.Float64() * 7}
		}
	}
	if chance(rng, 0.25) {
		p.curves = newGuilloche(rng, between(rng, 0.1, 0.6), 1/pitch)
	}
	if chance(rng, 0.05) {
		p.rule = between(rng, 0.75, 1.1)
		if chance(rng, 0.5) {
			p.rule = -p.rule
		}
	}
	return p
}

func (p *print) at(u, v float64) float64 {
	var s float64
	for i := range p.waves {
		if w := &p.waves[i]; w.strength > 0 {
			s += w.strength * (0.5 + 0.5*math.Sin(w.u*u+w.v*v+w.phase))
		}
	}
	s += p.curves.at(u, v)
	if math.Abs(v-p.rule) < 0.05 {
		s += 0.6
	}
	return min(s, 0.9)
}
