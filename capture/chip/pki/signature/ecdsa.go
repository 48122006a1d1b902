package signature

import (
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// verifySlowCurve is ECDSA verification (SEC 1 §4.1.4) on a curve that crypto/ecdsa has no
// arithmetic of its own for. In crypto/elliptic's general arithmetic, which crypto/ecdsa would
// use, it takes twenty times as long: with brainpool keys in signer and authority that would be
// most of the time that the inspection of a document takes.
func (k *Key) verifySlowCurve(sum, signature []byte) bool {
	s := cryptobyte.String(signature)
	var seq cryptobyte.String
	r, t := new(big.Int), new(big.Int)
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1Integer(r) || !seq.ReadASN1Integer(t) || !seq.Empty() {
		return false
	}
	n := k.curve.points.Order()
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
	point := k.curve.points.Generator().Multiply(u1).Add(k.point.Multiply(u2))
	x, _ := point.Affine()
	return !point.Infinite() && x.Mod(x, n).Cmp(r) == 0
}
