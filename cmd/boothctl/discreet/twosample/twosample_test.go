package twosample

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The values are those of Smirnov's table (Annals of Mathematical Statistics 19, 1948,
// p. 279) and of the table of critical values that every textbook prints.
func TestKolmogorovsLimitIsThatOfSmirnovsTable(t *testing.T) {
	for _, row := range []struct{ x, below float64 }{
		{0.50, 0.036055}, {0.80, 0.455857}, {1.00, 0.730000}, {1.20, 0.887750},
		{1.50, 0.977782}, {1.63, 0.990154}, {2.00, 0.999329},
	} {
		if got := 1 - kolmogorov(row.x); math.Abs(got-row.below) > 1.5e-6 {
			t.Errorf("%.2f: %.6f, want %.6f", row.x, got, row.below)
		}
	}
	for alpha, c := range map[float64]float64{0.10: 1.224, 0.05: 1.358, 0.01: 1.628, 0.001: 1.949} {
		if got := KSCritical(alpha, 200, 200) * 10; math.Abs(got-c) > 0.001 {
			t.Errorf("critical value at %g: %.4f, want %.3f", alpha, got, c)
		}
		if p := KSP(KSCritical(alpha, 1e6, 1e6), 1e6, 1e6); math.Abs(p-alpha) > alpha/50 {
			t.Errorf("p at the critical value of %g: %g", alpha, p)
		}
	}
}

func TestDistanceIsTheLargestStepBetweenTheSamples(t *testing.T) {
	tests := []struct {
		name          string
		first, second []float64
		want          float64
	}{
		{"the same values", []float64{3, 1, 2}, []float64{1, 2, 3}, 0},
		{"one beside the other", []float64{1, 2}, []float64{3, 4}, 1},
		{"interleaved", []float64{1, 3, 5, 7}, []float64{2, 4, 6, 8}, 0.25},
		{"ties on both sides", []float64{1, 1, 2, 2}, []float64{1, 2, 2, 2}, 0.25},
		{"of different length", []float64{1, 2, 3}, []float64{2.5}, 2. / 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, got := range []float64{KS(test.first, test.second), KS(test.second, test.first)} {
				if math.Abs(got-test.want) > 1e-12 {
					t.Errorf("%v, want %v", got, test.want)
				}
			}
		})
	}
}

// With few pairs every exchange of labels can be tried: the share of those that differ as
// much is the p that the draws approach.
func TestPermutingApproachesTheShareOfAllExchanges(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	first, second := make([]float64, 9), make([]float64, 9)
	for _, shift := range []float64{0, 0.3, 1, 3} {
		for i := range first {
			first[i], second[i] = rng.NormFloat64(), rng.NormFloat64()+shift
		}
		for _, q := range []float64{0.5, 0.99} {
			observed := Quantile(second, q) - Quantile(first, q)
			as := 0
			for bits := range 1 << len(first) {
				a, b := make([]float64, len(first)), make([]float64, len(first))
				for i := range a {
					if a[i], b[i] = first[i], second[i]; bits>>i&1 == 1 {
						a[i], b[i] = b[i], a[i]
					}
				}
				if math.Abs(Quantile(b, q)-Quantile(a, q)) >= math.Abs(observed) {
					as++
				}
			}
			want := float64(as) / float64(int(1)<<len(first))
			got := Permute(first, second, q, 0.01, 20_000, rng)
			if got.Observed != observed || math.Abs(got.P-want) > 0.015 {
				t.Errorf("shift %g, quantile %g: %+v, want %g with p %.4f", shift, q, got, observed, want)
			}
		}
	}
}

func TestALevelIsKeptAndAShiftFound(t *testing.T) {
	const alpha, trials, pairs = 0.05, 400, 200
	rng := rand.New(rand.NewPCG(3, 4))
	found := map[string]int{}
	for range trials {
		first, second, late := make([]float64, pairs), make([]float64, pairs), make([]float64, pairs)
		for i := range first {
			drift := float64(i) / 50 // which pairs share
			first[i], second[i] = drift+rng.ExpFloat64(), drift+rng.ExpFloat64()
			late[i] = second[i] + 1
		}
		for name, sample := range map[string][]float64{"same": second, "late": late} {
			if Permute(first, sample, 0.5, alpha, 199, rng).P <= alpha {
				found[name+" median"]++
			}
			if KSP(KS(first, sample), pairs, pairs) <= alpha {
				found[name+" ks"]++
			}
		}
	}
	for _, test := range []string{"median", "ks"} {
		if n := found["same "+test]; n > trials*alpha*2 {
			t.Errorf("%s: %d false alarms of %d at %g", test, n, trials, alpha)
		}
		if n := found["late "+test]; n < trials*9/10 {
			t.Errorf("%s: a shift was found %d times of %d", test, n, trials)
		}
	}
}

func TestTheSmallestShiftIsWhatKSFinds(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	sample := make([]float64, 1000)
	for i := range sample {
		sample[i] = 100 + 20*rng.NormFloat64()
	}
	shift := KSShift(sample, 0.01)
	for _, test := range []struct {
		by    float64
		found bool
	}{{shift + 0.02, true}, {shift - 0.02, false}} {
		late := make([]float64, len(sample))
		for i := range sample {
			late[i] = sample[i] + test.by
		}
		if got := KS(sample, late) > KSCritical(0.01, len(sample), len(late)); got != test.found {
			t.Errorf("a shift by %.2f: found is %t", test.by, got)
		}
	}
}
