package weierstrass

import (
	"math/big"
	"math/bits"
)

// maxLimbs is the most 64-bit words of a field element: P-521 needs nine.
const maxLimbs = 9

// element is a number below p times 2^(64·limbs) modulo p (Montgomery's form), least word
// first.
type element [maxLimbs]uint64

// field calculates modulo an odd p. None of its running time depends on the elements.
type field struct {
	limbs   int
	p       element
	inverse uint64  // -1/p modulo 2^64
	one     element // 1 in Montgomery's form
	square  element // 2^(128·limbs) modulo p, which brings a number into the form
	modulus *big.Int
}

func newField(p *big.Int) *field {
	f := &field{limbs: (p.BitLen() + 63) / 64, modulus: p}
	f.p = words(p)
	x := f.p[0] // right in its lowest three bits; each step doubles them
	for range 5 {
		x *= 2 - f.p[0]*x
	}
	f.inverse = -x
	r := new(big.Int).Lsh(big.NewInt(1), uint(64*f.limbs))
	f.one = words(new(big.Int).Mod(r, p))
	f.square = words(r.Mod(r.Mul(r, r), p))
	return f
}

// words splits a number of at most 64·maxLimbs bits.
func words(n *big.Int) (e element) {
	var buf [8 * maxLimbs]byte
	n.FillBytes(buf[:])
	for i, b := range buf {
		at := len(buf) - 1 - i
		e[at/8] |= uint64(b) << (8 * (at % 8))
	}
	return e
}

// enter brings a number of 0 to p-1 into Montgomery's form.
func (f *field) enter(n *big.Int) (e element) {
	e = words(n)
	f.mul(&e, &e, &f.square)
	return e
}

// leave is the number that e stands for.
func (f *field) leave(e *element) *big.Int {
	plain := element{1}
	f.mul(&plain, e, &plain)
	buf := make([]byte, 8*f.limbs)
	for i := range buf {
		at := len(buf) - 1 - i
		buf[i] = byte(plain[at/8] >> (8 * (at % 8)))
	}
	return new(big.Int).SetBytes(buf)
}

// mul sets z to x·y. Any of them may be the same.
//
// The race detector, which slows this arithmetic ten times, is kept out of it: it works on its
// arguments alone.
//
//go:norace
func (f *field) mul(z, x, y *element) {
	if f.limbs == 4 {
		f.mul4(z, x, y)
		return
	}
	n := f.limbs
	var t [maxLimbs + 2]uint64
	for i := range n {
		var carry uint64
		for j := range n {
			carry, t[j] = mulAdd(x[j], y[i], t[j], carry)
		}
		t[n], carry = bits.Add64(t[n], carry, 0)
		t[n+1] = carry
		m := t[0] * f.inverse
		carry, _ = mulAdd(m, f.p[0], t[0], 0)
		for j := 1; j < n; j++ {
			carry, t[j-1] = mulAdd(m, f.p[j], t[j], carry)
		}
		t[n-1], carry = bits.Add64(t[n], carry, 0)
		t[n] = t[n+1] + carry
	}
	f.reduce(z, t[:maxLimbs], t[n])
}

// mul4 is mul for four words, which most documents' curves have.
//
//go:norace
func (f *field) mul4(z, x, y *element) {
	var t0, t1, t2, t3, t4 uint64
	p0, p1, p2, p3 := f.p[0], f.p[1], f.p[2], f.p[3]
	x0, x1, x2, x3 := x[0], x[1], x[2], x[3]
	for i := range 4 {
		var c, d, over uint64
		c, t0 = mulAdd(x0, y[i], t0, 0)
		c, t1 = mulAdd(x1, y[i], t1, c)
		c, t2 = mulAdd(x2, y[i], t2, c)
		c, t3 = mulAdd(x3, y[i], t3, c)
		t4, over = bits.Add64(t4, c, 0)
		m := t0 * f.inverse
		d, _ = mulAdd(m, p0, t0, 0)
		d, t0 = mulAdd(m, p1, t1, d)
		d, t1 = mulAdd(m, p2, t2, d)
		d, t2 = mulAdd(m, p3, t3, d)
		t3, d = bits.Add64(t4, d, 0)
		t4 = over + d
	}
	var b uint64
	s0, b := bits.Sub64(t0, p0, 0)
	s1, b := bits.Sub64(t1, p1, b)
	s2, b := bits.Sub64(t2, p2, b)
	s3, b := bits.Sub64(t3, p3, b)
	_, b = bits.Sub64(t4, 0, b)
	keep := -b // all ones if the subtraction went below zero
	z[0] = s0 ^ keep&(s0^t0)
	z[1] = s1 ^ keep&(s1^t1)
	z[2] = s2 ^ keep&(s2^t2)
	z[3] = s3 ^ keep&(s3^t3)
}

// mulAdd returns a·b + c + d, which fits two words.
func mulAdd(a, b, c, d uint64) (hi, lo uint64) {
	hi, lo = bits.Mul64(a, b)
	var carry uint64
	lo, carry = bits.Add64(lo, c, 0)
	hi += carry
	lo, carry = bits.Add64(lo, d, 0)
	return hi + carry, lo
}

// reduce sets z to t modulo p, t being below 2p with its highest word in over.
//
//go:norace
func (f *field) reduce(z *element, t []uint64, over uint64) {
	var s element
	var borrow uint64
	for i := range f.limbs {
		s[i], borrow = bits.Sub64(t[i], f.p[i], borrow)
	}
	_, borrow = bits.Sub64(over, 0, borrow)
	for i := range f.limbs {
		z[i] = s[i] ^ -borrow&(s[i]^t[i])
	}
}

//go:norace
func (f *field) add(z, x, y *element) {
	var t element
	var carry uint64
	for i := range f.limbs {
		t[i], carry = bits.Add64(x[i], y[i], carry)
	}
	f.reduce(z, t[:], carry)
}

//go:norace
func (f *field) sub(z, x, y *element) {
	var t element
	var borrow, carry uint64
	for i := range f.limbs {
		t[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
	for i := range f.limbs {
		z[i], carry = bits.Add64(t[i], f.p[i]&-borrow, carry)
	}
}

// invert sets z to 1/x, and to 0 for 0, by Fermat's theorem.
func (f *field) invert(z, x *element) {
	exponent := new(big.Int).Sub(f.modulus, big.NewInt(2))
	result := f.one
	for i := exponent.BitLen() - 1; i >= 0; i-- {
		f.mul(&result, &result, &result)
		if exponent.Bit(i) == 1 {
			f.mul(&result, &result, x)
		}
	}
	*z = result
}
