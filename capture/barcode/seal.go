package barcode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

const (
	magic        = 0xdc
	signatureTag = 0xff

	version3 = 0x02 // as written: the version less one
	version4 = 0x03

	// MaxSeal bounds a seal, in bytes.
	MaxSeal = 4096
	// maxReference bounds the characters of a certificate reference of version 4.
	maxReference = 64
)

var errShort = errors.New("it is cut short")

// Kind is what paper a seal is on: document feature definition reference and document type
// category (ICAO 9303-13 §2.2), which together say what the features mean.
type Kind uint16

// The kinds that ICAO defined. Those of states have an even category or a reference of their
// own.
const (
	KindVisa            Kind = 0x5d01 // 9303-7
	KindEmergencyPaper  Kind = 0x5e03 // emergency travel document, 9303-8
	KindArrivalPaper    Kind = 0xfd02 // arrival attestation, Germany (TR-03137-1 §6)
	KindResidencePermit Kind = 0xfb06 // residence permit on paper, Germany (TR-03137-1 §8)
)

// String names the kind, or gives its number.
func (k Kind) String() string {
	switch k {
	case KindVisa:
		return "visa"
	case KindEmergencyPaper:
		return "emergency travel document"
	case KindArrivalPaper:
		return "arrival attestation"
	case KindResidencePermit:
		return "residence permit"
	}
	return fmt.Sprintf("paper %04x", uint16(k))
}

// Seal is a digital seal that was read. Nothing in it is verified.
type Seal struct {
	Version int    // 3 or 4
	Issuer  string // issuing state as in zones, without fillers: "D", "UTO"
	// Signer is the two-letter country and the two characters with which it names the signer:
	// "DETS".
	Signer string
	// Reference names the signer's certificate: its serial number in hexadecimal.
	Reference string
	// Issued and Signed are the days of the document and of the signature, at midnight UTC.
	Issued, Signed time.Time
	Kind           Kind
	Features       []Feature

	signed    []byte // header and message, over which the signature is
	signature []byte // r and s, of equal length
}

// Feature is one feature of the message.
type Feature struct {
	Tag   byte // 0 to 254
	Value []byte
}

// LogValue keeps the traveller out of logs.
func (s *Seal) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("seal of a %s, %d features", s.Kind, len(s.Features)))
}

// Feature returns the value of the first feature of a tag.
func (s *Seal) Feature(tag byte) ([]byte, bool) {
	for _, f := range s.Features {
		if f.Tag == tag {
			return f.Value, true
		}
	}
	return nil, false
}

// ParseSeal reads a seal as it is in the barcode. It keeps nothing of raw.
func ParseSeal(raw []byte) (*Seal, error) {
	if len(raw) > MaxSeal {
		return nil, fmt.Errorf("read seal: %d bytes, more than %d", len(raw), MaxSeal)
	}
	s := &Seal{}
	d := &decoder{rest: append([]byte(nil), raw...)}
	whole := d.rest
	err := s.parseHeader(d)
	if err == nil {
		err = s.parseMessage(d, whole)
	}
	if err != nil {
		return nil, fmt.Errorf("read seal: %w", err)
	}
	return s, nil
}

func (s *Seal) parseHeader(d *decoder) error {
	head := d.take(2)
	if d.err == nil && head[0] != magic {
		return errors.New("it does not begin with DC")
	}
	s.Issuer = trimFillers(d.text(2))
	switch {
	case d.err != nil:
		return d.err
	case head[1] == version3:
		s.Version = 3
		s.splitSigner(d, d.text(6))
	case head[1] == version4:
		s.Version = 4
		s.splitSigner(d, d.text(4))
		s.Reference = d.reference(s.Reference)
	default:
		return fmt.Errorf("its version is %d, neither 3 nor 4", int(head[1])+1)
	}
	s.Issued, s.Signed = d.date(), d.date()
	s.Kind = Kind(binary.BigEndian.Uint16(d.take(2)))
	return d.err
}

// splitSigner takes the signer's four characters off what follows them.
func (s *Seal) splitSigner(d *decoder, text string) {
	if len(text) < 6 {
		d.fail(errC40)
		return
	}
	s.Signer, s.Reference = text[:4], text[4:]
}

// parseMessage reads the features and the signature, and nothing may follow it but the zeros
// with which some encoders fill a barcode up.
func (s *Seal) parseMessage(d *decoder, whole []byte) error {
	for d.err == nil {
		tag := d.take(1)[0]
		if tag == signatureTag {
			s.signed = whole[:len(whole)-len(d.rest)-1]
			s.signature = d.value()
			break
		}
		value := d.value()
		if d.err == nil {
			s.Features = append(s.Features, Feature{tag, value})
		}
	}
	switch {
	case d.err != nil:
		return d.err
	case len(s.Features) == 0:
		return errors.New("it has no feature")
	case len(s.signature) < minSignature || len(s.signature)%2 != 0:
		return fmt.Errorf("its signature has %d bytes", len(s.signature))
	}
	for _, b := range d.rest {
		if b != 0 {
			return errors.New("something follows its signature")
		}
	}
	return nil
}

// decoder takes a seal apart from its beginning. After a fault it returns zeros.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// take returns the next n bytes.
func (d *decoder) take(n int) []byte {
	if d.err != nil || len(d.rest) < n {
		d.fail(errShort)
		return make([]byte, min(n, MaxSeal))
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

// text returns the text of the next n bytes.
func (d *decoder) text(n int) string {
	b := d.take(n)
	if d.err != nil {
		return ""
	}
	text, err := decodeC40(b)
	if err != nil {
		d.fail(err)
	}
	return text
}

// reference returns a certificate reference of so many characters, in hexadecimal.
func (d *decoder) reference(length string) string {
	n, err := strconv.ParseUint(length, 16, 8)
	if err != nil || n == 0 || n > maxReference {
		d.fail(errors.New("its certificate reference has an impossible length"))
		return ""
	}
	text := d.text((int(n) + 2) / 3 * 2)
	if d.err == nil && len(text) != int(n) {
		d.fail(errors.New("its certificate reference is not as long as it says"))
	}
	return text
}

// date returns a day: month, day and year as the decimal digits MMDDYYYY of a number of three
// bytes.
func (d *decoder) date() time.Time {
	b := d.take(3)
	n := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	month, day, year := n/1_000_000, n/10_000%100, n%10_000
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if d.err == nil && (t.Day() != day || int(t.Month()) != month) {
		d.fail(errors.New("it has a date that does not exist"))
	}
	return t
}

// value returns the bytes after a length in DER: up to 127 in one byte, or the number of the one
// or two bytes that follow.
func (d *decoder) value() []byte {
	n := int(d.take(1)[0])
	switch {
	case n == 0x81:
		n = int(d.take(1)[0])
	case n == 0x82:
		n = int(binary.BigEndian.Uint16(d.take(2)))
	case n >= 0x80:
		d.fail(errors.New("it has a length of an unknown form"))
		return nil
	}
	return d.take(n)
}
