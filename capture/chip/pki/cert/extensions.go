package cert

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Extensions are those of ICAO 9303-12 table 5 that verification uses.
type Extensions struct {
	SubjectKeyID, AuthorityKeyID []byte
	// CA and PathLen are the basic constraints; PathLen is -1 without limit. HasConstraints
	// is false on certificates without them, as old signing authorities have.
	HasConstraints, CA bool
	PathLen            int
	// HasKeyUsage is false on certificates without key usage, which may do anything.
	HasKeyUsage                         bool
	DigitalSignature, CertSign, CRLSign bool
	ExtKeyUsage                         []asn1.ObjectIdentifier
	// SignsFrom and SignsUntil are the private key usage period; zero where it is open.
	SignsFrom, SignsUntil time.Time
	// DocumentTypes are the document codes for which a document signer signs, as in the
	// machine-readable zone ("P", "ID"); nil if the certificate has no such list.
	DocumentTypes []string
	// State is the issuing state's code as in the machine-readable zone, from the subject's
	// alternative name (ICAO 9303-12 §7.1.1.2); "" if it is not there.
	State string
	// Oddities says which extensions are malformed, twice there, or critical and unknown.
	Oddities []string
}

const (
	maxExtensions    = 64
	maxDocumentTypes = 64
)

// Extensions by object identifier. The second list of document types is that of an earlier
// draft, which French signers carry.
var extensionParsers = map[string]func(*Extensions, cryptobyte.String) bool{
	"2.5.29.14":        (*Extensions).parseSubjectKeyID,
	"2.5.29.35":        (*Extensions).parseAuthorityKeyID,
	"2.5.29.19":        (*Extensions).parseConstraints,
	"2.5.29.15":        (*Extensions).parseKeyUsage,
	"2.5.29.37":        (*Extensions).parseExtKeyUsage,
	"2.5.29.16":        (*Extensions).parsePrivateKeyUsage,
	"2.5.29.17":        (*Extensions).parseAlternativeName,
	"2.23.136.1.1.6.2": (*Extensions).parseDocumentTypes,
	"2.23.136.1.1.4":   (*Extensions).parseDocumentTypes,
}

// Extensions that need not be understood to verify a document, even if critical:
// issuer's alternative name, policies, distribution points, name change.
var ignorable = map[string]bool{"2.5.29.18": true, "2.5.29.32": true, "2.5.29.31": true, "2.23.136.1.1.6.1": true}

type extension struct {
	oid      string
	critical bool
	value    cryptobyte.String
}

func readExtensions(s cryptobyte.String) ([]extension, error) {
	var seq, e, value cryptobyte.String
	malformed := errors.New("extensions are malformed")
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() {
		return nil, malformed
	}
	var all []extension
	for !seq.Empty() {
		var oid asn1.ObjectIdentifier
		critical := false
		if len(all) == maxExtensions || !seq.ReadASN1(&e, cbasn1.SEQUENCE) || !e.ReadASN1ObjectIdentifier(&oid) ||
			e.PeekASN1Tag(cbasn1.BOOLEAN) && !e.ReadASN1Boolean(&critical) ||
			!e.ReadASN1(&value, cbasn1.OCTET_STRING) || !e.Empty() {
			return nil, malformed
		}
		all = append(all, extension{oid.String(), critical, value})
	}
	return all, nil
}

func (x *Extensions) parse(s cryptobyte.String) error {
	all, err := readExtensions(s)
	if err != nil {
		return err
	}
	x.PathLen = -1
	seen := map[string]bool{}
	for _, e := range all {
		parse := extensionParsers[e.oid]
		switch {
		case seen[e.oid]:
			x.odd("extension %s is there twice", e.oid)
		case parse != nil && !parse(x, e.value):
			x.odd("extension %s is malformed", e.oid)
		case parse == nil && e.critical && !ignorable[e.oid]:
			x.odd("extension %s is critical and unknown", e.oid)
		}
		seen[e.oid] = true
	}
	return nil
}

func (x *Extensions) odd(format string, args ...any) {
	x.Oddities = append(x.Oddities, fmt.Sprintf(format, args...))
}

