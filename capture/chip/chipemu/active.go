package chipemu

import (
	"encoding/asn1"
	"math/big"

	"boothd/capture/chip/apdu"
)

// internal is INTERNAL AUTHENTICATE: Active Authentication (ICAO 9303-11 §6.1).
func (c *Chip) internal(command apdu.Command) apdu.Response {
	const challenge = 8
	k := c.issued.Active
	switch {
	case k == nil:
		return fail(apdu.InstructionNotSupported)
	case command.P1 != 0 || command.P2 != 0:
		return fail(apdu.WrongParameters)
	case !c.opened() || !c.applied:
		return fail(apdu.SecurityNotSatisfied)
	case len(command.Data) != challenge || command.Ne == 0:
		return fail(apdu.WrongLength)
	}
	a := *c.issued.Document.Active
	hash, err := hashNamed(a.Hash)
	if err != nil {
		return fail(apdu.NoDiagnosis)
	}
	var sig []byte
	if k.Secret != nil {
		sig, err = c.signCurve(a, *k, hash, command.Data)
	} else {
		sig, err = c.signRecovery(a, *k, hash, command.Data)
	}
	if err != nil {
		return fail(apdu.NoDiagnosis)
	}
	return apdu.Response{Data: sig, Status: apdu.OK}
}

// signRecovery signs by ISO/IEC 9796-2 digital signature scheme 1: the modulus's length is
// filled with a header, a random part that the signature lets be recovered, the hash of it
// and the challenge, and a trailer.
func (c *Chip) signRecovery(a Active, k ActiveKey, hash int, challenge []byte) ([]byte, error) {
	h := hashes[hash]
	size := len(k.Modulus)
	random, err := c.draw(size - 1 - h.hash.Size() - len(h.trailer))
	if err != nil {
		return nil, err
	}
	digest := h.hash.New()
	digest.Write(random)
	digest.Write(challenge)
	block := append([]byte{0x6A}, random...)
	block = append(digest.Sum(block), h.trailer...)
	n := bigOf(k.Modulus)
	s := new(big.Int).Exp(bigOf(block), bigOf(k.Exponent), n)
	if other := new(big.Int).Sub(n, s); a.Smaller && other.Cmp(s) < 0 {
		s = other
	}
	return s.FillBytes(make([]byte, size)), nil
}

// signCurve signs by ECDSA (BSI TR-03111 §4.2.1).
func (c *Chip) signCurve(a Active, k ActiveKey, hash int, challenge []byte) ([]byte, error) {
	g, err := group(a.Curve, true)
	if err != nil {
		return nil, err
	}
	digest := hashes[hash].hash.New()
	digest.Write(challenge)
	order := g.Order()
	e := bigOf(digest.Sum(nil))
	if longer := 8*hashes[hash].hash.Size() - order.BitLen(); longer > 0 {
		e.Rsh(e, uint(longer))
	}
	for {
		once, err := g.NewSecret(c.random)
		if err != nil {
			return nil, err
		}
		r := bigOf(g.Shared(g.Multiply(g.Generator(), once)))
		r.Mod(r, order)
		s := new(big.Int).Mul(r, bigOf(k.Secret))
		s.Add(s, e).Mul(s, new(big.Int).ModInverse(once, order)).Mod(s, order)
		if r.Sign() == 0 || s.Sign() == 0 {
			continue
		}
		if a.DER {
			return asn1.Marshal(struct{ R, S *big.Int }{r, s})
		}
		size := (order.BitLen() + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), nil
	}
}
