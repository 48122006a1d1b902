package gallery

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"boothd/localmatch/names"
	"boothd/localmatch/numbers"
)

// The limits of an entry. An entry beyond them is refused, never cut.
const (
	MaxLine          = 1 << 20 // bytes of one entry as JSON
	MaxID            = 128     // bytes
	MaxNames         = 128
	MaxName          = 512 // bytes
	MaxBirthDates    = 32
	MaxNationalities = 16
	MaxDocuments     = 64
	MaxNumber        = 64 // bytes of a document number
	MaxFingers       = 20
	MaxTemplate      = 16 << 10  // bytes
	MaxFace          = 512 << 10 // bytes
	MaxText          = 256       // bytes of category, action and template format
)

// The years that a birth date may have.
const (
	minYear = 1850
	maxYear = 2200
)

// FieldError says which field of an entry is wrong and why. It never holds the content.
type FieldError struct {
	Field  string // "names[2]"
	Reason string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

// Validate checks the entry against the limits and the formats of its fields. Its error is
// a *FieldError.
func (e *Entry) Validate() error {
	if e.Certificate != nil {
		return e.validateCertificate()
	}
	for _, check := range entryChecks {
		if err := check(e); err != nil {
			return err
		}
	}
	if len(e.Names) == 0 && len(e.Documents) == 0 && len(e.Fingers) == 0 && len(e.Face) == 0 {
		return &FieldError{"entry", "nothing to find it by"}
	}
	return nil
}

var entryChecks = [...]func(*Entry) error{
	(*Entry).validateID, (*Entry).validateNames, (*Entry).validateBirthDates, (*Entry).validateCodes,
	(*Entry).validateDocuments, (*Entry).validateBiometrics, (*Entry).validateAlert,
}

func (e *Entry) validateID() error {
	if e.ID == "" {
		return &FieldError{"id", "missing"}
	}
	return text("id", e.ID, MaxID)
}

func (e *Entry) validateNames() error {
	if err := count("names", len(e.Names), MaxNames); err != nil {
		return err
	}
	for i, n := range e.Names {
		flaw := flawOf(n, MaxName)
		if n == "" {
			flaw = "empty"
		}
		if flaw != "" {
			return &FieldError{at("names", i), flaw}
		}
	}
	return nil
}

func (e *Entry) validateBirthDates() error {
	if err := count("birth_dates", len(e.BirthDates), MaxBirthDates); err != nil {
		return err
	}
	for i, d := range e.BirthDates {
		if !ValidBirthDate(d) {
			return &FieldError{at("birth_dates", i), "not a date as 2006-01-02, 2006-01 or 2006"}
		}
	}
	return nil
}

func (e *Entry) validateCodes() error {
	if err := count("nationalities", len(e.Nationalities), MaxNationalities); err != nil {
		return err
	}
	for i, c := range e.Nationalities {
		if !isCode(c, 3) {
			return &FieldError{at("nationalities", i), "not a code of one to three letters A to Z"}
		}
	}
	if e.Sex != "" && e.Sex != "M" && e.Sex != "F" {
		return &FieldError{"sex", `not "M", "F" or empty`}
	}
	return nil
}

func (e *Entry) validateDocuments() error {
	if err := count("documents", len(e.Documents), MaxDocuments); err != nil {
		return err
	}
	for i, d := range e.Documents {
		if field, flaw := d.flaw(); flaw != "" {
			return &FieldError{at("documents", i) + field, flaw}
		}
	}
	return nil
}

// flaw returns the field that is wrong and why, "" if none is.
func (d *DocumentNumber) flaw() (field, flaw string) {
	flaw = flawOf(d.Number, MaxNumber)
	switch {
	case flaw != "":
		return ".number", flaw
	case !strings.ContainsFunc(d.Number, isPlainSign) && numbers.Normal(d.Number) == "":
		return ".number", "no letter A to Z and no digit in it"
	case d.Type != "" && !isCode(d.Type, 2):
		return ".type", "not a code of one or two letters A to Z"
	case d.Issuer != "" && !isCode(d.Issuer, 3):
		return ".issuer", "not a code of one to three letters A to Z"
	}
	return "", ""
}

func (e *Entry) validateBiometrics() error {
	if err := count("fingers", len(e.Fingers), MaxFingers); err != nil {
		return err
	}
	for i, f := range e.Fingers {
		field := at("fingers", i)
		if err := text(field+".format", f.Format, MaxText); err != nil {
			return err
		}
		switch {
		case f.Position < 0 || f.Position > 10:
			return &FieldError{field + ".position", "not 0 to 10"}
		case len(f.Data) == 0:
			return &FieldError{field + ".data", "empty"}
		case len(f.Data) > MaxTemplate:
			return tooLong(field+".data", MaxTemplate)
		}
		if err := f.validate(field); err != nil {
			return err
		}
	}
	if len(e.Face) > MaxFace {
		return tooLong("face", MaxFace)
	}
	return nil
}

func (e *Entry) validateAlert() error {
	if err := text("category", e.Category, MaxText); err != nil {
		return err
	}
	return text("action", e.Action, MaxText)
}

// ValidBirthDate reports whether s is a day, month or year that there is, as an entry may
// have it.
func ValidBirthDate(s string) bool {
	_, ok := parseBirthDate(s)
	return ok
}

func parseBirthDate(s string) (b names.Birth, ok bool) {
	switch len(s) {
	case 10:
		b.Day, ok = number(s[8:])
		if !ok || s[7] != '-' || b.Day < 1 {
			return names.Birth{}, false
		}
		fallthrough
	case 7:
		b.Month, ok = number(s[5:7])
		if !ok || s[4] != '-' || b.Month < 1 || b.Month > 12 {
			return names.Birth{}, false
		}
		fallthrough
	case 4:
		b.Year, ok = number(s[:4])
	}
	if !ok || b.Year < minYear || b.Year > maxYear || b.Day > 28 && b.Day > daysIn(b.Year, b.Month) {
		return names.Birth{}, false
	}
	return b, true
}

// number reads digits and nothing else.
func number(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n, true
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month+1), 0, 0, 0, 0, 0, time.UTC).Day()
}

func text(field, s string, most int) error {
	if flaw := flawOf(s, most); flaw != "" {
		return &FieldError{field, flaw}
	}
	return nil
}

// flawOf returns what is wrong with a text, "" if nothing is.
func flawOf(s string, most int) string {
	switch {
	case len(s) > most:
		return longerThan(most)
	case isPrintable(s): // nearly all are
		return ""
	case !utf8.ValidString(s):
		return "not UTF-8"
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return "a control character in it"
		}
	}
	return ""
}

// isPrintable reports whether all is printable ASCII.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func isPlainSign(r rune) bool { return r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' }

func isCode(s string, most int) bool {
	for _, r := range s {
		if r < 'A' || r > 'Z' {
			return false
		}
	}
	return s != "" && len(s) <= most
}

func count(field string, n, most int) error {
	if n > most {
		return &FieldError{field, fmt.Sprintf("more than %d", most)}
	}
	return nil
}

func tooLong(field string, most int) error { return &FieldError{field, longerThan(most)} }

func longerThan(most int) string { return fmt.Sprintf("longer than %d bytes", most) }

func at(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }
