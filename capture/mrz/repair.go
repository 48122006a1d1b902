package mrz

import "strings"

// digitFor is the digit that a letter is mistaken for.
var digitFor = map[byte]byte{
	'O': '0', 'D': '0', 'Q': '0', 'I': '1', 'L': '1', 'Z': '2', 'S': '5', 'G': '6', 'B': '8',
}

// lettersFor are the letters that a digit is mistaken for, the likeliest first.
var lettersFor = map[byte]string{
	'0': "ODQ", '1': "IL", '2': "Z", '5': "S", '6': "G", '8': "B",
}

// Repaired puts right what a reader mistook, where a check digit proves it; the package
// documentation has the rule. It returns the lines and what was changed in them, in the
// order of the zone. Lines that are no zone come back as they are.
func Repaired(lines []string) ([]string, []Repair) {
	cleaned, err := clean(lines)
	if err != nil {
		return lines, nil
	}
	l, err := identify(cleaned)
	if err != nil {
		return lines, nil
	}
	misread := misreadFrenchCard(cleaned)
	if misread {
		l = &layouts[0]
	}
	r := newRepairer(l, cleaned)
	r.run()
	if misread && !r.allRight() {
		return cleaned, nil
	}
	return r.lines, r.repairs()
}

// misreadFrenchCard reports whether the first letters are nearly those of the French identity
// card. It is repaired as one only if every check digit is then right.
func misreadFrenchCard(lines []string) bool {
	card := &layouts[0]
	return card.fits(lines) && !strings.HasPrefix(lines[0], card.prefix) &&
		asLetters(lines[0][:len(card.prefix)]) == card.prefix
}

func (r *repairer) allRight() bool {
	for _, c := range r.checks {
		if !c.right(r.lines) {
			return false
		}
	}
	return strings.HasPrefix(r.lines[0], r.prefix)
}

type repairer struct {
	*layout
	read  []string // as the reader sent them
	lines []string // as far as they are repaired
}

func newRepairer(l *layout, lines []string) *repairer {
	return &repairer{layout: l, read: lines, lines: append([]string(nil), lines...)}
}

// run repairs dates before document numbers: a number's repair needs the composite digit,
// which covers the dates.
func (r *repairer) run() {
	for _, c := range r.checks {
		if c.field != FieldComposite {
			r.repairDates(r.resolve(c, r.lines))
		}
	}
	r.repairCovered()
	for _, c := range r.checks {
		if f, ok := r.field(c.field); ok && f.class == alphanumeric {
			r.repairText(f, r.resolve(c, r.lines))
		}
	}
	if c, ok := r.composite(); ok {
		r.try(c.right, c.at)
	}
}

func (r *repairer) composite() (checkDigit, bool) {
	if n := len(r.checks); n > 0 && r.checks[n-1].field == FieldComposite {
		return r.checks[n-1], true
	}
	return checkDigit{}, false
}

// try turns the letters of the spans into digits and keeps that if proven and if it makes
// no right composite digit wrong.
func (r *repairer) try(proven func([]string) bool, spans ...span) {
	trial := append([]string(nil), r.lines...)
	for _, s := range spans {
		replace(trial, s, asDigits(s.of(trial)))
	}
	c, ok := r.composite()
	spoilt := ok && c.right(r.lines) && !c.right(trial)
	if proven(trial) && !spoilt {
		r.lines = trial
	}
}

// repairDates makes digits of the letters in the check digit and in the dates it covers.
func (r *repairer) repairDates(c checkDigit) {
	spans := []span{c.at}
	for _, f := range r.fields {
		if f.class == date && c.coversAll(f.at) {
			spans = append(spans, f.at)
		}
	}
	r.try(func(trial []string) bool {
		for _, s := range spans[1:] {
			if _, reason := parseDate(s.of(trial), inThe2000s); reason != "" {
				return false
			}
		}
		return c.right(trial)
	}, spans...)
}

// inThe2000s has the same leap years as the century that a date is in, but for 1900.
func inThe2000s(d Date) int { return 2000 + d.Year }

