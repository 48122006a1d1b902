// Package slap finds the fingers in a picture of several that were laid at once: the four of a
// hand, both thumbs, or what is left of them.
//
// A picture is cut into cells of 0.4 mm. A cell belongs to a finger if its surroundings have the
// contrast of ridges, which neither the damp halo around a finger nor the glass has. What is too
// wide for a finger is palm. The rest is divided where it is narrow, and of what lies one behind
// the other along the hand's direction only the foremost is a fingertip; the others are the
// fingers' lower parts. Nothing is assumed about how far the hand is turned, up to 45 degrees
// either way from upright.
//
// Fingers are told apart by their order alone, so the caller says which were laid. If there are
// more or fewer, nobody knows which is which, and [Segment] refuses. It cannot tell that the other
// hand was laid: a left hand's four fingers are as plausible in a right hand's order. Fingers
// that were taken before tell that (capture.FingerComparer).
//
// It was made with drawn slaps only, see the benchmark: what it reaches on those of real scanners
// has to be measured before it is relied on.
package slap

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	"boothd/capture"
)

// Fingertip is one finger of a slap.
type Fingertip struct {
	Position capture.FingerPosition
	Box      Box
	// Confidence is 0 to 100: how much of what a fingertip in the box would cover has ridges and
	// lies in the picture, less if it touches another.
	Confidence int
	// Picture is what is in the box, upright, of the slap's resolution; white beyond its edges.
	Picture *image.Gray
}

// Box is a rectangle, turned as the finger is.
type Box struct {
	X, Y          float64 // of its middle, pixels of the slap
	Width, Height float64 // pixels
	Angle         float64 // of the finger, degrees counterclockwise from upright
}

// CountError says that a slap shows more or fewer fingers than were announced.
type CountError struct{ Found, Announced int }

func (e *CountError) Error() string {
	return fmt.Sprintf("%d fingers in the picture, %d announced", e.Found, e.Announced)
}

// What Segment refuses without looking.
var (
	ErrPicture   = errors.New("picture too small, too large or of unsuitable resolution")
	ErrAnnounced = errors.New("not the fingers of one hand, nor both thumbs")
)

// The limits of a picture.
const (
	minDPI, maxDPI   = 300, 1000
	minSide, maxSide = 10.0, 260.0 // mm
)

// Segment finds the announced fingers in a slap: 8-bit grey, dark ridges on light ground, fingers
// upwards, 300 to 1,000 dpi. They are one to four fingers of a hand, without its thumb, or one or
// both thumbs, in whatever order; so a slap of the right hand shows the index finger at the left,
// one of the left hand at the right. It returns them from left to right, or a *CountError if there
// are more or fewer.
func Segment(img *image.Gray, dpi int, announced []capture.FingerPosition) ([]Fingertip, error) {
	order, err := leftToRight(announced)
	if err != nil {
		return nil, err
	}
	size := img.Bounds().Size()
	perMM := float64(dpi) / 25.4
	if dpi < minDPI || dpi > maxDPI || float64(min(size.X, size.Y)) < minSide*perMM || float64(max(size.X, size.Y)) > maxSide*perMM {
		return nil, ErrPicture
	}
	g := newGrid(img, dpi)
	tips := g.tips()
	if len(tips) != len(order) {
		return nil, &CountError{Found: len(tips), Announced: len(order)}
	}
	out := make([]Fingertip, len(tips))
	for i, t := range tips {
		out[i] = Fingertip{Position: order[i], Box: t.box, Confidence: t.confidence, Picture: upright(img, t.box)}
	}
	return out, nil
}

// leftToRight orders fingers as they lie in a slap.
func leftToRight(announced []capture.FingerPosition) ([]capture.FingerPosition, error) {
	const right, left, thumbs = 1, 2, 3
	group := func(p capture.FingerPosition) int {
		switch {
		case p == 1 || p == 6:
			return thumbs
		case p >= 2 && p <= 5:
			return right
		case p >= 7 && p <= 10:
			return left
		}
		return 0
	}
	order := slices.Clone(announced)
	slices.SortFunc(order, func(a, b capture.FingerPosition) int {
		if group(a) == right {
			return cmp.Compare(a, b)
		}
		return cmp.Compare(b, a) // the little finger of the left hand is leftmost, and so is the left thumb
	})
	if len(order) == 0 || len(slices.Compact(slices.Clone(order))) != len(order) {
		return nil, ErrAnnounced
	}
	for _, p := range order {
		if group(p) == 0 || group(p) != group(order[0]) {
			return nil, ErrAnnounced
		}
	}
	return order, nil
}

// upright cuts a box out of the slap and turns it.
func upright(img *image.Gray, b Box) *image.Gray {
	w, h := int(math.Ceil(b.Width)), int(math.Ceil(b.Height))
	out := image.NewGray(image.Rect(0, 0, w, h))
	sin, cos := math.Sincos(b.Angle * math.Pi / 180)
	for y := range h {
		dy := float64(y) + 0.5 - float64(h)/2
		for x := range w {
			dx := float64(x) + 0.5 - float64(w)/2
			out.Pix[y*out.Stride+x] = sample(img, b.X+dx*cos+dy*sin-0.5, b.Y-dx*sin+dy*cos-0.5)
		}
	}
	return out
}

// sample is the grey between pixels; x and y count from the picture's corner.
func sample(img *image.Gray, x, y float64) uint8 {
	size := img.Bounds().Size()
	left, top := int(math.Floor(x)), int(math.Floor(y))
	if left < 0 || top < 0 || left+1 >= size.X || top+1 >= size.Y {
		return 255
	}
	fx, fy := x-float64(left), y-float64(top)
	row, below := img.Pix[top*img.Stride+left:], img.Pix[(top+1)*img.Stride+left:]
	upper := float64(row[0])*(1-fx) + float64(row[1])*fx
	lower := float64(below[0])*(1-fx) + float64(below[1])*fx
	return uint8(upper*(1-fy) + lower*fy + 0.5)
}
