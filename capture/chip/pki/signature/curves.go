package signature

import (
	"bytes"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"math/big"

	"boothd/capture/chip/security/weierstrass"

	"github.com/osanderson/brainpool"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Curve is a named elliptic curve y² = x³ + ax + b over a prime field, with cofactor 1.
type Curve struct {
	Name string
	OID  asn1.ObjectIdentifier
	// New returns the curve's arithmetic in crypto/elliptic's terms, which is slow but for those
	// of NIST.
	New    func() elliptic.Curve
	points *weierstrass.Curve
}

// Curves are the curves whose keys are understood: those of SEC 2 that ICAO 9303-12 or
// older documents use, and all of RFC 5639. P-192 and the curves below 224 bits are only
// there to be recognised as weak.
func Curves() []*Curve {
	all := make([]*Curve, len(curves))
	for i := range curves {
		all[i] = &curves[i]
	}
	return all
}

var curves = [...]Curve{
	{Name: "P-192", OID: asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 1}, New: p192, points: weierstrass.P192},
	{Name: "P-224", OID: asn1.ObjectIdentifier{1, 3, 132, 0, 33}, New: elliptic.P224, points: weierstrass.P224},
	{Name: "P-256", OID: asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}, New: elliptic.P256, points: weierstrass.P256},
	{Name: "P-384", OID: asn1.ObjectIdentifier{1, 3, 132, 0, 34}, New: elliptic.P384, points: weierstrass.P384},
	{Name: "P-521", OID: asn1.ObjectIdentifier{1, 3, 132, 0, 35}, New: elliptic.P521, points: weierstrass.P521},
	{Name: "brainpoolP160r1", OID: brainpoolOID(1), New: brainpool.P160r1, points: weierstrass.BrainpoolP160r1},
	{Name: "brainpoolP160t1", OID: brainpoolOID(2), New: brainpool.P160t1, points: weierstrass.BrainpoolP160t1},
	{Name: "brainpoolP192r1", OID: brainpoolOID(3), New: brainpool.P192r1, points: weierstrass.BrainpoolP192r1},
	{Name: "brainpoolP192t1", OID: brainpoolOID(4), New: brainpool.P192t1, points: weierstrass.BrainpoolP192t1},
	{Name: "brainpoolP224r1", OID: brainpoolOID(5), New: brainpool.P224r1, points: weierstrass.BrainpoolP224r1},
	{Name: "brainpoolP224t1", OID: brainpoolOID(6), New: brainpool.P224t1, points: weierstrass.BrainpoolP224t1},
	{Name: "brainpoolP256r1", OID: brainpoolOID(7), New: brainpool.P256r1, points: weierstrass.BrainpoolP256r1},
	{Name: "brainpoolP256t1", OID: brainpoolOID(8), New: brainpool.P256t1, points: weierstrass.BrainpoolP256t1},
	{Name: "brainpoolP320r1", OID: brainpoolOID(9), New: brainpool.P320r1, points: weierstrass.BrainpoolP320r1},
	{Name: "brainpoolP320t1", OID: brainpoolOID(10), New: brainpool.P320t1, points: weierstrass.BrainpoolP320t1},
	{Name: "brainpoolP384r1", OID: brainpoolOID(11), New: brainpool.P384r1, points: weierstrass.BrainpoolP384r1},
	{Name: "brainpoolP384t1", OID: brainpoolOID(12), New: brainpool.P384t1, points: weierstrass.BrainpoolP384t1},
	{Name: "brainpoolP512r1", OID: brainpoolOID(13), New: brainpool.P512r1, points: weierstrass.BrainpoolP512r1},
	{Name: "brainpoolP512t1", OID: brainpoolOID(14), New: brainpool.P512t1, points: weierstrass.BrainpoolP512t1},
}

func brainpoolOID(n int) asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, n}
}

func p192() elliptic.Curve {
	return &elliptic.CurveParams{
		Name: "P-192", BitSize: 192,
		P:  number("fffffffffffffffffffffffffffffffeffffffffffffffff"),
		N:  number("ffffffffffffffffffffffff99def836146bc9b1b4d22831"),
		B:  number("64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1"),
		Gx: number("188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012"),
		Gy: number("07192b95ffc8da78631011ed6b24cdd573f977a11e794811"),
	}
}

// number reads one of this file's constants.
func number(hexadecimal string) *big.Int {
	n, _ := new(big.Int).SetString(hexadecimal, 16)
	return n
}

