package trial

import (
	"cmp"
	"context"
	"math"
	"slices"

	"boothd/capture/quality"
)

// Threshold tells how a documented threshold stands in this set. The observed FMR of a set
// of ten fingers is no proof of a calibration: its impostor pairs are few, and not
// independent of each other.
type Threshold struct {
	Score float64 `json:"score"`
	FMR   float64 `json:"fmr"` // percent
	FNMR  float64 `json:"fnmr"`
}

// Curves tell more of a set than a few figures do.
type Curves struct {
	// DET is the detection error trade-off: at each FMR that is not to be passed the lowest
	// FNMR.
	DET []Trade `json:"det"`
	// Reject tells how many genuine pairs are still missed when those with the worst
	// pictures are put aside, at the threshold that FMR100 stands for. A pair is as good as
	// the worse of its pictures. A quality that predicts errors makes the curve fall.
	Reject []Rejection `json:"reject"`
}

// Trade is one point of the detection error trade-off, in percent.
type Trade struct {
	FMR       float64  `json:"fmr"` // at most
	FNMR      float64  `json:"fnmr"`
	Threshold *float64 `json:"threshold,omitempty"` // nil if above all scores, and in a mean
}

// Rejection is one point of the error-versus-reject curve, in percent.
type Rejection struct {
	Rejected float64 `json:"rejected"` // of genuine pairs
	FNMR     float64 `json:"fnmr"`     // of those that are left
}

// thresholds that the engine documents: one false match in 100, 1,000, 10,000, 100,000.
var thresholds = []float64{20, 30, 40, 50}

func curves(ctx context.Context, s *Set, o Options, rates Rates, genuine []Pair, scores []float64) (*Curves, error) {
	q, err := qualities(ctx, s, o)
	if err != nil {
		return nil, err
	}
	_, threshold := rates.FNMRAt(100)
	pairs := make([]graded, len(genuine))
	for i, p := range genuine {
		pairs[i] = graded{min(q[p.A], q[p.B]), scores[i] < threshold}
	}
	return &Curves{DET: det(rates), Reject: reject(pairs)}, nil
}

func det(rates Rates) []Trade {
	var trades []Trade
	for _, n := range []int{10, 20, 50, 100, 200, 500, 1000, 2000} {
		fnmr, threshold := rates.FNMRAt(n)
		t := Trade{FMR: percent(1 / float64(n)), FNMR: percent(fnmr)}
		if !math.IsInf(threshold, 1) {
			t.Threshold = &threshold
		}
		trades = append(trades, t)
	}
	return trades
}

// qualities judges all pictures as at capture.
func qualities(ctx context.Context, s *Set, o Options) ([]int, error) {
	q := make([]int, len(s.Pictures))
	return q, each(ctx, len(q), o.Workers, func(i int) error {
		q[i] = quality.Finger(s.Pictures[i].Image, o.DPI).Score
		return nil
	})
}

// graded is a genuine pair with its quality.
type graded struct {
	quality int
	missed  bool
}

// reject puts the worst pairs aside, in steps of 5 %. Where only some pairs of one quality
// go, they take their share of the missed ones with them.
func reject(pairs []graded) []Rejection {
	slices.SortFunc(pairs, func(a, b graded) int { return cmp.Compare(b.quality, a.quality) })
	var curve []Rejection
	for percentage := 0; percentage <= 50; percentage += 5 {
		kept := float64(len(pairs)) * float64(100-percentage) / 100
		curve = append(curve, Rejection{float64(percentage), percent(missedOfBest(pairs, kept) / kept)})
	}
	return curve
}

// missedOfBest returns how many are missed of the best pairs, which are so many.
func missedOfBest(pairs []graded, n float64) float64 {
	var sum float64
	for i := 0; i < len(pairs) && n > 0; {
		size, missed := 0, 0 // of the pairs of this quality
		for _, p := range pairs[i:] {
			if p.quality != pairs[i].quality {
				break
			}
			size++
			if p.missed {
				missed++
			}
		}
		taken := min(float64(size), n)
		sum += float64(missed) * taken / float64(size)
		n -= taken
		i += size
	}
	return sum
}
