package rte

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// frame returns a frame with the block check of a formula.
func frame(formula int, lines ...string) []byte {
	text := strings.Repeat("\r", maxLines-len(lines)) + strings.Join(lines, "\r") + "\r"
	whole := slices.Concat([]byte{soh, byte(len(text) + 6), 0, 'O', 'U', stx, ' '}, []byte(text), []byte{etx})
	return append(whole, compute(whole, formula))
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

func TestTheBlockCheckIsLearnedWhateverItsFormula(t *testing.T) {
	documents := [][]string{{"P<UTO", "L898"}, {"I<UTO", "7408", "ERIK"}, {"D1UTO"}, {"V<UTO", "12345"}}
	for formula := range len(new(blockCheck).runs) {
		var p parser
		for _, want := range documents {
			got, faults := parse(&p, frame(formula, want...))
			if len(faults) > 0 || len(got) != 1 || !slices.Equal(got[0], want) {
				t.Fatalf("formula %d: read %q, %v; want %q", formula, got, faults, want)
			}
		}
		spoilt := frame(formula, "P<UTO", "L898")
		spoilt[10] ^= 4
		if got, faults := parse(&p, spoilt); len(got) > 0 || len(faults) != 1 || !errors.Is(faults[0], errCheck) {
			t.Errorf("formula %d: read %q, %v; want the fault", formula, got, faults)
		}
		if got, faults := parse(&p, frame(formula, "P<UTO", "L898")); len(got) != 1 || len(faults) > 0 {
			t.Errorf("formula %d: read %q, %v after the fault", formula, got, faults)
		}
	}
}

func TestAReaderWhoseBlockCheckIsNoneOfTheFormulasIsBelieved(t *testing.T) {
	var p parser
	for i := range 20 {
		whole := frame(0, "P<UTO", strings.Repeat("L", i+1))
		whole[len(whole)-1] += 1 + byte(i)*37
		if got, faults := parse(&p, whole); len(got) != 1 || len(faults) > 0 {
			t.Fatalf("document %d: read %q, %v", i, got, faults)
		}
	}
}

func TestSpoiltFramesAreNamed(t *testing.T) {
	head := "\x01\x10\x00OU\x02 "
	for _, tt := range []struct {
		name, data string
		want       error
	}{
		{"a control character", head + "AB\x00C\r\r\r\x03 ", errCharacter},
		{"a byte above ASCII", head + "AB\xc3\r\r\r\x03 ", errCharacter},
		{"two lines only", head + "A\rB\r\x03 ", errShape},
		{"a last line without its end", head + "A\rB\rC\x03 ", errShape},
		{"a gap between lines", head + "A\r\rC\r\x03 ", errShape},
		{"a fourth line", head + "A\rB\rC\rD\r\x03 ", errLong},
		{"a line without an end", head + strings.Repeat("A", 65), errLong},
		{"nothing read", head + "\r\r\r\x03 ", errEmpty},
		{"nothing but padding", head + "\r____\r____\r\x03 ", errEmpty},
		{"no beginning", "ABC\rDEF\r\x03 ", errHeadless},
	} {
		var p parser
		got, faults := parse(&p, []byte(tt.data))
		if len(got) > 0 || len(faults) == 0 || !errors.Is(faults[0], tt.want) {
			t.Errorf("%s: read %q, %v; want %v", tt.name, got, faults, tt.want)
		}
	}
}

func TestTheParserKeepsNothingOfADocument(t *testing.T) {
	for _, data := range [][]byte{frame(0, "SECRET", "SECRET"), []byte("\x01\x02\x00OU\x02 SECRET\x00"), frame(0, "SECRET")[:12]} {
		var p parser
		parse(&p, data)
		_ = p.Cut()
		if bytes.Contains(p.frame[:], []byte("SECRET")) || bytes.Contains(p.last[:], []byte("SECRE")) {
			t.Errorf("after %q the parser still holds it", data)
		}
	}
}

func FuzzParser(f *testing.F) {
	good := []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}
	f.Add(frame(0, good...))
	f.Add(frame(7, "P<UTO", "L898"))
	f.Add(frame(3, "D1UTO__"))
	f.Add(frame(0, good...)[:40])
	f.Add(frame(0, good...)[2:])
	f.Add(slices.Concat(frame(2, "A"), frame(2, "B"), frame(2, "C"), frame(2, "D"), frame(1, "E")))
	f.Add([]byte("\x01\x01OU\x01OU\x02OU\x02\x03\x03"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p parser
		documents, _ := parse(&p, data)
		for _, lines := range documents {
			if len(lines) < 1 || len(lines) > maxLines {
				t.Errorf("a document of %d lines", len(lines))
			}
			for _, l := range lines {
				if l == "" || len(l) > maxLine || strings.ContainsFunc(l, func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("a line %q", l)
				}
				if !bytes.Contains(data, []byte(l)) {
					t.Errorf("the line %q was not sent", l)
				}
			}
		}
		// Whatever came before, a good frame is read, unless it taught the block check wrongly.
		p.check = blockCheck{}
		documents, _ = parse(&p, frame(0, good...))
		if len(documents) == 0 || !slices.Equal(documents[len(documents)-1], good) {
			t.Errorf("after the input: read %q", documents)
		}
	})
}
