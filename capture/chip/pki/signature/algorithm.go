package signature

import (
	"crypto"
	_ "crypto/sha1" // SHA-1: old documents
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Algorithm is how something was signed. The zero Algorithm verifies nothing.
type Algorithm struct {
	scheme scheme
	// hash is 0 if the AlgorithmIdentifier named only the kind of key, as CMS allows.
	hash crypto.Hash
	mgf  crypto.Hash // of PSS
	salt int         // of PSS, in bytes
}

type scheme uint8

const (
	none scheme = iota
	pkcs1
	pss
	ecdsaDER
	ecdsaPlain // BSI TR-03111 §5.2.1.1: r and s side by side
)

// maxSalt bounds the salt of PSS; more fits in no modulus.
const maxSalt = 4096

var named = [...]struct {
	oid    asn1.ObjectIdentifier
	scheme scheme
	hash   crypto.Hash
}{
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, pkcs1, 0},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}, pkcs1, crypto.SHA1},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 14}, pkcs1, crypto.SHA224},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, pkcs1, crypto.SHA256},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, pkcs1, crypto.SHA384},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, pkcs1, crypto.SHA512},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, ecdsaDER, 0},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}, ecdsaDER, crypto.SHA1},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 1}, ecdsaDER, crypto.SHA224},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, ecdsaDER, crypto.SHA256},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, ecdsaDER, crypto.SHA384},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, ecdsaDER, crypto.SHA512},
	{asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 1}, ecdsaPlain, crypto.SHA1},
	{asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 2}, ecdsaPlain, crypto.SHA224},
	{asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 3}, ecdsaPlain, crypto.SHA256},
	{asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 4}, ecdsaPlain, crypto.SHA384},
	{asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 5}, ecdsaPlain, crypto.SHA512},
}

var (
	oidPSS  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidMGF1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
)

var digests = [...]struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
}{
	{asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, crypto.SHA1},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 4}, crypto.SHA224},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512},
}

// Hashes are the hash functions that are understood, the weak one first.
func Hashes() []crypto.Hash {
	all := make([]crypto.Hash, len(digests))
	for i, d := range digests {
		all[i] = d.hash
	}
	return all
}

// HashOID returns the object identifier of one of [Hashes], nil for another.
func HashOID(h crypto.Hash) asn1.ObjectIdentifier {
	for _, d := range digests {
		if d.hash == h {
			return d.oid
		}
	}
	return nil
}

// ParseHash reads the content of an AlgorithmIdentifier that names a hash function.
func ParseHash(identifier []byte) (crypto.Hash, error) {
	oid, params, err := splitIdentifier(identifier)
	if err != nil {
		return 0, err
	}
	if !emptyParameters(params) {
		return 0, fmt.Errorf("hash function %v: parameters are not empty", oid)
	}
	for _, d := range digests {
		if d.oid.Equal(oid) {
			return d.hash, nil
		}
	}
	return 0, unsupported("hash function " + oid.String())
}

// ParseAlgorithm reads the content of an AlgorithmIdentifier that names how something was
// signed (RFC 3279, 4055, 5758, BSI TR-03111). The error matches [ErrUnsupported] if it is
// well-formed and unknown.
func ParseAlgorithm(identifier []byte) (Algorithm, error) {
	oid, params, err := splitIdentifier(identifier)
	if err != nil {
		return Algorithm{}, err
	}
	if oid.Equal(oidPSS) {
		return parsePSS(params)
	}
	for _, n := range named {
		if !n.oid.Equal(oid) {
			continue
		}
		// Some signers repeat the curve after ecPublicKey; the key says it already.
		if n.hash != 0 && !emptyParameters(params) {
			return Algorithm{}, fmt.Errorf("signature algorithm %v: parameters are not empty", oid)
		}
		return Algorithm{scheme: n.scheme, hash: n.hash}, nil
	}
	return Algorithm{}, unsupported("signature algorithm " + oid.String())
}

func splitIdentifier(identifier cryptobyte.String) (asn1.ObjectIdentifier, cryptobyte.String, error) {
	var oid asn1.ObjectIdentifier
	if !identifier.ReadASN1ObjectIdentifier(&oid) {
		return nil, nil, errors.New("algorithm identifier is malformed")
	}
	return oid, identifier, nil
}

