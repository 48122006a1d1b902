package drawn

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	"boothd/capture/mrz/ocr/glyph"
)

// A Photo is a photograph of an invented document whose zone is known.
type Photo struct {
	Image *image.Gray
	Lines []string
}

// Conditions are those under which a photograph is taken.
type Conditions struct {
	Pitch    float64 // pixels from one character to the next
	Angle    float64 // radians, clockwise
	Tilt     float64 // how much nearer one edge is than the middle: 0.1 is 10 %
	Bend     float64 // how far the page's middle stands out, in pitches
	Blur     float64 // deviation in pitches
	Motion   float64 // pitches
	Glare    float64 // 0 to 1
	Shadow   float64 // 0 to 1: the part of the light that is lost
	Noise    float64 // deviation in grey values
	Print    float64 // 0 to 1: contrast of what is printed behind the zone
	Contrast float64 // 0 to 1: of the zone itself
	Quality  int     // of the JPEG, 1 to 100; 0: none
}

// Harms are the conditions that are studied one by one, by name. Each makes a good scan
// worse in one way; the last in all ways at once.
var Harms = [...]struct {
	Name  string
	Apply func(*Conditions, *rand.Rand)
}{
	{"good scan", func(*Conditions, *rand.Rand) {}},
	{"any rotation", func(c *Conditions, r *rand.Rand) { c.Angle = between(r, 0, 2*math.Pi) }},
	{"upside down", func(c *Conditions, r *rand.Rand) { c.Angle = math.Pi + between(r, -0.05, 0.05) }},
	{"perspective", func(c *Conditions, r *rand.Rand) { c.Tilt = between(r, 0.1, 0.22) }},
	{"bent page", func(c *Conditions, r *rand.Rand) { c.Bend = between(r, 0.4, 1.3) }},
	{"8 to 10 pixels a character", func(c *Conditions, r *rand.Rand) { c.Pitch = between(r, 8, 10) }},
	{"6.5 to 8 pixels a character", func(c *Conditions, r *rand.Rand) { c.Pitch = between(r, 6.5, 8) }},
	{"out of focus", func(c *Conditions, r *rand.Rand) { c.Blur = between(r, 0.08, 0.15) }},
	{"moved", func(c *Conditions, r *rand.Rand) { c.Motion = between(r, 0.15, 0.35) }},
	{"glare", func(c *Conditions, r *rand.Rand) { c.Glare = between(r, 0.3, 0.8) }},
	{"shadow", func(c *Conditions, r *rand.Rand) { c.Shadow = between(r, 0.4, 0.75) }},
	{"noise", func(c *Conditions, r *rand.Rand) { c.Noise = between(r, 12, 25) }},
	{"strong JPEG", func(c *Conditions, r *rand.Rand) { c.Quality = 12 + r.IntN(20) }},
	{"print behind", func(c *Conditions, r *rand.Rand) { c.Print = between(r, 0.2, 0.4) }},
	{"faint", func(c *Conditions, r *rand.Rand) { c.Contrast = between(r, 0.2, 0.35) }},
	{"telephone", telephone},
}

// telephone is a photograph taken in the hand: a little of everything.
func telephone(c *Conditions, r *rand.Rand) {
	*c = Conditions{
		Pitch: between(r, 9, 24), Angle: between(r, 0, 2*math.Pi), Tilt: between(r, 0, 0.12),
		Bend: between(r, 0, 0.5), Blur: between(r, 0, 0.08), Motion: between(r, 0, 0.12),
		Glare: between(r, 0, 0.3), Shadow: between(r, 0, 0.5), Noise: between(r, 1, 9),
		Print: between(r, 0, 0.2), Contrast: between(r, 0.5, 0.9), Quality: 45 + r.IntN(50),
	}
}

// GoodScan is a scan that nothing is wrong with.
func GoodScan(rng *rand.Rand) Conditions {
	return Conditions{Pitch: between(rng, 12, 22), Angle: between(rng, -0.05, 0.05), Noise: 2, Contrast: 0.8, Quality: 90}
}

// Photograph draws a document with the lines on it.
func (f *Font) Photograph(rng *rand.Rand, lines []string, c Conditions) (Photo, error) {
	s := f.sheet(rng, lines, c)
	img, err := s.photographed(rng, c)
	if err != nil {
		return Photo{}, fmt.Errorf("photograph: %w", err)
	}
	return Photo{img, lines}, nil
}

