package signature

import (
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// verifySlowCurve is ECDSA verification (SEC 1 §4.1.4) on a curve that crypto/ecdsa has no
// arithmetic of its own for. crypto/ecdsa would compute u1·G and u2·Q one after the other in
// crypto/elliptic's general arithmetic, which takes three times as long (6 ms instead of 2 on
// brainpoolP256r1): with brainpool keys in signer and authority that is most of the time that
// the verification of a document takes.
func (k *Key) verifySlowCurve(sum, signature []byte) bool {
	s := cryptobyte.String(signature)
	var seq cryptobyte.String
	r, t := new(big.Int), new(big.Int)
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1Integer(r) || !seq.ReadASN1Integer(t) || !seq.Empty() {
		return false
	}
	params := k.curve.New().Params()
	n := params.N
	if r.Sign() <= 0 || t.Sign() <= 0 || r.Cmp(n) >= 0 || t.Cmp(n) >= 0 {
		return false
	}
	e := new(big.Int).SetBytes(sum)
	if excess := 8*len(sum) - n.BitLen(); excess > 0 {
		e.Rsh(e, uint(excess))
	}
	w := new(big.Int).ModInverse(t, n)
	u1 := e.Mul(e, w)
	u2 := w.Mul(w, r)
	a, _ := k.curve.Coefficients()
	g := &group{p: params.P, a: a}
	x, ok := g.sum(u1.Mod(u1, n), affine{params.Gx, params.Gy}, u2.Mod(u2, n), affine{k.x, k.y})
	return ok && x.Mod(x, n).Cmp(r) == 0
}

// group computes with the points of a curve y² = x³ + ax + b. Only public values go in: its
// time depends on them.
type group struct {
	p, a       *big.Int
	product, q big.Int
	t          [8]big.Int // what a formula keeps while it runs
}

type affine struct{ x, y *big.Int }

// jacobian is the point (x/z², y/z³); z = 0 is infinity.
type jacobian struct{ x, y, z big.Int }

// sum returns the x-coordinate of u·P + v·Q, with both bits taken at a time; false if it is
// infinity.
func (g *group) sum(u *big.Int, p affine, v *big.Int, q affine) (*big.Int, bool) {
	table := [4]*affine{1: &p, 2: &q}
	both := jacobian{}
	g.add(&both, p)
	g.add(&both, q)
	if x, y, ok := g.affine(&both); ok {
		table[3] = &affine{x, y}
	}
	var at jacobian
	for i := max(u.BitLen(), v.BitLen()) - 1; i >= 0; i-- {
		g.double(&at)
		if bits := u.Bit(i) | v.Bit(i)<<1; bits != 0 && table[bits] != nil {
			g.add(&at, *table[bits])
		}
	}
	x, _, ok := g.affine(&at)
	return x, ok
}

// mul sets z to x·y; z may be x or y.
func (g *group) mul(z, x, y *big.Int) {
	g.product.Mul(x, y)
	g.q.QuoRem(&g.product, g.p, z)
}

// sub sets z to x - y.
func (g *group) sub(z, x, y *big.Int) {
	if z.Sub(x, y); z.Sign() < 0 {
		z.Add(z, g.p)
	}
}

// twice sets z to 2·x.
func (g *group) twice(z, x *big.Int) {
	if z.Lsh(x, 1); z.Cmp(g.p) >= 0 {
		z.Sub(z, g.p)
	}
}

// double doubles p in place.
func (g *group) double(p *jacobian) {
	if p.z.Sign() == 0 {
		return
	}
	yy, s, m, zz := &g.t[0], &g.t[1], &g.t[2], &g.t[3]
	g.mul(yy, &p.y, &p.y)
	g.mul(s, &p.x, yy)
	g.twice(s, s)
	g.twice(s, s) // s = 4xy²
	g.mul(zz, &p.z, &p.z)
	g.mul(zz, zz, zz)
	g.mul(m, g.a, zz)
	g.mul(zz, &p.x, &p.x)
	m.Add(m, zz)
	m.Add(m, zz)
	m.Add(m, zz) // m = 3x² + az⁴, reduced when it is multiplied
	g.mul(&p.z, &p.y, &p.z)
	g.twice(&p.z, &p.z)
	g.mul(&p.x, m, m)
	g.sub(&p.x, &p.x, s)
	g.sub(&p.x, &p.x, s)
	g.sub(s, s, &p.x)
	g.mul(&p.y, m, s)
	g.mul(yy, yy, yy)
	g.twice(yy, yy)
	g.twice(yy, yy)
	g.twice(yy, yy)
	g.sub(&p.y, &p.y, yy) // m(s - x') - 8y⁴
}

// add adds q to p in place.
func (g *group) add(p *jacobian, q affine) {
	if p.z.Sign() == 0 {
		p.x.Set(q.x)
		p.y.Set(q.y)
		p.z.SetInt64(1)
		return
	}
	zz, h, r, hh, v := &g.t[4], &g.t[5], &g.t[6], &g.t[7], &g.t[0]
	g.mul(zz, &p.z, &p.z)
	g.mul(h, q.x, zz)
	g.sub(h, h, &p.x)
	g.mul(zz, zz, &p.z)
	g.mul(r, q.y, zz)
	g.sub(r, r, &p.y)
	if h.Sign() == 0 {
		if r.Sign() == 0 {
			g.double(p)
		} else {
			p.z.SetInt64(0)
		}
		return
	}
	g.mul(hh, h, h)
	g.mul(v, &p.x, hh)
	g.mul(hh, hh, h)
	g.mul(&p.z, &p.z, h)
	g.mul(&p.x, r, r)
	g.sub(&p.x, &p.x, hh)
	g.sub(&p.x, &p.x, v)
	g.sub(&p.x, &p.x, v)
	g.sub(v, v, &p.x)
	g.mul(v, v, r)
	g.mul(hh, hh, &p.y)
	g.sub(&p.y, v, hh)
}

func (g *group) affine(p *jacobian) (x, y *big.Int, ok bool) {
	if p.z.Sign() == 0 {
		return nil, nil, false
	}
	inverse := new(big.Int).ModInverse(&p.z, g.p)
	x, y = new(big.Int), new(big.Int)
	g.mul(y, inverse, inverse)
	g.mul(x, &p.x, y)
	g.mul(y, y, inverse)
	g.mul(y, y, &p.y)
	return x, y, true
}