func (x *Extensions) parseSubjectKeyID(s cryptobyte.String) bool {
	var id cryptobyte.String
	if !s.ReadASN1(&id, cbasn1.OCTET_STRING) || !s.Empty() {
		return false
	}
	x.SubjectKeyID = id
	return true
}

func (x *Extensions) parseAuthorityKeyID(s cryptobyte.String) bool {
	var seq, id cryptobyte.String
	var present bool
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() ||
		!seq.ReadOptionalASN1(&id, &present, cbasn1.Tag(0).ContextSpecific()) {
		return false
	}
	x.AuthorityKeyID = id
	return true
}

func (x *Extensions) parseConstraints(s cryptobyte.String) bool {
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() {
		return false
	}
	ca, pathLen := false, -1
	if seq.PeekASN1Tag(cbasn1.BOOLEAN) && !seq.ReadASN1Boolean(&ca) ||
		seq.PeekASN1Tag(cbasn1.INTEGER) && (!seq.ReadASN1Integer(&pathLen) || pathLen < 0) || !seq.Empty() {
		return false
	}
	x.HasConstraints, x.CA, x.PathLen = true, ca, pathLen
	return true
}

func (x *Extensions) parseKeyUsage(s cryptobyte.String) bool {
	var bits asn1.BitString
	if !s.ReadASN1BitString(&bits) || !s.Empty() {
		return false
	}
	x.HasKeyUsage = true
	x.DigitalSignature, x.CertSign, x.CRLSign = bits.At(0) == 1, bits.At(5) == 1, bits.At(6) == 1
	return true
}

func (x *Extensions) parseExtKeyUsage(s cryptobyte.String) bool {
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || seq.Empty() {
		return false
	}
	for !seq.Empty() && len(x.ExtKeyUsage) < maxExtensions {
		var oid asn1.ObjectIdentifier
		if !seq.ReadASN1ObjectIdentifier(&oid) {
			return false
		}
		x.ExtKeyUsage = append(x.ExtKeyUsage, oid)
	}
	return seq.Empty()
}

// HasExtKeyUsage tells whether the certificate is for the purpose, named by it.
func (x *Extensions) HasExtKeyUsage(purpose asn1.ObjectIdentifier) bool {
	for _, oid := range x.ExtKeyUsage {
		if oid.Equal(purpose) {
			return true
		}
	}
	return false
}

// parsePrivateKeyUsage reads PrivateKeyUsagePeriod (RFC 3280 §4.2.1.4).
func (x *Extensions) parsePrivateKeyUsage(s cryptobyte.String) bool {
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() {
		return false
	}
	for tag, at := range []*time.Time{&x.SignsFrom, &x.SignsUntil} {
		var value cryptobyte.String
		var present bool
		if !seq.ReadOptionalASN1(&value, &present, cbasn1.Tag(tag).ContextSpecific()) {
			return false
		}
		if !present {
			continue
		}
		t, err := time.Parse("20060102150405Z0700", string(value))
		if err != nil {
			return false
		}
		*at = t.UTC()
	}
	return seq.Empty()
}

// parseAlternativeName looks for the locality of a directoryName.
func (x *Extensions) parseAlternativeName(s cryptobyte.String) bool {
	var seq, e cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() {
		return false
	}
	for !seq.Empty() {
		var tag cbasn1.Tag
		if !seq.ReadAnyASN1(&e, &tag) {
			return false
		}
		if tag != tagged(4) {
			continue
		}
		parts, err := nameParts(e)
		if err != nil {
			return false
		}
		for _, p := range parts {
			if p.oid == oidLocality {
				x.State = strings.ToUpper(strings.TrimSpace(p.value))
			}
		}
	}
	return true
}

// parseDocumentTypes reads DocumentTypeListSyntax (ICAO 9303-12 §7.1.1.6).
func (x *Extensions) parseDocumentTypes(s cryptobyte.String) bool {
	var seq, set, code cryptobyte.String
	var version int
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1Integer(&version) ||
		!seq.ReadASN1(&set, cbasn1.SET) || !seq.Empty() {
		return false
	}
	types := []string{}
	for !set.Empty() {
		if len(types) == maxDocumentTypes || !set.ReadASN1(&code, cbasn1.PrintableString) {
			return false
		}
		types = append(types, strings.TrimRight(string(code), "< "))
	}
	x.DocumentTypes = types
	return true
}