// repairText exchanges one character of a field that may have letters and digits. All
// exchanges that the check digits allow count as explanations, and the only one is made if
// its place is one where such a mistake shows.
func (r *repairer) repairText(f field, c checkDigit) {
	if c.right(r.lines) {
		return
	}
	var only []string
	explanations, stands := 0, false
	for _, s := range c.covers {
		for i := s.from; i < s.to; i++ {
			if s.holds(f.at) && !f.at.holds(span{s.line, i, i + 1}) {
				continue
			}
			for _, ch := range lookAlikes(r.lines[s.line][i]) {
				trial := append([]string(nil), r.lines...)
				replace(trial, span{s.line, i, i + 1}, string(ch))
				replace(trial, c.at, asDigits(c.at.of(trial)))
				if c.right(trial) && r.compositeRight(trial) {
					only, stands = trial, standsOut(s.of(r.lines), i-s.from)
					explanations++
				}
			}
		}
	}
	if explanations == 1 && stands {
		r.lines = only
	}
}

// standsOut reports whether the character is a letter after a digit and before a digit or
// the end, or a digit between letters.
func standsOut(text string, i int) bool {
	if i == 0 {
		return false
	}
	before, after := kindOf(text[i-1]), filler
	if i+1 < len(text) {
		after = kindOf(text[i+1])
	}
	if kindOf(text[i]) == letter {
		return before == digit && after != letter
	}
	return before == letter && after == letter
}

type kind uint8

const (
	filler kind = iota
	digit
	letter
)

func kindOf(ch byte) kind {
	switch {
	case ch == '<':
		return filler
	case ch <= '9':
		return digit
	}
	return letter
}

// compositeRight reports whether the composite digit, if the format has one, is right once
// it is read as a digit.
func (r *repairer) compositeRight(lines []string) bool {
	c, ok := r.composite()
	if !ok {
		return true
	}
	return asDigits(c.at.of(lines))[0] == digitOver(c.covers, lines)
}

// repairCovered puts right the characters that cannot stand in names and dates that only the
// composite digit covers.
func (r *repairer) repairCovered() {
	c, ok := r.composite()
	if !ok || c.right(r.lines) {
		return
	}
	trial := append([]string(nil), r.lines...)
	for _, f := range r.fields {
		switch {
		case !c.coversAll(f.at):
		case f.class == letters:
			replace(trial, f.at, asLetters(f.at.of(trial)))
		case f.class == date && !r.hasDigit(f):
			replace(trial, f.at, asDigits(f.at.of(trial)))
			if _, reason := parseDate(f.at.of(trial), inThe2000s); reason != "" {
				return
			}
		}
	}
	if r.compositeRight(trial) {
		r.lines = trial
	}
}

// hasDigit reports whether a check digit besides the composite covers the field.
func (r *repairer) hasDigit(f field) bool {
	for _, c := range r.checks {
		if c.field != FieldComposite && c.coversAll(f.at) {
			return true
		}
	}
	return false
}

// repairs lists the differences between what was read and what it was repaired to.
func (r *repairer) repairs() []Repair {
	var out []Repair
	for line := range r.lines {
		for col := range len(r.lines[line]) {
			read, meant := r.read[line][col:col+1], r.lines[line][col:col+1]
			if read != meant {
				out = append(out, Repair{
					Field: r.fieldAt(line, col), Line: line + 1, Column: col + 1, Read: read, Meant: meant,
				})
			}
		}
	}
	return out
}

// fieldAt names the field to which a place belongs, its check digit included.
func (r *repairer) fieldAt(line, col int) string {
	at := span{line, col, col + 1}
	for _, c := range r.checks {
		c = r.resolve(c, r.lines)
		if c.at.holds(at) {
			return c.field
		}
		if c.field == FieldDocumentNumber && len(c.covers) > 1 && c.covers[2].holds(at) {
			return c.field
		}
	}
	for _, f := range r.fields {
		if f.at.holds(at) {
			return f.name
		}
	}
	return FieldComposite
}

func lookAlikes(ch byte) string {
	if d, ok := digitFor[ch]; ok {
		return string(d)
	}
	return lettersFor[ch]
}

func asDigits(s string) string {
	b := []byte(s)
	for i, ch := range b {
		if d, ok := digitFor[ch]; ok {
			b[i] = d
		}
	}
	return string(b)
}

func asLetters(s string) string {
	b := []byte(s)
	for i, ch := range b {
		if l := lettersFor[ch]; l != "" {
			b[i] = l[0]
		}
	}
	return string(b)
}

func replace(lines []string, s span, text string) {
	lines[s.line] = lines[s.line][:s.from] + text + lines[s.line][s.to:]
}