// sheet is a document lying straight.
type sheet struct {
	*raw
	perPitch float64 // its pixels
	zone     glyph.Point
}

func (f *Font) sheet(rng *rand.Rand, lines []string, c Conditions) *sheet {
	k := math.Min(math.Max(12, 1.3*c.Pitch), 32)
	wide := float64(len(lines[0])) + 4.5
	tall := map[int]float64{44: 34, 36: 28, 30: 21}[len(lines[0])]
	s := &sheet{raw: newRaw(int(wide*k), int(tall*k)), perPitch: k}
	face, weight := rng.IntN(Faces), rng.IntN(Weights)
	paper := float32(between(rng, 190, 245))
	for i := range s.grey {
		s.grey[i] = paper
	}
	s.printed(rng, 0.06, 0, tall)
	spacing := between(rng, 2.2, 2.65)
	first := tall - 2 - spacing*float64(len(lines)-1)
	s.decorated(f, rng, wide, first-2.5)
	if c.Print > 0 {
		s.printed(rng, c.Print, first-1.5, tall)
	}
	for i, line := range lines {
		s.text(f, line, glyph.Point{X: 2.2, Y: first + spacing*float64(i)}, 1, face, weight, c.Contrast)
	}
	s.zone = glyph.Point{X: wide / 2, Y: (first + tall - 2) / 2}
	return s
}

// text writes a line whose first cell's left middle is at a place, in pitches.
func (s *sheet) text(f *Font, line string, at glyph.Point, size float64, face, weight int, contrast float64) {
	k := s.perPitch * size
	x0, y0 := at.X*s.perPitch, at.Y*s.perPitch
	for y := max(0, int(y0-0.8*k)); y < min(s.height, int(y0+0.8*k)); y++ {
		for x := max(0, int(x0)); x < min(s.width, int(x0+k*float64(len(line)))); x++ {
			u := (float64(x) - x0) / k
			i := int(u)
			if i < 0 || i >= len(line) {
				continue
			}
			class := classOf(line[i])
			if class == glyph.None {
				continue
			}
			ink := f.Ink(face, weight, class, u-float64(i), (float64(y)-y0)/k, 1/k)
			s.grey[y*s.width+x] *= float32(1 - contrast*ink)
		}
	}
}

func classOf(ch byte) int {
	switch {
	case ch >= '0' && ch <= '9':
		return int(ch - '0')
	case ch >= 'A' && ch <= 'Z':
		return int(ch-'A') + 10
	case ch == '<':
		return glyph.None - 1
	}
	return glyph.None
}

// printed lays fine waves over a part of the sheet, between two heights in pitches.
func (s *sheet) printed(rng *rand.Rand, contrast, from, to float64) {
	var waves [3]wave
	for i := range waves {
		frequency, angle := between(rng, 0.6, 4)*2*math.Pi, rng.Float64()*math.Pi
		waves[i] = wave{contrast / 2, frequency * math.Cos(angle), frequency * math.Sin(angle), rng.Float64() * 7}
	}
	bend := between(rng, 0.5, 3)
	for y := max(0, int(from*s.perPitch)); y < min(s.height, int(to*s.perPitch)); y++ {
		for x := range s.width {
			u, v := float64(x)/s.perPitch, float64(y)/s.perPitch
			k := 0.0
			for _, w := range waves {
				k += w.strength * (0.5 + 0.5*math.Sin(w.u*u+w.v*v+w.phase+bend*math.Sin(u/3+v/5)))
			}
			s.grey[y*s.width+x] *= float32(1 - k)
		}
	}
}

// decorated prints what else is on a document: a portrait and lines of text.
func (s *sheet) decorated(f *Font, rng *rand.Rand, wide, until float64) {
	face := glyph.Point{X: 7, Y: until * 0.55}
	for y := range int(until * s.perPitch) {
		for x := range int(14 * s.perPitch) {
			u, v := float64(x)/s.perPitch-face.X, float64(y)/s.perPitch-face.Y
			if d := u*u/20 + v*v/36; d < 1 {
				s.grey[y*s.width+x] = float32(60 + 120*math.Abs(math.Sin(2*d+u/2)))
			}
		}
	}
	for v := 2.0; v < until-1; v += between(rng, 1.6, 3) {
		size := between(rng, 0.5, 1.2)
		u := 16.0
		for u < wide-8 {
			word := words[rng.IntN(len(words))]
			s.text(f, word, glyph.Point{X: u, Y: v}, size, 0, 2, 0.7)
			u += (float64(len(word)) + between(rng, 0.5, 3)) * size
		}
	}
}

