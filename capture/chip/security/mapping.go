package security

import (
	"crypto/cipher"
	"encoding/hex"
	"fmt"
	"math/big"

	"boothd/capture/chip/secure"
	"boothd/capture/chip/security/weierstrass"
)

// MapGeneric returns the generator of PACE's generic mapping, nonce × generator + shared
// (ICAO 9303-11 §4.4.3.3.1), of that product and the shared secret. The error matches ErrElement
// if that is the neutral element.
func (g *Group) MapGeneric(nonce, shared Element) (Element, error) {
	mapped := g.Add(nonce, shared)
	if g.Neutral(mapped) {
		return Element{}, fmt.Errorf("%w %s: generic mapping yields the neutral element", ErrElement, g.Name())
	}
	return mapped, nil
}

// MapIntegrated returns the generator of PACE's integrated mapping of the chip's nonce and
// the terminal's (ICAO 9303-11 §4.4.3.3.2), whose lengths are those of [NonceSizes]. The
// error matches ErrElement if that is the neutral element, or ErrUnknownGroup for a curve
// that the mapping is not defined on (P-224, whose field has too many square roots).
func (g *Group) MapIntegrated(c secure.Cipher, chip, terminal []byte) (Element, error) {
	prime := g.prime()
	random, err := pseudoRandom(c, chip, terminal, prime)
	if err != nil {
		return Element{}, err
	}
	if g.curve != nil {
		if prime.Bit(0)&prime.Bit(1) == 0 {
			return Element{}, fmt.Errorf("%w: integrated mapping to %s", ErrUnknownGroup, g.Name())
		}
		return mapToPoint(g.curve, random)
	}
	mapped := Element{number: random.Exp(random, g.modp.cofactor, prime)}
	if random.Sign() == 0 || g.Neutral(mapped) {
		return Element{}, fmt.Errorf("%w %s: integrated mapping yields no generator", ErrElement, g.Name())
	}
	return mapped, nil
}

func (g *Group) prime() *big.Int {
	if g.curve != nil {
		return g.curve.Field()
	}
	return g.modp.p
}

// NonceSizes returns the lengths in bytes of the two nonces of the integrated mapping.
func NonceSizes(c secure.Cipher) (chip, terminal int) {
	if c.KeySize() > 16 {
		return 32, c.KeySize()
	}
	return 16, 16
}

// The constants of the pseudo-random function for nonces of 128 and 256 bits.
var (
	next128, output128 = constant("a668892a7c41e3ca739f40b057d85904"), constant("a4e136ac725f738b01c1f60217c188ad")
	next256, output256 = constant("d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676"),
		constant("54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517")
)

func constant(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic("security: " + err.Error())
	}
	return b
}

// pseudoRandom is R_p of ICAO 9303-11 §4.4.3.3.2: a number modulo p.
func pseudoRandom(c secure.Cipher, chip, terminal []byte, p *big.Int) (*big.Int, error) {
	wantChip, wantTerminal := NonceSizes(c)
	if len(chip) != wantChip || len(terminal) != wantTerminal {
		return nil, fmt.Errorf("integrated mapping: nonces of %d and %d bytes, want %d and %d", len(chip), len(terminal), wantChip, wantTerminal)
	}
	next, output := next128, output128
	if len(chip) == len(next256) {
		next, output = next256, output256
	}
	key, err := chain(c, terminal, chip)
	if err != nil {
		return nil, err
	}
	var out []byte
	for 8*len(out) < p.BitLen()+64 {
		part, err := chain(c, key[:c.KeySize()], output)
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
		if key, err = chain(c, key[:c.KeySize()], next); err != nil {
			return nil, err
		}
	}
	random := new(big.Int).SetBytes(out)
	return random.Mod(random, p), nil
}

// chain encrypts whole blocks in CBC mode from a zero vector.
func chain(c secure.Cipher, key, blocks []byte) ([]byte, error) {
	block, err := c.Block(key)
	if err != nil {
		return nil, fmt.Errorf("integrated mapping: %w", err)
	}
	out := make([]byte, len(blocks))
	cipher.NewCBCEncrypter(block, make([]byte, block.BlockSize())).CryptBlocks(out, blocks)
	return out, nil
}

// mapToPoint is the encoding of ICAO 9303-11 appendix B.2 (the simplified method of Brier
// et al. for fields with p ≡ 3 modulo 4), in affine coordinates.
func mapToPoint(curve *weierstrass.Curve, t *big.Int) (Element, error) {
	p := curve.Field()
	a, b := curve.Coefficients()
	mul := func(x, y *big.Int) *big.Int { z := new(big.Int).Mul(x, y); return z.Mod(z, p) }
	right := func(x *big.Int) *big.Int { // x³ + ax + b
		z := mul(x, x)
		z = mul(z.Add(z, a), x)
		return z.Mod(z.Add(z, b), p)
	}
	alpha := new(big.Int).Neg(mul(t, t))
	alpha.Mod(alpha, p)
	sum := mul(alpha, alpha)
	sum.Mod(sum.Add(sum, alpha), p)
	if sum.Sign() == 0 { // t is 0, 1 or -1
		return Element{}, fmt.Errorf("%w %s: integrated mapping yields no point", ErrElement, curve.Name())
	}
	one := big.NewInt(1)
	x2 := new(big.Int).ModInverse(sum, p)
	x2 = mul(x2.Add(x2, one), b)
	x2 = mul(x2, new(big.Int).ModInverse(new(big.Int).Sub(p, a), p))
	h2 := right(x2)

	// A = h2^(p-1-(p+1)/4); A²·h2 is 1 if h2 is a square, whose root is then A·h2.
	exponent := new(big.Int).Add(p, one)
	exponent.Rsh(exponent, 2)
	exponent.Sub(new(big.Int).Sub(p, one), exponent)
	root := new(big.Int).Exp(h2, exponent, p)
	x, y := x2, mul(root, h2)
	if mul(mul(root, root), h2).Cmp(one) != 0 {
		x = mul(alpha, x2)
		y = mul(root, mul(mul(mul(t, t), t), h2))
	}
	point, err := curve.NewPoint(x, y)
	if err != nil {
		return Element{}, fmt.Errorf("%w: integrated mapping: %w", ErrElement, err)
	}
	return Element{point: point}, nil
}
