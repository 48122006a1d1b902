package security

import (
	"encoding/asn1"
	"fmt"
	"math/big"
)

// Object identifiers of ICAO 9303-11 §9.2 and BSI TR-03110-3 §A.1.1.
var (
	oidBSI          = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7}
	oidPublicKey    = append(oidBSI[:6:6], 2, 2, 1)
	oidTerminalAuth = append(oidBSI[:6:6], 2, 2, 2)
	oidChipAuth     = append(oidBSI[:6:6], 2, 2, 3)
	oidPACE         = append(oidBSI[:6:6], 2, 2, 4)
	oidStandardised = append(oidBSI[:6:6], 1, 2)
	oidActiveAuth   = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 5}

	oidECPublicKey  = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidRestrictedEC = asn1.ObjectIdentifier{1, 3, 132, 1, 12} // id-ecDH of SEC 1
	oidPrimeField   = asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}
	oidDHPublic     = asn1.ObjectIdentifier{1, 2, 840, 10046, 2, 1}     // X9.42: p, g, q
	oidDHKeyAgree   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 3, 1} // PKCS #3: p, g
)

// named are the object identifiers of the curves, by their standardised identifier.
var named = map[int]asn1.ObjectIdentifier{
	8:  {1, 2, 840, 10045, 3, 1, 1},
	9:  {1, 3, 36, 3, 3, 2, 8, 1, 1, 3},
	10: {1, 3, 132, 0, 33},
	11: {1, 3, 36, 3, 3, 2, 8, 1, 1, 5},
	12: {1, 2, 840, 10045, 3, 1, 7},
	13: {1, 3, 36, 3, 3, 2, 8, 1, 1, 7},
	14: {1, 3, 36, 3, 3, 2, 8, 1, 1, 9},
	15: {1, 3, 132, 0, 34},
	16: {1, 3, 36, 3, 3, 2, 8, 1, 1, 11},
	17: {1, 3, 36, 3, 3, 2, 8, 1, 1, 13},
	18: {1, 3, 132, 0, 35},
}

// under reports whether the identifier is the root and so many arcs more.
func under(oid, root asn1.ObjectIdentifier, arcs int) bool {
	return len(oid) == len(root)+arcs && oid[:len(root)].Equal(root)
}

