// Package quality judges a finger's picture at the moment of capture, so that the traveller
// can be told at once what to do better.
//
// The measures are the booth's own and simple: how much of the glass shows clear ridges, how
// far ridges and furrows differ, how clearly the ridges run in one direction, and whether
// furrows are filled (a wet finger) or ridges faint (a dry one). The score is not comparable with
// any standard's quality value and says nothing of how well a print tells persons apart;
// it is for asking again, not for refusing a traveller.
package quality

import (
	"image"
	"math"

	"boothd/devices"
)

// Acceptable is the score from which a picture need not be taken again.
const Acceptable = 40

// FingerQuality is the judgement of one picture. Shares are from 0 to 1.
type FingerQuality struct {
	Score    int          // 0 (useless) to 100
	Hint     devices.Hint // what to do better; empty from Acceptable on
	Area     float64      // with clear ridges, cm²
	Touched  float64      // area that the finger touches, cm²
	Contrast float64      // difference of ridges and furrows, share of black to white
	Clarity  float64      // how clearly ridges run in one direction
	Ink      float64      // share of the touched area that is dark; about a half is right
}

// block is the side of the squares that are judged, in inches: nearly three ridges.
const block = 0.048

// smallest is the least side of a block in pixels, below which ridges cannot be seen.
const smallest = 8

// Finger judges a picture of one finger, 8-bit grey with dark ridges on light ground. A
// picture of less than 157 dpi, or smaller than a block of 1.2 mm, scores 0.
func Finger(img *image.Gray, dpi int) FingerQuality {
	side := int(math.Round(block * float64(dpi)))
	size := img.Bounds().Size()
	if side < smallest || size.X < side || size.Y < side {
		return FingerQuality{Hint: devices.HintPressLonger}
	}
	light, dark := levels(img)
	light = max(light, 128) // the ground is light even where a wet finger hides all of it
	var sum totals
	for y := 0; y+side <= size.Y; y += side {
		for x := 0; x+side <= size.X; x += side {
			sum.add(measure(img, x, y, side, (light+dark)/2), light, dark, x+side/2, y+side/2)
		}
	}
	return sum.judge(size, dpi, side)
}

// levels returns the grey of the ground and of the darkest ridges: the picture's 90th and
// second percentile.
func levels(img *image.Gray) (light, dark float64) {
	var histogram [256]int
	size := img.Bounds().Size()
	for y := range size.Y {
		for _, v := range img.Pix[y*img.Stride:][:size.X] {
			histogram[v]++
		}
	}
	percentile := func(p int) float64 {
		left := size.X * size.Y * p / 100
		for v, n := range histogram {
			if left -= n; left < 0 {
				return float64(v)
			}
		}
		return 255
	}
	return percentile(90), percentile(2)
}

// patch is what is measured of one block.
type patch struct {
	mean, deviation float64
	dark            float64 // share of pixels
	coherence       float64 // of the gradient: 1 if all ridges run in one direction
}

func measure(img *image.Gray, x0, y0, side int, middle float64) patch {
	var sum, squares, dark, xx, yy, xy int
	size := img.Bounds().Size()
	threshold := uint8(middle)
	for y := y0; y < y0+side; y++ {
		up := img.Pix[max(y-1, 0)*img.Stride:]
		row := img.Pix[y*img.Stride:]
		down := img.Pix[min(y+1, size.Y-1)*img.Stride:]
		for x := x0; x < x0+side; x++ {
			v := int(row[x])
			sum += v
			squares += v * v
			if row[x] < threshold {
				dark++
			}
			dx := int(row[min(x+1, size.X-1)]) - int(row[max(x-1, 0)])
			dy := int(down[x]) - int(up[x])
			xx += dx * dx
			yy += dy * dy
			xy += dx * dy
		}
	}
	n := float64(side * side)
	mean := float64(sum) / n
	p := patch{
		mean:      mean,
		deviation: math.Sqrt(max(float64(squares)/n-mean*mean, 0)),
		dark:      float64(dark) / n,
	}
	if energy := float64(xx + yy); energy > 0 {
		p.coherence = math.Hypot(float64(xx-yy), 2*float64(xy)) / energy
	}
	return p
}

// totals are sums over a picture's blocks.
type totals struct {
	touched, clear       int
	deviation, coherence float64 // of the clear blocks
	dark                 float64 // of the touched blocks
	x, y                 int     // centres of the touched blocks
}

// What a block must have to count. Sensor noise deviates by up to 3 grey levels, and its
// gradients run in no direction.
const (
	ridgeDeviation = 12
	ridgeCoherence = 0.25
	touchDeviation = 9
	shadow         = 0.35 // of the way from light to dark, for blocks without ridges
)

func (t *totals) add(p patch, light, dark float64, x, y int) {
	filled := light-dark > 40 && p.mean < light-shadow*(light-dark)
	if p.deviation < touchDeviation && !filled {
		return
	}
	t.touched++
	t.dark += p.dark
	t.x += x
	t.y += y
	if p.deviation >= ridgeDeviation && p.coherence >= ridgeCoherence {
		t.clear++
		t.deviation += p.deviation
		t.coherence += p.coherence
	}
}

func (t *totals) judge(size image.Point, dpi, side int) FingerQuality {
	const cmPerInch = 2.54
	blockArea := math.Pow(float64(side)/float64(dpi)*cmPerInch, 2)
	q := FingerQuality{
		Area:    float64(t.clear) * blockArea,
		Touched: float64(t.touched) * blockArea,
	}
	if t.clear > 0 {
		// Black and white stripes deviate by half of their difference.
		q.Contrast = 2 * t.deviation / float64(t.clear) / 255
		q.Clarity = t.coherence / float64(t.clear)
	}
	if t.touched > 0 {
		q.Ink = t.dark / float64(t.touched)
	}
	area := ramp(q.Area, 0.3, 0.9)
	contrast := ramp(q.Contrast, 0.08, 0.25)
	clarity := ramp(q.Clarity, 0.2, 0.55)
	ink := min(ramp(q.Ink, 0.05, 0.25), ramp(1-q.Ink, 0.15, 0.4))
	q.Score = int(math.Round(100 * area * math.Sqrt(clarity*contrast*ink)))
	if q.Score < Acceptable {
		q.Hint = t.hint(q, size)
	}
	return q
}

// hint tells what most likely spoilt the picture.
func (t *totals) hint(q FingerQuality, size image.Point) devices.Hint {
	const enough = 0.7 // cm² touched by a finger that is laid as it should
	switch {
	case q.Touched >= enough && q.Ink > 0.55:
		return devices.HintWetFinger
	case q.Touched >= enough:
		return devices.HintDryFinger
	case t.touched > 0 && t.offCentre(size):
		return devices.HintPressFlat
	}
	return devices.HintPressLonger
}

// offCentre reports whether the middle of what is touched lies in the outer part of the glass.
func (t *totals) offCentre(size image.Point) bool {
	dx := t.x/t.touched - size.X/2
	dy := t.y/t.touched - size.Y/2
	return dx*dx*25 > size.X*size.X || dy*dy*25 > size.Y*size.Y
}

// ramp rises from 0 at low to 1 at high.
func ramp(v, low, high float64) float64 {
	return min(max((v-low)/(high-low), 0), 1)
}
