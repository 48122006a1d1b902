package mrz

import "strings"

// span is a stretch of one line, counted from 0; to is past its end.
type span struct{ line, from, to int }

func (s span) of(lines []string) string { return lines[s.line][s.from:s.to] }

func (s span) holds(t span) bool {
	return s.line == t.line && s.from <= t.from && t.to <= s.to
}

// class says which characters a field may have, besides fillers.
type class uint8

const (
	alphanumeric class = iota
	letters
	digits
	date
	sex
)

type field struct {
	name string
	at   span
	class
}

// checkDigit is a check digit's field, place and what it covers.
type checkDigit struct {
	field  string
	at     span
	covers []span
	// or is another reading of what the digit covers; either may be right.
	or []span
	// blank is set where a filler stands for 0 if the field is empty.
	blank bool
}

// layout is a format's table of fields, in the order of the zone.
type layout struct {
	format Format
	prefix string // what identifies the format among those with the same lines
	anchor int    // the line where prefix stands
	lines  []int  // lengths
	fields []field
	checks []checkDigit
	// overflow is the least number of characters that a document number's continuation in
	// the optional data has, its check digit included; 0: it has none.
	overflow int
}

// fieldNameBoth is a field with surname and given names, which take their names once it
// is split.
const fieldNameBoth = "name"

// layouts is ordered: the first whose lines and prefix fit is the format.
var layouts = [...]layout{
	{
		format: FRAID, prefix: "IDFRA", lines: []int{36, 36},
		fields: []field{
			{FieldDocumentCode, span{0, 0, 2}, letters},
			{FieldIssuer, span{0, 2, 5}, letters},
			{FieldSurname, span{0, 5, 30}, letters},
			{FieldAdministrativeCode, span{0, 30, 36}, alphanumeric},
			{FieldDocumentNumber, span{1, 0, 12}, alphanumeric},
			{FieldIssueDate, span{1, 0, 4}, date}, // also the number's beginning
			{FieldGivenNames, span{1, 13, 27}, letters},
			{FieldBirthDate, span{1, 27, 33}, date},
			{FieldSex, span{1, 34, 35}, sex},
		},
		checks: []checkDigit{
			{field: FieldDocumentNumber, at: span{1, 12, 13}, covers: []span{{1, 0, 12}}},
			{field: FieldBirthDate, at: span{1, 33, 34}, covers: []span{{1, 27, 33}}},
			{field: FieldComposite, at: span{1, 35, 36}, covers: []span{{0, 0, 36}, {1, 0, 35}}},
		},
	},
	{
		format: MRVB, prefix: "V", lines: []int{36, 36},
		fields: bookFields(36, 36),
		checks: bookChecks(),
	},
	{
		format: TD2, lines: []int{36, 36},
		fields: bookFields(36, 35),
		checks: append(bookChecks(), checkDigit{field: FieldComposite, at: span{1, 35, 36},
			covers: []span{{1, 0, 10}, {1, 13, 20}, {1, 21, 35}}}),
		overflow: 2,
	},
	{
		format: MRVA, prefix: "V", lines: []int{44, 44},
		fields: bookFields(44, 44),
		checks: bookChecks(),
	},
	{
		format: TD3, lines: []int{44, 44},
		fields: bookFields(44, 42),
		checks: append(bookChecks(),
			checkDigit{field: FieldOptional, at: span{1, 42, 43}, covers: []span{{1, 28, 42}}, blank: true},
			checkDigit{field: FieldComposite, at: span{1, 43, 44},
				covers: []span{{1, 0, 10}, {1, 13, 20}, {1, 21, 43}}}),
	},
	{
		format: TD1, lines: []int{30, 30, 30},
		fields: []field{
			{FieldDocumentCode, span{0, 0, 2}, letters},
			{FieldIssuer, span{0, 2, 5}, letters},
			{FieldDocumentNumber, span{0, 5, 14}, alphanumeric},
			{FieldOptional, span{0, 15, 30}, alphanumeric},
			{FieldBirthDate, span{1, 0, 6}, date},
			{FieldSex, span{1, 7, 8}, sex},
			{FieldExpiryDate, span{1, 8, 14}, date},
			{FieldNationality, span{1, 15, 18}, letters},
			{FieldOptional2, span{1, 18, 29}, alphanumeric},
			{fieldNameBoth, span{2, 0, 30}, letters},
		},
		checks: []checkDigit{
			{field: FieldDocumentNumber, at: span{0, 14, 15}, covers: []span{{0, 5, 14}}},
			{field: FieldBirthDate, at: span{1, 6, 7}, covers: []span{{1, 0, 6}}},
			{field: FieldExpiryDate, at: span{1, 14, 15}, covers: []span{{1, 8, 14}}},
			{field: FieldComposite, at: span{1, 29, 30},
				covers: []span{{0, 5, 30}, {1, 0, 7}, {1, 8, 15}, {1, 18, 29}}},
		},
		// Cards whose continuation is the check digit alone, although the number has no
		// tenth character, are read as they are meant.
		overflow: 1,
	},
	{
		format: FRADL, prefix: "D1FRA", lines: []int{30},
		fields: []field{
			{FieldDocumentCode, span{0, 0, 2}, alphanumeric},
			{FieldIssuer, span{0, 2, 5}, letters},
			{FieldDocumentNumber, span{0, 5, 14}, alphanumeric},
			{FieldExpiryDate, span{0, 15, 21}, date},
			{FieldSurname, span{0, 21, 29}, letters},
		},
		checks: []checkDigit{
			{field: FieldDocumentNumber, at: span{0, 14, 15}, covers: []span{{0, 0, 14}}},
			{field: FieldComposite, at: span{0, 29, 30}, covers: []span{{0, 0, 29}}},
		},
	},
	{
		format: CHEDL, prefix: "FACHE", anchor: 1, lines: []int{9, 30, 30},
		fields: []field{
			{FieldOptional, span{0, 0, 9}, alphanumeric},
			{FieldDocumentCode, span{1, 0, 2}, letters},
			{FieldIssuer, span{1, 2, 5}, letters},
			{FieldDocumentNumber, span{1, 5, 17}, digits},
			{FieldBirthDate, span{1, 19, 25}, date},
			{fieldNameBoth, span{2, 0, 30}, letters},
		},
	},
}

