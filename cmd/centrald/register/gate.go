package register

import (
	"errors"
	"fmt"
	"math/bits"

	"boothd/localmatch/finger"
	"boothd/localmatch/gallery"
)

// Gate is what a finger's template must show at least to enter a system. A template is not
// judged by what it does not tell: records of other makers have no ridges, some no quality.
type Gate struct {
	Minutiae int
	Quality  int     // mean of the minutiae whose quality is known, 1 to 100
	Area     float64 // with clear ridges, cm²
}

// DefaultGate refuses what capture/quality would have taken again: on drawn fingers, prints
// pressed so shortly or so wetly that they score less than about 40 there.
var DefaultGate = Gate{Minutiae: 12, Quality: 40, Area: 0.45}

// ErrGate is matched by the errors of templates that may not enter.
var ErrGate = errors.New("finger template shows too little to enter")

// judge judges the templates of an entry before they enter.
func (g Gate) judge(e *gallery.Entry) error {
	for i := range e.Fingers {
		_, t, err := e.Fingers[i].Read()
		if err == nil {
			err = g.judgeTemplate(t)
		}
		if err != nil {
			return fmt.Errorf("fingers[%d]: %w", i, err)
		}
	}
	return nil
}

func (g Gate) judgeTemplate(t *finger.Template) error {
	if n := len(t.Minutiae); n < g.Minutiae {
		return fmt.Errorf("%w: %d minutiae, at least %d", ErrGate, n, g.Minutiae)
	}
	sum, known := 0, 0
	for _, m := range t.Minutiae {
		if m.Quality > 0 {
			sum += int(m.Quality)
			known++
		}
	}
	if known > 0 && sum < g.Quality*known {
		return fmt.Errorf("%w: minutiae of quality %d, at least %d", ErrGate, sum/known, g.Quality)
	}
	if t.Ridges == nil {
		return nil
	}
	if a := clearArea(t.Ridges); a < g.Area {
		return fmt.Errorf("%w: %.2f cm² of clear ridges, at least %.2f", ErrGate, a, g.Area)
	}
	return nil
}

// clearArea is the area in cm² where the ridges can be relied on.
func clearArea(r *finger.Ridges) float64 {
	n := 0
	for _, w := range r.Clear.Words {
		n += bits.OnesCount64(w)
	}
	const side = finger.RidgeCell * 2.54 / finger.DPI // of a cell, cm
	return float64(n) * side * side
}
