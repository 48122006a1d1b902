// Package quality judges a finger's picture at the moment of capture, so that the traveller
// can be told at once what to do better.
//
// A picture is cut into squares of 1.7 mm. In each the strongest wave is sought that can be
// ridges: 0.3 to 0.8 mm from crest to crest. The share of the square's contrast that this wave
// explains tells how clear the ridges are, whatever the scanner's levels, its ground and its
// noise; sensor noise and skin without ridges reach 0.3, good ridges 0.6 and more. The score
// follows from the area of clear ridges that are not filled with sweat. Only ridges too faint
// to be relied on, and motion, take something from it.
//
// The score orders pictures by how likely they are to be recognised; it is the booth's own, not
// comparable with any standard's quality value, and it is for asking again, not for refusing a
// traveller. [Finger] judges one picture, [Preview] pictures that follow each other while
// the finger lies on the scanner.
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
	Contrast float64      // difference of ridges and furrows where they are clear, share of black to white
	Clarity  float64      // share of the touched area's contrast that is ridges
	Ink      float64      // share of the touched area that is ridge, not furrow; about 0.4 is right
	Smear    float64      // how sure it is that the finger moved during the exposure
}

// Finger judges a picture of one finger, 8-bit grey with dark ridges on light ground, 300 to
// 1,000 dpi. A picture of less than 220 dpi, or smaller than a square of 1.7 mm, scores 0.
func Finger(img *image.Gray, dpi int) FingerQuality {
	return look(img, dpi).judge()
}

// What the score is made of.
const (
	typical = 1    // cm² of useful ridges that score 63
	faint   = 0.04 // contrast of ridges that cannot be relied on
	firm    = 0.14 // contrast from which more is no better
)

// judge sums up what was measured.
func (g *grid) judge() FingerQuality {
	t := g.sum()
	blockArea := g.step * g.step / 100
	q := FingerQuality{Area: t.clear * blockArea, Touched: t.touched * blockArea}
	if t.touched > 0 {
		q.Clarity = t.clarity / t.touched
		q.Ink = t.ink / t.touched
	}
	if t.clear > 0 {
		q.Contrast = min(2*t.amplitude/t.clear/255, 1)
	}
	if q.Touched >= enough {
		q.Smear = g.smear()
	}
	ridges := 1 - math.Exp(-t.useful*blockArea/typical)
	q.Score = int(math.Round(100 * ridges * ramp(q.Contrast, faint, firm) * (1 - q.Smear)))
	if q.Score < Acceptable {
		q.Hint = g.hint(q)
	}
	return q
}

// totals are sums over the touched blocks.
type totals struct {
	touched   float64 // how many
	clarity   float64
	ink       float64
	clear     float64 // how many have clear ridges
	useful    float64 // of these, how many are not filled
	amplitude float64 // of clear ridges
}

func (g *grid) sum() (t totals) {
	for i := range g.blocks {
		b := &g.blocks[i]
		if !b.touched {
			continue
		}
		clear := ramp(b.clarity, 0.3, 0.6)
		t.touched++
		t.clarity += b.clarity
		t.ink += b.ink
		t.clear += clear
		t.useful += clear * ramp(1-b.ink, 0.2, 0.5)
		t.amplitude += clear * b.amplitude
	}
	return t
}

// ramp rises from 0 at low to 1 at high.
func ramp(v, low, high float64) float64 {
	return min(max((v-low)/(high-low), 0), 1)
}
