package synthetic

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strconv"
)

// The size of a portrait in pixels.
const (
	PortraitWidth  = 480
	PortraitHeight = 600
)

// face is what one drawn face differs in from another. Lengths are in pixels.
type face struct {
	skin, hair, iris, cloth, wall colour
	width, jaw, height            float64 // of the head; jaw from 0 (pointed) to 1 (square)
	eyes, eyeSize, slant          float64 // half the distance; radius; lift of the outer corner
	brow, browLift                float64 // thickness; height above the eye
	nose, noseWidth               float64
	mouth, lips, smile            float64
	hairline, hairLength          float64 // from 0 (low, short) to 1 (bald; long)
	parting                       float64
	beard, moustache, glasses     bool
	lines                         float64 // of age, 0 to 1
}

// Portrait draws the traveller, facing the camera before a plain wall: 480 × 600 pixels.
func (t Traveller) Portrait() *image.RGBA {
	f := t.face(t.rng(purposePortrait))
	c := canvas{image.NewRGBA(image.Rect(0, 0, PortraitWidth, PortraitHeight))}
	f.drawWall(c)
	f.drawBackHair(c)
	f.drawBody(c)
	f.drawHead(c)
	f.drawEyes(c)
	f.drawNose(c)
	f.drawMouth(c)
	f.drawHair(c)
	if f.glasses {
		f.drawGlasses(c)
	}
	grain(c, t.rng(purposePortrait))
	return c.RGBA
}

func (t Traveller) face(rng *rand.Rand) face {
	between := func(low, high float64) float64 { return low + (high-low)*rng.Float64() }
	pick := func(from []color.RGBA) colour { return paintOf(from[rng.IntN(len(from))]).lit(between(0.94, 1.05)) }
	age := float64(t.age())
	tone := rng.IntN(len(skins))
	hues := hairs[:]
	switch {
	case age < 55 && tone > fair:
		hues = hues[:dark]
	case age < 55:
		hues = hues[:young]
	}
	man := t.Fields.Sex == "M" || t.Fields.Sex == "<" && rng.IntN(2) == 0
	f := face{
		skin: pick(skins[tone : tone+1]), hair: pick(hues), iris: pick(irises[:]), cloth: pick(cloths[:]), wall: pick(walls[:]),
		width: between(96, 114), jaw: between(0.15, 0.7), height: between(136, 152),
		eyes: between(41, 49), eyeSize: between(16, 20), slant: between(-3, 5),
		brow: between(6, 9), browLift: between(24, 31),
		nose: between(40, 56), noseWidth: between(17, 26),
		mouth: between(30, 41), lips: between(8, 13), smile: between(-2, 6),
		hairline: between(0.1, 0.4), hairLength: between(0.5, 1), parting: between(-0.7, 0.7),
		glasses: rng.IntN(5) == 0, lines: min(max(age-25, 0)/50*between(0.7, 1.1), 1),
	}
	if man {
		f.jaw += 0.25
		f.brow += 3
		f.lips -= 2
		f.hairLength = between(0, 0.15)
		f.hairline = between(0.1, 0.9)
		f.beard = rng.IntN(4) == 0
		f.moustache = f.beard || rng.IntN(8) == 0
	}
	if t.Child {
		f.height, f.width, f.jaw = f.height*0.88, f.width*0.97, 0.35
		f.eyeSize += 4
		f.nose, f.mouth, f.brow = f.nose*0.75, f.mouth*0.85, 5
		f.beard, f.moustache, f.lines, f.hairline = false, false, 0, 0.1
	}
	return f
}

// age is the traveller's in 2026, or 40 if the birth date is not known.
func (t Traveller) age() int {
	year, err := strconv.Atoi(t.Fields.BirthDate[:2])
	if err != nil {
		return 40
	}
	return (126 - year) % 100
}

const (
	midX = PortraitWidth / 2
	eyeY = 282.0
)

func (f *face) chin() float64 { return eyeY + f.height }

