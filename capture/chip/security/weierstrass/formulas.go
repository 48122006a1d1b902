package weierstrass

// add sets r to p + q: algorithm 4. Any of them may be the same.
func (c *Curve) add(r, p, q *Point) {
	f := c.f
	var t0, t1, t2, t3, t4, t5, x, y, z element
	f.mul(&t0, &p.x, &q.x)
	f.mul(&t1, &p.y, &q.y)
	f.mul(&t2, &p.z, &q.z)
	f.cross(&t3, &p.x, &p.y, &q.x, &q.y, &t0, &t1)
	f.cross(&t4, &p.y, &p.z, &q.y, &q.z, &t1, &t2)
	f.cross(&t5, &p.x, &p.z, &q.x, &q.z, &t0, &t2)
	f.mul(&z, &c.ownB, &t2)
	f.sub(&x, &t5, &z)
	f.add(&z, &x, &x)
	f.add(&x, &x, &z)
	f.sub(&z, &t1, &x)
	f.add(&x, &t1, &x)
	f.mul(&y, &c.ownB, &t5)
	f.triple(&t2, &t2)
	f.sub(&y, &y, &t2)
	f.sub(&y, &y, &t0)
	f.triple(&y, &y)
	f.triple(&t0, &t0)
	f.sub(&t0, &t0, &t2)
	f.mul(&t1, &t4, &y)
	f.mul(&t2, &t0, &y)
	f.mul(&y, &x, &z)
	f.add(&r.y, &y, &t2)
	f.mul(&x, &t3, &x)
	f.sub(&r.x, &x, &t1)
	f.mul(&z, &t4, &z)
	f.mul(&t1, &t3, &t0)
	f.add(&r.z, &z, &t1)
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

// double sets p to 2^times·p. In Jacobian coordinates a point is x/z², y/z³; this is doubling
// with a = -3 as in the Explicit-Formulas Database's "dbl-2001-b".
func (c *Curve) double(p *Point, times int) {
	f := c.f
	var x, y, delta, gamma, beta, alpha, t element
	z := p.z
	f.mul(&x, &p.x, &z)
	f.mul(&t, &z, &z)
	f.mul(&y, &p.y, &t)
	for range times {
		f.mul(&delta, &z, &z)
		f.mul(&gamma, &y, &y)
		f.mul(&beta, &x, &gamma)
		f.sub(&t, &x, &delta)
		f.add(&alpha, &x, &delta)
		f.mul(&alpha, &alpha, &t)
		f.triple(&alpha, &alpha) // 3(x - z²)(x + z²)
		f.mul(&z, &y, &z)
		f.add(&z, &z, &z)
		f.add(&beta, &beta, &beta)
		f.add(&beta, &beta, &beta) // 4xy²
		f.mul(&x, &alpha, &alpha)
		f.add(&t, &beta, &beta)
		f.sub(&x, &x, &t)
		f.add(&gamma, &gamma, &gamma)
		f.mul(&gamma, &gamma, &gamma)
		f.add(&gamma, &gamma, &gamma) // 8y⁴
		f.sub(&t, &beta, &x)
		f.mul(&y, &alpha, &t)
		f.sub(&y, &y, &gamma)
	}
	f.mul(&p.x, &x, &z)
	f.mul(&t, &z, &z)
	f.mul(&p.z, &t, &z)
	// The neutral point has lost its y, which no other point can be without.
	f.oneIfZero(&t, &z)
	f.add(&p.y, &y, &t)
}
