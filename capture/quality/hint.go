package quality

import (
	"math"

	"boothd/devices"
)

// enough is the area, in cm², that a finger touches when it is laid as it should.
const enough = 0.7

// hint tells what most likely spoilt the picture.
func (g *grid) hint(q FingerQuality) devices.Hint {
	switch {
	case q.Touched < enough && g.offCentre():
		return devices.HintPressFlat
	case q.Touched < enough:
		return devices.HintPressLonger
	case q.Smear >= 0.5:
		return devices.HintHoldStill
	case q.Ink > 0.5:
		return devices.HintWetFinger
	case q.Ink < 0.4:
		return devices.HintDryFinger
	}
	return devices.HintPressFlat // ridges are not clear, neither dry nor wet: a finger's side or tip
}

// offCentre reports whether the middle of what is touched lies in the outer part of the glass.
func (g *grid) offCentre() bool {
	const outer = 0.2
	var x, y, n int
	for i := range g.blocks {
		if g.blocks[i].touched {
			x += i % g.width
			y += i / g.width
			n++
		}
	}
	off := func(sum, width int) bool {
		return n > 0 && math.Abs(float64(sum)/float64(n)-float64(width-1)/2) > outer*float64(width)
	}
	return off(x, g.width) || off(y, g.height)
}

// smear tells how sure it is that the finger moved while the picture was taken. Motion wipes
// out what is fine along its way. What is finer than ridges runs in all directions in a picture
// at rest, whichever way the ridges run.
func (g *grid) smear() float64 {
	const rest, moved = 0.04, 0.017 // detail in the direction with the least, share of the most
	return ramp(math.Log(g.spectrum.weakest(g.total)), math.Log(rest), math.Log(moved))
}
