package mrz

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrNoZone is matched by the errors of lines that are no machine-readable zone at all.
var ErrNoZone = errors.New("no machine-readable zone")

// Read repairs the lines of a zone and parses them. Zone.Repairs says what was read. The
// reference time now decides the centuries.
func Read(lines []string, now time.Time) (Zone, error) {
	repaired, repairs := Repaired(lines)
	z, err := Parse(repaired, now)
	z.Repairs = repairs
	return z, err
}

// Parse splits a zone into its fields, as printed, and judges every check digit. The
// reference time now decides the centuries. A wrong check digit, or a field that cannot be
// as it is, is no error: see Zone.Checks and Zone.Faults. The error matches ErrNoZone.
func Parse(lines []string, now time.Time) (Zone, error) {
	lines, err := clean(lines)
	if err != nil {
		return Zone{}, err
	}
	l, err := identify(lines)
	if err != nil {
		return Zone{}, err
	}
	z := Zone{Format: l.format, Lines: lines}
	for _, f := range l.fields {
		z.set(f, f.at.of(lines), now)
	}
	z.continueNumber(l)
	if len(l.checks) > 0 {
		z.Checks = make([]Check, len(l.checks))
	}
	for i, c := range l.checks {
		z.Checks[i] = Check{Field: c.field, OK: l.resolve(c, lines).right(lines)}
	}
	return z, nil
}

// maxLines and maxLine are the most lines and characters that any format has.
const (
	maxLines = 3
	maxLine  = 44
)

// clean returns the lines as capitals without blanks at their ends.
func clean(lines []string) ([]string, error) {
	if len(lines) == 0 || len(lines) > maxLines {
		return nil, fmt.Errorf("%w: %d lines, want 1 to %d", ErrNoZone, len(lines), maxLines)
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		line = strings.TrimRight(line, " \t\r\n")
		if len(line) > maxLine {
			return nil, fmt.Errorf("%w: line %d: %d characters, want at most %d", ErrNoZone, i+1, len(line), maxLine)
		}
		for j := range len(line) {
			if ch := line[j]; ch != '<' && value(ch) == 0 && ch != '0' && (ch < 'a' || ch > 'z') {
				return nil, fmt.Errorf("%w: line %d column %d: not a letter, digit or filler", ErrNoZone, i+1, j+1)
			}
		}
		out[i] = strings.ToUpper(line)
	}
	return out, nil
}

// identify finds the layout of cleaned lines.
func identify(lines []string) (*layout, error) {
	known := false
	for i := range layouts {
		l := &layouts[i]
		if !l.fits(lines) {
			continue
		}
		known = true
		if strings.HasPrefix(lines[l.anchor], l.prefix) {
			return l, nil
		}
	}
	if known {
		return nil, fmt.Errorf("%w: the first letters are of no format with such lines", ErrNoZone)
	}
	lengths := make([]string, len(lines))
	for i, line := range lines {
		lengths[i] = fmt.Sprint(len(line))
	}
	return nil, fmt.Errorf("%w: no format has %d lines of %s characters", ErrNoZone,
		len(lines), strings.Join(lengths, ", "))
}

func (l *layout) fits(lines []string) bool {
	if len(lines) != len(l.lines) {
		return false
	}
	for i, n := range l.lines {
		if len(lines[i]) != n {
			return false
		}
	}
	return true
}

// set puts a field's text in its place and notes what cannot be.
func (z *Zone) set(f field, text string, now time.Time) {
	trimmed := strings.TrimRight(text, "<")
	switch f.name {
	case FieldDocumentCode:
		z.DocumentCode = trimmed
	case FieldIssuer:
		z.Issuer = trimmed
	case FieldDocumentNumber:
		z.DocumentNumber = trimmed
	case FieldNationality:
		z.Nationality = trimmed
	case FieldOptional:
		z.Optional = trimmed
	case FieldOptional2:
		z.Optional2 = trimmed
	case FieldAdministrativeCode:
		z.AdministrativeCode = trimmed
	case FieldSex:
		z.setSex(trimmed)
	case FieldBirthDate:
		z.BirthDate = z.setDate(f.name, text, birthYear(now))
	case FieldExpiryDate:
		z.ExpiryDate = z.setDate(f.name, text, expiryYear(now))
	case FieldIssueDate:
		z.IssueDate = z.setDate(f.name, text, frenchIssueYear)
	case fieldNameBoth, FieldSurname, FieldGivenNames:
		z.setName(f.name, text)
		return
	}
	z.judge(f.name, f.class, trimmed)
}

// judge notes characters that the class does not allow. Dates are judged by their parser.
func (z *Zone) judge(name string, c class, text string) {
	for i := range len(text) {
		isDigit := '0' <= text[i] && text[i] <= '9'
		switch {
		case c == letters && isDigit:
			z.fault(name, "a digit among letters")
			return
		case c == digits && !isDigit:
			z.fault(name, "not a digit")
			return
		}
	}
}

func (z *Zone) fault(field, reason string) {
	z.Faults = append(z.Faults, Fault{Field: field, Reason: reason})
}

func (z *Zone) setSex(text string) {
	switch text {
	case "M", "F", "":
		z.Sex = text
	default:
		z.fault(FieldSex, "not M, F or a filler")
	}
}

func (z *Zone) setDate(name, text string, year func(Date) int) Date {
	d, reason := parseDate(text, year)
	if reason != "" {
		z.fault(name, reason)
	}
	return d
}

// setName splits a name (ICAO 9303-3 §4.6): the surname ends at the first two fillers.
func (z *Zone) setName(name, text string) {
	if text[len(text)-1] != '<' {
		z.NameTruncated = true
	}
	switch name {
	case FieldSurname:
		z.Surname = spaced(text)
		z.judge(name, letters, z.Surname)
	case FieldGivenNames:
		z.GivenNames = strings.ReplaceAll(strings.Trim(text, "<"), "<<", ", ")
		z.GivenNames = spaced(z.GivenNames)
		z.judge(name, letters, z.GivenNames)
	default:
		primary, secondary, _ := strings.Cut(text, "<<")
		z.Surname, z.GivenNames = spaced(primary), spaced(secondary)
		z.judge(FieldSurname, letters, z.Surname)
		z.judge(FieldGivenNames, letters, z.GivenNames)
	}
	if name != FieldGivenNames && z.Surname == "" {
		z.fault(FieldSurname, "empty")
	}
}

func spaced(name string) string {
	return strings.ReplaceAll(strings.Trim(name, "<"), "<", " ")
}

// continueNumber takes the rest of a long document number out of the optional data.
func (z *Zone) continueNumber(l *layout) {
	rest := l.continuation(z.Lines)
	if rest == (span{}) {
		return
	}
	text := rest.of(z.Lines)
	z.LongDocumentNumber = true
	z.DocumentNumber += text[:len(text)-1]
	z.Optional = strings.TrimPrefix(z.Optional[len(text):], "<")
}
