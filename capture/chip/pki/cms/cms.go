// Package cms reads and verifies SignedData of the Cryptographic Message Syntax (RFC 5652),
// the envelope of a travel document's security object, of master lists and of defect lists.
//
// # What is accepted
//
// DER, and of BER what old security objects were written with: indefinite lengths and octet
// strings in pieces. Lengths that are longer than they need be, and tags above 30, are not.
// The content must be there, and the signed attributes content type and message digest, once
// each and with one value (§5.3, §11): without attributes the signature would be over the
// content itself, and the attributes of another object could be handed in as content.
//
// The attributes are verified as they came, and, since some signers send them in another
// order than they sign them in, as DER orders them. Nothing that the signature does not cover
// is relied on: a digest algorithm that somebody changed beside the signature no longer fits
// the signed message digest.
//
// # Bounds
//
// An object has at most [MaxSize] bytes; nothing is allocated by a length that was only
// announced; certificates and signers are bounded in number.
package cms

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"boothd/capture/chip/pki/signature"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of an object.
const (
	MaxSize         = 64 << 20 // bytes; the largest master lists have about 2 MB
	maxCertificates = 1000     // beside the content
	maxSigners      = 4
	maxAttributes   = 64
)

// SignedData is a parsed object; nothing of it is verified.
type SignedData struct {
	ContentType asn1.ObjectIdentifier
	Content     []byte
	// Certificates are in DER, as many as were X.509 certificates.
	Certificates [][]byte
	Signers      []Signer // at least one
}

// Signer is a SignerInfo (RFC 5652 §5.3).
type Signer struct {
	// Issuer is a Name in DER and Serial the contents of an INTEGER, or both are nil and
	// KeyID is set.
	Issuer, Serial []byte
	KeyID          []byte

	Digest    crypto.Hash
	Algorithm signature.Algorithm
	// SigningTime is what the signer says, the zero time if nothing.
	SigningTime time.Time

	attributes    []byte // contents of the SET OF Attribute; nil if there is none
	contentType   asn1.ObjectIdentifier
	messageDigest []byte
	signature     []byte
	// fault is why this signer cannot be verified: an algorithm that is not understood, or
	// attributes against the rules.
	fault error
}

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
)

var errMalformed = errors.New("malformed")

func tagged(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

// Parse reads a ContentInfo with SignedData, and nothing after it.
func Parse(b []byte) (*SignedData, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("read signed object: %d bytes, more than %d", len(b), MaxSize)
	}
	der, err := definite(b)
	if err != nil {
		return nil, fmt.Errorf("read signed object: %w", err)
	}
	s := cryptobyte.String(der)
	var info, content, data cryptobyte.String
	var kind asn1.ObjectIdentifier
	if !s.ReadASN1(&info, cbasn1.SEQUENCE) || !s.Empty() || !info.ReadASN1ObjectIdentifier(&kind) ||
		!info.ReadASN1(&content, tagged(0)) || !info.Empty() {
		return nil, fmt.Errorf("read signed object: envelope: %w", errMalformed)
	}
	if !kind.Equal(oidSignedData) {
		return nil, fmt.Errorf("read signed object: content of type %v is not signed data", kind)
	}
	if !content.ReadASN1(&data, cbasn1.SEQUENCE) || !content.Empty() {
		return nil, fmt.Errorf("read signed object: signed data: %w", errMalformed)
	}
	sd, err := parseSignedData(data)
	if err != nil {
		return nil, fmt.Errorf("read signed object: %w", err)
	}
	return sd, nil
}

