// Package weierstrass calculates on the elliptic curves over prime fields that travel
// documents use: y² = x³ + ax + b, with any a and a prime number of points.
//
// It stands beside crypto/elliptic because that has neither the brainpool curves (RFC 5639)
// nor points other than public keys, of which PACE is made, and beside the Go modules that
// have the curves because they are several times slower: a session multiplies some ten
// times. Additions follow the complete formulas of Renes, Costello and Batina
// (Complete addition formulas for prime order elliptic curves, 2016, algorithms 1 and 3),
// which have no exceptional cases, so that no point a chip sends takes another way. Time
// and memory accesses do not depend on scalars or coordinates, except where a point becomes
// numbers (Point.Affine).
package weierstrass

import (
	"errors"
	"fmt"
	"math/big"
)

// ErrNotOnCurve is matched by the error of a point that is not on its curve.
var ErrNotOnCurve = errors.New("point not on the curve")

// Curve is an elliptic curve with a generator of its whole group. It does not change.
type Curve struct {
	name    string
	f       *field
	a, b3   element // b3 is 3b
	p, n    *big.Int
	bigA    *big.Int
	bigB    *big.Int
	gen     Point
	size    int // of a coordinate in bytes
	scalars int // of a scalar in bytes
}

// Point is a point of a curve, in projective coordinates. The zero Point is none.
type Point struct {
	curve   *Curve
	x, y, z element
}

// New returns the curve of the numbers, written in hexadecimal: field, coefficients,
// generator, order. It panics on what is no number; the numbers are a program's own.
func New(name, p, a, b, gx, gy, n string) *Curve {
	c := &Curve{name: name, p: number(p), n: number(n), bigA: number(a), bigB: number(b)}
	c.f = newField(c.p)
	c.a = c.f.enter(c.bigA)
	b3 := new(big.Int).Mul(c.bigB, big.NewInt(3))
	c.b3 = c.f.enter(b3.Mod(b3, c.p))
	c.size, c.scalars = (c.p.BitLen()+7)/8, (c.n.BitLen()+7)/8
	c.gen = Point{c, c.f.enter(number(gx)), c.f.enter(number(gy)), c.f.one}
	return c
}

func number(hex string) *big.Int {
	n, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		panic("weierstrass: not a number: " + hex)
	}
	return n
}

// Name returns the curve's usual name: "brainpoolP256r1".
func (c *Curve) Name() string { return c.name }

// Size returns the length of a coordinate in bytes: 24 to 66.
func (c *Curve) Size() int { return c.size }

// Order returns the number of points.
func (c *Curve) Order() *big.Int { return new(big.Int).Set(c.n) }

// Field returns the number of the field's elements.
func (c *Curve) Field() *big.Int { return new(big.Int).Set(c.p) }

// Coefficients returns a and b.
func (c *Curve) Coefficients() (a, b *big.Int) {
	return new(big.Int).Set(c.bigA), new(big.Int).Set(c.bigB)
}

// Generator returns the standard's generator.
func (c *Curve) Generator() Point { return c.gen }

// NewPoint returns the point with the coordinates. The error matches ErrNotOnCurve; it is
// also that of coordinates outside 0 to p-1.
func (c *Curve) NewPoint(x, y *big.Int) (Point, error) {
	if x.Sign() < 0 || y.Sign() < 0 || x.Cmp(c.p) >= 0 || y.Cmp(c.p) >= 0 {
		return Point{}, fmt.Errorf("%w %s: coordinate outside the field", ErrNotOnCurve, c.name)
	}
	right := new(big.Int).Mul(x, x)
	right.Add(right, c.bigA)
	right.Mul(right, x)
	right.Add(right, c.bigB)
	left := new(big.Int).Mul(y, y)
	if left.Sub(left, right).Mod(left, c.p).Sign() != 0 {
		return Point{}, fmt.Errorf("%w %s", ErrNotOnCurve, c.name)
	}
	return Point{c, c.f.enter(x), c.f.enter(y), c.f.one}, nil
}

// Infinite reports whether p is the neutral point, which has no coordinates.
func (p Point) Infinite() bool { return p.z == element{} }

// Affine returns the coordinates; for the neutral point both are 0.
func (p Point) Affine() (x, y *big.Int) {
	f := p.curve.f
	var inverse, ex, ey element
	f.invert(&inverse, &p.z)
	f.mul(&ex, &p.x, &inverse)
	f.mul(&ey, &p.y, &inverse)
	return f.leave(&ex), f.leave(&ey)
}

// Equal reports whether both are the same point.
func (p Point) Equal(q Point) bool {
	if p.curve != q.curve {
		return false
	}
	px, py := p.Affine()
	qx, qy := q.Affine()
	return p.Infinite() == q.Infinite() && px.Cmp(qx) == 0 && py.Cmp(qy) == 0
}

// Add returns p + q, two points of the same curve.
func (p Point) Add(q Point) Point {
	r := Point{curve: p.curve}
	p.curve.add(&r, &p, &q)
	return r
}

// window is the number of bits of a scalar that are taken at once.
const window = 4

