package synthetic

import (
	"image"
	"image/color"
	"math"
	"slices"
)

// canvas is painted shape by shape, the later over the earlier, with soft edges.
type canvas struct{ *image.RGBA }

// shape has a box outside of which it does not reach, and tells how far a place is
// outside of it, in pixels; inside is negative.
type shape struct {
	box     image.Rectangle
	outside func(x, y float64) float64
}

// paint covers the shape with the colour that tone gives for each place. The edge is as
// soft as the given pixels.
//
//go:norace
func (c canvas) paint(s shape, soft float64, tone func(x, y float64) colour) {
	box := s.box.Inset(-int(soft) - 1).Intersect(c.Bounds())
	for py := box.Min.Y; py < box.Max.Y; py++ {
		for px := box.Min.X; px < box.Max.X; px++ {
			x, y := float64(px)+0.5, float64(py)+0.5
			cover := 0.5 - s.outside(x, y)/soft
			if cover <= 0 {
				continue
			}
			over := tone(x, y)
			cover = min(cover, 1) * over.a
			at := c.PixOffset(px, py)
			c.Pix[at] = blend(c.Pix[at], over.r, cover)
			c.Pix[at+1] = blend(c.Pix[at+1], over.g, cover)
			c.Pix[at+2] = blend(c.Pix[at+2], over.b, cover)
			c.Pix[at+3] = 255
		}
	}
}

// fill covers the shape with one colour.
//
//go:norace
func (c canvas) fill(s shape, soft float64, col colour) {
	c.paint(s, soft, func(float64, float64) colour { return col })
}

//go:norace
func blend(under uint8, over, cover float64) uint8 {
	return clampByte(float64(under)*(1-cover) + over*cover)
}

// colour has parts from 0 to 255 and opacity from 0 to 1.
type colour struct{ r, g, b, a float64 }

func paintOf(c color.RGBA) colour {
	return colour{float64(c.R), float64(c.G), float64(c.B), 1}
}

// lit returns the colour made lighter (above 1) or darker.
//
//go:norace
func (c colour) lit(by float64) colour { return colour{c.r * by, c.g * by, c.b * by, c.a} }

//go:norace
func (c colour) opaque(a float64) colour { c.a = a; return c }

// everywhere has no edge.
func everywhere() shape {
	return shape{image.Rect(0, 0, PortraitWidth, PortraitHeight), func(float64, float64) float64 { return -100 }}
}

// ellipse is centred on x, y and nearly exact at its edge.
//
//go:norace
func ellipse(cx, cy, rx, ry float64) shape {
	return shape{boxOf(cx-rx, cy-ry, cx+rx, cy+ry), func(x, y float64) float64 {
		u, v := (x-cx)/rx, (y-cy)/ry
		k := math.Hypot(u, v)
		if k == 0 {
			return -min(rx, ry)
		}
		return k * (k - 1) / math.Hypot(u/rx, v/ry)
	}}
}

// stroke is a line of the given width through points of a curve, thinner to its ends.
//
//go:norace
func stroke(curve func(t float64) (x, y float64), width float64) shape {
	const parts = 16
	var xs, ys [parts + 1]float64
	for i := range xs {
		xs[i], ys[i] = curve(float64(i) / parts)
	}
	left, right := slices.Min(xs[:])-width, slices.Max(xs[:])+width
	top, bottom := slices.Min(ys[:])-width, slices.Max(ys[:])+width
	return shape{boxOf(left, top, right, bottom), func(x, y float64) float64 {
		best := math.Inf(1)
		for i := range parts {
			dx, dy := xs[i+1]-xs[i], ys[i+1]-ys[i]
			t := ((x-xs[i])*dx + (y-ys[i])*dy) / (dx*dx + dy*dy)
			t = min(max(t, 0), 1)
			along := (float64(i) + t) / parts
			thick := width / 2 * (0.35 + 0.65*math.Sin(math.Pi*along))
			best = min(best, math.Hypot(x-xs[i]-t*dx, y-ys[i]-t*dy)-thick)
		}
		return best
	}}
}

func boxOf(left, top, right, bottom float64) image.Rectangle {
	return image.Rect(int(left), int(top), int(right)+1, int(bottom)+1)
}

// arc is a flat curve from x0 to x1 at y whose middle is lifted by rise.
//
//go:norace
func arc(x0, x1, y, rise float64) func(t float64) (float64, float64) {
	return func(t float64) (float64, float64) {
		return x0 + (x1-x0)*t, y - 4*rise*t*(1-t)
	}
}

//go:norace
func both(a, b shape) shape {
	return shape{a.box.Intersect(b.box), func(x, y float64) float64 {
		return max(a.outside(x, y), b.outside(x, y))
	}}
}

//go:norace
func either(a, b shape) shape {
	return shape{a.box.Union(b.box), func(x, y float64) float64 {
		return min(a.outside(x, y), b.outside(x, y))
	}}
}

//go:norace
func without(a, b shape) shape {
	return shape{a.box, func(x, y float64) float64 { return max(a.outside(x, y), -b.outside(x, y)) }}
}

// above is everything over the line y.
//
//go:norace
func above(line float64) shape {
	return shape{image.Rect(0, 0, PortraitWidth, int(line)+1), func(_, y float64) float64 { return y - line }}
}

// bent is the shape with every column lifted by lift, which stays below 12 pixels.
//
//go:norace
func bent(s shape, lift func(x float64) float64) shape {
	return shape{s.box.Inset(-12), func(x, y float64) float64 { return s.outside(x, y+lift(x)) }}
}