func parseSignedData(s cryptobyte.String) (*SignedData, error) {
	var version int
	var algorithms, encapsulated, explicit, octets, signers cryptobyte.String
	sd := &SignedData{}
	if !s.ReadASN1Integer(&version) || version < 0 || version > 5 || !s.ReadASN1(&algorithms, cbasn1.SET) {
		return nil, fmt.Errorf("signed data: %w", errMalformed)
	}
	if !s.ReadASN1(&encapsulated, cbasn1.SEQUENCE) || !encapsulated.ReadASN1ObjectIdentifier(&sd.ContentType) {
		return nil, fmt.Errorf("content: %w", errMalformed)
	}
	if encapsulated.Empty() {
		return nil, errors.New("content is missing")
	}
	if !encapsulated.ReadASN1(&explicit, tagged(0)) || !encapsulated.Empty() ||
		!explicit.ReadASN1(&octets, cbasn1.OCTET_STRING) || !explicit.Empty() {
		return nil, fmt.Errorf("content: %w", errMalformed)
	}
	sd.Content = octets
	if err := sd.parseCertificates(&s); err != nil {
		return nil, err
	}
	if !s.SkipOptionalASN1(tagged(1)) || !s.ReadASN1(&signers, cbasn1.SET) || !s.Empty() {
		return nil, fmt.Errorf("signed data: %w", errMalformed)
	}
	return sd, sd.parseSigners(signers)
}

// parseCertificates reads CertificateSet (RFC 5652 §10.2.3); forms other than X.509 are
// passed over.
func (sd *SignedData) parseCertificates(s *cryptobyte.String) error {
	var set, e cryptobyte.String
	var present bool
	if !s.ReadOptionalASN1(&set, &present, tagged(0)) {
		return fmt.Errorf("certificates: %w", errMalformed)
	}
	for !set.Empty() {
		var tag cbasn1.Tag
		if !set.ReadAnyASN1Element(&e, &tag) {
			return fmt.Errorf("certificates: %w", errMalformed)
		}
		if tag != cbasn1.SEQUENCE {
			continue
		}
		if len(sd.Certificates) == maxCertificates {
			return fmt.Errorf("more than %d certificates", maxCertificates)
		}
		sd.Certificates = append(sd.Certificates, e)
	}
	return nil
}

func (sd *SignedData) parseSigners(set cryptobyte.String) error {
	for !set.Empty() {
		var info cryptobyte.String
		if !set.ReadASN1(&info, cbasn1.SEQUENCE) {
			return fmt.Errorf("signer: %w", errMalformed)
		}
		if len(sd.Signers) == maxSigners {
			return fmt.Errorf("more than %d signers", maxSigners)
		}
		signer, err := parseSigner(info)
		if err != nil {
			return fmt.Errorf("signer: %w", err)
		}
		sd.Signers = append(sd.Signers, signer)
	}
	if len(sd.Signers) == 0 {
		return errors.New("nobody signed")
	}
	return nil
}

func parseSigner(s cryptobyte.String) (Signer, error) {
	var signer Signer
	var version int
	if !s.ReadASN1Integer(&version) || !signer.parseIdentity(&s) {
		return Signer{}, fmt.Errorf("identity: %w", errMalformed)
	}
	var digest, algorithm, attributes, sig cryptobyte.String
	var signed bool
	if !s.ReadASN1(&digest, cbasn1.SEQUENCE) || !s.ReadOptionalASN1(&attributes, &signed, tagged(0)) ||
		!s.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !s.ReadASN1(&sig, cbasn1.OCTET_STRING) ||
		!s.SkipOptionalASN1(tagged(1)) || !s.Empty() {
		return Signer{}, errMalformed
	}
	signer.signature = sig
	var err error
	if signer.Digest, err = signature.ParseHash(digest); err != nil {
		signer.fault = err
	}
	if signer.Algorithm, err = signature.ParseAlgorithm(algorithm); err != nil {
		signer.fault = err
	}
	signer.Algorithm = signer.Algorithm.WithHash(signer.Digest)
	if !signed {
		signer.fault = ErrNoAttributes
		return signer, nil
	}
	signer.attributes = attributes
	if err := signer.parseAttributes(attributes); err != nil {
		signer.fault = err
	}
	return signer, nil
}

func (signer *Signer) parseIdentity(s *cryptobyte.String) bool {
	var e, name, serial cryptobyte.String
	var byKey bool
	if !s.ReadOptionalASN1(&e, &byKey, cbasn1.Tag(0).ContextSpecific()) {
		return false
	}
	if byKey {
		signer.KeyID = e
		return true
	}
	if !s.ReadASN1(&e, cbasn1.SEQUENCE) || !e.ReadASN1Element(&name, cbasn1.SEQUENCE) ||
		!e.ReadASN1(&serial, cbasn1.INTEGER) || !e.Empty() {
		return false
	}
	signer.Issuer, signer.Serial = name, serial
	return true
}
