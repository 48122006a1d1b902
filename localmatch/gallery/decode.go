package gallery

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"boothd/capture"
)

// decodeQuick reads a line as this package writes it: JSON without blanks, without escapes in
// its strings, with no field twice and none that is not known. That is nearly every line of
// a list, and reading it so takes a tenth of what encoding/json needs. It reports false for a
// line that may be written otherwise; then encoding/json is to read it, and what this left in
// c means nothing. The line is kept by what is read.
func decodeQuick(line string, c *Change) bool {
	s := scanner{text: line}
	if !utf8.ValidString(line) {
		return false
	}
	s.object(func(key string) {
		switch key {
		case "put":
			c.Put = new(Entry)
			s.entry(c.Put)
		case "drop":
			c.Drop = s.str()
			s.failed = s.failed || c.Drop == "" // as good as not there
		default:
			s.failed = true
		}
	})
	return !s.failed && s.text == ""
}

// decodeEntry reads an entry as it lies in a list.
func decodeEntryQuick(text string, e *Entry) bool {
	s := scanner{text: text}
	if !utf8.ValidString(text) {
		return false
	}
	s.entry(e)
	return !s.failed && s.text == ""
}

// scanner reads JSON from the beginning of text.
type scanner struct {
	text   string
	failed bool
}

func (s *scanner) entry(e *Entry) {
	s.object(func(key string) {
		switch key {
		case "id":
			e.ID = s.str()
		case "names":
			e.Names = s.strs()
		case "birth_dates":
			e.BirthDates = s.strs()
		case "nationalities":
			e.Nationalities = s.strs()
		case "sex":
			e.Sex = s.str()
		case "documents":
			s.array(func() {
				var d DocumentNumber
				s.document(&d)
				e.Documents = append(e.Documents, d)
			})
		case "fingers":
			s.array(func() {
				var f FingerTemplate
				s.finger(&f)
				e.Fingers = append(e.Fingers, f)
			})
		case "face":
			e.Face = s.bytes()
		case "category":
			e.Category = s.str()
		case "action":
			e.Action = s.str()
		case "discreet":
			e.Discreet = s.boolean()
		default:
			s.failed = true
		}
	})
}

func (s *scanner) document(d *DocumentNumber) {
	s.object(func(key string) {
		switch key {
		case "number":
			d.Number = s.str()
		case "type":
			d.Type = s.str()
		case "issuer":
			d.Issuer = s.str()
		default:
			s.failed = true
		}
	})
}

func (s *scanner) finger(f *FingerTemplate) {
	s.object(func(key string) {
		switch key {
		case "position":
			f.Position = capture.FingerPosition(s.small())
		case "format":
			f.Format = s.str()
		case "data":
			f.Data = s.bytes()
		default:
			s.failed = true
		}
	})
}

// take takes the mark off the beginning of the text and reports whether it stood there.
func (s *scanner) take(mark byte) bool {
	if s.text == "" || s.text[0] != mark {
		return false
	}
	s.text = s.text[1:]
	return true
}

func (s *scanner) need(mark byte) {
	if !s.take(mark) {
		s.failed = true
	}
}

// object calls field for each field, which is to read its value. No key may stand twice:
// encoding/json would mix the two.
func (s *scanner) object(field func(key string)) {
	var keys [12]string // more than any object here has
	s.need('{')
	for n := 0; !s.failed; n++ {
		if n == 0 && s.take('}') {
			return
		}
		key := s.str()
		s.need(':')
		if n == len(keys) {
			s.failed = true
		}
		for _, k := range keys[:min(n, len(keys))] {
			s.failed = s.failed || k == key
		}
		if s.failed {
			return
		}
		keys[n] = key
		field(key)
		if s.take('}') {
			return
		}
		s.need(',')
	}
}

// array calls element for each element, which is to read it. An empty one is left to
// encoding/json, which tells it from one that is not there.
func (s *scanner) array(element func()) {
	s.need('[')
	for !s.failed {
		element()
		if s.take(']') {
			return
		}
		s.need(',')
	}
}

func (s *scanner) str() string {
	s.need('"')
	end := strings.IndexByte(s.text, '"')
	if s.failed || end < 0 {
		s.failed = true
		return ""
	}
	text := s.text[:end]
	for i := range len(text) {
		if text[i] < ' ' || text[i] == '\\' {
			s.failed = true
			return ""
		}
	}
	s.text = s.text[end+1:]
	return text
}

func (s *scanner) strs() []string {
	all := make([]string, 0, 2)
	s.array(func() { all = append(all, s.str()) })
	return all
}

func (s *scanner) bytes() []byte {
	text := s.str()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) == 0 {
		s.failed = true
	}
	return b
}

func (s *scanner) boolean() bool {
	if rest, ok := strings.CutPrefix(s.text, "true"); ok {
		s.text = rest
		return true
	}
	rest, ok := strings.CutPrefix(s.text, "false")
	s.text, s.failed = rest, s.failed || !ok
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
