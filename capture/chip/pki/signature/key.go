// Package signature verifies signatures of the kinds that travel documents carry: RSA
// (PKCS #1 v1.5, and PSS with every salt length and mask function), ECDSA on the NIST and
// brainpool curves (DER or plain), with SHA-1 to SHA-512.
//
// crypto/x509 is no help here: it refuses keys on brainpool curves and keys whose curve is
// written out, and many country signing authorities use both. A curve that is written out
// is understood only if it is one of the named curves in every parameter, the base point
// above all; somebody who may choose the base point can sign in another's name
// (CVE-2020-0601).
//
// Weak algorithms and keys are verified all the same, for old documents stay valid for ten
// years; [Algorithm.Weakness] and [Key.Weakness] say so. Keys of RSA below 1024 bits are not
// verified.
//
// Only public data is worked on, so nothing here needs constant time.
package signature

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"boothd/capture/chip/security/weierstrass"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	// ErrUnsupported is matched by errors about well-formed keys and algorithms that are not
	// understood, so that nothing can be said of the signature.
	ErrUnsupported = errors.New("not supported")
	// ErrWrong is returned for a signature that the key did not make over the message.
	ErrWrong = errors.New("signature is wrong")
)

func unsupported(what string) error { return fmt.Errorf("%s: %w", what, ErrUnsupported) }

// Sizes of RSA moduli that are verified, in bits.
const (
	minRSA = 1024
	maxRSA = 16384
)

// Key is a public key.
type Key struct {
	rsa      *rsa.PublicKey
	pss      *Algorithm       // what an RSA key is restricted to
	ec       *ecdsa.PublicKey // set on curves that crypto/ecdsa has
	curve    *Curve           // set on every curve, with the point
	point    weierstrass.Point
	explicit bool
	bits     []byte
}

var oidECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}

// ParseKey reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) in DER, with its header. The
// error matches [ErrUnsupported] if the key is well-formed but not understood.
func ParseKey(info []byte) (*Key, error) {
	s := cryptobyte.String(info)
	var seq, identifier cryptobyte.String
	var bits asn1.BitString
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1(&identifier, cbasn1.SEQUENCE) ||
		!seq.ReadASN1BitString(&bits) || !seq.Empty() || bits.BitLength%8 != 0 {
		return nil, errors.New("public key is malformed")
	}
	oid, params, err := splitIdentifier(identifier)
	if err != nil {
		return nil, err
	}
	k := &Key{bits: bits.Bytes}
	switch {
	case oid.Equal(oidECPublicKey):
		err = k.parseEC(params)
	case oid.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}):
		err = k.parseRSA()
	case oid.Equal(oidPSS):
		err = k.parsePSSKey(params)
	default:
		err = unsupported("public key of kind " + oid.String())
	}
	if err != nil {
		return nil, err
	}
	return k, nil
}

func (k *Key) parseEC(params cryptobyte.String) error {
	curve, explicit, err := parseCurve(params)
	if err != nil {
		return err
	}
	if len(k.bits) > 0 && k.bits[0]>>1 == 1 {
		return unsupported("compressed point")
	}
	point, err := curve.point(k.bits)
	if err != nil {
		return fmt.Errorf("public key on %s: %w", curve.Name, err)
	}
	k.curve, k.explicit, k.point = curve, explicit, point
	if fast, err := ecdsa.ParseUncompressedPublicKey(curve.New(), k.bits); err == nil {
		k.ec = fast
	}
	return nil
}

func (k *Key) parsePSSKey(params cryptobyte.String) error {
	k.pss = &Algorithm{}
	if !emptyParameters(params) {
		restricted, err := parsePSS(params)
		if err != nil {
			return err
		}
		k.pss = &restricted
	}
	return k.parseRSA()
}

func (k *Key) parseRSA() error {
	s := cryptobyte.String(k.bits)
	var seq cryptobyte.String
	n, e := new(big.Int), new(big.Int)
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1Integer(n) || !seq.ReadASN1Integer(e) ||
		!seq.Empty() || n.Sign() <= 0 || e.Sign() <= 0 {
		return errors.New("RSA key is malformed")
	}
	if n.BitLen() < minRSA || n.BitLen() > maxRSA || n.Bit(0) == 0 {
		return unsupported(fmt.Sprintf("RSA modulus of %d bits", n.BitLen()))
	}
	if e.BitLen() > 31 || e.Bit(0) == 0 || e.Cmp(big.NewInt(3)) < 0 {
		return unsupported(fmt.Sprintf("RSA exponent of %d bits", e.BitLen()))
	}
	k.rsa = &rsa.PublicKey{N: n, E: int(e.Int64())}
	return nil
}

// Equal tells whether both are the same key, however its curve is written.
func (k *Key) Equal(other *Key) bool {
	if k == nil || other == nil {
		return k == other
	}
	return k.curve == other.curve && bytes.Equal(k.bits, other.bits)
}

// Bits is the content of the key's BIT STRING, over which key identifiers are made
// (RFC 5280 §4.2.1.2).
func (k *Key) Bits() []byte { return k.bits }

// Explicit tells whether the key's curve is written out instead of named.
func (k *Key) Explicit() bool { return k.explicit }

// String names the kind of key, such as "RSA 3072" or "brainpoolP256r1".
func (k *Key) String() string {
	if k.rsa != nil {
		return fmt.Sprintf("RSA %d", k.rsa.N.BitLen())
	}
	return k.curve.Name
}

// Weakness names the key if it gives less than 112 bits of security (RSA below 2048 bits,
// curves below 224), "" otherwise.
func (k *Key) Weakness() string {
	if k.rsa != nil && k.rsa.N.BitLen() < 2048 || k.curve != nil && k.curve.New().Params().BitSize < 224 {
		return k.String()
	}
	return ""
}