// multiples are the first multiples of a point, from 0 on.
type multiples [1 << window]Point

// pick sets p to the multiple, looking at all of them.
//
//go:norace
func (m *multiples) pick(p *Point, digit byte) {
	var x, y, z element
	for i := range m {
		mask := uint64(uint8(i)^digit) - 1 // all ones in its upper half only for the digit
		mask = -(mask >> 63)
		for j := range p.curve.f.limbs {
			x[j] |= m[i].x[j] & mask
			y[j] |= m[i].y[j] & mask
			z[j] |= m[i].z[j] & mask
		}
	}
	p.x, p.y, p.z = x, y, z
}

// Multiply returns k·p for any k of at least 0.
func (p Point) Multiply(k *big.Int) Point {
	c := p.curve
	scalar := new(big.Int).Mod(k, c.n).FillBytes(make([]byte, c.scalars))
	var table multiples
	table[0] = Point{curve: c, y: c.f.one}
	for i := 1; i < len(table); i++ {
		table[i].curve = c
		c.add(&table[i], &table[i-1], &p)
	}
	result, chosen := table[0], Point{curve: c}
	for _, b := range scalar {
		for _, digit := range [2]byte{b >> window, b & (1<<window - 1)} {
			for range window {
				c.double(&result, &result)
			}
			table.pick(&chosen, digit)
			c.add(&result, &result, &chosen)
		}
	}
	return result
}

// add sets r to p + q: algorithm 1. Any of them may be the same.
func (c *Curve) add(r, p, q *Point) {
	f := c.f
	var t0, t1, t2, t3, t4, t5, x, y, z element
	f.mul(&t0, &p.x, &q.x)
	f.mul(&t1, &p.y, &q.y)
	f.mul(&t2, &p.z, &q.z)
	f.cross(&t3, &p.x, &p.y, &q.x, &q.y, &t0, &t1)
	f.cross(&t4, &p.x, &p.z, &q.x, &q.z, &t0, &t2)
	f.cross(&t5, &p.y, &p.z, &q.y, &q.z, &t1, &t2)
	f.mul(&z, &c.a, &t4)
	f.mul(&x, &c.b3, &t2)
	f.add(&z, &x, &z)
	f.sub(&x, &t1, &z)
	f.add(&z, &t1, &z)
	f.mul(&y, &x, &z)
	f.add(&t1, &t0, &t0)
	f.add(&t1, &t1, &t0)
	f.mul(&t2, &c.a, &t2)
	f.mul(&t4, &c.b3, &t4)
	f.add(&t1, &t1, &t2)
	f.sub(&t2, &t0, &t2)
	f.mul(&t2, &c.a, &t2)
	f.add(&t4, &t4, &t2)
	f.mul(&t0, &t1, &t4)
	f.add(&r.y, &y, &t0)
	f.mul(&t0, &t5, &t4)
	f.mul(&x, &t3, &x)
	f.sub(&r.x, &x, &t0)
	f.mul(&t0, &t3, &t1)
	f.mul(&z, &t5, &z)
	f.add(&r.z, &z, &t0)
}

// cross sets z to (a+b)(c+d) - ac - bd, the last two products being known.
func (f *field) cross(z, a, b, c, d, ac, bd *element) {
	var s, t element
	f.add(&s, a, b)
	f.add(&t, c, d)
	f.mul(&s, &s, &t)
	f.add(&t, ac, bd)
	f.sub(z, &s, &t)
}

// double sets r to p + p: algorithm 3. Both may be the same.
func (c *Curve) double(r, p *Point) {
	f := c.f
	var t0, t1, t2, t3, x, y, z element
	f.mul(&t0, &p.x, &p.x)
	f.mul(&t1, &p.y, &p.y)
	f.mul(&t2, &p.z, &p.z)
	f.mul(&t3, &p.x, &p.y)
	f.add(&t3, &t3, &t3)
	f.mul(&z, &p.x, &p.z)
	f.add(&z, &z, &z)
	f.mul(&x, &c.a, &z)
	f.mul(&y, &c.b3, &t2)
	f.add(&y, &x, &y)
	f.sub(&x, &t1, &y)
	f.add(&y, &t1, &y)
	f.mul(&y, &x, &y)
	f.mul(&x, &t3, &x)
	f.mul(&z, &c.b3, &z)
	f.mul(&t2, &c.a, &t2)
	f.sub(&t3, &t0, &t2)
	f.mul(&t3, &c.a, &t3)
	f.add(&t3, &t3, &z)
	f.add(&z, &t0, &t0)
	f.add(&t0, &z, &t0)
	f.add(&t0, &t0, &t2)
	f.mul(&t0, &t0, &t3)
	f.add(&y, &y, &t0)
	f.mul(&t2, &p.y, &p.z)
	f.add(&t2, &t2, &t2)
	f.mul(&t0, &t2, &t3)
	f.sub(&r.x, &x, &t0)
	f.mul(&z, &t2, &t1)
	f.add(&z, &z, &z)
	f.add(&r.z, &z, &z)
	r.y = y
}
