package cert

import (
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Name is a distinguished name (RFC 5280 §4.1.2.4).
type Name struct {
	Raw []byte // DER
	// Country is the first countryName, in capitals; two letters, of which some are not in
	// ISO 3166, such as EU and UN.
	Country string
	key     string
	text    string
}

const (
	maxNameParts = 64
	maxNameText  = 256 // bytes of String
)

var shortNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
	"2.5.4.10": "O", "2.5.4.11": "OU",
}

const (
	oidCountry  = "2.5.4.6"
	oidLocality = "2.5.4.7"
)

// Equal compares names as people read them: kinds of strings, capitals and spaces between
// words do not count (RFC 5280 §7.1), for issuers write a name differently as subject of
// one certificate and as issuer of the next.
func (n Name) Equal(other Name) bool { return n.key == other.key }

// String is the name for people, at most 256 bytes of printable characters.
func (n Name) String() string { return n.text }

// ParseName reads a Name in DER.
func ParseName(der []byte) (Name, error) {
	parts, err := nameParts(der)
	if err != nil {
		return Name{}, err
	}
	n := Name{Raw: der}
	var key, text []string
	for _, p := range parts {
		if p.oid == oidCountry && n.Country == "" {
			n.Country = strings.ToUpper(strings.TrimSpace(p.value))
		}
		folded := strings.ToLower(strings.Join(strings.Fields(p.value), " "))
		key = append(key, fmt.Sprintf("%d %s=%q", p.set, p.oid, folded))
		short := shortNames[p.oid]
		if short == "" {
			short = p.oid
		}
		text = append(text, short+"="+printable(p.value))
	}
	slices.Sort(key) // orders the values within one set; sets keep their number
	n.key, n.text = strings.Join(key, ","), printable(strings.Join(text, ", "))
	return n, nil
}

type namePart struct {
	set   int
	oid   string
	value string
}

func nameParts(der cryptobyte.String) ([]namePart, error) {
	var seq, set, pair, value cryptobyte.String
	malformed := errors.New("name is malformed")
	if !der.ReadASN1(&seq, cbasn1.SEQUENCE) || !der.Empty() {
		return nil, malformed
	}
	var parts []namePart
	for n := 0; !seq.Empty(); n++ {
		if !seq.ReadASN1(&set, cbasn1.SET) {
			return nil, malformed
		}
		for !set.Empty() {
			var oid asn1.ObjectIdentifier
			var tag cbasn1.Tag
			if !set.ReadASN1(&pair, cbasn1.SEQUENCE) || !pair.ReadASN1ObjectIdentifier(&oid) ||
				!pair.ReadAnyASN1(&value, &tag) || !pair.Empty() || len(parts) == maxNameParts {
				return nil, malformed
			}
			parts = append(parts, namePart{n, oid.String(), text(tag, value)})
		}
	}
	return parts, nil
}

// text decodes one of ASN.1's kinds of strings. Bytes that are no UTF-8 are Latin-1, as
// TeletexString is used.
func text(tag cbasn1.Tag, value []byte) string {
	const bmpString = 30
	if tag == bmpString && len(value)%2 == 0 {
		units := make([]uint16, len(value)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(value[2*i:])
		}
		return string(utf16.Decode(units))
	}
	if utf8.Valid(value) {
		return string(value)
	}
	runes := make([]rune, len(value))
	for i, b := range value {
		runes[i] = rune(b)
	}
	return string(runes)
}

func printable(s string) string {
	clean := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
	if len(clean) <= maxNameText {
		return clean
	}
	cut := maxNameText - len("…")
	for !utf8.RuneStart(clean[cut]) {
		cut--
	}
	return clean[:cut] + "…"
}
