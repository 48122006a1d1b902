package slap

import (
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"boothd/capture"
	"boothd/capture/synthetic"
)

// The slaps of the tests are drawn: grown fingerprints, each shrunk, turned and set where a hand
// would lay it, with what else a scanner sees.

const drawnDPI = 500

// condition is what makes a slap hard.
type condition struct {
	name    string
	lower   bool // the second joints are on the glass too
	palm    bool
	halo    bool    // damp skin around the fingers
	turned  float64 // degrees either way
	apart   float64 // mm between fingers; less than 0 if they overlap
	missing int     // how many of four fingers
	press   synthetic.Press
	noise   float64
	// unsure is set where fingers may be refused, though never mistaken.
	unsure bool
}

var conditions = []condition{
	{name: "plain", turned: 5, apart: 3},
	{name: "turned", turned: 35, apart: 3},
	{name: "close", turned: 8, apart: 0.8},
	{name: "touching", turned: 8, apart: -0.5},
	{name: "one missing", turned: 10, apart: 3, missing: 1},
	{name: "two missing", turned: 10, apart: 3, missing: 2},
	{name: "halo", turned: 10, apart: 3, halo: true},
	{name: "lower parts", turned: 12, apart: 3, lower: true},
	{name: "palm", turned: 8, apart: 3, lower: true, palm: true},
	{name: "dry", turned: 10, apart: 3, press: synthetic.Press{Pressure: -0.8}, noise: 3},
	{name: "wet", turned: 10, apart: 3, press: synthetic.Press{Pressure: 0.8}},
	{name: "overlapping", turned: 8, apart: -2, unsure: true},
	{name: "worn", turned: 10, apart: 3, press: synthetic.Press{Pressure: -1}, noise: 12},
	{name: "far turned", turned: 45, apart: 2},
	{name: "all at once", turned: 20, apart: 2, missing: 1, lower: true, palm: true, halo: true, noise: 4},
}

// how is how the fingers are pressed: on all of the picture, of which the drawing takes a part.
func (c *condition) how() synthetic.Press {
	return synthetic.Press{Pressure: c.press.Pressure, Area: 1.5}
}

// truth is where a finger was drawn.
type truth struct {
	position capture.FingerPosition
	box      Box
}

// pressedFinger is a grown finger laid well; growing takes long, so each is kept.
var pressedFinger = sync.OnceValue(func() map[synthetic.Press][]*image.Gray {
	kept := map[synthetic.Press][]*image.Gray{}
	for n := range 6 {
		finger := synthetic.New(n + 1).Grow(2 + n%4)
		for _, c := range conditions { // three manners of pressing among them
			if how := c.how(); len(kept[how]) <= n {
				kept[how] = append(kept[how], finger.Press(how))
			}
		}
	}
	return kept
})

// hand is how the four fingers of a right hand lie: how far their tips stand back, how wide they
// are in mm, and how they fan out.
var hand = [4]struct{ back, width, fan float64 }{{7, 15.5, 4}, {0, 16, 1}, {4, 15, -2}, {17, 12.5, -6}}

// draw draws a slap of 4 fingers less the missing ones, of the right hand, or of the left.
func (c *condition) draw(rng *rand.Rand) (*image.Gray, []truth) {
	const perMM = drawnDPI / 25.4
	img := image.NewGray(image.Rect(0, 0, 1700, 1600))
	p := &painter{img: img, ink: make([]float32, len(img.Pix)), rng: rng}
	turn := (rng.Float64()*2 - 1) * c.turned * math.Pi / 180
	left := rng.IntN(2) == 0
	order := rng.Perm(4)[:4-c.missing]
	var drawn []truth
	at := -(15.5+16+15+12.5)/2 - 1.5*c.apart // mm across, from the middle of the hand
	prints := pressedFinger()[c.how()]
	middleX, middleY := 850+40*rng.NormFloat64(), 640+30*rng.NormFloat64()
	for i, f := range hand {
		across, back, fan := at+f.width/2, f.back+rng.NormFloat64(), (f.fan+1.5*rng.NormFloat64())*math.Pi/180
		at += f.width + c.apart
		if left {
			across, fan = -across, -fan
		}
		if !slices.Contains(order, i) {
			continue
		}
		angle := turn + fan
		tipLength := f.width * (1.25 + 0.1*rng.Float64())
		along := back + tipLength/2 - 14
		x := middleX + perMM*(across*math.Cos(turn)+along*math.Sin(turn))
		y := middleY + perMM*(-across*math.Sin(turn)+along*math.Cos(turn))
		b := Box{X: x, Y: y, Width: f.width * perMM, Height: tipLength * perMM, Angle: angle * 180 / math.Pi}
		p.halo(b, c.halo)
		p.print(prints[rng.IntN(len(prints))], b, false)
		if c.lower {
			lower := b
			far := (tipLength/2 + 1.6 + 8) * perMM
			lower.X, lower.Y = x+far*math.Sin(angle), y+far*math.Cos(angle)
			lower.Width, lower.Height = b.Width*0.95, 16*perMM
			p.print(prints[rng.IntN(len(prints))], lower, true)
		}
		position := capture.FingerPosition(2 + i)
		if left {
			position = capture.FingerPosition(7 + i)
		}
		drawn = append(drawn, truth{position, b})
	}
	if c.palm {
		p.palm(1600 - int((9+6*rng.Float64())*perMM))
	}
	p.finish(4 + 2*c.noise)
	return img, drawn
}

// painter puts ink on a slap.
type painter struct {
	img *image.Gray
	ink []float32 // 0 to 255 of darkness
	rng *rand.Rand
}

// each visits the pixels of a box, with their places in it from -1 to 1, y down the finger.
func (p *painter) each(b Box, larger float64, do func(i int, u, v float64)) {
	sin, cos := math.Sincos(b.Angle * math.Pi / 180)
	w, h := b.Width/2, b.Height/2
	reach := int(math.Hypot(w, h)*larger) + 1
	for y := max(int(b.Y)-reach, 0); y < min(int(b.Y)+reach, p.img.Rect.Dy()); y++ {
		for x := max(int(b.X)-reach, 0); x < min(int(b.X)+reach, p.img.Rect.Dx()); x++ {
			dx, dy := float64(x)+0.5-b.X, float64(y)+0.5-b.Y
			u, v := (dx*cos-dy*sin)/w, (dx*sin+dy*cos)/h
			if math.Abs(u) <= larger && math.Abs(v) <= larger {
				do(y*p.img.Stride+x, u, v)
			}
		}
	}
}

// print lays a fingerprint into an ellipse, or into a square with rounded corners.
func (p *painter) print(finger *image.Gray, b Box, square bool) {
	size := finger.Rect.Size()
	const within = 0.92 // of the picture, which is finger all over
	p.each(b, 1, func(i int, u, v float64) {
		uu, vv := u*u, v*v
		if square {
			uu, vv = uu*uu*uu, vv*vv*vv
		}
		inside := 1 - uu - vv
		if inside <= 0 {
			return
		}
		// Ridges keep their distance: the print is cut, not shrunk.
		x, y := float64(size.X)/2+u*b.Width/2*within, float64(size.Y)/2+v*b.Height/2*within*min(1, float64(size.Y)/b.Height)
		dark := 226 - float64(sample(finger, x, y))
		if x < 1 || y < 1 || x > float64(size.X-2) || y > float64(size.Y-2) {
			dark = 0
		}
		p.ink[i] = max(p.ink[i], float32(dark*min(inside*6, 1)))
	})
}

// halo darkens the glass around a box smoothly.
func (p *painter) halo(b Box, wet bool) {
	if !wet {
		return
	}
	p.each(b, 1.6, func(i int, u, v float64) {
		far := math.Hypot(u, v)
		p.ink[i] = max(p.ink[i], float32(45*min(max((1.5-far)*3, 0), 1)))
	})
}

// palm draws ridges from a line down to the picture's lower edge.
func (p *painter) palm(top int) {
	size := p.img.Rect.Size()
	bend, phase := 60+40*p.rng.Float64(), p.rng.Float64()*6
	for y := top; y < size.Y; y++ {
		for x := 250; x < size.X-250; x++ {
			edge := float64(y-top) - bend*(1+math.Sin(float64(x)/170+phase))/2
			if edge <= 0 {
				continue
			}
			wave := math.Sin((float64(x)*0.35 + float64(y)*0.9 + 20*math.Sin(float64(x)/90)) * 2 * math.Pi / 9.5)
			p.ink[y*p.img.Stride+x] = max(p.ink[y*p.img.Stride+x], float32((80+80*wave)*min(edge/20, 1)))
		}
	}
}

// finish puts the ink on the glass, with noise.
func (p *painter) finish(noise float64) {
	for i, ink := range p.ink {
		grey := 226 - float64(ink) + noise*(p.rng.Float64()-0.5)
		p.img.Pix[i] = uint8(min(max(grey, 0), 255))
	}
}
