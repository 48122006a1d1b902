package gallery

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"boothd/capture"
)

// decodeQuick reads a line as this package writes it: JSON without blanks, without escapes in
// its strings, the fields of each object in the order of its struct. That is nearly every line
// of a list, and reading it so takes a tenth of what encoding/json needs. It reports false for
// a line that may be written otherwise; then encoding/json is to read it, and what this left in
// c means nothing. The line is kept by what is read. An entry is read into e, which is empty; its
// slices are appended to.
func decodeQuick(line string, c *Change, e *Entry) bool {
	s := scanner{text: line}
	s.begin()
	if s.field(`"put":`) {
		c.Put = e
		s.entry(e)
	}
	if s.field(`"drop":`) {
		c.Drop = s.str()
		s.failed = s.failed || c.Drop == "" // as good as not there
	}
	s.end()
	return s.good(line)
}

// decodeEntryQuick reads an entry as it lies in a list.
func decodeEntryQuick(text string, e *Entry) bool {
	s := scanner{text: text}
	s.entry(e)
	return s.good(text)
}

// scanner reads JSON from the beginning of text.
type scanner struct {
	text   string
	first  bool // the next field is the first of its object
	failed bool
}

// good reports whether all of a text was read and could be.
func (s *scanner) good(text string) bool { return !s.failed && s.text == "" && utf8.ValidString(text) }

func (s *scanner) entry(e *Entry) {
	s.begin()
	if s.field(`"id":`) {
		e.ID = s.str()
	}
	if s.field(`"names":`) {
		e.Names = s.strs(e.Names)
	}
	if s.field(`"birth_dates":`) {
		e.BirthDates = s.strs(e.BirthDates)
	}
	if s.field(`"nationalities":`) {
		e.Nationalities = s.strs(e.Nationalities)
	}
	if s.field(`"sex":`) {
		e.Sex = s.str()
	}
	if s.field(`"documents":`) {
		for more := s.elements(); more; more = s.more() {
			e.Documents = append(e.Documents, s.document())
		}
	}
	if s.field(`"fingers":`) {
		for more := s.elements(); more; more = s.more() {
			e.Fingers = append(e.Fingers, s.finger())
		}
	}
	if s.field(`"face":`) {
		e.Face = s.bytes()
	}
	if s.field(`"category":`) {
		e.Category = s.str()
	}
	if s.field(`"action":`) {
		e.Action = s.str()
	}
	if s.field(`"discreet":`) {
		e.Discreet = s.boolean()
	}
	s.end()
}

func (s *scanner) document() (d DocumentNumber) {
	s.begin()
	if s.field(`"number":`) {
		d.Number = s.str()
	}
	if s.field(`"type":`) {
		d.Type = s.str()
	}
	if s.field(`"issuer":`) {
		d.Issuer = s.str()
	}
	s.end()
	return d
}

func (s *scanner) finger() (f FingerTemplate) {
	s.begin()
	if s.field(`"position":`) {
		f.Position = capture.FingerPosition(s.small())
	}
	if s.field(`"format":`) {
		f.Format = s.str()
	}
	if s.field(`"data":`) {
		f.Data = s.bytes()
	}
	s.end()
	return f
}

// take takes a mark off the beginning of the text and reports whether it stood there.
func (s *scanner) take(mark string) (ok bool) {
	s.text, ok = strings.CutPrefix(s.text, mark)
	return ok
}

func (s *scanner) need(mark string) {
	if !s.take(mark) {
		s.failed = true
	}
}

func (s *scanner) begin() {
	s.need("{")
	s.first = true
}

func (s *scanner) end() {
	s.need("}")
	s.first = false // of the object that this one stands in
}

// field reports whether the next field has the key, written as `"key":`, and goes to its value.
func (s *scanner) field(key string) bool {
	rest := s.text
	if !s.first {
		if rest == "" || rest[0] != ',' {
			return false
		}
		rest = rest[1:]
	}
	rest, ok := strings.CutPrefix(rest, key)
	if ok {
		s.text, s.first = rest, false
	}
	return ok
}

// elements begins an array and reports whether its first element can be read. An empty array is
// left to encoding/json, which tells it from one that is not there.
func (s *scanner) elements() bool {
	s.need("[")
	return !s.failed
}

// more reports whether there is another element, and goes to it.
func (s *scanner) more() bool {
	if s.failed || s.take("]") {
		return false
	}
	s.need(",")
	return !s.failed
}

func (s *scanner) strs(all []string) []string {
	for more := s.elements(); more; more = s.more() {
		all = append(all, s.str())
	}
	return all
}

func (s *scanner) str() string {
	if s.need(`"`); s.failed {
		return ""
	}
	text := s.text
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			s.text = text[i+1:]
			return text[:i]
		case c < ' ' || c == '\\':
			s.failed = true
			return ""
		}
	}
	s.failed = true
	return ""
}

func (s *scanner) bytes() []byte {
	b, err := base64.StdEncoding.DecodeString(s.str())
	if err != nil || len(b) == 0 {
		s.failed = true
	}
	return b
}

func (s *scanner) boolean() bool {
	if s.take("true") {
		return true
	}
	s.need("false")
	return false
}

// small reads a number of one or two digits.
func (s *scanner) small() int {
	end := 0
	for end < len(s.text) && end < 2 && s.text[end] >= '0' && s.text[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(s.text[:end])
	if err != nil || end == 2 && s.text[0] == '0' {
		s.failed = true
	}
	s.text = s.text[end:]
	return n
}