// emptyParameters accepts absent parameters and NULL, which signers mix up.
func emptyParameters(params cryptobyte.String) bool {
	return params.Empty() || len(params) == 2 && params[0] == byte(cbasn1.NULL) && params[1] == 0
}

// parsePSS reads RSASSA-PSS-params (RFC 4055 §3.1).
func parsePSS(params cryptobyte.String) (Algorithm, error) {
	a := Algorithm{scheme: pss, hash: crypto.SHA1, mgf: crypto.SHA1, salt: 20}
	malformed := errors.New("parameters of RSA-PSS are malformed")
	if emptyParameters(params) {
		return a, nil
	}
	var seq, field, identifier, mask cryptobyte.String
	var present bool
	var err error
	if !params.ReadASN1(&seq, cbasn1.SEQUENCE) || !params.Empty() || !optional(&seq, &field, &present, 0) {
		return Algorithm{}, malformed
	}
	if present {
		if !field.ReadASN1(&identifier, cbasn1.SEQUENCE) || !field.Empty() {
			return Algorithm{}, malformed
		}
		if a.hash, err = ParseHash(identifier); err != nil {
			return Algorithm{}, err
		}
	}
	if !optional(&seq, &field, &present, 1) {
		return Algorithm{}, malformed
	}
	if present {
		var oid asn1.ObjectIdentifier
		if !field.ReadASN1(&mask, cbasn1.SEQUENCE) || !field.Empty() || !mask.ReadASN1ObjectIdentifier(&oid) {
			return Algorithm{}, malformed
		}
		if !oid.Equal(oidMGF1) {
			return Algorithm{}, unsupported("mask generation function " + oid.String())
		}
		if !mask.ReadASN1(&identifier, cbasn1.SEQUENCE) || !mask.Empty() {
			return Algorithm{}, malformed
		}
		if a.mgf, err = ParseHash(identifier); err != nil {
			return Algorithm{}, err
		}
	}
	if !optional(&seq, &field, &present, 2) ||
		present && (!field.ReadASN1Integer(&a.salt) || !field.Empty() || a.salt < 0 || a.salt > maxSalt) {
		return Algorithm{}, malformed
	}
	trailer := 1
	if !optional(&seq, &field, &present, 3) || present && (!field.ReadASN1Integer(&trailer) || !field.Empty()) ||
		trailer != 1 || !seq.Empty() {
		return Algorithm{}, malformed
	}
	return a, nil
}

func optional(s, field *cryptobyte.String, present *bool, tag uint8) bool {
	return s.ReadOptionalASN1(field, present, cbasn1.Tag(tag).ContextSpecific().Constructed())
}

// WithHash completes an algorithm that names no hash function by the one that h says; one
// that names its own keeps it.
func (a Algorithm) WithHash(h crypto.Hash) Algorithm {
	if a.hash == 0 {
		a.hash = h
	}
	return a
}

// Hash is the hash function, 0 if the algorithm does not name it.
func (a Algorithm) Hash() crypto.Hash { return a.hash }

// String names the algorithm, such as "ECDSA with SHA-256" or "RSA-PSS with SHA-256, salt 32".
func (a Algorithm) String() string {
	kind := map[scheme]string{none: "none", pkcs1: "RSA", pss: "RSA-PSS", ecdsaDER: "ECDSA", ecdsaPlain: "plain ECDSA"}[a.scheme]
	if a.hash == 0 {
		return kind
	}
	text := kind + " with " + a.hash.String()
	if a.scheme != pss {
		return text
	}
	if a.mgf != a.hash {
		text += ", mask " + a.mgf.String()
	}
	return fmt.Sprintf("%s, salt %d", text, a.salt)
}

// WeakHash says whether collisions of h can be made by somebody with means.
func WeakHash(h crypto.Hash) bool { return h == crypto.SHA1 }

// Weakness says what is weak in the algorithm, such as "SHA-1"; "" if nothing is.
func (a Algorithm) Weakness() string {
	if WeakHash(a.hash) {
		return a.hash.String()
	}
	return ""
}
