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
	Curl     float64 // how much narrower the characters are at the end where the page rises: 0.2 is 20 %
	Blur     float64 // deviation in pitches
	Defocus  float64 // radius in pitches of the disc that a point becomes
	Motion   float64 // pitches
	Glare    float64 // 0 to 1
	Shadow   float64 // 0 to 1: the part of the light that is lost
	Uneven   float64 // 0 to 1: the part of the light that is lost from one side to the other
	Noise    float64 // deviation in grey values
	Print    float64 // 0 to 1: contrast of what is printed behind the zone
	Curves   float64 // 0 to 1: contrast of fine curves through the zone
	Contrast float64 // 0 to 1: of the zone itself
	Fingers  int     // that hold the page and cover its margins
	Cropped  bool    // the picture ends half a character beside the zone
	Pixels   int     // of a picture in which the document is a small part; 0: it fills the picture
	Quality  int     // of the JPEG, 1 to 100; 0: none
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
	if c.Curves > 0 {
		s.guilloches(rng, c.Curves, first-1.5)
	}
	for i, line := range lines {
		s.text(f, line, glyph.Point{X: 2.2, Y: first + spacing*float64(i)}, 1, face, weight, c.Contrast)
	}
	for range c.Fingers {
		s.finger(rng, first)
	}
	if c.Cropped {
		s.crop(first-1.1, 1.7, wide-1.8, tall-2+1.1)
	}
	return s
}

// guilloches prints two sets of fine curves below a height in pitches.
func (s *sheet) guilloches(rng *rand.Rand, contrast, from float64) {
	for range 2 {
		g := newGuilloche(rng, contrast, 1/s.perPitch)
		for y := max(0, int(from*s.perPitch)); y < s.height; y++ {
			for x := range s.width {
				s.grey[y*s.width+x] *= float32(1 - g.at(float64(x)/s.perPitch, float64(y)/s.perPitch))
			}
		}
	}
}

// finger lays a finger tip over the margin beside or below the zone that begins at a height
// in pitches, up to half a character beside the text.
func (s *sheet) finger(rng *rand.Rand, first float64) {
	wide, tall := float64(s.width)/s.perPitch, float64(s.height)/s.perPitch
	radius := between(rng, 2.5, 4.5)
	at := glyph.Point{X: 1.5 - radius, Y: between(rng, first-3, tall)}
	switch rng.IntN(3) {
	case 0:
		at.X = wide - 1.6 + radius
	case 1:
		at = glyph.Point{X: between(rng, 3, wide-3), Y: tall - 1 + radius}
	}
	skin := between(rng, 90, 190)
	for y := range s.height {
		for x := range s.width {
			d := math.Hypot(float64(x)/s.perPitch-at.X, float64(y)/s.perPitch-at.Y) / radius
			if d < 1 {
				s.grey[y*s.width+x] = float32(skin * (1 - 0.5*d*d*d))
			}
		}
	}
}

// crop keeps the part of the sheet between two corners, in pitches.
func (s *sheet) crop(top, left, right, foot float64) {
	x0, y0 := int(left*s.perPitch), int(top*s.perPitch)
	part := newRaw(int(right*s.perPitch)-x0, int(foot*s.perPitch)-y0)
	for y := range part.height {
		copy(part.grey[y*part.width:][:part.width], s.grey[(y0+y)*s.width+x0:])
	}
	s.raw = part
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
	frame := 1.08 + c.Tilt
	if c.Cropped {
		frame = 1
	}
	r := newRaw(int(across*scale*frame), int(down*scale*frame))
	middle := glyph.Point{X: float64(r.width) / 2, Y: float64(r.height) / 2}
	if c.Pixels > 0 {
		r, middle = desk(rng, r, c.Pixels)
	}
	lean := rng.Float64() * 2 * math.Pi
	a, b := 2*c.Tilt*math.Cos(lean)/diagonal, 2*c.Tilt*math.Sin(lean)/diagonal
	sin, cos := math.Sincos(c.Angle)
	table := newPrint(rng, c.Pitch)
	for y := range r.height {
		for x := range r.width {
			var sum float64
			for q := range 4 {
				px := float64(x) + 0.25 + 0.5*float64(q&1) - middle.X
				py := float64(y) + 0.25 + 0.5*float64(q>>1) - middle.Y
				k := 1 / (1 + a*px + b*py) / scale
				u, v := (px*cos+py*sin)*k+float64(s.width)/2, (py*cos-px*sin)*k+float64(s.height)/2
				t := u/float64(s.width)*2 - 1
				u += c.Curl / 8 * float64(s.width) * (t*t - 1) * (1 + 0.4*t)
				v += c.Bend * s.perPitch * (t*t - 1)
				sum += s.at(u, v, 90*(1-table.at(px/c.Pitch/3, py/c.Pitch/3)))
			}
			r.grey[y*r.width+x] = float32(sum / 4)
		}
	}
	return finished(r, rng, c)
}

// desk is a picture of so many pixels, four to three, with a smaller one somewhere in it,
// whose middle it returns.
func desk(rng *rand.Rand, small *raw, pixels int) (*raw, glyph.Point) {
	height := math.Sqrt(float64(pixels) * 3 / 4)
	r := newRaw(max(int(height*4/3), small.width), max(int(height), small.height))
	return r, glyph.Point{
		X: float64(small.width)/2 + rng.Float64()*float64(r.width-small.width),
		Y: float64(small.height)/2 + rng.Float64()*float64(r.height-small.height),
	}
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
	if c.Uneven > 0 {
		slope(r, rng, c.Uneven)
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
	r.defocus(c.Defocus * c.Pitch)
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

// slope lets the light fall evenly from one side of the picture to the other.
func slope(r *raw, rng *rand.Rand, lost float64) {
	sin, cos := math.Sincos(rng.Float64() * 2 * math.Pi)
	reach := math.Abs(cos)*float64(r.width) + math.Abs(sin)*float64(r.height)
	for i := range r.grey {
		d := (float64(i%r.width)-float64(r.width)/2)*cos + (float64(i/r.width)-float64(r.height)/2)*sin
		r.grey[i] *= float32(1 - lost*(0.5+d/reach))
	}
}
