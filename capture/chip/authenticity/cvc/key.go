package cvc

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"boothd/capture/chip/pki/signature"
	"boothd/capture/chip/tlv"
)

// Method is the kind of a key and how it signs.
type Method uint8

// The methods of TR-03110-3 §A.7.
const (
	PKCS1 Method = iota + 1 // RSA, PKCS #1 v1.5
	PSS                     // RSA-PSS, the salt as long as the hash
	ECDSA                   // r and s side by side
)

// Scheme is a signature algorithm of Terminal Authentication.
type Scheme struct {
	Method Method
	Hash   crypto.Hash
}

// schemes are the object identifiers below id-TA, 0.4.0.127.0.7.2.2.2.
var schemes = [...]struct {
	arcs [2]byte
	Scheme
}{
	{[2]byte{1, 1}, Scheme{PKCS1, crypto.SHA1}},
	{[2]byte{1, 2}, Scheme{PKCS1, crypto.SHA256}},
	{[2]byte{1, 3}, Scheme{PSS, crypto.SHA1}},
	{[2]byte{1, 4}, Scheme{PSS, crypto.SHA256}},
	{[2]byte{1, 5}, Scheme{PKCS1, crypto.SHA512}},
	{[2]byte{1, 6}, Scheme{PSS, crypto.SHA512}},
	{[2]byte{2, 1}, Scheme{ECDSA, crypto.SHA1}},
	{[2]byte{2, 2}, Scheme{ECDSA, crypto.SHA224}},
	{[2]byte{2, 3}, Scheme{ECDSA, crypto.SHA256}},
	{[2]byte{2, 4}, Scheme{ECDSA, crypto.SHA384}},
	{[2]byte{2, 5}, Scheme{ECDSA, crypto.SHA512}},
}

// Schemes returns all that are known.
func Schemes() []Scheme {
	all := make([]Scheme, len(schemes))
	for i, s := range schemes {
		all[i] = s.Scheme
	}
	return all
}

// oidTerminalAuth is the value of id-TA, DER.
var oidTerminalAuth = [...]byte{0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02}

// OID returns the value of the scheme's object identifier, DER without its tag; nil if there
// is none.
func (s Scheme) OID() []byte {
	for _, known := range schemes {
		if known.Scheme == s {
			return append(oidTerminalAuth[:len(oidTerminalAuth):len(oidTerminalAuth)], known.arcs[:]...)
		}
	}
	return nil
}

// String names the scheme: "ECDSA with SHA-256".
func (s Scheme) String() string {
	name := map[Method]string{PKCS1: "RSA", PSS: "RSA-PSS", ECDSA: "ECDSA"}[s.Method]
	return fmt.Sprintf("%s with %v", name, s.Hash)
}

// PublicKey is a certificate's key, as it stands there.
type PublicKey struct {
	Scheme Scheme
	// Modulus and Exponent are those of an RSA key.
	Modulus, Exponent *big.Int
	// Point is that of an ECDSA key, uncompressed; it was not yet compared with a curve.
	Point []byte
	// Curve is nil if the certificate leaves it to its issuer's.
	Curve *signature.Curve
}

// Data objects of public keys (TR-03110-3 §D.3).
const (
	tagModulus  tlv.Tag = 0x81
	tagExponent tlv.Tag = 0x82

	tagPrime     tlv.Tag = 0x81
	tagA         tlv.Tag = 0x82
	tagB         tlv.Tag = 0x83
	tagGenerator tlv.Tag = 0x84
	tagOrder     tlv.Tag = 0x85
	tagPoint     tlv.Tag = 0x86
	tagCofactor  tlv.Tag = 0x87
)

