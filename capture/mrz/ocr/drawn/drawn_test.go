package drawn

import (
	"math/rand/v2"
	"os"
	"testing"

	"boothd/capture/mrz/ocr/glyph"
	"boothd/internal/testtool"
)

func font(t testing.TB) *Font {
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
	f := font(t)
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
	f := font(t)
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
	f := font(t)
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

func BenchmarkSample(b *testing.B) {
	f := font(b)
	rng := rand.New(rand.NewPCG(5, 5))
	var p glyph.Patch
	for b.Loop() {
		if _, err := f.Sample(rng, &p); err != nil {
			b.Fatal(err)
		}
	}
}
