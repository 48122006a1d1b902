package trial

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestRates(t *testing.T) {
	inf := math.Inf(1)
	tests := []struct {
		name              string
		genuine, impostor []float64
		eer               float64
		fnmr, threshold   float64 // at no false match
	}{
		{"scores that do not overlap never err", []float64{3, 4}, []float64{1, 2}, 0, 0, 3},
		{"scores that are all alike err half the time", []float64{7, 7, 7}, []float64{7, 7}, 0.5, 1, inf},
		{"one genuine pair of two below one impostor pair of two", []float64{1, 3}, []float64{2, 0}, 0.5, 0.5, 3},
		{"a threshold where both rates are the same", []float64{0, 5, 5, 5}, []float64{0, 0, 0, 5}, 0.25, 1, inf},
		{"curves that cross between two thresholds", []float64{0, 0, 1, 1}, []float64{0, 1, 1, 1}, 0.6, 1, inf},
		{"ties between genuine and impostor pairs count against both", []float64{2, 2, 3, 4}, []float64{1, 1, 1, 2}, 1.0 / 6, 0.5, 3},
		{"scores the wrong way round always err", []float64{1, 2}, []float64{3, 4}, 1, 1, inf},
		{"one pair of each", []float64{1}, []float64{0}, 0, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := NewRates(tt.genuine, tt.impostor)
			if got := r.EER(); math.Abs(got-tt.eer) > 1e-12 {
				t.Errorf("EER = %v, want %v", got, tt.eer)
			}
			if fnmr, threshold := r.FNMRAt(0); fnmr != tt.fnmr || threshold != tt.threshold {
				t.Errorf("without false match: FNMR = %v at %v, want %v at %v", fnmr, threshold, tt.fnmr, tt.threshold)
			}
		})
	}
}

func TestTheLimitOfAFalseMatchRateMayBeReachedNotPassed(t *testing.T) {
	genuine := []float64{5, 15, 25, 35}
	for _, tt := range []struct {
		name      string
		impostors int
		high      []float64 // their scores; the others score 0
		n         int
		fnmr      float64
	}{
		{"exactly 1 % stands", 100, []float64{30}, 100, 0},
		{"more than 1 % does not", 99, []float64{30}, 100, 0.75},
		{"of two, one may stay", 200, []float64{20, 30, 31}, 100, 0.5},
		{"tied ones go together", 100, []float64{20, 20}, 100, 0.5},
		{"28 of 2,880 are less than 1 %", 2880, slices.Repeat([]float64{40}, 28), 100, 0},
		{"29 are more", 2880, slices.Repeat([]float64{40}, 29), 100, 1},
		{"2 of 2,880 are less than 0.1 %", 2880, []float64{20, 30, 31}, 1000, 0.5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			impostor := append(make([]float64, tt.impostors-len(tt.high)), tt.high...)
			if got, _ := NewRates(genuine, impostor).FNMRAt(tt.n); got != tt.fnmr {
				t.Errorf("FNMR = %v, want %v", got, tt.fnmr)
			}
		})
	}
}

func TestRatesAreThoseOfCounting(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		genuine, impostor := make([]float64, 1+rng.IntN(12)), make([]float64, 1+rng.IntN(30))
		for i := range genuine {
			genuine[i] = float64(2 + rng.IntN(9))
		}
		for i := range impostor {
			impostor[i] = float64(rng.IntN(9))
		}
		r := NewRates(genuine, impostor)
		lowest := 1.0 // of the larger rate at any threshold
		for step := range 26 {
			threshold := float64(step)/2 - 0.5
			fmr, fnmr := 0.0, 0.0
			for _, v := range impostor {
				if v >= threshold {
					fmr += 1 / float64(len(impostor))
				}
			}
			for _, v := range genuine {
				if v < threshold {
					fnmr += 1 / float64(len(genuine))
				}
			}
			lowest = min(lowest, max(fmr, fnmr))
			gotFMR, gotFNMR := r.At(threshold)
			if math.Abs(gotFMR-fmr) > 1e-9 || math.Abs(gotFNMR-fnmr) > 1e-9 {
				t.Fatalf("at %v: %v and %v, want %v and %v", threshold, gotFMR, gotFNMR, fmr, fnmr)
			}
		}
		if eer := r.EER(); eer > lowest+1e-9 {
			t.Fatalf("EER %v above the rates %v of a threshold", eer, lowest)
		}
	}
}