// Coefficients returns the curve's a and b.
func (c *Curve) Coefficients() (a, b *big.Int) {
	return c.points.Coefficients()
}

// size is the length of a coordinate in bytes.
func (c *Curve) size() int { return c.points.Size() }

// point decodes an uncompressed point of SEC 1 §2.3.3 and checks that it lies on the curve.
// All curves of the table have cofactor 1, so that every such point is of the right order.
func (c *Curve) point(b []byte) (weierstrass.Point, error) {
	size := c.size()
	if len(b) != 1+2*size || b[0] != 4 {
		return weierstrass.Point{}, errors.New("point is not in uncompressed form")
	}
	return c.points.NewPoint(new(big.Int).SetBytes(b[1:1+size]), new(big.Int).SetBytes(b[1+size:]))
}

// parseCurve reads ECParameters (RFC 5480 §2.1.1; explicit: X9.62, SEC 1 §C.2).
func parseCurve(params cryptobyte.String) (c *Curve, explicit bool, err error) {
	if params.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
		var oid asn1.ObjectIdentifier
		if !params.ReadASN1ObjectIdentifier(&oid) || !params.Empty() {
			return nil, false, errors.New("curve name is malformed")
		}
		for i := range curves {
			if curves[i].OID.Equal(oid) {
				return &curves[i], false, nil
			}
		}
		return nil, false, unsupported("curve " + oid.String())
	}
	c, err = parseExplicit(params)
	return c, true, err
}

// parseExplicit recognises explicit parameters that are those of a named curve, all of
// them: with a base point of his own choice anybody can make a private key for somebody
// else's public key (CVE-2020-0601).
func parseExplicit(params cryptobyte.String) (*Curve, error) {
	var seq, field, curve, p, a, b, base, order cryptobyte.String
	var oid asn1.ObjectIdentifier
	var version int
	primeField := asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}
	if !params.ReadASN1(&seq, cbasn1.SEQUENCE) || !params.Empty() ||
		!seq.ReadASN1Integer(&version) || version < 1 || version > 3 ||
		!seq.ReadASN1(&field, cbasn1.SEQUENCE) || !field.ReadASN1ObjectIdentifier(&oid) {
		return nil, errors.New("explicit curve is malformed")
	}
	if !oid.Equal(primeField) {
		return nil, unsupported("curve over a field that is not prime")
	}
	if !field.ReadASN1(&p, cbasn1.INTEGER) || !field.Empty() ||
		!seq.ReadASN1(&curve, cbasn1.SEQUENCE) ||
		!curve.ReadASN1(&a, cbasn1.OCTET_STRING) || !curve.ReadASN1(&b, cbasn1.OCTET_STRING) ||
		!curve.SkipOptionalASN1(cbasn1.BIT_STRING) || !curve.Empty() ||
		!seq.ReadASN1(&base, cbasn1.OCTET_STRING) || !seq.ReadASN1(&order, cbasn1.INTEGER) {
		return nil, errors.New("explicit curve is malformed")
	}
	if seq.PeekASN1Tag(cbasn1.INTEGER) {
		var cofactor int
		if !seq.ReadASN1Integer(&cofactor) || cofactor != 1 {
			return nil, unsupported("explicit curve with a cofactor")
		}
	}
	for i := range curves {
		if curves[i].is(p, a, b, base, order) {
			return &curves[i], nil
		}
	}
	return nil, unsupported("explicit curve that is none of the named ones")
}

func (c *Curve) is(p, a, b, base, order []byte) bool {
	params := c.New().Params()
	ownA, ownB := c.Coefficients()
	return same(p, params.P) && same(order, params.N) && same(a, ownA) && same(b, ownB) && c.isBase(base)
}

func same(b []byte, n *big.Int) bool {
	return bytes.Equal(bytes.TrimLeft(b, "\x00"), n.Bytes())
}

// isBase tells whether b is the curve's base point, uncompressed or compressed.
func (c *Curve) isBase(b []byte) bool {
	params, size := c.New().Params(), c.size()
	switch {
	case len(b) == 1+2*size && b[0] == 4:
		return same(b[1:1+size], params.Gx) && same(b[1+size:], params.Gy)
	case len(b) == 1+size && b[0]>>1 == 1:
		return same(b[1:], params.Gx) && uint(b[0]&1) == params.Gy.Bit(0)
	}
	return false
}
