package drawn

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"boothd/capture/mrz/ocr/glyph"
	"boothd/internal/testtool"
)

func fonts(t testing.TB) *Font {
	t.Helper()
	if _, err := os.Stat(FontFolder); err != nil {
		testtool.Missing(t, "package fonts-ocr-b, with which zones are drawn,")
	}
	f, err := Load(FontFolder)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEveryCharacterHasInkInItsCell(t *testing.T) {
	f := fonts(t)
	for face := range Faces {
		for class := range glyph.None {
			var thin, bold float64
			for i := range 40 * 60 {
				u, v := float64(i%40)/40, float64(i/40)/40-0.75
				thin += f.Ink(face, 0, class, u, v, 0.01) / 1600
				bold += f.Ink(face, Weights-1, class, u, v, 0.01) / 1600
			}
			if thin < 0.05 || bold < 1.2*thin || bold > 0.7 {
				t.Errorf("face %d: %q has %.2f ink thin and %.2f bold", face, glyph.Alphabet[class], thin, bold)
			}
		}
	}
}

func TestTheRecogniserReadsMostSamples(t *testing.T) {
	f := fonts(t)
	n, err := glyph.Trained()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(9, 9))
	var p glyph.Patch
	var trace glyph.Trace
	right := 0
	const count = 600
	for range count {
		class, err := f.Sample(rng, &p)
		if err != nil {
			t.Fatal(err)
		}
		if n.Classify(&p, &trace).Best() == class {
			right++
		}
	}
	if right < count*94/100 {
		t.Errorf("%d of %d right", right, count)
	}
}

func TestTheSameChanceDrawsTheSamePhotograph(t *testing.T) {
	f := fonts(t)
	var photos [2]Photo
	for i := range photos {
		rng := rand.New(rand.NewPCG(3, 3))
		lines, err := Lines(rng)
		if err != nil {
			t.Fatal(err)
		}
		c := GoodScan(rng)
		c.Pitch = 7
		if photos[i], err = f.Photograph(rng, lines, c); err != nil {
			t.Fatal(err)
		}
	}
	if string(photos[0].Image.Pix) != string(photos[1].Image.Pix) || photos[0].Lines[0] != photos[1].Lines[0] {
		t.Error("two photographs differ")
	}
}

func TestEveryBlankIsDrawn(t *testing.T) {
	f := fonts(t)
	for kind, blank := range Blanks {
		img, err := f.Blank(rand.New(rand.NewPCG(4, uint64(kind))), kind, Conditions{Pitch: 6, Contrast: 0.8})
		if err != nil {
			t.Fatal(err)
		}
		var dark int
		for _, v := range img.Pix[img.Rect.Dy()/2*img.Stride:][:img.Stride*img.Rect.Dy()/4] {
			if v < 150 {
				dark++
			}
		}
		if dark == 0 {
			t.Errorf("%s: nothing is printed", blank.Name)
		}
	}
}

func TestALensOutOfFocusSpreadsAPointIntoADisc(t *testing.T) {
	r := newRaw(21, 21)
	r.grey[10*21+10] = 100
	r.defocus(4)
	var sum float32
	for i, v := range r.grey {
		sum += v
		far := math.Hypot(float64(i%21-10), float64(i/21-10))
		if far < 3.5 && v != r.grey[10*21+10] || far > 4.5 && v != 0 {
			t.Errorf("%v at a distance of %.1f", v, far)
		}
	}
	if math.Abs(float64(sum)-100) > 0.01 {
		t.Errorf("the light became %v", sum)
	}
}

func BenchmarkSample(b *testing.B) {
	f := fonts(b)
	rng := rand.New(rand.NewPCG(5, 5))
	var p glyph.Patch
	for b.Loop() {
		if _, err := f.Sample(rng, &p); err != nil {
			b.Fatal(err)
		}
	}
}
