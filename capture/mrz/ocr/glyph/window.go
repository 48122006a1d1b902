package glyph

import (
	"image"
	"math"
)

// Point is a place or a distance in a picture, in pixels; the middle of the upper left
// pixel is 0, 0.
type Point struct{ X, Y float64 }

// Plus returns p + k·q.
func (p Point) Plus(k float64, q Point) Point { return Point{p.X + k*q.X, p.Y + k*q.Y} }

// Length returns the distance.
func (p Point) Length() float64 { return math.Hypot(p.X, p.Y) }

// Window is the part of a picture that a patch shows: a parallelogram.
type Window struct {
	Middle Point // of the character
	Pitch  Point // from the character's middle to the next one's
	Cap    Point // from the top of a capital letter to its foot
}

// Sample fills p with the window's grey values, normalised. Beyond the picture's edge its
// outermost pixels go on. The picture begins at 0, 0. A pitch of more than about thirty
// pixels should be looked at in a smaller copy of the picture.
func (w Window) Sample(img *image.Gray, p *Patch) {
	stepX := Point{}.Plus(Across/Width, w.Pitch)
	stepY := Point{}.Plus(Down/Height, w.Cap)
	corner := w.Middle.Plus(-(Width-1)/2.0, stepX).Plus(-(Height-1)/2.0, stepY)
	wide := stepX.Length() > 1.2 || stepY.Length() > 1.2
	for y := range Height {
		at := corner.Plus(float64(y), stepY)
		for x := range Width {
			if wide {
				p[y*Width+x] = quarters(img, at, stepX, stepY)
			} else {
				p[y*Width+x] = between(img, at)
			}
			at.X += stepX.X
			at.Y += stepX.Y
		}
	}
	p.Normalise()
}

// quarters is the mean over a step's four quarters.
func quarters(img *image.Gray, at, stepX, stepY Point) float32 {
	a, b := at.Plus(-0.25, stepX), at.Plus(0.25, stepX)
	return (between(img, a.Plus(-0.25, stepY)) + between(img, a.Plus(0.25, stepY)) +
		between(img, b.Plus(-0.25, stepY)) + between(img, b.Plus(0.25, stepY))) / 4
}

// between interpolates between the four pixels around a place.
func between(img *image.Gray, at Point) float32 {
	width, height := img.Rect.Dx(), img.Rect.Dy()
	x := min(max(at.X, 0), float64(width-1))
	y := min(max(at.Y, 0), float64(height-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, width-1), min(y0+1, height-1)
	fx, fy := float32(x-float64(x0)), float32(y-float64(y0))
	upper, lower := img.Pix[y0*img.Stride:], img.Pix[y1*img.Stride:]
	top := float32(upper[x0])*(1-fx) + float32(upper[x1])*fx
	low := float32(lower[x0])*(1-fx) + float32(lower[x1])*fx
	return top*(1-fy) + low*fy
}
