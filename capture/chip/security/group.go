package security

import (
	"crypto/rand"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync"

	"boothd/capture/chip/security/weierstrass"
)

// Errors that callers branch on.
var (
	// ErrElement is matched if bytes are no public key of the group: not a member, or a
	// member of a small subgroup.
	ErrElement = errors.New("not a public key of the group")
	// ErrUnknownGroup is matched if domain parameters are none that are known.
	ErrUnknownGroup = errors.New("unknown domain parameters")
)

// Group is a group of prime order in which keys are agreed on: an elliptic curve (ECDH) or
// a subgroup of the numbers modulo a prime (DH). It does not change. It is written the way
// of curves: DH's exponentiation is Multiply, its multiplication Add.
//
// Calculations on curves take the same time for every secret, those modulo a prime need not
// (math/big): a terminal's secrets in PACE and Chip Authentication serve once.
type Group struct {
	curve *weierstrass.Curve // either this
	modp  *modp              // or this
}

// Element is a member of a group.
type Element struct {
	point  weierstrass.Point
	number *big.Int
}

// standard are the standardised domain parameters of ICAO 9303-11 §9.5.1, by their
// identifier; 3 to 7 are not assigned.
var standard = [...]*Group{
	0:  {modp: modp1024},
	1:  {modp: modp2048q224},
	2:  {modp: modp2048q256},
	8:  {curve: weierstrass.P192},
	9:  {curve: weierstrass.BrainpoolP192r1},
	10: {curve: weierstrass.P224},
	11: {curve: weierstrass.BrainpoolP224r1},
	12: {curve: weierstrass.P256},
	13: {curve: weierstrass.BrainpoolP256r1},
	14: {curve: weierstrass.BrainpoolP320r1},
	15: {curve: weierstrass.P384},
	16: {curve: weierstrass.BrainpoolP384r1},
	17: {curve: weierstrass.BrainpoolP512r1},
	18: {curve: weierstrass.P521},
}

// Standard returns the group with the identifier of ICAO 9303-11 §9.5.1, 0 to 18. The
// error matches ErrUnknownGroup.
func Standard(id int) (*Group, error) {
	if id < 0 || id >= len(standard) || standard[id] == nil {
		return nil, fmt.Errorf("%w: identifier %d", ErrUnknownGroup, id)
	}
	return standard[id], nil
}

// Name returns the curve's name, "brainpoolP256r1", or "MODP 2048/256".
func (g *Group) Name() string {
	if g.curve != nil {
		return g.curve.Name()
	}
	return g.modp.name
}

// Elliptic reports whether the group is an elliptic curve.
func (g *Group) Elliptic() bool { return g.curve != nil }

// Curve returns the elliptic curve, nil for other groups.
func (g *Group) Curve() *weierstrass.Curve { return g.curve }

// Order returns the number of the group's members, a prime.
func (g *Group) Order() *big.Int {
	if g.curve != nil {
		return g.curve.Order()
	}
	return new(big.Int).Set(g.modp.q)
}

// Size returns the length of a shared secret in bytes.
func (g *Group) Size() int {
	if g.curve != nil {
		return g.curve.Size()
	}
	return (g.modp.p.BitLen() + 7) / 8
}

// Generator returns the standard's generator.
func (g *Group) Generator() Element {
	if g.curve != nil {
		return Element{point: g.curve.Generator()}
	}
	return Element{number: g.modp.g}
}

// NewSecret draws a private key, 1 to the order less 1, from the random source; nil is the
// system's.
func (g *Group) NewSecret(random io.Reader) (*big.Int, error) {
	if random == nil {
		random = rand.Reader
	}
	one := big.NewInt(1)
	secret, err := rand.Int(random, new(big.Int).Sub(g.Order(), one))
	if err != nil {
		return nil, fmt.Errorf("draw a private key: %w", err)
	}
	return secret.Add(secret, one), nil
}

// Multiply returns the element times the secret: a public key from a generator, a shared
// secret from the other side's public key.
func (g *Group) Multiply(e Element, secret *big.Int) Element {
	if g.curve != nil {
		return Element{point: e.point.Multiply(secret)}
	}
	return Element{number: new(big.Int).Exp(e.number, secret, g.modp.p)}
}