// outline is the head: an ellipse whose lower half is squarer as the jaw is.
//
//go:norace
func (f *face) outline() shape {
	box := boxOf(midX-f.width, eyeY-f.height*1.1, midX+f.width, f.chin())
	return shape{box, func(x, y float64) float64 {
		u, v := math.Abs(x-midX)/f.width, (y-eyeY)/f.height
		n := 2.0
		if v > 0 {
			n += 0.9 * f.jaw
			u *= 1 + 0.16*v*(1-0.6*f.jaw)
		} else {
			v *= 0.97
		}
		k := math.Pow(math.Pow(u, n)+math.Pow(math.Abs(v), n), 1/n)
		return (k - 1) * f.width
	}}
}

func (f *face) drawWall(c canvas) {
	c.paint(everywhere(), 1, func(x, y float64) colour {
		return f.wall.lit(1.04 - 0.10*x/PortraitWidth - 0.06*y/PortraitHeight)
	})
}

func (f *face) drawBody(c canvas) {
	neck := 0.62 * f.width
	c.paint(ellipse(midX, 634, 218, 172), 2, func(x, y float64) colour {
		return f.cloth.lit(1.05 - 0.25*math.Abs(x-midX)/212)
	})
	column := shape{everywhere().box, func(x, _ float64) float64 { return math.Abs(x-midX) - neck }}
	throat := both(column, ellipse(midX, 436, neck*1.3, 96))
	c.paint(throat, 3, func(x, y float64) colour {
		shade := 0.90 - 0.16*math.Exp(-(y-f.chin())/26)
		return f.skin.lit(shade - 0.10*(x-midX)/neck)
	})
	collar := without(ellipse(midX, 504, neck*1.45, 46), ellipse(midX, 484, neck*1.2, 48))
	c.fill(without(collar, above(474)), 2, f.cloth.lit(0.8))
}

func (f *face) drawHead(c canvas) {
	for _, side := range []float64{-1, 1} {
		x := midX + side*(f.width+3)
		c.fill(ellipse(x, eyeY+18, 15, 31), 2, f.skin.lit(0.90))
		c.fill(ellipse(x, eyeY+19, 7, 19), 8, f.skin.lit(0.74).opaque(0.7))
	}
	head := f.outline()
	c.paint(head, 2, func(x, y float64) colour {
		edge := min(max(-head.outside(x, y)/60, 0), 1) // 0 at the outline
		light := 0.84 + 0.16*math.Sqrt(edge) - 0.07*(x-midX)/f.width
		return f.skin.lit(light)
	})
	for _, side := range []float64{-1, 1} { // cheeks
		c.paint(ellipse(midX+side*56, eyeY+64, 30, 22), 26, func(float64, float64) colour {
			return colour{f.skin.r * 1.02, f.skin.g * 0.86, f.skin.b * 0.84, 0.35}
		})
	}
	if f.beard {
		lower := without(without(head, above(eyeY+74)), ellipse(midX, eyeY+62, 62, 48))
		c.fill(without(lower, ellipse(midX, f.mouthY(), f.mouth*0.95, 17)), 9, f.hair.lit(0.95).opaque(0.92))
	}
}

func (f *face) drawEyes(c canvas) {
	for _, side := range []float64{-1, 1} {
		x, wide := midX+side*f.eyes, f.eyeSize*1.25
		lift := func(at float64) float64 { return side * (at - x) / wide * f.slant }
		slanted := func(s shape) shape { return bent(s, lift) }
		c.fill(ellipse(x, eyeY-2, wide*1.4, f.eyeSize*1.25), 20, f.skin.lit(0.80).opaque(0.55))
		opening := slanted(both(ellipse(x, eyeY+7, wide, f.eyeSize*0.95), ellipse(x, eyeY-7, wide*1.05, f.eyeSize)))
		c.fill(opening, 1.5, colour{240, 238, 234, 1})
		iris := f.eyeSize * 0.58
		c.fill(both(opening, ellipse(x, eyeY, iris, iris)), 1.5, f.iris)
		c.fill(both(opening, ellipse(x, eyeY, iris*0.9, iris*0.9)), 6, f.iris.lit(1.25).opaque(0.6))
		c.fill(both(opening, ellipse(x, eyeY, iris*0.45, iris*0.45)), 1.5, colour{18, 14, 14, 1})
		c.fill(ellipse(x-3, eyeY-4, 2.4, 2.4), 1.5, colour{255, 255, 255, 0.95})
		c.fill(slanted(stroke(arc(x-wide, x+wide, eyeY+1, f.eyeSize*0.55), 4.5)), 1.5, colour{38, 26, 24, 0.95})
		c.fill(slanted(stroke(arc(x-wide*0.9, x+wide*0.9, eyeY+1, -f.eyeSize*0.5), 2)), 1.5, f.skin.lit(0.6).opaque(0.8))
		c.fill(slanted(stroke(arc(x-wide, x+wide, eyeY-7, f.eyeSize*0.55), 2)), 2, f.skin.lit(0.66).opaque(0.8))
		c.fill(slanted(stroke(arc(x-wide*1.2, x+wide*1.25, eyeY-f.browLift+5, 8), f.brow)), 2.5, f.hair.lit(0.8).opaque(0.92))
		for k := range 3 {
			y := eyeY + f.eyeSize + 6 + 4*float64(k)
			c.fill(stroke(arc(x-wide*0.9, x+wide*0.9, y, -6), 2), 2, f.skin.lit(0.7).opaque(0.35*f.lines))
		}
	}
}

func (f *face) drawNose(c canvas) {
	tip := eyeY + f.nose + 8
	shadow := f.skin.lit(0.72)
	c.fill(stroke(func(t float64) (float64, float64) {
		return midX + 7 + 7*t*t, eyeY + 4 + t*(f.nose-6)
	}, 7), 7, shadow.opaque(0.42))
	c.fill(ellipse(midX, tip-8, f.noseWidth*0.55, 15), 14, f.skin.lit(1.10).opaque(0.6))
	for _, side := range []float64{-1, 1} {
		c.fill(stroke(func(t float64) (float64, float64) {
			a := math.Pi * (0.15 + 0.75*t)
			return midX + side*(f.noseWidth-7+9*math.Sin(a)), tip - 1 - 11*math.Cos(a)
		}, 3.5), 3, shadow.lit(0.92).opaque(0.75))
		c.fill(ellipse(midX+side*f.noseWidth*0.45, tip+3, 5.5, 2.8), 3, colour{60, 34, 30, 0.75})
		c.fill(stroke(func(t float64) (float64, float64) {
			return midX + side*(f.noseWidth+8+14*t), tip + 4 + 34*t
		}, 2.5), 3, shadow.opaque(0.15+0.5*f.lines))
	}
	c.fill(stroke(arc(midX-f.noseWidth*0.6, midX+f.noseWidth*0.6, tip+5, -4), 3), 3, shadow.opaque(0.7))
}

func (f *face) mouthY() float64 { return eyeY + f.nose + 8 + (f.height-f.nose-8)*0.36 }

func (f *face) drawMouth(c canvas) {
	y := f.mouthY()
	lip := colour{f.skin.r*0.72 + 34, f.skin.g*0.56 + 4, f.skin.b*0.58 + 6, 1}
	smile := func(x float64) float64 {
		u := (x - midX) / f.mouth
		return f.smile * min(u*u, 1)
	}
	upper := either(ellipse(midX-f.mouth*0.36, y, f.mouth*0.64, f.lips*0.8), ellipse(midX+f.mouth*0.36, y, f.mouth*0.64, f.lips*0.8))
	c.fill(bent(both(upper, above(y)), smile), 2.5, lip.lit(0.88))
	c.fill(bent(without(ellipse(midX, y, f.mouth*0.86, f.lips*1.25), above(y)), smile), 2.5, lip)
	c.fill(bent(ellipse(midX, y+f.lips*0.55, f.mouth*0.4, 3), smile), 6, lip.lit(1.2).opaque(0.5))
	c.fill(bent(stroke(arc(midX-f.mouth, midX+f.mouth, y, -1), 3), smile), 1.5, lip.lit(0.42))
	c.fill(stroke(arc(midX-18, midX+18, y+f.lips*1.25+9, -3), 5), 8, f.skin.lit(0.74).opaque(0.55))
	if f.moustache {
		reach := f.mouth * 0.62
		hair := either(ellipse(midX-reach*0.8, y-f.lips-3, reach, 7), ellipse(midX+reach*0.8, y-f.lips-3, reach, 7))
		c.fill(hair, 4, f.hair.lit(0.9).opaque(0.95))
	}
}

