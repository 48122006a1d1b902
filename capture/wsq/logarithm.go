package wsq

import "math"

// The logarithms of package math may differ in the last bit from one machine to another, these do
// not. Their error is below 1e-15.

// ln returns the natural logarithm of a positive number.
func ln(v float64) float64 {
	fraction, exponent := math.Frexp(v)
	if fraction < math.Sqrt2/2 {
		fraction *= 2
		exponent--
	}
	s := (fraction - 1) / (fraction + 1) // at most 0.172
	square := float64(s * s)
	var sum float64
	for n := 23; n >= 1; n -= 2 {
		sum = float64(sum*square) + 1/float64(n)
	}
	return float64(float64(exponent)*math.Ln2) + float64(2*s*sum)
}

// exp returns e to the given power.
func exp(v float64) float64 {
	exponent := math.Floor(v/math.Ln2 + 0.5)
	rest := v - float64(exponent*math.Ln2) // at most 0.35
	sum := 1.0
	for n := 16; n >= 1; n-- {
		sum = float64(sum*rest)/float64(n) + 1
	}
	return math.Ldexp(sum, int(exponent))
}
