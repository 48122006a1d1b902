// Package cvc reads and verifies card-verifiable certificates, with which terminals show
// chips what they may read (BSI TR-03110-3 appendix C).
//
// A state's Country Verifying Certification Authority (CVCA) issues certificates to document
// verifiers (DV), at home and abroad; these issue short-lived ones to their terminals. The
// chip knows one or two of its CVCA's keys, by name ([Reference]), and follows the CVCA from
// key to key by link certificates. [Path] finds the certificates that lead from a key that a
// chip knows to a terminal's; [Anchor] and [Trusted.Accept] check them one by one, as a chip
// does and as an operator does before giving them to booths.
//
// Elliptic curve keys of DVs and terminals come without their curve, which is that of the
// CVCA: such a key verifies nothing before it was accepted. Curves are understood only if
// they are one of the named ones in every parameter.
package cvc

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"boothd/capture/chip/tlv"
)

// Errors that callers branch on.
var (
	// ErrMalformed is matched if bytes are no certificate.
	ErrMalformed = errors.New("malformed card-verifiable certificate")
	// ErrUnsupported is matched if a certificate is well-formed and its algorithm, curve or
	// terminal type is not known.
	ErrUnsupported = errors.New("not supported")
	// ErrNotIssued is matched if a certificate cannot come from the issuer: another one is
	// named, the issuer may not issue it, or the signature is wrong.
	ErrNotIssued = errors.New("not issued by this authority")
	// ErrExpired is matched if a certificate is no longer valid.
	ErrExpired = errors.New("certificate expired")
)

// Data objects of certificates (TR-03110-3 table 27).
const (
	tagCertificate   tlv.Tag = 0x7F21
	tagBody          tlv.Tag = 0x7F4E
	tagProfile       tlv.Tag = 0x5F29
	tagAuthority     tlv.Tag = 0x42
	tagKey           tlv.Tag = 0x7F49
	tagHolder        tlv.Tag = 0x5F20
	tagAuthorization tlv.Tag = 0x7F4C
	tagFrom          tlv.Tag = 0x5F25
	tagUntil         tlv.Tag = 0x5F24
	tagExtensions    tlv.Tag = 0x65
	tagSignature     tlv.Tag = 0x5F37
	tagOID           tlv.Tag = 0x06
	tagBits          tlv.Tag = 0x53
)

// maxSize is the most bytes of a certificate; one of RSA 4096 has some 1,200.
const maxSize = 8 << 10

// Certificate is a card-verifiable certificate. Nothing in it is proven before
// [Trusted.Accept].
type Certificate struct {
	Authority     Reference // names the issuer's key
	Holder        Reference // names this key
	Key           PublicKey
	Authorization Authorization
	From, Until   time.Time // the first and the last day of validity, at 0:00 UTC
	Extensions    []byte    // content of object 65, not understood; nil without
	Signature     []byte
	// Body is the object that is signed, Raw the whole certificate.
	Body, Raw []byte
}

// Parse reads a certificate, of at most 8 KiB. The error matches ErrMalformed or
// ErrUnsupported.
func Parse(b []byte) (*Certificate, error) {
	if len(b) > maxSize {
		return nil, fmt.Errorf("%w: %d bytes, want at most %d", ErrMalformed, len(b), maxSize)
	}
	content, err := tlv.Only(b, tagCertificate)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return parse(content, b)
}

// ParseContent reads the content of a certificate's outer object, which is what travels in
// PSO: Verify Certificate. The errors are those of Parse.
func ParseContent(content []byte) (*Certificate, error) {
	if len(content) > maxSize {
		return nil, fmt.Errorf("%w: %d bytes, want at most %d", ErrMalformed, len(content), maxSize)
	}
	return parse(content, tlv.Append(nil, tagCertificate, content))
}

func parse(content, raw []byte) (*Certificate, error) {
	parts, err := sequence(content, tagBody, tagSignature)
	if err != nil {
		return nil, err
	}
	c := &Certificate{Body: parts[0].Raw, Signature: parts[1].Value, Raw: raw}
	body := parts[0].Value
	fields, err := sequence(body, tagProfile, tagAuthority, tagKey, tagHolder, tagAuthorization, tagFrom, tagUntil)
	if err != nil {
		return nil, err
	}
	if profile := fields[0].Value; !bytes.Equal(profile, []byte{0}) {
		return nil, fmt.Errorf("card-verifiable certificate of another profile: %w", ErrUnsupported)
	}
	if len(fields) > 7 {
		c.Extensions = fields[7].Value
	}
	if c.Authority, err = parseReference(fields[1].Value); err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	if c.Key, err = parseKey(fields[2].Value); err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	if c.Holder, err = parseReference(fields[3].Value); err != nil {
		return nil, fmt.Errorf("holder: %w", err)
	}
	if c.Authorization, err = parseAuthorization(fields[4].Value); err != nil {
		return nil, fmt.Errorf("authorisation: %w", err)
	}
	if c.From, err = parseDate(fields[5].Value); err != nil {
		return nil, fmt.Errorf("effective date: %w", err)
	}
	if c.Until, err = parseDate(fields[6].Value); err != nil {
		return nil, fmt.Errorf("expiration date: %w", err)
	}
	return c, nil
}

// sequence reads the objects that must be there, in order, and after the seven of a body
// its extensions if it has any.
func sequence(b []byte, tags ...tlv.Tag) ([]tlv.Object, error) {
	objects, err := tlv.All(b, len(tags)+1)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if len(objects) == len(tags)+1 && tags[0] == tagProfile && objects[len(tags)].Tag == tagExtensions {
		tags = append(tags, tagExtensions)
	}
	if len(objects) != len(tags) {
		return nil, fmt.Errorf("%w: %d objects, want %d", ErrMalformed, len(objects), len(tags))
	}
	for i, o := range objects {
		if o.Tag != tags[i] {
			return nil, fmt.Errorf("%w: object %v in place of %v", ErrMalformed, o.Tag, tags[i])
		}
	}
	return objects, nil
}

// Link reports whether the certificate is a CVCA's: one that leads from a CVCA's key to its
// next one, or a self-signed one.
func (c *Certificate) Link() bool { return c.Authorization.Role() == CVCA }

// SelfSigned reports whether the certificate names its own key as its issuer's.
func (c *Certificate) SelfSigned() bool { return c.Authority == c.Holder }

// Expired reports whether the certificate's last day is over.
func (c *Certificate) Expired(now time.Time) bool {
	return !now.Before(c.Until.AddDate(0, 0, 1))
}

// String names the certificate: "DV certificate DEDVDE00001 by DECVCA00001".
func (c *Certificate) String() string {
	return fmt.Sprintf("%v certificate %v by %v", c.Authorization.Role(), c.Holder, c.Authority)
}

// parseDate reads six digits YYMMDD of the years 2000 to 2099, a byte each.
func parseDate(b []byte) (time.Time, error) {
	if len(b) != 6 {
		return time.Time{}, fmt.Errorf("%w: date of %d bytes, want 6", ErrMalformed, len(b))
	}
	var number [3]int
	for i, digit := range b {
		if digit > 9 {
			return time.Time{}, fmt.Errorf("%w: date with %02X for a digit", ErrMalformed, digit)
		}
		number[i/2] = 10*number[i/2] + int(digit)
	}
	t := time.Date(2000+number[0], time.Month(number[1]), number[2], 0, 0, 0, 0, time.UTC)
	if int(t.Month()) != number[1] || t.Day() != number[2] {
		return time.Time{}, fmt.Errorf("%w: a date that no calendar has", ErrMalformed)
	}
	return t, nil
}
