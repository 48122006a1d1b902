package access

import (
	"crypto/sha1"
	"fmt"
	"log/slog"
	"strings"

	"boothd/capture/mrz"
)

// Password is what stands on the document and opens its chip.
type Password struct {
	reference byte   // how MSE:Set AT names it
	secret    []byte // what the key derivation takes in PACE
	seed      []byte // what BAC derives its keys from; MRZ only
}

// Password references of MSE:Set AT (ICAO 9303-11 §4.4.4.1).
const (
	referenceMRZ = 1
	referenceCAN = 2
)

// MRZ returns the password of the machine-readable zone (ICAO 9303-11 §4.3.2): the whole
// document number, however long and with or without its fillers, and the dates of birth and
// expiry as printed, YYMMDD. Check digits are calculated. The error says which of them
// cannot be of a zone; it does not show it.
func MRZ(documentNumber, birth, expiry string) (Password, error) {
	number := strings.TrimRight(documentNumber, "<")
	if number == "" || len(number) > 22 {
		return Password{}, fmt.Errorf("document number of %d characters, want 1 to 22", len(number))
	}
	if fill := 9 - len(number); fill > 0 {
		number += strings.Repeat("<", fill)
	}
	var info []byte
	for _, field := range []struct {
		name, text string
		length     int
	}{{"document number", number, len(number)}, {"date of birth", birth, 6}, {"date of expiry", expiry, 6}} {
		digit, ok := checkDigit(field.text)
		if !ok || len(field.text) != field.length {
			return Password{}, fmt.Errorf("%s: not as a machine-readable zone has it", field.name)
		}
		info = append(append(info, field.text...), digit)
	}
	sum := sha1.Sum(info)
	return Password{reference: referenceMRZ, secret: sum[:], seed: sum[:16]}, nil
}

// CAN returns the password of the card access number, six digits on the document's face
// (ICAO 9303-4 to 9303-6). BAC does not take it.
func CAN(number string) (Password, error) {
	if len(number) != 6 || strings.Trim(number, "0123456789") != "" {
		return Password{}, fmt.Errorf("card access number of %d characters, want six digits", len(number))
	}
	return Password{reference: referenceCAN, secret: []byte(number)}, nil
}

// String names the kind of password.
func (p Password) String() string {
	switch p.reference {
	case referenceMRZ:
		return "MRZ"
	case referenceCAN:
		return "CAN"
	}
	return "no password"
}

// GoString is String, so that no format shows the secret.
func (p Password) GoString() string { return p.String() }

// LogValue keeps the secret out of logs.
func (p Password) LogValue() slog.Value { return slog.StringValue(p.String()) }

// checkDigit is that of ICAO 9303-3 §4.9; ok is false if there are characters that no zone has.
func checkDigit(text string) (digit byte, ok bool) {
	foreign := func(c rune) bool { return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && c != '<' }
	return mrz.CheckDigit(text), !strings.ContainsFunc(text, foreign)
}