// drawBackHair is the hair behind the head and shoulders.
func (f *face) drawBackHair(c canvas) {
	if f.hairLength < 0.3 {
		return
	}
	low := eyeY + 70 + 190*f.hairLength
	back := either(ellipse(midX, eyeY-20, f.width+32, f.height+8),
		both(ellipse(midX, low-120, f.width+40, 160), above(low)))
	c.paint(back, 3, f.strands(0.72))
}

// drawHair is the hair on the skull, down to the hairline.
func (f *face) drawHair(c canvas) {
	if f.hairline > 0.8 {
		return // bald
	}
	skull := ellipse(midX, eyeY-26, f.width+9, f.height-4)
	brow := eyeY - f.height*(0.46+0.42*f.hairline)
	forehead := either(
		ellipse(midX+f.parting*40, eyeY+36, f.width*(0.98-0.05*math.Abs(f.parting)), eyeY+36-brow),
		ellipse(midX, eyeY+60, f.width*0.94, eyeY+60-brow-16))
	cap := both(without(skull, forehead), above(eyeY+12+60*min(f.hairLength, 1)))
	c.paint(cap, 3, f.strands(1))
}

// strands shades hair in lines that run down from the parting.
//
//go:norace
func (f *face) strands(light float64) func(x, y float64) colour {
	return func(x, y float64) colour {
		a := math.Atan2(x-midX-f.parting*40, y-eyeY+f.height+60)
		fine := 0.08*math.Sin(a*150+y/60) + 0.05*math.Sin(a*67-y/35)
		shine := 0.18 * math.Exp(-(y-eyeY+f.height*0.72)*(y-eyeY+f.height*0.72)/700)
		return f.hair.lit(light * (0.95 + fine + shine))
	}
}

func (f *face) drawGlasses(c canvas) {
	frame := colour{34, 32, 38, 0.95}
	for _, side := range []float64{-1, 1} {
		x := midX + side*f.eyes
		lens := ellipse(x, eyeY+2, 33, 26)
		c.fill(lens, 2, colour{220, 232, 240, 0.12})
		c.fill(without(lens, ellipse(x, eyeY+2, 29.5, 22.5)), 1.5, frame)
		from := x + side*32
		c.fill(stroke(arc(from, midX+side*(f.width+4), eyeY-4, 1), 5), 1.5, frame)
	}
	c.fill(stroke(arc(midX-f.eyes+32, midX+f.eyes-32, eyeY-3, 5), 5), 1.5, frame)
}

// grain gives the even areas of a drawing what a camera's sensor gives them.
//
//go:norace
func grain(c canvas, rng *rand.Rand) {
	for i := 0; i < len(c.Pix); i += 4 {
		n := float64(rng.IntN(7)) - 3
		for k := range 3 {
			c.Pix[i+k] = clampByte(float64(c.Pix[i+k]) + n)
		}
	}
}

// Of the tones of skin those up to fair go with any hair; of the hairs the first few are dark, and
// the first few more belong to people who are not yet grey.
const (
	fair  = 2
	dark  = 3
	young = 6
)

var (
	skins = [...]color.RGBA{
		{246, 214, 190, 255}, {236, 194, 160, 255}, {222, 174, 136, 255}, {198, 146, 106, 255},
		{160, 110, 76, 255}, {122, 82, 58, 255}, {92, 62, 46, 255},
	}
	hairs = [...]color.RGBA{
		{30, 24, 22, 255}, {58, 40, 28, 255}, {92, 62, 38, 255}, {140, 98, 54, 255},
		{196, 158, 96, 255}, {124, 54, 30, 255}, {150, 148, 146, 255}, {206, 204, 200, 255},
	}
	irises = [...]color.RGBA{{64, 42, 26, 255}, {92, 64, 36, 255}, {84, 104, 66, 255}, {70, 104, 138, 255}, {96, 108, 116, 255}}
	cloths = [...]color.RGBA{
		{46, 58, 84, 255}, {110, 44, 48, 255}, {56, 84, 66, 255}, {70, 70, 74, 255},
		{134, 110, 82, 255}, {92, 76, 116, 255}, {188, 184, 176, 255},
	}
	walls = [...]color.RGBA{{206, 212, 218, 255}, {214, 210, 202, 255}, {196, 206, 214, 255}}
)