func parseKey(b []byte) (PublicKey, error) {
	objects, err := tlv.All(b, 8)
	if err != nil {
		return PublicKey{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if len(objects) == 0 || objects[0].Tag != tagOID {
		return PublicKey{}, fmt.Errorf("%w: no algorithm", ErrMalformed)
	}
	k := PublicKey{}
	for _, known := range schemes {
		if bytes.Equal(known.OID(), objects[0].Value) {
			k.Scheme = known.Scheme
		}
	}
	switch k.Scheme.Method {
	case PKCS1, PSS:
		return parseRSA(k, b)
	case ECDSA:
		return parseECDSA(k, b, len(objects))
	}
	return PublicKey{}, fmt.Errorf("signature algorithm: %w", ErrUnsupported)
}

func parseRSA(k PublicKey, b []byte) (PublicKey, error) {
	objects, err := sequence(b, tagOID, tagModulus, tagExponent)
	if err != nil {
		return PublicKey{}, err
	}
	k.Modulus = new(big.Int).SetBytes(objects[1].Value)
	k.Exponent = new(big.Int).SetBytes(objects[2].Value)
	return k, nil
}

func parseECDSA(k PublicKey, b []byte, objects int) (PublicKey, error) {
	if objects == 2 {
		parts, err := sequence(b, tagOID, tagPoint)
		if err != nil {
			return PublicKey{}, err
		}
		k.Point = parts[1].Value
		return k, nil
	}
	parts, err := sequence(b, tagOID, tagPrime, tagA, tagB, tagGenerator, tagOrder, tagPoint, tagCofactor)
	if err != nil {
		return PublicKey{}, err
	}
	k.Point = parts[6].Value
	for _, c := range signature.Curves() {
		if isCurve(c, parts[1:]) {
			k.Curve = c
			return k, nil
		}
	}
	return PublicKey{}, fmt.Errorf("curve that is none of the named ones: %w", ErrUnsupported)
}

// isCurve compares every parameter: somebody who may choose the generator can sign in
// another's name (CVE-2020-0601).
func isCurve(c *signature.Curve, parts []tlv.Object) bool {
	p := c.New().Params()
	a, b := c.Coefficients()
	size := (p.BitSize + 7) / 8
	generator := make([]byte, 1+2*size)
	generator[0] = 4
	p.Gx.FillBytes(generator[1 : 1+size])
	p.Gy.FillBytes(generator[1+size:])
	equal := func(i int, n *big.Int) bool { return new(big.Int).SetBytes(parts[i].Value).Cmp(n) == 0 }
	return equal(0, p.P) && equal(1, a) && equal(2, b) && bytes.Equal(parts[3].Value, generator) &&
		equal(4, p.N) && equal(6, big.NewInt(1))
}

// Append appends the public key object 7F49, with the curve's parameters if there is a
// curve.
func (k PublicKey) Append(dst []byte) []byte {
	out := tlv.Append(nil, tagOID, k.Scheme.OID())
	if k.Scheme.Method != ECDSA {
		out = tlv.Append(out, tagModulus, k.Modulus.Bytes())
		return tlv.Append(dst, tagKey, tlv.Append(out, tagExponent, k.Exponent.Bytes()))
	}
	if k.Curve == nil {
		return tlv.Append(dst, tagKey, tlv.Append(out, tagPoint, k.Point))
	}
	p := k.Curve.New().Params()
	a, b := k.Curve.Coefficients()
	size := (p.BitSize + 7) / 8
	fixed := func(n *big.Int) []byte { return n.FillBytes(make([]byte, size)) }
	out = tlv.Append(out, tagPrime, fixed(p.P))
	out = tlv.Append(out, tagA, fixed(a))
	out = tlv.Append(out, tagB, fixed(b))
	out = tlv.Append(out, tagGenerator, []byte{4}, fixed(p.Gx), fixed(p.Gy))
	out = tlv.Append(out, tagOrder, p.N.Bytes())
	out = tlv.Append(out, tagPoint, k.Point)
	return tlv.Append(dst, tagKey, tlv.Append(out, tagCofactor, []byte{1}))
}

// Verify checks a signature over the message. An ECDSA key needs its curve. The error matches
// ErrUnsupported or ErrMalformed for the key, signature.ErrWrong for the signature.
func (k PublicKey) Verify(message, sig []byte) error {
	v, err := k.verifier()
	if err != nil {
		return err
	}
	return v.key.Verify(v.algorithm, message, sig)
}

// verifier is a whole public key with its algorithm.
type verifier struct {
	key       *signature.Key
	algorithm signature.Algorithm
}

// verifier makes the key ready to verify. An ECDSA key needs its curve.
func (k PublicKey) verifier() (verifier, error) {
	info, err := k.info()
	if err != nil {
		return verifier{}, err
	}
	key, err := signature.ParseKey(info)
	if err != nil {
		return verifier{}, keyError(err)
	}
	identifier, err := k.Scheme.identifier()
	if err != nil {
		return verifier{}, err
	}
	algorithm, err := signature.ParseAlgorithm(identifier)
	if err != nil {
		return verifier{}, keyError(err)
	}
	return verifier{key, algorithm}, nil
}

func keyError(err error) error {
	if errors.Is(err, signature.ErrUnsupported) {
		return fmt.Errorf("public key: %w: %w", ErrUnsupported, err)
	}
	return fmt.Errorf("public key: %w: %w", ErrMalformed, err)
}

type algorithmIdentifier struct {
	OID        asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

// info returns the key as a SubjectPublicKeyInfo.
func (k PublicKey) info() ([]byte, error) {
	var info struct {
		Algorithm algorithmIdentifier
		Key       asn1.BitString
	}
	if k.Scheme.Method == ECDSA {
		if k.Curve == nil {
			return nil, fmt.Errorf("public key without its curve: %w", ErrUnsupported)
		}
		curve, err := asn1.Marshal(k.Curve.OID)
		if err != nil {
			return nil, err
		}
		info.Algorithm = algorithmIdentifier{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, asn1.RawValue{FullBytes: curve}}
		info.Key.Bytes = k.Point
	} else {
		key, err := asn1.Marshal(struct{ N, E *big.Int }{k.Modulus, k.Exponent})
		if err != nil {
			return nil, err
		}
		info.Algorithm = algorithmIdentifier{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, asn1.NullRawValue}
		info.Key.Bytes = key
	}
	info.Key.BitLength = 8 * len(info.Key.Bytes)
	return asn1.Marshal(info)
}

// identifier returns the content of the scheme's AlgorithmIdentifier.
func (s Scheme) identifier() ([]byte, error) {
	hash := algorithmIdentifier{signature.HashOID(s.Hash), asn1.NullRawValue}
	switch s.Method {
	case PKCS1:
		last := map[crypto.Hash]int{crypto.SHA1: 5, crypto.SHA256: 11, crypto.SHA512: 13}[s.Hash]
		return asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, last})
	case ECDSA:
		last := map[crypto.Hash]int{crypto.SHA1: 1, crypto.SHA224: 2, crypto.SHA256: 3, crypto.SHA384: 4, crypto.SHA512: 5}[s.Hash]
		return asn1.Marshal(asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, last})
	}
	oid, err := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10})
	if err != nil {
		return nil, err
	}
	mask, err := asn1.Marshal(hash)
	if err != nil {
		return nil, err
	}
	parameters, err := asn1.Marshal(struct {
		Hash algorithmIdentifier `asn1:"explicit,tag:0"`
		Mask algorithmIdentifier `asn1:"explicit,tag:1"`
		Salt int                 `asn1:"explicit,tag:2"`
	}{hash, algorithmIdentifier{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}, asn1.RawValue{FullBytes: mask}}, s.Hash.Size()})
	return append(oid, parameters...), err
}
