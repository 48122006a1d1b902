package pki

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"log/slog"

	"boothd/capture/chip/pki/cms"
	"boothd/capture/chip/pki/signature"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// MaxSOD bounds EF.SOD, in bytes; real ones have two to four thousand.
const MaxSOD = 1 << 20

// SOD is a document's security object (ICAO 9303-10 §4.6.2): the hashes of its data groups,
// signed. Nothing of it is verified.
type SOD struct {
	// Version is that of the LDSSecurityObject: 0 (LDS 1.7) or 1 (LDS 1.8).
	Version int
	// LDS and Unicode are the versions that an object of version 1 states, such as "0108"
	// and "040000"; they are signed, unlike those of EF.COM.
	LDS, Unicode string
	Hash         crypto.Hash
	// Groups are the hashes of the data groups, by number 1 to 16. One of the wrong length is
	// that of no file.
	Groups map[int][]byte

	signed *cms.SignedData
}

// LogValue keeps the hashes, which are as good as the document's number, out of logs.
func (*SOD) LogValue() slog.Value { return slog.StringValue("security object") }

// Content types of the security object: the standard's, and two of the years before it that
// are in circulation.
var sodContentTypes = []asn1.ObjectIdentifier{
	{2, 23, 136, 1, 1, 1},
	{1, 3, 27, 1, 1, 1},
	{1, 2, 528, 1, 1006, 1, 20, 1},
}

const sodTag = 0x77

// ParseSOD reads EF.SOD, with its tag 77 or without.
func ParseSOD(file []byte) (*SOD, error) {
	if len(file) > MaxSOD {
		return nil, fmt.Errorf("read security object: %d bytes, more than %d", len(file), MaxSOD)
	}
	if len(file) > 0 && file[0] == sodTag {
		inner, err := cms.Unwrap(sodTag, file)
		if err != nil {
			return nil, fmt.Errorf("read security object: %w", err)
		}
		file = inner
	}
	signed, err := cms.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("read security object: %w", err)
	}
	if !isOneOf(signed.ContentType, sodContentTypes) {
		return nil, fmt.Errorf("read security object: content of type %v", signed.ContentType)
	}
	s := &SOD{signed: signed, Groups: map[int][]byte{}}
	if err := s.parse(signed.Content); err != nil {
		return nil, fmt.Errorf("read security object: %w", err)
	}
	return s, nil
}

func isOneOf(oid asn1.ObjectIdentifier, all []asn1.ObjectIdentifier) bool {
	for _, o := range all {
		if o.Equal(oid) {
			return true
		}
	}
	return false
}

// parse reads LDSSecurityObject (ICAO 9303-10 §4.6.2.3).
func (s *SOD) parse(content cryptobyte.String) error {
	var seq, algorithm, groups, group, hash, info cryptobyte.String
	malformed := errors.New("list of hashes is malformed")
	if !content.ReadASN1(&seq, cbasn1.SEQUENCE) || !content.Empty() || !seq.ReadASN1Integer(&s.Version) ||
		!seq.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !seq.ReadASN1(&groups, cbasn1.SEQUENCE) {
		return malformed
	}
	if s.Version != 0 && s.Version != 1 {
		return fmt.Errorf("list of hashes has version %d", s.Version)
	}
	var err error
	if s.Hash, err = signature.ParseHash(algorithm); err != nil {
		return err
	}
	for !groups.Empty() {
		var number int
		if !groups.ReadASN1(&group, cbasn1.SEQUENCE) || !group.ReadASN1Integer(&number) ||
			!group.ReadASN1(&hash, cbasn1.OCTET_STRING) || !group.Empty() {
			return malformed
		}
		if number < 1 || number > maxGroup || s.Groups[number] != nil || len(hash) == 0 {
			return errors.New("list of hashes has a wrong entry")
		}
		s.Groups[number] = hash
	}
	if len(s.Groups) == 0 {
		return errors.New("list of hashes is empty")
	}
	if seq.Empty() {
		return nil
	}
	var lds, unicode cryptobyte.String
	if s.Version != 1 || !seq.ReadASN1(&info, cbasn1.SEQUENCE) || !seq.Empty() ||
		!info.ReadASN1(&lds, cbasn1.PrintableString) || !info.ReadASN1(&unicode, cbasn1.PrintableString) || !info.Empty() {
		return malformed
	}
	s.LDS, s.Unicode = string(lds), string(unicode)
	return nil
}

const maxGroup = 16
