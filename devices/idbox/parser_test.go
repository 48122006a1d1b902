package idbox

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func frame(command byte, data string) []byte {
	return slices.Concat([]byte{command, byte(len(data) >> 8), byte(len(data))}, []byte(data))
}

// parse pushes bytes and returns the documents and the faults.
func parse(p *parser, data []byte) (documents [][]string, faults []error) {
	for _, b := range data {
		lines, err := p.Push(b)
		if lines != nil {
			documents = append(documents, lines)
		}
		if err != nil {
			faults = append(faults, err)
		}
	}
	return documents, faults
}

func TestZones(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		want       []string
		err        error
	}{
		{"lines with a return after each", "AB\rCD\r", []string{"AB", "CD"}, nil},
		{"an empty line at the end", "AB\rCD\r\r", []string{"AB", "CD"}, nil},
		{"lines with a return between them", "AB\rCD", []string{"AB", "CD"}, nil},
		{"returns and line feeds", "AB\r\nCD\r\nEF\r\n\r\n", []string{"AB", "CD", "EF"}, nil},
		{"one line", "AB", []string{"AB"}, nil},
		{"nothing", "", nil, errEmpty},
		{"nothing but an end", "\r", nil, errEmpty},
		{"an empty line between", "AB\r\rCD\r", nil, errShape},
		{"four lines", "A\rB\rC\rD", nil, errShape},
		{"a control character", "A\x00B", nil, errCharacter},
		{"a byte above ASCII", "A\xc3B", nil, errCharacter},
		{"a line that is too long", strings.Repeat("A", 65), nil, errLong},
	} {
		got, err := zone(tt.data)
		if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, %v; want %q, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
}

func TestWhatMakesNoSenseIsPassedOverUntilASilence(t *testing.T) {
	for _, noise := range []string{"\x00", "xyz", "I\xff\xff", "V\x7f\x00"} {
		var p parser
		parse(&p, []byte(noise))
		if documents, _ := parse(&p, frame('I', "AB\r")); len(documents) > 0 {
			t.Errorf("%q: read %q", noise, documents)
		}
		_ = p.Cut()
		documents, faults := parse(&p, frame('I', "AB\r"))
		if len(documents) != 1 || len(faults) > 0 {
			t.Errorf("%q: after a silence read %q, %v", noise, documents, faults)
		}
	}
}

func TestTheParserKeepsNothingOfADocument(t *testing.T) {
	for _, data := range [][]byte{frame('I', "SECRET\rSECRET\r"), frame('I', "SEC\x00RET"), frame('I', "SECRET")[:7]} {
		var p parser
		parse(&p, data)
		_ = p.Cut()
		if bytes.Contains(p.frame[:], []byte("SEC")) || strings.Contains(p.answer, "SEC") {
			t.Errorf("after %q the parser still holds it", data)
		}
	}
}

func FuzzParser(f *testing.F) {
	good := []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}
	zone := frame('I', strings.Join(good, "\r")+"\r\r")
	f.Add(zone)
	f.Add(zone[:40])
	f.Add(slices.Concat(frame('C', "\x01"), zone, frame('C', "\x01"), frame('V', "1.0")))
	f.Add(frame('I', ""))
	f.Add(frame('I', "A\r\nB"))
	f.Add([]byte{'I', 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var p parser
		documents, _ := parse(&p, data)
		for _, lines := range documents {
			if len(lines) < 1 || len(lines) > maxLines {
				t.Errorf("a document of %d lines", len(lines))
			}
			for _, l := range lines {
				if l == "" || len(l) > maxLine || !printable(l) || !bytes.Contains(data, []byte(l)) {
					t.Errorf("a line %q", l)
				}
			}
		}
		_ = p.Cut()
		documents, faults := parse(&p, zone)
		if len(documents) != 1 || len(faults) > 0 || !slices.Equal(documents[0], good) || p.armed {
			t.Errorf("after the input and a silence: read %q, %v", documents, faults)
		}
	})
}
