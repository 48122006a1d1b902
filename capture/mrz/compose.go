package mrz

import (
	"errors"
	"fmt"
	"strings"
)

// Compose prints the fields as a zone with right check digits. Fields are in capitals and
// digits; names are letters with single spaces between them, and on the French identity card
// ", " between given names. Absent dates are unknown. A document number of more than nine
// characters goes on in the optional data of TD1 and TD2. The error names the field that
// does not fit its place.
func Compose(format Format, f Fields) ([]string, error) {
	l, err := layoutOf(format)
	if err != nil {
		return nil, err
	}
	lines := make([]string, len(l.lines))
	for i, n := range l.lines {
		lines[i] = strings.Repeat("<", n)
	}
	spilt, err := l.spillNumber(&f)
	if err != nil {
		return nil, err
	}
	for _, fd := range l.fields {
		if fd.name == FieldIssueDate {
			continue
		}
		text, err := f.printed(fd)
		if err != nil {
			return nil, fmt.Errorf("compose %s: %s: %w", format, fd.name, err)
		}
		replace(lines, span{fd.at.line, fd.at.from, fd.at.from + len(text)}, text)
	}
	for _, c := range l.checks {
		if c.blank && empty(c.covers[0].of(lines)) || c.field == FieldDocumentNumber && spilt {
			continue
		}
		replace(lines, c.at, string(digitOver(c.covers, lines)))
	}
	return lines, nil
}

func layoutOf(format Format) (*layout, error) {
	for i := range layouts {
		if layouts[i].format == format {
			return &layouts[i], nil
		}
	}
	return nil, fmt.Errorf("compose: no format %q", format)
}

// spillNumber moves what does not fit the document number's place into the optional data,
// with its check digit, and reports whether it had to.
func (l *layout) spillNumber(f *Fields) (bool, error) {
	place, _ := l.field(FieldDocumentNumber)
	n := place.at.to - place.at.from
	if l.overflow == 0 || len(f.DocumentNumber) <= n {
		return false, nil
	}
	rest := f.DocumentNumber[n:]
	if strings.Contains(rest, "<") {
		return false, fmt.Errorf("compose %s: %s: a filler after the ninth character", l.format, FieldDocumentNumber)
	}
	number := f.DocumentNumber[:n] + "<" + rest
	rest += string(digitOver([]span{{0, 0, len(number)}}, []string{number}))
	if f.Optional != "" {
		rest += "<" + f.Optional
	}
	f.DocumentNumber, f.Optional = f.DocumentNumber[:n], rest
	return true, nil
}

// printed returns the text that is printed in the field's place, at most as long as it.
func (f *Fields) printed(fd field) (string, error) {
	text, err := f.text(fd.name)
	if err != nil {
		return "", err
	}
	if n := fd.at.to - fd.at.from; len(text) > n {
		return "", fmt.Errorf("%d characters, the place has %d", len(text), n)
	}
	for i := range len(text) {
		ch := text[i]
		isLetter, isDigit := 'A' <= ch && ch <= 'Z', '0' <= ch && ch <= '9'
		switch {
		case ch == '<', isDigit && fd.class != letters, isLetter && fd.class != digits && fd.class != date:
		default:
			return "", fmt.Errorf("character %d is not allowed there", i+1)
		}
	}
	if fd.class == date && text != "" {
		if len(text) != fd.at.to-fd.at.from {
			return "", fmt.Errorf("%d characters, a date has %d", len(text), fd.at.to-fd.at.from)
		}
		if _, reason := parseDate(text, inThe2000s); reason != "" {
			return "", errors.New(reason)
		}
	}
	return text, nil
}

func (f *Fields) text(name string) (string, error) {
	switch name {
	case FieldDocumentCode:
		return f.DocumentCode, nil
	case FieldIssuer:
		return f.Issuer, nil
	case FieldDocumentNumber:
		return f.DocumentNumber, nil
	case FieldNationality:
		return f.Nationality, nil
	case FieldBirthDate:
		return f.BirthDate, nil
	case FieldExpiryDate:
		return f.ExpiryDate, nil
	case FieldSex:
		return f.Sex, nil
	case FieldOptional:
		return f.Optional, nil
	case FieldOptional2:
		return f.Optional2, nil
	case FieldAdministrativeCode:
		return f.AdministrativeCode, nil
	case FieldSurname:
		return fillered(f.Surname), nil
	case FieldGivenNames:
		return fillered(strings.ReplaceAll(f.GivenNames, ", ", "<<")), nil
	case fieldNameBoth:
		if f.GivenNames == "" {
			return fillered(f.Surname), nil
		}
		return fillered(f.Surname) + "<<" + fillered(f.GivenNames), nil
	}
	return "", errors.New("no such field")
}

func fillered(name string) string { return strings.ReplaceAll(name, " ", "<") }
