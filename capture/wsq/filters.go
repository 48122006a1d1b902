package wsq

// analysisLow and analysisHigh are the right halves of the standard's filters for splitting
// (part 3), the biorthogonal pair of 9 and 7 taps of Cohen, Daubechies and Feauveau.
var (
	analysisLow = []float64{
		0.85269867900940344, 0.37740285561265380, -0.11062440441842342,
		-0.02384946501938000, 0.03782845550699546,
	}
	analysisHigh = []float64{
		0.78848561640566439, -0.41809227322221221, -0.04068941760955844, 0.06453888262893845,
	}
)

// analysis returns the kernel that splits with filters of an odd number of taps.
func analysis(low, high []float64) *kernel {
	k := &kernel{}
	copy(k.even[:], low)
	copy(k.odd[:], high)
	return k
}

// synthesis returns what joins what the given filters split: a kernel where one can. The
// filters for joining are those for splitting with the sign of every other tap changed, the low one
// taken from the high one and the reverse.
func synthesis(low, high []float64, even bool) (*kernel, *general) {
	joinHigh, joinLow := alternating(low, 1), alternating(high, 1)
	if even {
		return nil, newGeneral(alternating(high, -1), joinHigh, even)
	}
	if max(len(low), len(high)) > reach+1 {
		return nil, newGeneral(joinLow, joinHigh, even)
	}
	k := &kernel{}
	for i := range k.even {
		own, other := joinLow, joinHigh // an even sample weighs the low ones at even distances
		if i%2 == 1 {
			own, other = joinHigh, joinLow
		}
		if i < len(own) {
			k.even[i] = own[i]
		}
		if i < len(other) {
			k.odd[i] = other[i]
		}
	}
	return k, nil
}

// alternating returns the taps with the given sign and its opposite in turn.
func alternating(taps []float64, sign float64) []float64 {
	out := make([]float64, len(taps))
	for i, v := range taps {
		out[i] = float64(sign * v)
		sign = -sign
	}
	return out
}
