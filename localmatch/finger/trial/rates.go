package trial

import (
	"cmp"
	"math"
	"slices"
)

// Rates are how often a comparison errs, over all thresholds.
//
// A comparison with a score of at least the threshold says that the fingers are the same.
// The false match rate (FMR) is the share of pairs of different fingers of which it says so,
// the false non-match rate (FNMR) the share of pairs of one finger of which it does not.
// As the threshold rises through all scores that occur, the one falls from 1 to 0 and the
// other rises from 0 to 1.
type Rates struct {
	points            []point
	genuine, impostor int
}

// point counts the errors at one threshold.
type point struct {
	threshold         float64
	missed, confirmed int // genuine pairs below it, impostor pairs not below it
}

// NewRates returns the rates of the scores of genuine pairs and of impostor pairs, at least
// one of each. The order of the scores does not matter.
func NewRates(genuine, impostor []float64) Rates {
	type score struct {
		value   float64
		genuine bool
	}
	scores := make([]score, 0, len(genuine)+len(impostor))
	for _, v := range genuine {
		scores = append(scores, score{v, true})
	}
	for _, v := range impostor {
		scores = append(scores, score{v, false})
	}
	slices.SortFunc(scores, func(a, b score) int { return cmp.Compare(a.value, b.value) })
	r := Rates{genuine: len(genuine), impostor: len(impostor)}
	p := point{confirmed: len(impostor)}
	for i, s := range scores {
		if i == 0 || s.value != scores[i-1].value {
			p.threshold = s.value
			r.points = append(r.points, p)
		}
		if s.genuine {
			p.missed++
		} else {
			p.confirmed--
		}
	}
	p.threshold = math.Inf(1)
	r.points = append(r.points, p)
	return r
}

func (r Rates) fmr(p point) float64  { return float64(p.confirmed) / float64(r.impostor) }
func (r Rates) fnmr(p point) float64 { return float64(p.missed) / float64(r.genuine) }

// EER returns the equal error rate, 0 to 1: where the line that joins the points (FMR, FNMR)
// of neighbouring thresholds crosses FMR = FNMR.
func (r Rates) EER() float64 {
	i := slices.IndexFunc(r.points, func(p point) bool { return r.fnmr(p) >= r.fmr(p) })
	after, before := r.points[i], r.points[i-1] // the first point is (1, 0)
	gap := r.fmr(before) - r.fnmr(before)       // above 0 before, not above 0 after
	share := gap / (gap + r.fnmr(after) - r.fmr(after))
	return r.fmr(before) + share*(r.fmr(after)-r.fmr(before))
}

// FNMRAt returns the lowest FNMR, 0 to 1, of all thresholds at which one impostor pair in n
// is confirmed, or fewer are; with n = 0 none may be. It also returns the lowest such
// threshold, +Inf if there is none among the scores.
func (r Rates) FNMRAt(n int) (fnmr, threshold float64) {
	i := slices.IndexFunc(r.points, func(p point) bool {
		return p.confirmed == 0 || n > 0 && p.confirmed*n <= r.impostor
	})
	return r.fnmr(r.points[i]), r.points[i].threshold
}

// At returns both rates, 0 to 1, at a threshold.
func (r Rates) At(threshold float64) (fmr, fnmr float64) {
	i := slices.IndexFunc(r.points, func(p point) bool { return p.threshold >= threshold })
	return r.fmr(r.points[i]), r.fnmr(r.points[i])
}
