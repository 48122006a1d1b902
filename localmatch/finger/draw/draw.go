// Package draw shows people what the engine sees: the minutiae over the picture, and of two
// pictures which minutiae were taken for the same.
//
// An ending is drawn as a ring, a bifurcation as a square, another minutia as a cross, each
// with a stroke in its direction; the paler the less certain. What matched stands in strong
// colours with lines from one picture to the other, the rest is grey. Drawings have
// 1,000 dpi, so that lines are thin beside ridges.
//
// A drawing is as much personal data as the picture.
package draw

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"boothd/localmatch/finger"
)

// Print is one finger's picture and its template.
type Print struct {
	Image    *image.Gray // nil if there is only the template, which is then drawn on white
	DPI      int         // of the picture
	Template *finger.Template
}

// scale is how many pixels of a drawing lie in one of a template, along each axis.
const scale = 2

// Sizes in pixels of a drawing.
const (
	radius = 7.0  // of a minutia's mark
	tail   = 22.0 // from its middle to the end of its stroke
	stroke = 2.0  // breadth
	margin = 12   // between two pictures
)

// largest is how far a drawing reaches at most, along each axis; what lies beyond is left
// out. It is five inches.
const largest = 5 * scale * finger.DPI

var (
	single = color.NRGBA{R: 0xd5, G: 0x20, B: 0x20, A: 0xff}
	lone   = color.NRGBA{R: 0x80, G: 0x80, B: 0x90, A: 0xff}
	// palette is that of Okabe and Ito, which people who see few colours can tell apart;
	// without black, white and yellow.
	palette = []color.NRGBA{
		{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, {R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, {R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
		{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff}, {R: 0x56, G: 0xb4, B: 0xe9, A: 0xff}, {R: 0xe6, G: 0x9f, B: 0x00, A: 0xff},
	}
)

// Minutiae draws a print's minutiae over its picture.
func Minutiae(p Print) *image.RGBA {
	c := canvas{image.NewRGBA(image.Rectangle{Max: p.size()})}
	c.ground(p, 0)
	for _, m := range p.Template.Minutiae {
		c.mark(m, 0, single)
	}
	return c.RGBA
}

// Pairs draws two prints side by side and joins the minutiae that were taken for the same.
// Pairs that are not of these templates are left out.
func Pairs(a, b Print, pairs []finger.Pair) *image.RGBA {
	left, right := a.size(), b.size()
	shift := left.X + margin
	c := canvas{image.NewRGBA(image.Rect(0, 0, shift+right.X, max(left.Y, right.Y)))}
	draw.Draw(c, c.Rect, image.White, image.Point{}, draw.Src)
	c.ground(a, 0)
	c.ground(b, shift)
	colours := map[[2]int]color.NRGBA{} // of a side's minutia
	of := func(side, i int) color.NRGBA {
		if colour, matched := colours[[2]int{side, i}]; matched {
			return colour
		}
		return lone
	}
	for i, p := range pairs {
		if min(p.A, p.B) < 0 || p.A >= len(a.Template.Minutiae) || p.B >= len(b.Template.Minutiae) {
			continue
		}
		colour := palette[i%len(palette)]
		colours[[2]int{0, p.A}], colours[[2]int{1, p.B}] = colour, colour
		from, to := place(a.Template.Minutiae[p.A], 0), place(b.Template.Minutiae[p.B], shift)
		colour.A = 0xa0
		c.line(from, to, stroke, colour)
	}
	for i, m := range a.Template.Minutiae {
		c.mark(m, 0, of(0, i))
	}
	for i, m := range b.Template.Minutiae {
		c.mark(m, shift, of(1, i))
	}
	return c.RGBA
}

// size is a print's in a drawing.
func (p Print) size() image.Point {
	w, h := float64(p.Template.Width), float64(p.Template.Height)
	if p.Image != nil && p.DPI > 0 {
		size := p.Image.Bounds().Size()
		w, h = float64(size.X)*finger.DPI/float64(p.DPI), float64(size.Y)*finger.DPI/float64(p.DPI)
	}
	side := func(v float64) int { return min(max(int(math.Ceil(v*scale)), 1), largest) }
	return image.Pt(side(w), side(h))
}

// canvas is a drawing in the making.
type canvas struct{ *image.RGBA }

// ground lays the print's picture onto the canvas.
func (c canvas) ground(p Print, shift int) {
	size := p.size()
	area := image.Rect(shift, 0, shift+size.X, size.Y)
	if p.Image == nil || p.DPI <= 0 || p.Image.Bounds().Empty() {
		draw.Draw(c, area, image.White, image.Point{}, draw.Src)
		return
	}
	step := float64(p.DPI) / (scale * finger.DPI)
	for y := range size.Y {
		for x := range size.X {
			v := between(p.Image, (float64(x)+0.5)*step-0.5, (float64(y)+0.5)*step-0.5)
			c.SetRGBA(shift+x, y, color.RGBA{v, v, v, 0xff})
		}
	}
}

// between interpolates the picture's grey at a place between its pixels.
func between(img *image.Gray, x, y float64) uint8 {
	size := img.Bounds().Size()
	x, y = min(max(x, 0), float64(size.X-1)), min(max(y, 0), float64(size.Y-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, size.X-1), min(y0+1, size.Y-1)
	at := func(x, y int) float64 { return float64(img.Pix[y*img.Stride+x]) }
	fx, fy := x-float64(x0), y-float64(y0)
	up := at(x0, y0)*(1-fx) + at(x1, y0)*fx
	down := at(x0, y1)*(1-fx) + at(x1, y1)*fx
	return uint8(up*(1-fy) + down*fy + 0.5)
}

type spot struct{ x, y float64 }

// place is the middle of a minutia in the drawing.
func place(m finger.Minutia, shift int) spot {
	return spot{(float64(m.X)+0.5)*scale + float64(shift), (float64(m.Y) + 0.5) * scale}
}

// mark draws one minutia.
func (c canvas) mark(m finger.Minutia, shift int, colour color.NRGBA) {
	if m.Quality > 0 {
		colour.A = uint8(0x50 + 0xaf*int(min(m.Quality, 100))/100)
	}
	middle := place(m, shift)
	sin, cos := math.Sincos(float64(m.Direction) * math.Pi / 128)
	along := func(r float64) spot { return spot{middle.x + r*cos, middle.y - r*sin} }
	c.line(along(radius), along(tail), stroke, colour)
	switch m.Kind {
	case finger.Ending:
		c.ring(middle, radius, colour)
	case finger.Bifurcation:
		c.outline(colour, spot{middle.x - radius, middle.y - radius}, spot{middle.x + radius, middle.y - radius},
			spot{middle.x + radius, middle.y + radius}, spot{middle.x - radius, middle.y + radius})
	default:
		c.line(spot{middle.x - radius, middle.y}, spot{middle.x + radius, middle.y}, stroke, colour)
		c.line(spot{middle.x, middle.y - radius}, spot{middle.x, middle.y + radius}, stroke, colour)
	}
}

// outline joins the corners, the last with the first.
func (c canvas) outline(colour color.NRGBA, corners ...spot) {
	for i, p := range corners {
		c.line(p, corners[(i+1)%len(corners)], stroke, colour)
	}
}

func (c canvas) ring(middle spot, r float64, colour color.NRGBA) {
	reach := r + stroke
	for y := int(middle.y - reach); y <= int(middle.y+reach); y++ {
		for x := int(middle.x - reach); x <= int(middle.x+reach); x++ {
			off := math.Hypot(float64(x)+0.5-middle.x, float64(y)+0.5-middle.y) - r
			c.blend(x, y, stroke/2+0.5-math.Abs(off), colour)
		}
	}
}

// line draws a smooth line. Row by row it looks only at pixels near the line.
func (c canvas) line(from, to spot, breadth float64, colour color.NRGBA) {
	if from.y > to.y {
		from, to = to, from
	}
	dx, dy := to.x-from.x, to.y-from.y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return
	}
	reach := breadth/2 + 1
	left, right := max(min(from.x, to.x)-reach, 0), min(max(from.x, to.x)+reach, float64(c.Rect.Dx()))
	for y := max(int(from.y-reach), 0); y <= min(int(to.y+reach), c.Rect.Dy()); y++ {
		lo, hi := left, right
		if dy > 0 {
			middle := from.x + (float64(y)+0.5-from.y)*dx/dy
			lo, hi = max(lo, middle-reach*length/dy), min(hi, middle+reach*length/dy)
		}
		for x := int(lo); x <= int(hi); x++ {
			px, py := float64(x)+0.5-from.x, float64(y)+0.5-from.y
			t := min(max((px*dx+py*dy)/(length*length), 0), 1)
			c.blend(x, y, breadth/2+0.5-math.Hypot(px-t*dx, py-t*dy), colour)
		}
	}
}

// blend lays the colour over a pixel of which the share is covered.
func (c canvas) blend(x, y int, share float64, colour color.NRGBA) {
	if share <= 0 || !(image.Point{X: x, Y: y}).In(c.Rect) {
		return
	}
	a := min(share, 1) * float64(colour.A) / 0xff
	pixel := c.Pix[c.PixOffset(x, y):]
	for i, v := range [3]uint8{colour.R, colour.G, colour.B} {
		pixel[i] = uint8(float64(pixel[i])*(1-a) + float64(v)*a + 0.5)
	}
	pixel[3] = 0xff
}
