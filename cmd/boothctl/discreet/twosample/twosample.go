// Package twosample tells whether two samples of measurements could come from the same
// distribution.
//
// The samples are paired: the i-th of either was measured close to the i-th of the other, in
// an order that was drawn by lot. So the labels within a pair could as well have been the
// other way round if they mean nothing, and that is what [Permute] tries: it draws them anew
// many times and counts how often the difference comes out as large as it was. Nothing is
// assumed about the shape of the distributions, and what drifts slowly falls out.
//
// [KS] looks at the whole distribution instead of one quantile. Its p is that of independent
// samples without ties (Smirnov 1948), which is on the safe side where there are ties.
package twosample

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Difference is what Permute found about one quantile.
type Difference struct {
	Observed float64 // the second sample's quantile less the first's
	// P is how probable a difference of at least that size is if the labels mean nothing: from
	// 1/(rounds+1) to 1.
	P float64
	// Critical is the smallest difference, of either sign, that would have been found: no more
	// than alpha of the draws exceed it.
	Critical float64
}

// ranked is one value of the pooled samples.
type ranked struct {
	value  float64
	pair   int
	second bool
}

// Permute compares a quantile (0 to 1, see [Quantile]) of two samples of the same length.
func Permute(first, second []float64, quantile, alpha float64, rounds int, rng *rand.Rand) Difference {
	pool := pooled(first, second)
	swap := make([]bool, len(first))
	d := Difference{Observed: difference(pool, swap, quantile)}
	sizes := make([]float64, rounds)
	as := 1 // the observed labels are one of the draws
	for i := range sizes {
		for j := range swap {
			swap[j] = rng.Uint64()&1 == 1
		}
		sizes[i] = math.Abs(difference(pool, swap, quantile))
		if sizes[i] >= math.Abs(d.Observed) {
			as++
		}
	}
	d.P = float64(as) / float64(rounds+1)
	if rounds > 0 {
		slices.Sort(sizes)
		d.Critical = sizes[min(int(math.Ceil((1-alpha)*float64(rounds+1)))-1, rounds-1)]
	}
	return d
}

// pooled sorts both samples into one.
func pooled(first, second []float64) []ranked {
	pool := make([]ranked, 0, 2*len(first))
	for i := range first {
		pool = append(pool, ranked{first[i], i, false}, ranked{second[i], i, true})
	}
	slices.SortFunc(pool, func(a, b ranked) int { return cmp.Compare(a.value, b.value) })
	return pool
}

// difference is the second sample's quantile less the first's, with the labels of some pairs
// exchanged.
func difference(pool []ranked, swap []bool, quantile float64) float64 {
	left := [2]int{}
	left[0] = rank(len(swap), quantile)
	left[1] = left[0]
	var at [2]float64
	for i := range pool {
		r := &pool[i]
		sample := 0
		if r.second != swap[r.pair] {
			sample = 1
		}
		if left[sample] == 0 {
			at[sample] = r.value
			if left[1-sample] < 0 {
				break
			}
		}
		left[sample]--
	}
	return at[1] - at[0]
}

// rank is which of n sorted values, counted from 0, is the quantile.
func rank(n int, quantile float64) int {
	return min(max(int(math.Ceil(quantile*float64(n)))-1, 0), n-1)
}

// Quantile returns the smallest value that at least that share of the sample does not exceed.
// The sample is not empty.
func Quantile(sample []float64, quantile float64) float64 {
	sorted := slices.Sorted(slices.Values(sample))
	return sorted[rank(len(sorted), quantile)]
}

// KS is the Kolmogorov–Smirnov distance of two samples that are not empty: the largest
// difference of their distribution functions, 0 to 1.
func KS(first, second []float64) float64 {
	a, b := slices.Sorted(slices.Values(first)), slices.Sorted(slices.Values(second))
	return distance(a, b, 0)
}

// distance is the distance of two sorted samples if the second is shifted.
func distance(a, b []float64, shift float64) float64 {
	i, j, most := 0, 0, 0.0
	for i < len(a) && j < len(b) {
		x := min(a[i], b[j]+shift)
		for i < len(a) && a[i] <= x {
			i++
		}
		for j < len(b) && b[j]+shift <= x {
			j++
		}
		most = max(most, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return most
}

// KSCritical is the distance from which on samples of n and m values, each of a few dozen at
// least, differ at the level alpha.
func KSCritical(alpha float64, n, m int) float64 {
	return math.Sqrt(-math.Log(alpha/2)/2) / effective(n, m)
}

// KSP is how probable a distance of at least d is for samples of n and m values of the same
// distribution: Kolmogorov's limit, with Stephens' correction for samples that are small.
func KSP(d float64, n, m int) float64 {
	e := effective(n, m)
	return kolmogorov((e + 0.12 + 0.11/e) * d)
}

func effective(n, m int) float64 { return math.Sqrt(float64(n) * float64(m) / float64(n+m)) }

// kolmogorov is the limit of the probability that the scaled distance exceeds x.
func kolmogorov(x float64) float64 {
	if x < 0.2 {
		return 1 // to more than fifteen places
	}
	sum, sign := 0.0, 1.0
	for k := 1.0; k <= 100; k++ {
		term := math.Exp(-2 * k * k * x * x)
		sum += sign * term
		if term < 1e-16 {
			break
		}
		sign = -sign
	}
	return min(max(2*sum, 0), 1)
}

// KSShift is the smallest delay, in the sample's unit and to a hundredth of it, by which a
// second sample of the same distribution must be late for [KS] to exceed the critical distance.
func KSShift(sample []float64, alpha float64) float64 {
	sorted := slices.Sorted(slices.Values(sample))
	critical := KSCritical(alpha, len(sorted), len(sorted))
	low, high := 0.0, 2*(sorted[len(sorted)-1]-sorted[0])+1
	for high-low > 0.01 {
		middle := (low + high) / 2
		if distance(sorted, sorted, middle) > critical {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}
