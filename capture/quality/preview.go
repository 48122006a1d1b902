package quality

import (
	"image"
	"math"

	"boothd/devices"
)

// Preview judges pictures that follow each other while the finger lies on the scanner, 30 to
// 200 ms apart, and tells when to take one. The zero Preview is ready for a finger's first
// picture. It is not for use by several goroutines at once.
type Preview struct {
	last    *grid
	touched float64 // in the last picture, cm²
}

// still is the least correlation of two pictures of a finger at rest. Ridges that moved by a
// tenth of their distance, 0.05 mm, correlate 0.8; scanner noise takes less than 0.05.
const still = 0.8

// growth is how much larger at least the touched area becomes from picture to picture while a
// finger is being laid, and smaller while it is lifted.
const growth = 1.1

// Judge judges the next picture as Finger does. Only the hint, which is empty when the picture
// can be taken, also asks for a finger that is laid down completely and lies still, which a
// finger's first picture cannot show.
func (p *Preview) Judge(img *image.Gray, dpi int) FingerQuality {
	g := look(img, dpi)
	q := g.judge()
	last, touched := p.last, p.touched
	p.last, p.touched = g, q.Touched
	switch {
	case q.Touched == 0:
	case touched == 0 || !g.sameSize(last):
		if q.Hint == "" {
			q.Hint = devices.HintHoldStill
		}
	case q.Touched > growth*touched || touched > growth*q.Touched:
		q.Hint = devices.HintPressLonger
	case g.correlation(last) < still:
		q.Hint = devices.HintHoldStill
	}
	return q
}

// sameSize reports whether two pictures are cut into the same blocks. Their steps do not tell:
// those of 240 and 270 dpi are the same in mm.
func (g *grid) sameSize(h *grid) bool {
	return g.dpi == h.dpi && g.img.Rect == h.img.Rect
}

// correlation compares two pictures of the same size place by place, -1 to 1, where both have
// contrast: 0 if that is nowhere, 1 if neither has any. Blocks are compared each around its own
// mean, so that pressure and light do not count.
func (g *grid) correlation(h *grid) float64 {
	var both, mine, others float64
	some := false
	for i := range g.blocks {
		a, b := g.contrast(i), h.contrast(i)
		some = some || a || b
		if a && b {
			ab, aa, bb := g.products(h, g.places[i])
			both += ab
			mine += aa
			others += bb
		}
	}
	switch {
	case !some:
		return 1
	case mine <= 0 || others <= 0:
		return 0
	}
	return both / math.Sqrt(mine*others)
}

func (g *grid) contrast(i int) bool { return g.blocks[i].touched && !g.blocks[i].filled }

// products returns the covariance of two pictures in a block and the variance of each, times
// the number of its pixels.
//
//go:norace
func (g *grid) products(h *grid, place image.Point) (both, mine, others float64) {
	side := g.spectrum.side
	var a, b, ab, aa, bb int
	for y := place.Y; y < place.Y+side; y++ {
		row := g.img.Pix[y*g.img.Stride+place.X:][:side]
		other := h.img.Pix[y*h.img.Stride+place.X:][:side]
		for x, v := range row {
			v, w := int(v), int(other[x])
			a += v
			b += w
			ab += v * w
			aa += v * v
			bb += w * w
		}
	}
	n := float64(side * side)
	meanA, meanB := float64(a)/n, float64(b)/n
	return float64(ab) - n*meanA*meanB, float64(aa) - n*meanA*meanA, float64(bb) - n*meanB*meanB
}