var words = [...]string{"SURNAME", "GIVEN NAMES", "UTOPIA", "PASSPORT", "12 AUG 1974", "F", "M", "ZENITH", "P", "REPUBLIC",
	"DATE OF ISSUE", "AUTHORITY", "L898902C3", "NATIONALITY"}

// photographed is what the camera sees.
func (s *sheet) photographed(rng *rand.Rand, c Conditions) (*image.Gray, error) {
	diagonal := math.Hypot(float64(s.width), float64(s.height)) / s.perPitch * c.Pitch
	across := math.Abs(float64(s.width)*math.Cos(c.Angle)) + math.Abs(float64(s.height)*math.Sin(c.Angle))
	down := math.Abs(float64(s.width)*math.Sin(c.Angle)) + math.Abs(float64(s.height)*math.Cos(c.Angle))
	scale := c.Pitch / s.perPitch
	r := newRaw(int(across*scale*(1.08+c.Tilt)), int(down*scale*(1.08+c.Tilt)))
	lean := rng.Float64() * 2 * math.Pi
	a, b := 2*c.Tilt*math.Cos(lean)/diagonal, 2*c.Tilt*math.Sin(lean)/diagonal
	sin, cos := math.Sincos(c.Angle)
	table := newPrint(rng, c.Pitch)
	for y := range r.height {
		for x := range r.width {
			var sum float64
			for q := range 4 {
				px := float64(x) + 0.25 + 0.5*float64(q&1) - float64(r.width)/2
				py := float64(y) + 0.25 + 0.5*float64(q>>1) - float64(r.height)/2
				k := 1 / (1 + a*px + b*py) / scale
				u, v := (px*cos+py*sin)*k+float64(s.width)/2, (py*cos-px*sin)*k+float64(s.height)/2
				t := u/float64(s.width)*2 - 1
				v += c.Bend * s.perPitch * (t*t - 1)
				sum += s.at(u, v, 90*(1-table.at(px/c.Pitch/3, py/c.Pitch/3)))
			}
			r.grey[y*r.width+x] = float32(sum / 4)
		}
	}
	return finished(r, rng, c)
}

// at is the sheet's grey value at a place, or what lies around it.
func (s *sheet) at(x, y, around float64) float64 {
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	if x0 < 0 || y0 < 0 || x0+1 >= s.width || y0+1 >= s.height {
		return around
	}
	fx, fy := float32(x-float64(x0)), float32(y-float64(y0))
	top := s.grey[y0*s.width+x0]*(1-fx) + s.grey[y0*s.width+x0+1]*fx
	low := s.grey[(y0+1)*s.width+x0]*(1-fx) + s.grey[(y0+1)*s.width+x0+1]*fx
	return float64(top*(1-fy) + low*fy)
}

// finished adds what lamps, hands and sensors do.
func finished(r *raw, rng *rand.Rand, c Conditions) (*image.Gray, error) {
	if c.Shadow > 0 {
		shade(r, rng, c)
	}
	for i := 0; c.Glare > 0 && i < 2; i++ {
		x, y := between(rng, 0.2, 0.8)*float64(r.width), between(rng, 0.2, 0.8)*float64(r.height)
		size := between(rng, 2, 5) * c.Pitch
		for i := range r.grey {
			d := math.Hypot(float64(i%r.width)-x, float64(i/r.width)-y) / size
			r.grey[i] += float32(300 * c.Glare * math.Exp(-d*d))
		}
	}
	r.blur(c.Blur * c.Pitch)
	if c.Motion > 0 {
		r.move(c.Motion*c.Pitch, rng.Float64()*math.Pi)
	}
	r.noise(rng, c.Noise)
	if c.Quality == 0 {
		return r.gray(), nil
	}
	return compressed(r.gray(), c.Quality)
}

// shade darkens one side of a soft edge.
func shade(r *raw, rng *rand.Rand, c Conditions) {
	angle := rng.Float64() * 2 * math.Pi
	sin, cos := math.Sincos(angle)
	x, y := between(rng, 0.3, 0.7)*float64(r.width), between(rng, 0.3, 0.7)*float64(r.height)
	soft := between(rng, 0.5, 4) * c.Pitch
	for i := range r.grey {
		d := (float64(i%r.width)-x)*cos + (float64(i/r.width)-y)*sin
		r.grey[i] *= float32(1 - c.Shadow/(1+math.Exp(-d/soft)))
	}
}