// algorithm is AlgorithmIdentifier.
type algorithm struct {
	OID        asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

// ParseGroup reads domain parameters: a DER AlgorithmIdentifier that names them, or spells
// them out (ICAO 9303-11 §9.5). The error matches ErrUnknownGroup for parameters that are
// not among the standardised ones, ErrMalformed for bytes that are none.
func ParseGroup(der []byte) (*Group, error) {
	var a algorithm
	if err := unmarshal(der, &a); err != nil {
		return nil, fmt.Errorf("domain parameters: %w", err)
	}
	return a.group()
}

// ParsePublicKey reads a DER SubjectPublicKeyInfo. The key is returned as it travels in the
// protocols (see Group.Decode, which validates it). The errors are those of ParseGroup; with
// ErrUnknownGroup there is neither group nor key.
func ParsePublicKey(der []byte) (*Group, []byte, error) {
	var info struct {
		Algorithm algorithm
		Key       asn1.BitString
	}
	if err := unmarshal(der, &info); err != nil {
		return nil, nil, fmt.Errorf("public key: %w", err)
	}
	if info.Key.BitLength%8 != 0 {
		return nil, nil, fmt.Errorf("public key: %w: %d bits", ErrMalformed, info.Key.BitLength)
	}
	g, err := info.Algorithm.group()
	if err != nil || g.Elliptic() {
		return g, info.Key.Bytes, err
	}
	// ICAO 9303-11 §9.4.3 and RFC 3279 wrap the number in an INTEGER; some chips do not.
	y := new(big.Int)
	if rest, err := asn1.Unmarshal(info.Key.Bytes, &y); err != nil || len(rest) > 0 || y.Sign() < 0 {
		return g, info.Key.Bytes, nil
	}
	if y.BitLen() > 8*g.Size() {
		return nil, nil, fmt.Errorf("public key: %w: number of %d bits", ErrMalformed, y.BitLen())
	}
	return g, y.FillBytes(make([]byte, g.Size())), nil
}

func (a algorithm) group() (*Group, error) {
	switch {
	case a.OID.Equal(oidStandardised):
		id, err := integer(a.Parameters)
		if err != nil {
			return nil, fmt.Errorf("standardised domain parameters: %w: %w", ErrMalformed, err)
		}
		return Standard(id)
	case a.OID.Equal(oidECPublicKey), a.OID.Equal(oidRestrictedEC):
		return curveOf(a.Parameters)
	case a.OID.Equal(oidDHPublic), a.OID.Equal(oidDHKeyAgree):
		return modpOf(a.Parameters, a.OID.Equal(oidDHPublic))
	}
	return nil, fmt.Errorf("%w: algorithm %v", ErrUnknownGroup, a.OID)
}

// curveOf finds the curve by its name, or by all of its numbers.
func curveOf(parameters asn1.RawValue) (*Group, error) {
	var name asn1.ObjectIdentifier
	if unmarshal(parameters.FullBytes, &name) == nil {
		for id, oid := range named {
			if oid.Equal(name) {
				return Standard(id)
			}
		}
		return nil, fmt.Errorf("%w: curve %v", ErrUnknownGroup, name)
	}
	var explicit struct {
		Version int
		Field   struct {
			Type  asn1.ObjectIdentifier
			Prime asn1.RawValue
		}
		Curve struct {
			A, B []byte
			Seed asn1.BitString `asn1:"optional"`
		}
		Generator []byte
		Order     *big.Int
		Cofactor  *big.Int `asn1:"optional"`
	}
	prime := new(big.Int)
	if err := unmarshal(parameters.FullBytes, &explicit); err != nil {
		return nil, fmt.Errorf("curve: %w", err)
	}
	if !explicit.Field.Type.Equal(oidPrimeField) {
		return nil, fmt.Errorf("%w: curve over another field", ErrUnknownGroup)
	}
	if err := unmarshal(explicit.Field.Prime.FullBytes, &prime); err != nil {
		return nil, fmt.Errorf("curve: %w", err)
	}
	a, b := new(big.Int).SetBytes(explicit.Curve.A), new(big.Int).SetBytes(explicit.Curve.B)
	for _, g := range standard {
		if g == nil || !g.Elliptic() || g.curve.Field().Cmp(prime) != 0 || g.curve.Order().Cmp(explicit.Order) != 0 {
			continue
		}
		ownA, ownB := g.curve.Coefficients()
		generator, err := g.decodeCompressible(explicit.Generator)
		if err == nil && ownA.Cmp(a) == 0 && ownB.Cmp(b) == 0 && g.Equal(generator, g.Generator()) &&
			(explicit.Cofactor == nil || explicit.Cofactor.Cmp(big.NewInt(1)) == 0) {
			return g, nil
		}
	}
	return nil, fmt.Errorf("%w: explicit curve of %d bits", ErrUnknownGroup, prime.BitLen())
}

// decodeCompressible is Decode for a generator in a certificate, which may be compressed:
// 02 or 03, the parity of y, and x.
func (g *Group) decodeCompressible(b []byte) (Element, error) {
	size := g.Size()
	if len(b) != 1+size || b[0]&^1 != 2 {
		return g.Decode(b)
	}
	x, y := g.curve.Generator().Affine()
	if x.Cmp(new(big.Int).SetBytes(b[1:])) != 0 || y.Bit(0) != uint(b[0]&1) {
		return Element{}, fmt.Errorf("%w: compressed point", ErrElement)
	}
	return g.Generator(), nil
}

// modpOf finds the group by its prime and generator, and by its order where that follows;
// PKCS #3 has the length of secrets in its place.
func modpOf(parameters asn1.RawValue, ordered bool) (*Group, error) {
	numbers := make([]*big.Int, 0, 3)
	var list asn1.RawValue
	if err := unmarshal(parameters.FullBytes, &list); err != nil || list.Tag != asn1.TagSequence || !list.IsCompound {
		return nil, fmt.Errorf("group: %w: not a sequence", ErrMalformed)
	}
	for rest := list.Bytes; len(rest) > 0 && len(numbers) < 3; {
		var (
			v   asn1.RawValue
			n   = new(big.Int)
			err error
		)
		if rest, err = asn1.Unmarshal(rest, &v); err != nil {
			return nil, fmt.Errorf("group: %w: %w", ErrMalformed, err)
		}
		if _, err := asn1.Unmarshal(v.FullBytes, &n); err != nil {
			break // validation parameters
		}
		numbers = append(numbers, n)
	}
	for _, g := range standard {
		if g == nil || g.Elliptic() || len(numbers) < 2 || g.modp.p.Cmp(numbers[0]) != 0 || g.modp.g.Cmp(numbers[1]) != 0 {
			continue
		}
		if !ordered || len(numbers) == 2 || numbers[2].Cmp(g.modp.q) == 0 {
			return g, nil
		}
	}
	return nil, fmt.Errorf("%w: explicit group modulo a prime", ErrUnknownGroup)
}

// unmarshal reads DER that nothing follows.
func unmarshal(der []byte, into any) error {
	rest, err := asn1.Unmarshal(der, into)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if len(rest) > 0 {
		return fmt.Errorf("%w: bytes behind it", ErrMalformed)
	}
	return nil
}
