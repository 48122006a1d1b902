// Package cert reads the X.509 certificates and revocation lists of the PKI of travel
// documents (ICAO 9303-12 §7; RFC 5280).
//
// crypto/x509 is no help here: it refuses whole certificates for brainpool curves, curves
// that are written out, negative serial numbers and other things that country signing
// authorities did and that are in circulation for as long as their passports. Here a
// certificate that is well-formed is read. What in it is not understood is said: a key in
// KeyFault, a signature algorithm by Verify, and the rest in Oddities.
//
// Reading verifies nothing.
package cert

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"boothd/capture/chip/pki/signature"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// MaxSize bounds a certificate, in bytes. Those of travel documents have one to three
// thousand.
const MaxSize = 64 << 10

// Certificate is a parsed certificate.
type Certificate struct {
	Raw []byte
	// Serial is the contents of the serial number without leading zero bytes. Issuers have
	// made negative ones and ones of more than 20 bytes.
	Serial              []byte
	Issuer, Subject     Name
	NotBefore, NotAfter time.Time
	// Key is nil if KeyFault says why it cannot be used.
	Key      *signature.Key
	KeyFault error
	Extensions

	tbs, algorithm []byte
	signature      []byte
}

var errMalformed = errors.New("malformed")

// Parse reads one certificate in DER, and nothing after it.
func Parse(der []byte) (*Certificate, error) {
	if len(der) > MaxSize {
		return nil, fmt.Errorf("read certificate: %d bytes, more than %d", len(der), MaxSize)
	}
	c := &Certificate{Raw: der}
	tbs, err := readSigned(der, &c.tbs, &c.algorithm, &c.signature)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	if err := c.parse(tbs); err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	return c, nil
}

// readSigned takes a SIGNED{} apart: what is signed (whole, and its contents returned), the
// algorithm identifier's contents and the signature.
func readSigned(der cryptobyte.String, whole, algorithm, sig *[]byte) (contents cryptobyte.String, err error) {
	var outer, element, identifier cryptobyte.String
	var bits asn1.BitString
	if !der.ReadASN1(&outer, cbasn1.SEQUENCE) || !der.Empty() ||
		!outer.ReadASN1Element(&element, cbasn1.SEQUENCE) ||
		!outer.ReadASN1(&identifier, cbasn1.SEQUENCE) ||
		!outer.ReadASN1BitString(&bits) || !outer.Empty() || bits.BitLength%8 != 0 {
		return nil, errMalformed
	}
	*whole, *algorithm, *sig = element, identifier, bits.Bytes
	if !element.ReadASN1(&contents, cbasn1.SEQUENCE) {
		return nil, errMalformed
	}
	return contents, nil
}

func (c *Certificate) parse(s cryptobyte.String) error {
	var e, serial, inner, issuer, subject, validity, info cryptobyte.String
	var present bool
	if !s.ReadOptionalASN1(&e, &present, tagged(0)) || !s.ReadASN1(&serial, cbasn1.INTEGER) ||
		!s.ReadASN1(&inner, cbasn1.SEQUENCE) || !s.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
		!s.ReadASN1(&validity, cbasn1.SEQUENCE) || !s.ReadASN1Element(&subject, cbasn1.SEQUENCE) ||
		!s.ReadASN1Element(&info, cbasn1.SEQUENCE) {
		return errMalformed
	}
	c.Serial = Serial(serial)
	if !bytes.Equal(inner, c.algorithm) {
		return errors.New("two signature algorithms")
	}
	var err error
	if c.Issuer, err = ParseName(issuer); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	if c.Subject, err = ParseName(subject); err != nil {
		return fmt.Errorf("subject: %w", err)
	}
	if !ReadTime(&validity, &c.NotBefore) || !ReadTime(&validity, &c.NotAfter) || !validity.Empty() {
		return fmt.Errorf("validity: %w", errMalformed)
	}
	c.Key, c.KeyFault = signature.ParseKey(info)
	if !s.SkipOptionalASN1(cbasn1.Tag(1).ContextSpecific()) || !s.SkipOptionalASN1(cbasn1.Tag(2).ContextSpecific()) ||
		!s.ReadOptionalASN1(&e, &present, tagged(3)) || !s.Empty() {
		return errMalformed
	}
	if !present {
		return nil
	}
	return c.Extensions.parse(e)
}

func tagged(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

// Serial brings the contents of a serial number's INTEGER to the form in which serial
// numbers are compared.
func Serial(contents []byte) []byte { return bytes.TrimLeft(contents, "\x00") }

// ReadTime reads a UTCTime or GeneralizedTime.
func ReadTime(s *cryptobyte.String, t *time.Time) bool {
	var ok bool
	if s.PeekASN1Tag(cbasn1.UTCTime) {
		ok = s.ReadASN1UTCTime(t)
	} else {
		ok = s.ReadASN1GeneralizedTime(t)
	}
	*t = t.UTC()
	return ok
}

// Verify checks that the key signed the certificate. Errors match [signature.ErrWrong] or
// [signature.ErrUnsupported].
func (c *Certificate) Verify(issuer *signature.Key) error {
	return verify(c.algorithm, c.tbs, c.signature, issuer)
}

func verify(algorithm, tbs, sig []byte, key *signature.Key) error {
	a, err := signature.ParseAlgorithm(algorithm)
	if err != nil {
		return err
	}
	return key.Verify(a, tbs, sig)
}

// Algorithm is how the certificate was signed; the zero Algorithm if that is not understood.
func (c *Certificate) Algorithm() signature.Algorithm {
	a, _ := signature.ParseAlgorithm(c.algorithm)
	return a
}

// SelfSigned tells whether the certificate names its subject as issuer and its own key made
// its signature.
func (c *Certificate) SelfSigned() bool {
	return c.Key != nil && c.Issuer.Equal(c.Subject) && c.Verify(c.Key) == nil
}

// SelfIssued tells whether subject and issuer have the same name; that of a link
// certificate has, and is signed by another key.
func (c *Certificate) SelfIssued() bool { return c.Issuer.Equal(c.Subject) }

// ValidAt tells whether t is within the certificate's validity.
func (c *Certificate) ValidAt(t time.Time) bool {
	return !t.Before(c.NotBefore) && !t.After(c.NotAfter)
}

// KeyID is the certificate's subject key identifier, or the one that RFC 5280 §4.2.1.2 would
// make if it has none; nil if its key is not understood.
func (c *Certificate) KeyID() []byte {
	if len(c.SubjectKeyID) > 0 || c.Key == nil {
		return c.SubjectKeyID
	}
	sum := sha1.Sum(c.Key.Bits())
	return sum[:]
}

// Fingerprint is the SHA-256 of the certificate, in hexadecimal.
func (c *Certificate) Fingerprint() string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}