// bookFields are the fields that TD2, TD3 and both visas share: names end at nameEnd of the
// first line, optional data at optionalEnd of the second.
func bookFields(nameEnd, optionalEnd int) []field {
	return []field{
		{FieldDocumentCode, span{0, 0, 2}, letters},
		{FieldIssuer, span{0, 2, 5}, letters},
		{fieldNameBoth, span{0, 5, nameEnd}, letters},
		{FieldDocumentNumber, span{1, 0, 9}, alphanumeric},
		{FieldNationality, span{1, 10, 13}, letters},
		{FieldBirthDate, span{1, 13, 19}, date},
		{FieldSex, span{1, 20, 21}, sex},
		{FieldExpiryDate, span{1, 21, 27}, date},
		{FieldOptional, span{1, 28, optionalEnd}, alphanumeric},
	}
}

func bookChecks() []checkDigit {
	return []checkDigit{
		{field: FieldDocumentNumber, at: span{1, 9, 10}, covers: []span{{1, 0, 9}}},
		{field: FieldBirthDate, at: span{1, 19, 20}, covers: []span{{1, 13, 19}}},
		{field: FieldExpiryDate, at: span{1, 27, 28}, covers: []span{{1, 21, 27}}},
	}
}

// field returns the field's table entry.
func (l *layout) field(name string) (field, bool) {
	for _, f := range l.fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

// continuation returns where the document number goes on in the optional data, its check
// digit last, or an empty span.
func (l *layout) continuation(lines []string) span {
	if l.overflow == 0 || l.checks[0].at.of(lines) != "<" {
		return span{}
	}
	opt, _ := l.field(FieldOptional)
	end := opt.at.from
	for end < opt.at.to && lines[opt.at.line][end] != '<' {
		end++
	}
	if end-opt.at.from < l.overflow {
		return span{}
	}
	return span{opt.at.line, opt.at.from, end}
}

// resolve returns where a check digit stands and what it covers in these lines: for a long
// document number the filler and the continuation too.
func (l *layout) resolve(c checkDigit, lines []string) checkDigit {
	if c.field != FieldDocumentNumber {
		return c
	}
	rest := l.continuation(lines)
	if rest == (span{}) {
		return c
	}
	number := c.covers[0]
	rest.to--
	return checkDigit{
		field:  c.field,
		at:     span{rest.line, rest.to, rest.to + 1},
		covers: []span{number, c.at, rest},
		or:     []span{number, rest},
	}
}

// coversAll reports whether the digit covers the whole span.
func (c checkDigit) coversAll(s span) bool {
	for _, covered := range c.covers {
		if covered.holds(s) {
			return true
		}
	}
	return false
}

// right reports whether the check digit, already resolved, is right.
func (c checkDigit) right(lines []string) bool {
	got := lines[c.at.line][c.at.from]
	if got == '<' && c.blank {
		return empty(c.covers[0].of(lines))
	}
	return got == digitOver(c.covers, lines) || c.or != nil && got == digitOver(c.or, lines)
}

// CheckDigit returns the check digit of a field's capitals, digits and fillers, with the weights
// 7, 3, 1 (ICAO 9303-3 §4.9). Other characters count as fillers.
func CheckDigit(text string) byte {
	var sum int
	for i := range len(text) {
		sum += value(text[i]) * weights[i%len(weights)]
	}
	return byte('0' + sum%10)
}

func digitOver(spans []span, lines []string) byte {
	var text strings.Builder
	for _, s := range spans {
		text.WriteString(s.of(lines))
	}
	return CheckDigit(text.String())
}

var weights = [...]int{7, 3, 1}

func value(ch byte) int {
	switch {
	case '0' <= ch && ch <= '9':
		return int(ch - '0')
	case 'A' <= ch && ch <= 'Z':
		return int(ch-'A') + 10
	}
	return 0
}

func empty(s string) bool {
	for i := range len(s) {
		if s[i] != '<' {
			return false
		}
	}
	return true
}
