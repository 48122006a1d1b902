package drawn

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"boothd/capture/mrz/ocr/glyph"
)

// Blanks are pictures that show no zone, by what they show instead.
var Blanks = [...]struct {
	Name string
	draw func(*sheet, *Font, *rand.Rand) error
}{
	{"portrait and text", func(s *sheet, f *Font, r *rand.Rand) error {
		s.decorated(f, r, s.wide(), s.tall()-1)
		return nil
	}},
	{"curves", func(s *sheet, _ *Font, r *rand.Rand) error {
		s.guilloches(r, between(r, 0.3, 0.9), 0)
		s.printed(r, between(r, 0.1, 0.6), 0, s.tall())
		return nil
	}},
	{"page of print", func(s *sheet, _ *Font, r *rand.Rand) error { return s.page(r, goregular.TTF, prose) }},
	{"typewritten page", func(s *sheet, _ *Font, r *rand.Rand) error { return s.page(r, gomono.TTF, prose) }},
	{"table of figures", func(s *sheet, _ *Font, r *rand.Rand) error { return s.page(r, gomono.TTF, figures) }},
	{"capitals of even width", func(s *sheet, _ *Font, r *rand.Rand) error { return s.page(r, gomono.TTF, capitals) }},
	{"page in OCR-B", func(s *sheet, f *Font, r *rand.Rand) error { return s.pageOCRB(f, r) }},
	{"one line of a zone", func(s *sheet, f *Font, r *rand.Rand) error {
		s.decorated(f, r, s.wide(), s.tall()-5)
		lines, err := Lines(r)
		if err == nil {
			s.text(f, lines[r.IntN(len(lines))], glyph.Point{X: 1.5, Y: s.tall() - 3}, 1, r.IntN(Faces), Weights/2, 0.8)
		}
		return err
	}},
	{"bars", func(s *sheet, _ *Font, r *rand.Rand) error {
		s.bars(r)
		return nil
	}},
	{"boxes", func(s *sheet, _ *Font, r *rand.Rand) error {
		s.boxes(r)
		return nil
	}},
}

// Blank draws one of Blanks and photographs it.
func (f *Font) Blank(rng *rand.Rand, kind int, c Conditions) (*image.Gray, error) {
	k := math.Min(math.Max(12, 1.3*c.Pitch), 32)
	s := &sheet{raw: newRaw(int(48*k), int(34*k)), perPitch: k}
	paper := float32(between(rng, 190, 245))
	for i := range s.grey {
		s.grey[i] = paper
	}
	if err := Blanks[kind].draw(s, f, rng); err != nil {
		return nil, fmt.Errorf("draw %s: %w", Blanks[kind].Name, err)
	}
	img, err := s.photographed(rng, c)
	if err != nil {
		return nil, fmt.Errorf("photograph %s: %w", Blanks[kind].Name, err)
	}
	return img, nil
}

func (s *sheet) wide() float64 { return float64(s.width) / s.perPitch }
func (s *sheet) tall() float64 { return float64(s.height) / s.perPitch }

// page fills the sheet with lines in a font.
func (s *sheet) page(rng *rand.Rand, ttf []byte, line func(*rand.Rand) string) error {
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		return err
	}
	size := between(rng, 1.2, 1.8) * s.perPitch
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		return err
	}
	defer face.Close()
	ink := image.NewAlpha(image.Rect(0, 0, s.width, s.height))
	d := font.Drawer{Dst: ink, Src: image.Opaque, Face: face}
	for y := 1.5 * size; y < float64(s.height)-size; y += between(rng, 1.15, 1.9) * size {
		d.Dot = fixed.P(int(1.5*s.perPitch), int(y))
		d.DrawString(line(rng))
	}
	for i, v := range ink.Pix {
		s.grey[i] *= 1 - 0.85*float32(v)/255
	}
	return nil
}

func prose(rng *rand.Rand) string {
	var b strings.Builder
	for b.Len() < 40 {
		word := strings.ToLower(name(rng))
		if chance(rng, 0.2) {
			word = word[:2]
		}
		b.WriteString(word + " ")
	}
	return b.String()
}

func figures(rng *rand.Rand) string {
	var b strings.Builder
	for range 6 {
		fmt.Fprintf(&b, "%6d  ", rng.IntN(1_000_000))
	}
	return b.String()
}

func capitals(rng *rand.Rand) string { return serial(rng, 30+rng.IntN(12)) }

// pageOCRB fills the sheet with words and numbers in OCR-B, as forms and labels are.
func (s *sheet) pageOCRB(f *Font, rng *rand.Rand) error {
	spacing := between(rng, 1.7, 3)
	for v := 2.0; v < s.tall()-1; v += spacing {
		u := 2.0
		for u < s.wide()-12 {
			word := name(rng)
			if chance(rng, 0.4) {
				word = serial(rng, 2+rng.IntN(8))
			}
			s.text(f, word, glyph.Point{X: u, Y: v}, 1, 0, Weights/2, 0.8)
			u += float64(len(word) + 1)
		}
	}
	return nil
}

// bars draws a bar code.
func (s *sheet) bars(rng *rand.Rand) {
	for u := 4.0; u < s.wide()-4; {
		black, white := between(rng, 0.1, 0.5), between(rng, 0.1, 0.5)
		s.box(u, 6, black, s.tall()-12)
		u += black + white
	}
}

// boxes draws boxes at even distances, in rows as far apart as a zone's.
func (s *sheet) boxes(rng *rand.Rand) {
	width, height := between(rng, 0.4, 0.7), between(rng, 0.6, 1)
	spacing := between(rng, 2, 2.8)
	for v := 2.0; v < s.tall()-2; v += spacing {
		for u := 2.0; u < s.wide()-2; u++ {
			s.box(u, v, width, height)
		}
	}
}

// box blackens a box whose upper left corner is at a place, all in pitches.
func (s *sheet) box(u, v, wide, tall float64) {
	k := s.perPitch
	for y := int(v * k); y < min(s.height, int((v+tall)*k)); y++ {
		for x := int(u * k); x < min(s.width, int((u+wide)*k)); x++ {
			s.grey[y*s.width+x] *= 0.15
		}
	}
}
