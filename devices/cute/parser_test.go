package cute

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// parse pushes bytes and returns the documents and the number of faults.
func parse(p *parser, data []byte) (documents [][]string, faults int) {
	for _, b := range data {
		lines, err := p.Push(b)
		if lines != nil {
			documents = append(documents, lines)
		}
		if err != nil {
			faults++
		}
	}
	return documents, faults
}

func frame(lines ...string) []byte {
	return slices.Concat([]byte{fs, stx}, []byte(strings.Join(lines, "\r")), []byte{cr, etx, gs})
}

func TestFramesAsLongAsTheLimitsAreRead(t *testing.T) {
	want := []string{strings.Repeat("A", maxLine), strings.Repeat("B", maxLine), strings.Repeat("C", maxLine)}
	var p parser
	documents, faults := parse(&p, frame(want...))
	if len(documents) != 1 || faults != 0 || !slices.Equal(documents[0], want) {
		t.Errorf("read %q with %d faults", documents, faults)
	}
}

func TestTheParserKeepsNothingOfADocument(t *testing.T) {
	for _, data := range [][]byte{frame("SECRET", "SECRET"), []byte("\x1c\x02SECRET\x00"), []byte("\x1c\x02SECRET\x1c")} {
		var p parser
		parse(&p, data)
		if bytes.Contains(p.frame[:], []byte("SECRET")) {
			t.Errorf("after %q the parser still holds it", data)
		}
	}
}

func FuzzParser(f *testing.F) {
	good := []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}
	f.Add(frame(good...))
	f.Add(frame("P<UTO", "L898"))
	f.Add(frame("D1UTO"))
	f.Add(frame(good...)[:40])
	f.Add(frame(good...)[2:])
	f.Add(frame("", "A"))
	f.Add(frame("A", "B", "C", "D"))
	f.Add(frame(strings.Repeat("<", 65)))
	f.Add([]byte{fs, fs, stx, etx, etx, gs, gs})
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
			}
			if !bytes.Contains(data, frame(lines...)) {
				t.Errorf("the document %q was not sent", lines)
			}
		}
		// Whatever came before, a good frame is read.
		documents, faults := parse(&p, frame(good...))
		if len(documents) != 1 || faults != 0 || !slices.Equal(documents[0], good) {
			t.Errorf("after the input: read %q with %d faults", documents, faults)
		}
	})
}