// Begin begins to multiply the element with the secret. The function that it returns waits for the
// result; it has to be called, and may be called again. It is for what can be calculated while
// the chip calculates.
func (g *Group) Begin(e Element, secret *big.Int) (wait func() Element) {
	done := make(chan Element, 1)
	go func() { done <- g.Multiply(e, secret) }()
	return sync.OnceValue(func() Element { return <-done })
}

// Add returns the sum of two elements.
func (g *Group) Add(a, b Element) Element {
	if g.curve != nil {
		return Element{point: a.point.Add(b.point)}
	}
	product := new(big.Int).Mul(a.number, b.number)
	return Element{number: product.Mod(product, g.modp.p)}
}

// Neutral reports whether e is the element that changes nothing, which no key may be.
func (g *Group) Neutral(e Element) bool {
	if g.curve != nil {
		return e.point.Infinite()
	}
	return e.number.Cmp(big.NewInt(1)) == 0
}

// Equal reports whether two elements are the same.
func (g *Group) Equal(a, b Element) bool {
	if g.curve != nil {
		return a.point.Equal(b.point)
	}
	return a.number.Cmp(b.number) == 0
}

// Encode returns a public key as it travels (ICAO 9303-11 §9.4): the uncompressed point 04
// x y, or the number in as many bytes as the prime has. The element must not be neutral.
func (g *Group) Encode(e Element) []byte {
	size := g.Size()
	if g.curve == nil {
		return e.number.FillBytes(make([]byte, size))
	}
	out := make([]byte, 1+2*size)
	out[0] = 4
	x, y := e.point.Affine()
	x.FillBytes(out[1 : 1+size])
	y.FillBytes(out[1+size:])
	return out
}

// Decode reads a public key that came from outside and makes sure that it is a member of
// the group and not neutral (BSI TR-03111 §3.2.2, RFC 2631 §2.1.5). The error matches
// ErrElement.
func (g *Group) Decode(b []byte) (Element, error) {
	if g.curve != nil {
		return g.decodePoint(b)
	}
	y := new(big.Int)
	if len(b) == 0 || len(b) > g.Size() {
		return Element{}, fmt.Errorf("%w %s: %d bytes", ErrElement, g.Name(), len(b))
	}
	y.SetBytes(b)
	one := big.NewInt(1)
	if y.Cmp(one) <= 0 || y.Cmp(new(big.Int).Sub(g.modp.p, one)) >= 0 {
		return Element{}, fmt.Errorf("%w %s: number out of range", ErrElement, g.Name())
	}
	if new(big.Int).Exp(y, g.modp.q, g.modp.p).Cmp(one) != 0 {
		return Element{}, fmt.Errorf("%w %s: outside the subgroup", ErrElement, g.Name())
	}
	return Element{number: y}, nil
}

// decodePoint needs not look for small subgroups: the curves have none.
func (g *Group) decodePoint(b []byte) (Element, error) {
	size := g.Size()
	if len(b) != 1+2*size || b[0] != 4 {
		return Element{}, fmt.Errorf("%w %s: %d bytes, want an uncompressed point of %d", ErrElement, g.Name(), len(b), 1+2*size)
	}
	p, err := g.curve.NewPoint(new(big.Int).SetBytes(b[1:1+size]), new(big.Int).SetBytes(b[1+size:]))
	if err != nil {
		return Element{}, fmt.Errorf("%w: %w", ErrElement, err)
	}
	return Element{point: p}, nil
}

// Shared returns the shared secret that the element is, as the key derivation takes it: the
// x-coordinate, or the number, in Size bytes.
func (g *Group) Shared(e Element) []byte {
	out := make([]byte, g.Size())
	if g.curve == nil {
		return e.number.FillBytes(out)
	}
	x, _ := e.point.Affine()
	return x.FillBytes(out)
}

// Compress returns a public key's short form, which Terminal Authentication signs (ICAO
// 9303-11 §7.1.2, BSI TR-03110-3 §A.2.2.3): the x-coordinate, or the SHA-1 of the number.
func (g *Group) Compress(e Element) []byte {
	if g.curve != nil {
		return g.Shared(e)
	}
	sum := sha1.Sum(g.Encode(e))
	return sum[:]
}
