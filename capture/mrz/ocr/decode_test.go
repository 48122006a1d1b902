package ocr

import (
	"math"
	"slices"
	"testing"
	"time"

	"boothd/capture/mrz/ocr/glyph"
)

var reading2026 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// specimen is the example of ICAO 9303-4, appendix B.
var specimen = []string{
	"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
	"L898902C36UTO7408122F1204159ZE184226B<<<<<10",
}

// seen is what the recogniser says of one place besides the truth.
type seen struct {
	line, column int // from 1
	as           byte
	probability  float64 // of as; the rest is the truth's
}

// decoderOf is certain of the specimen but where it was seen as something else.
func decoderOf(mistakes ...seen) *decoder { return decoderOfText(specimen, mistakes...) }

// decoderOfText is certain of lines but where something else was seen.
func decoderOfText(lines []string, mistakes ...seen) *decoder {
	d := &decoder{layout: layoutOf(shape{2, 44}, lines[0][:5]), now: reading2026}
	for i, line := range lines {
		cells, text := make([]cell, len(line)), make([]byte, len(line))
		for k := range line {
			var s glyph.Scores
			for c := range s {
				s[c] = -14
			}
			put := func(ch byte, p float64) {
				for c := range glyph.None {
					if glyph.Alphabet[c] == ch {
						s[c] = float32(math.Log(p))
					}
				}
			}
			put(line[k], 1)
			for _, m := range mistakes {
				if m.line == i+1 && m.column == k+1 {
					put(line[k], 1-m.probability)
					put(m.as, m.probability)
				}
			}
			cells[k] = cellOf(&s, d.layout.lines[i][k])
			text[k] = cells[k].options[0].ch
		}
		d.cells, d.text = append(d.cells, cells), append(d.text, text)
	}
	return d
}

func TestCheckDigitsDecideBetweenLikelyCharacters(t *testing.T) {
	tests := []struct {
		name     string
		mistakes []seen
		exact    bool
		doubts   [][2]int
		repaired [][2]int
	}{
		{"a clear zone has no doubts", nil, true, nil, nil},
		{"an unlikely rival is no doubt", []seen{{1, 6, 'F', 0.01}}, true, nil, nil},
		{"a likely rival in a name is a doubt", []seen{{1, 6, 'F', 0.1}}, true, [][2]int{{0, 5}}, nil},
		{"a misread name is a doubt", []seen{{1, 6, 'F', 0.8}}, false, [][2]int{{0, 5}}, nil},
		{"a likely rival under a check digit is none", []seen{{2, 3, 'B', 0.4}}, true, nil, nil},
		{"a misread number is repaired", []seen{{2, 3, 'S', 0.7}}, true, nil, [][2]int{{1, 2}}},
		{"an unlikely repair is a doubt too", []seen{{2, 3, 'S', 0.97}}, true, [][2]int{{1, 2}}, [][2]int{{1, 2}}},
		{"an O in a number is read as 0 if no check digit objects", []seen{{2, 6, 'O', 0.9999}}, true, nil, nil},
		{"1 and L count the same and stay a doubt", []seen{{2, 1, '1', 0.3}}, true, [][2]int{{1, 0}}, nil},
		{"a number that is surely misread keeps its wrong digit and a doubt",
			[]seen{{2, 3, 'S', 0.9999}}, false, [][2]int{{1, 2}}, nil},
		{"a letter in a date is never read", []seen{{2, 14, 'T', 0.9}}, true, nil, nil},
		{"a likely rival of the sex is a doubt", []seen{{2, 21, 'M', 0.3}}, true, [][2]int{{1, 20}}, nil},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			d := decoderOf(c.mistakes...)
			d.prove()
			if exact := slices.Equal(d.lines(), specimen); exact != c.exact {
				t.Errorf("read as\n%s\n%s", d.text[0], d.text[1])
			}
			if !slices.Equal(d.doubts, c.doubts) {
				t.Errorf("doubts %v, want %v", d.doubts, c.doubts)
			}
			if !slices.Equal(d.repaired, c.repaired) {
				t.Errorf("repaired %v, want %v", d.repaired, c.repaired)
			}
		})
	}
}

func TestMistakesThatMakeUpForEachOtherAreDoubts(t *testing.T) {
	// Both places have the weight 3 and both mistakes count 5 less.
	d := decoderOf(seen{2, 2, '3', 0.6}, seen{2, 5, '4', 0.55})
	d.prove()
	if want := [][2]int{{1, 4}, {1, 1}}; !slices.Equal(d.doubts, want) {
		t.Errorf("doubts %v, want %v", d.doubts, want)
	}
}

func TestTextThatIsNotAZoneIsNotOne(t *testing.T) {
	tests := []struct {
		name  string
		lines []string
		is    bool
	}{
		{"a zone", specimen, true},
		{"a zone with wrong digits", []string{specimen[0], "L898902C46UTO7408132F1204169ZE184226C<<<<<19"}, true},
		{"a zone with one right digit and many characters off", []string{specimen[0], "L898902C36UTO7408142F1204189ZE1842Q6C<<<<<19"}, true},
		{"words", []string{"REPUBLIC<OF<UTOPIA<PASSPORT<SURNAME<GIVEN<NA", "DATE<OF<ISSUE<AUTHORITY<ZENITH<NATIONALITY<U"}, false},
		{"numbers", []string{"12345678901234567890123456789012345678901234", "98765432109876543210987654321098765432109876"}, false},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			if got := decoderOfText(c.lines).plausible(); got != c.is {
				t.Errorf("plausible %v, want %v", got, c.is)
			}
		})
	}
}
