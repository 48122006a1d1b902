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
	for _, w := range [4]uint64{y[0], y[1], y[2], y[3]} {
		// Each row's words are summed first: one chain of carries has no branches and few moves.
		r1, r0 := bits.Mul64(x0, w)
		r2, l1 := bits.Mul64(x1, w)
		r3, l2 := bits.Mul64(x2, w)
		r4, l3 := bits.Mul64(x3, w)
		r1, c := bits.Add64(r1, l1, 0)
		r2, c = bits.Add64(r2, l2, c)
		r3, c = bits.Add64(r3, l3, c)
		r4 += c
		t0, c = bits.Add64(t0, r0, 0)
		t1, c = bits.Add64(t1, r1, c)
		t2, c = bits.Add64(t2, r2, c)
		t3, c = bits.Add64(t3, r3, c)
		var over uint64
		t4, over = bits.Add64(t4, r4, c)
		m := t0 * f.inverse
		r1, r0 = bits.Mul64(p0, m)
		r2, l1 = bits.Mul64(p1, m)
		r3, l2 = bits.Mul64(p2, m)
		r4, l3 = bits.Mul64(p3, m)
		r1, c = bits.Add64(r1, l1, 0)
		r2, c = bits.Add64(r2, l2, c)
		r3, c = bits.Add64(r3, l3, c)
		r4 += c
		_, c = bits.Add64(t0, r0, 0)
		t0, c = bits.Add64(t1, r1, c)
		t1, c = bits.Add64(t2, r2, c)
		t2, c = bits.Add64(t3, r3, c)
		t3, c = bits.Add64(t4, r4, c)
		t4 = over + c
	}
	f.reduce4(z, t0, t1, t2, t3, t4)
}

// reduce4 is reduce for four words.
func (f *field) reduce4(z *element, t0, t1, t2, t3, over uint64) {
	s0, b := bits.Sub64(t0, f.p[0], 0)
	s1, b := bits.Sub64(t1, f.p[1], b)
	s2, b := bits.Sub64(t2, f.p[2], b)
	s3, b := bits.Sub64(t3, f.p[3], b)
	_, b = bits.Sub64(over, 0, b)
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

// add sets z to x + y.
//
//go:norace
func (f *field) add(z, x, y *element) {
	if f.limbs == 4 {
		t0, c := bits.Add64(x[0], y[0], 0)
		t1, c := bits.Add64(x[1], y[1], c)
		t2, c := bits.Add64(x[2], y[2], c)
		t3, c := bits.Add64(x[3], y[3], c)
		f.reduce4(z, t0, t1, t2, t3, c)
		return
	}
	var t element
	var carry uint64
	for i := range f.limbs {
		t[i], carry = bits.Add64(x[i], y[i], carry)
	}
	f.reduce(z, t[:], carry)
}

// triple sets z to 3x.
func (f *field) triple(z, x *element) {
	var t element
	f.add(&t, x, x)
	f.add(z, &t, x)
}

// sub sets z to x - y.
//
//go:norace
func (f *field) sub(z, x, y *element) {
	if f.limbs == 4 {
		t0, b := bits.Sub64(x[0], y[0], 0)
		t1, b := bits.Sub64(x[1], y[1], b)
		t2, b := bits.Sub64(x[2], y[2], b)
		t3, b := bits.Sub64(x[3], y[3], b)
		z0, c := bits.Add64(t0, f.p[0]&-b, 0)
		z1, c := bits.Add64(t1, f.p[1]&-b, c)
		z2, c := bits.Add64(t2, f.p[2]&-b, c)
		z3, _ := bits.Add64(t3, f.p[3]&-b, c)
		z[0], z[1], z[2], z[3] = z0, z1, z2, z3
		return
	}
	var t element
	var borrow, carry uint64
	for i := range f.limbs {
		t[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
	for i := range f.limbs {
		z[i], carry = bits.Add64(t[i], f.p[i]&-borrow, carry)
	}
}

// oneIfZero sets z to 1 if x is 0, and to 0 otherwise.
func (f *field) oneIfZero(z, x *element) {
	var all uint64
	for _, w := range x {
		all |= w
	}
	mask := (all|-all)>>63 - 1 // all ones only if x is 0
	for i := range z {
		z[i] = f.one[i] & mask
	}
}

// invert sets z to 1/x, and to 0 for 0, by Fermat's theorem, four bits of the exponent p-2 at a
// time.
func (f *field) invert(z, x *element) {
	var powers [16]element
	powers[0], powers[1] = f.one, *x
	for i := 2; i < len(powers); i++ {
		f.mul(&powers[i], &powers[i-1], x)
	}
	exponent := new(big.Int).Sub(f.modulus, big.NewInt(2)).Bytes()
	result := f.one
	for _, b := range exponent {
		for _, digit := range [2]byte{b >> 4, b & 15} {
			for range 4 {
				f.mul(&result, &result, &result)
			}
			f.mul(&result, &result, &powers[digit])
		}
	}
	*z = result
}
