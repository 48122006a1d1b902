package wsq

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// sizes are those at which lines, halves and subbands of one, none and an odd number of samples
// appear.
var sizes = [][2]int{
	{1, 1}, {1, 2}, {2, 1}, {1, 77}, {63, 1}, {2, 2}, {3, 3}, {5, 4}, {7, 9}, {16, 16},
	{17, 31}, {32, 33}, {64, 64}, {65, 100}, {257, 129}, {300, 301},
}

func eachSize(t *testing.T, test func(t *testing.T, width, height int)) {
	for _, s := range sizes {
		t.Run(fmt.Sprintf("%dx%d", s[0], s[1]), func(t *testing.T) { test(t, s[0], s[1]) })
	}
}

func TestSubbandsTileThePicture(t *testing.T) {
	eachSize(t, func(t *testing.T, width, height int) {
		l := layOut(width, height)
		if len(l.bands) != bandCount || len(l.splits) != 21 {
			t.Fatalf("%d subbands of %d splits", len(l.bands), len(l.splits))
		}
		covered := make([]int, width*height)
		for _, b := range l.bands {
			for y := range b.h {
				for x := range b.w {
					covered[(b.y+y)*width+b.x+x]++
				}
			}
		}
		for i, n := range covered {
			if n != 1 {
				t.Fatalf("%d subbands at %d, %d", n, i%width, i/width)
			}
		}
	})
}

func TestSubbandsLieWhereTheStandardPutsThem(t *testing.T) {
	// Worked out by hand for 500 by 301: the halves of 250 are 125, of which 63 are the low ones.
	l := layOut(500, 301)
	for band, want := range map[int]rect{
		0:  {0, 0, 16, 10},
		3:  {16, 10, 16, 9},
		18: {94, 57, 31, 19}, // of a mirrored part: its low half, the greater one, comes last
		51: {125, 76, 125, 75},
		52: {250, 0, 125, 76},
		60: {250, 151, 125, 75},
	} {
		if l.bands[band] != want {
			t.Errorf("subband %d is %v, want %v", band, l.bands[band], want)
		}
	}
}

func TestJoiningUndoesSplitting(t *testing.T) {
	eachSize(t, func(t *testing.T, width, height int) {
		p := noise(width, height)
		before := slices.Clone(p.values)
		l := layOut(width, height)
		for _, s := range l.splits {
			p.analyse(s, analysis(analysisLow, analysisHigh))
		}
		k, _ := synthesis(analysisLow, analysisHigh, false)
		for i := len(l.splits) - 1; i >= 0; i-- {
			p.synthesise(l.splits[i], k)
		}
		closeTo(t, p.values, before)
	})
}

func TestFiltersOfEvenLengthJoinWhatTheySplit(t *testing.T) {
	for _, f := range []struct {
		name      string
		low, high []float64
	}{
		{"of 8 and 8 taps", evenLow, evenHigh},
		{"of 2 and 2 taps", []float64{math.Sqrt2 / 2}, []float64{-math.Sqrt2 / 2}},
		{"of 2 and 6 taps", []float64{math.Sqrt2 / 2}, []float64{-math.Sqrt2 / 2, math.Sqrt2 / 16, math.Sqrt2 / 16}},
	} {
		t.Run(f.name, func(t *testing.T) {
			for n := 1; n <= 40; n++ {
				for _, flip := range []bool{false, true} {
					before := noise(n, 1).values
					line := splitEven(before, f.low, f.high, flip)
					_, g := synthesis(f.low, f.high, true)
					joined := make([]float64, n)
					g.join(joined, line, flip, make([]float64, n+1+2*g.pad))
					closeTo(t, joined, before)
				}
			}
		})
	}
}

// splitEven splits a line as the standard defines it: sample by sample, mirrored around the outer
// edges of the first and the last one.
func splitEven(line, lowTaps, highTaps []float64, flip bool) []float64 {
	n := len(line)
	at := func(i int) float64 {
		if i = ((i % (2 * n)) + 2*n) % (2 * n); i >= n {
			i = 2*n - 1 - i
		}
		return line[i]
	}
	out := make([]float64, n)
	low, high := halves(out, flip)
	for i := range low {
		for k, v := range lowTaps {
			low[i] += v * (at(2*i+1+k) + at(2*i-k))
		}
	}
	for i := range high {
		for k, v := range highTaps {
			high[i] -= v * (at(2*i+1+k) - at(2*i-k))
		}
	}
	return out
}

func TestTheGeneralWayJoinsLikeTheFastOne(t *testing.T) {
	eachSize(t, func(t *testing.T, width, height int) {
		fast, slow := noise(width, height), noise(width, height)
		k, _ := synthesis(analysisLow, analysisHigh, false)
		g := newGeneral(alternating(analysisHigh, 1), alternating(analysisLow, 1), false)
		for _, s := range []split{
			{rect{0, 0, width, height}, false, false},
			{rect{width / 2, height / 3, width - width/2, height - height/3}, true, true},
		} {
			fast.synthesise(s, k)
			g.synthesise(slow, s)
		}
		closeTo(t, slow.values, fast.values)
	})
}

func noise(width, height int) *plane {
	p := newPlane(width, height)
	rng := rand.New(rand.NewPCG(uint64(width), uint64(height)))
	for i := range p.values {
		p.values[i] = 256*rng.Float64() - 128
	}
	return p
}

func closeTo(t *testing.T, got, want []float64) {
	t.Helper()
	for i, v := range got {
		if math.Abs(v-want[i]) > 1e-9 {
			t.Fatalf("sample %d of %d is %g, want %g", i, len(got), v, want[i])
		}
	}
}

func TestLogarithmsAreExact(t *testing.T) {
	for v := 1e-12; v < 1e12; v *= 1.37 {
		if got, want := ln(v), math.Log(v); math.Abs(got-want) > 2e-15*max(1, math.Abs(want)) {
			t.Errorf("ln %g = %.17g, want %.17g", v, got, want)
		}
	}
	for v := -300.0; v < 300; v += 0.713 {
		if got, want := exp(v), math.Exp(v); math.Abs(got/want-1) > 1e-13 {
			t.Errorf("exp %g = %.17g, want %.17g", v, got, want)
		}
	}
}
