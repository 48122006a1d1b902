package cert

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"boothd/capture/chip/pki/signature"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// MaxCRLSize bounds a revocation list, in bytes.
const MaxCRLSize = 16 << 20

// CRL is a parsed certificate revocation list (RFC 5280 §5).
type CRL struct {
	Raw        []byte
	Issuer     Name
	ThisUpdate time.Time
	// NextUpdate is the zero time if the list does not say until when it holds.
	NextUpdate     time.Time
	AuthorityKeyID []byte

	revoked                   map[string]Revocation
	tbs, algorithm, signature []byte
}

// Revocation is a list's entry about one certificate.
type Revocation struct {
	At time.Time
	// Reason is the CRLReason (RFC 5280 §5.3.1), 0 if none is given. 1 is a compromised key.
	Reason int
}

// ParseCRL reads one list in DER, and nothing after it. Lists that tell only what changed,
// and lists for some certificates only, are not understood (the error matches
// [signature.ErrUnsupported]): ICAO 9303-12 §7.1.4 has none, and silence of one would be
// taken for a clean certificate.
func ParseCRL(der []byte) (*CRL, error) {
	if len(der) > MaxCRLSize {
		return nil, fmt.Errorf("read revocation list: %d bytes, more than %d", len(der), MaxCRLSize)
	}
	l := &CRL{Raw: der, revoked: map[string]Revocation{}}
	tbs, err := readSigned(der, &l.tbs, &l.algorithm, &l.signature)
	if err != nil {
		return nil, fmt.Errorf("read revocation list: %w", err)
	}
	if err := l.parse(tbs); err != nil {
		return nil, fmt.Errorf("read revocation list: %w", err)
	}
	return l, nil
}

func (l *CRL) parse(s cryptobyte.String) error {
	var inner, issuer, entries, e cryptobyte.String
	var present bool
	version := 0
	if s.PeekASN1Tag(cbasn1.INTEGER) && !s.ReadASN1Integer(&version) || version > 1 ||
		!s.ReadASN1(&inner, cbasn1.SEQUENCE) || !s.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
		!ReadTime(&s, &l.ThisUpdate) {
		return errMalformed
	}
	if !bytes.Equal(inner, l.algorithm) {
		return errors.New("two signature algorithms")
	}
	var err error
	if l.Issuer, err = ParseName(issuer); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	if (s.PeekASN1Tag(cbasn1.UTCTime) || s.PeekASN1Tag(cbasn1.GeneralizedTime)) && !ReadTime(&s, &l.NextUpdate) {
		return errMalformed
	}
	if !s.ReadOptionalASN1(&entries, &present, cbasn1.SEQUENCE) {
		return errMalformed
	}
	for !entries.Empty() {
		if !entries.ReadASN1(&e, cbasn1.SEQUENCE) {
			return errMalformed
		}
		if err := l.parseEntry(e); err != nil {
			return err
		}
	}
	if !s.ReadOptionalASN1(&e, &present, tagged(0)) || !s.Empty() {
		return errMalformed
	}
	if !present {
		return nil
	}
	return l.parseExtensions(e)
}

func (l *CRL) parseEntry(s cryptobyte.String) error {
	var serial cryptobyte.String
	var r Revocation
	if !s.ReadASN1(&serial, cbasn1.INTEGER) || !ReadTime(&s, &r.At) {
		return fmt.Errorf("entry: %w", errMalformed)
	}
	if !s.Empty() {
		all, err := readExtensions(s)
		if err != nil {
			return fmt.Errorf("entry: %w", err)
		}
		for _, x := range all {
			switch {
			case x.oid == "2.5.29.21":
				if !x.value.ReadASN1Enum(&r.Reason) {
					return fmt.Errorf("entry: reason: %w", errMalformed)
				}
			case x.critical: // an indirect list: entries of other issuers
				return fmt.Errorf("entry with critical extension %s: %w", x.oid, signature.ErrUnsupported)
			}
		}
	}
	l.revoked[string(Serial(serial))] = r
	return nil
}

func (l *CRL) parseExtensions(s cryptobyte.String) error {
	all, err := readExtensions(s)
	if err != nil {
		return err
	}
	for _, x := range all {
		switch {
		case x.oid == "2.5.29.35":
			var id Extensions
			if id.parseAuthorityKeyID(x.value) {
				l.AuthorityKeyID = id.AuthorityKeyID
			}
		case x.critical && x.oid != "2.5.29.20" && x.oid != "2.5.29.18":
			return fmt.Errorf("critical extension %s: %w", x.oid, signature.ErrUnsupported)
		}
	}
	return nil
}

// Verify checks that the key signed the list. Errors are those of [Certificate.Verify].
func (l *CRL) Verify(issuer *signature.Key) error {
	return verify(l.algorithm, l.tbs, l.signature, issuer)
}

// Algorithm is how the list was signed; the zero Algorithm if that is not understood.
func (l *CRL) Algorithm() signature.Algorithm {
	a, _ := signature.ParseAlgorithm(l.algorithm)
	return a
}

// Lookup returns the list's entry for a serial number in the form of [Serial].
func (l *CRL) Lookup(serial []byte) (Revocation, bool) {
	r, listed := l.revoked[string(serial)]
	return r, listed
}

// Len is the number of certificates on the list.
func (l *CRL) Len() int { return len(l.revoked) }
