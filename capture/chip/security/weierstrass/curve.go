// Package weierstrass calculates on the elliptic curves over prime fields that travel
// documents use: y² = x³ + ax + b with a prime number of points.
//
// It stands beside crypto/elliptic because that has neither the brainpool curves (RFC 5639)
// nor points other than public keys, of which PACE is made, and beside the Go modules that
// have the curves because they are many times slower: an inspection multiplies some ten
// times, and as often again where signatures are verified.
//
// Every curve is calculated on as one with a = -3: those of NIST have that, those of RFC 5639
// are mapped to their twists, which are the same curves in other coordinates. Additions
// follow the complete formula of Renes, Costello and Batina for a = -3 (Complete addition
// formulas for prime order elliptic curves, 2016, algorithm 4), which has no exceptional
// cases, so that no point a chip sends takes another way. Doublings, which are most of the
// work, are done in rows in Jacobian coordinates, where they take eight multiplications
// instead of thirteen and have no exceptional cases either, there being no points of order
// two. Time and memory accesses do not depend on scalars or coordinates, except where a point
// becomes numbers (Point.Affine) or is made of them (Curve.NewPoint).
package weierstrass

import (
	"errors"
	"fmt"
	"math/big"
	"sync"
)

// ErrNotOnCurve is matched by the error of a point that is not on its curve.
var ErrNotOnCurve = errors.New("point not on the curve")

// Curve is an elliptic curve with a generator of its whole group. It does not change.
type Curve struct {
	name   string
	f      *field
	p, n   *big.Int
	a, b   *big.Int
	size   int // of a coordinate in bytes
	digits int // of a scalar

	// Points are kept on the curve with a = -3: x times toX, y times toY, and its b.
	toX, toY, fromX, fromY, ownB element

	gen  Point
	base func() []multiples // of the generator, of 16 times the generator, and so on
}

// Point is a point of a curve, in homogeneous coordinates. The zero Point is none.
type Point struct {
	curve   *Curve
	x, y, z element
}

// numbers are what a curve is defined by, in hexadecimal. The coordinates times u², u³ are
// those of the point on the curve with a = -3 (Z of RFC 5639 §3); u is empty if this is it.
type numbers struct{ p, a, b, x, y, n, u string }

// newCurve panics on what is no number; the numbers are this package's own.
func newCurve(name string, of numbers) *Curve {
	c := &Curve{name: name, p: number(of.p), a: number(of.a), b: number(of.b), n: number(of.n)}
	c.size, c.digits = (c.p.BitLen()+7)/8, (c.n.BitLen()+window-1)/window
	f := newField(c.p)
	c.f = f
	c.toX, c.toY, c.fromX, c.fromY = f.one, f.one, f.one, f.one
	if of.u != "" {
		u := f.enter(number(of.u))
		f.mul(&c.toX, &u, &u)
		f.mul(&c.toY, &c.toX, &u)
		f.invert(&u, &u)
		f.mul(&c.fromX, &u, &u)
		f.mul(&c.fromY, &c.fromX, &u)
	}
	c.ownB = f.enter(c.b)
	f.mul(&c.ownB, &c.ownB, &c.toY)
	f.mul(&c.ownB, &c.ownB, &c.toY)
	c.gen = c.point(number(of.x), number(of.y))
	c.base = sync.OnceValue(c.tabulate)
	return c
}

// twist returns the curve with a = -3 that c is mapped to.
func (c *Curve) twist(name string) *Curve {
	three := big.NewInt(3)
	t := &Curve{name: name, f: c.f, p: c.p, n: c.n, a: three.Sub(c.p, three), b: c.f.leave(&c.ownB), size: c.size, digits: c.digits}
	t.toX, t.toY, t.fromX, t.fromY, t.ownB = c.f.one, c.f.one, c.f.one, c.f.one, c.ownB
	t.gen = Point{t, c.gen.x, c.gen.y, c.gen.z}
	t.base = sync.OnceValue(t.tabulate)
	return t
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

// Size returns the length of a coordinate in bytes: 20 to 66.
func (c *Curve) Size() int { return c.size }

// Order returns the number of points.
func (c *Curve) Order() *big.Int { return new(big.Int).Set(c.n) }

// Field returns the number of the field's elements.
func (c *Curve) Field() *big.Int { return new(big.Int).Set(c.p) }

// Coefficients returns a and b.
func (c *Curve) Coefficients() (a, b *big.Int) {
	return new(big.Int).Set(c.a), new(big.Int).Set(c.b)
}

// Generator returns the standard's generator.
func (c *Curve) Generator() Point { return c.gen }

// NewPoint returns the point with the coordinates. The error matches ErrNotOnCurve; it is
// also that of coordinates outside 0 to p-1.
func (c *Curve) NewPoint(x, y *big.Int) (Point, error) {
	if x.Sign() < 0 || y.Sign() < 0 || x.Cmp(c.p) >= 0 || y.Cmp(c.p) >= 0 {
		return Point{}, fmt.Errorf("%w %s: coordinate outside the field", ErrNotOnCurve, c.name)
	}
	p := c.point(x, y)
	// y² = (x² - 3)x + b
	f := c.f
	var left, right, three element
	f.mul(&left, &p.y, &p.y)
	f.mul(&right, &p.x, &p.x)
	f.add(&three, &f.one, &f.one)
	f.add(&three, &three, &f.one)
	f.sub(&right, &right, &three)
	f.mul(&right, &right, &p.x)
	f.add(&right, &right, &c.ownB)
	if left != right {
		return Point{}, fmt.Errorf("%w %s", ErrNotOnCurve, c.name)
	}
	return p, nil
}

// point takes coordinates of 0 to p-1 as they are.
func (c *Curve) point(x, y *big.Int) Point {
	p := Point{c, c.f.enter(x), c.f.enter(y), c.f.one}
	c.f.mul(&p.x, &p.x, &c.toX)
	c.f.mul(&p.y, &p.y, &c.toY)
	return p
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
	f.mul(&ex, &ex, &p.curve.fromX)
	f.mul(&ey, &ey, &p.curve.fromY)
	return f.leave(&ex), f.leave(&ey)
}

// Equal reports whether both are the same point.
func (p Point) Equal(q Point) bool {
	if p.curve != q.curve || p.Infinite() != q.Infinite() {
		return false
	}
	f := p.curve.f
	var px, qx, py, qy element
	f.mul(&px, &p.x, &q.z)
	f.mul(&qx, &q.x, &p.z)
	f.mul(&py, &p.y, &q.z)
	f.mul(&qy, &q.y, &p.z)
	return p.Infinite() || px == qx && py == qy
}

// Add returns p + q, two points of the same curve.
func (p Point) Add(q Point) Point {
	r := Point{curve: p.curve}
	p.curve.add(&r, &p, &q)
	return r
}
