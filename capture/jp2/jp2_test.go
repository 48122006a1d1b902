package jp2

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"boothd/capture/chip/portrait/raster"
	"boothd/capture/synthetic"
	"boothd/internal/testtool"
)

// decoder is the built boothd-jp2, which decodes with Debian's libopenjp2; empty if it could
// not be built.
var decoder string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "jp2")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	path := filepath.Join(dir, "boothd-jp2")
	if out, err := exec.Command("go", "build", "-o", path, "boothd/cmd/boothd-jp2").CombinedOutput(); err != nil {
		fmt.Printf("build boothd-jp2: %v\n%s", err, out)
	} else {
		decoder = path
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// decoded is what another decoder makes of a file.
func decoded(t *testing.T, file []byte) image.Image {
	t.Helper()
	if decoder == "" {
		testtool.Missing(t, "what boothd-jp2 is built with, which decodes the file")
	}
	cmd := exec.Command(decoder)
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(file), &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("decode: %v: %s", err, strings.TrimSpace(complaints.String()))
	}
	picture, err := raster.Read(&out)
	if err != nil {
		t.Fatalf("read what was decoded: %v", err)
	}
	return picture.Image()
}

func encoded(t *testing.T, img image.Image, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, img, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// worst is the largest difference of two pictures of the same size, and their signal to noise
// ratio in dB.
func worst(t *testing.T, a, b image.Image) (int, float64) {
	t.Helper()
	if a.Bounds().Size() != b.Bounds().Size() {
		t.Fatalf("decoded to %v, want %v", b.Bounds().Size(), a.Bounds().Size())
	}
	most, squares, n := 0, 0.0, 0
	da, db := a.Bounds().Min, b.Bounds().Min
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			ar, ag, ab, _ := a.At(da.X+x, da.Y+y).RGBA()
			br, bg, bb, _ := b.At(db.X+x, db.Y+y).RGBA()
			for _, d := range []int{int(ar>>8) - int(br>>8), int(ag>>8) - int(bg>>8), int(ab>>8) - int(bb>>8)} {
				most = max(most, d, -d)
				squares += float64(d * d)
				n++
			}
		}
	}
	return most, 10 * math.Log10(255*255*float64(n)/squares)
}

func noise(w, h int, colours bool) image.Image {
	rng := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	if !colours {
		g := image.NewGray(image.Rect(3, 5, 3+w, 5+h))
		for i := range g.Pix {
			g.Pix[i] = uint8(rng.Uint32())
		}
		return g
	}
	c := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c.SetRGBA(x, y, color.RGBA{uint8(rng.Uint32()), uint8(rng.Uint32()), uint8(rng.Uint32()), 255})
		}
	}
	return c
}

// flat is one tone, where most blocks are empty.
func flat(w, h int) image.Image {
	g := image.NewGray(image.Rect(0, 0, w, h))
	for i := range g.Pix {
		g.Pix[i] = 128
	}
	return g
}

// chequered has the largest coefficients that there are.
func chequered(w, h int) image.Image {
	c := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := color.RGBA{255, 0, 255, 255}
			if (x+y)%2 == 0 {
				v = color.RGBA{0, 255, 0, 255}
			}
			c.SetRGBA(x, y, v)
		}
	}
	return c
}

func TestAnotherDecoderGivesBackEveryPixel(t *testing.T) {
	for name, img := range map[string]image.Image{
		"a finger":            synthetic.New(1).Finger(2),
		"a portrait":          synthetic.New(1).Portrait(),
		"noise of one block":  noise(64, 64, false),
		"noise of odd sides":  noise(131, 77, false),
		"noise in colours":    noise(200, 133, true),
		"one tone":            flat(300, 200),
		"a chequered picture": chequered(150, 150),
		"a narrow picture":    noise(3, 400, false),
		"a flat picture":      noise(500, 2, true),
		"a tiny picture":      noise(4, 5, true),
		"a large noise":       noise(700, 650, false),
	} {
		t.Run(name, func(t *testing.T) {
			if most, _ := worst(t, img, decoded(t, encoded(t, img, Options{}))); most != 0 {
				t.Errorf("a pixel differs by %d", most)
			}
		})
	}
}

func TestWithoutTheLowestPlanesTheFileIsSmallerAndThePictureClose(t *testing.T) {
	for name, img := range map[string]image.Image{"a finger": synthetic.New(1).Finger(2), "a portrait": synthetic.New(1).Portrait()} {
		whole := len(encoded(t, img, Options{}))
		for drop := 1; drop <= maxDrop; drop++ {
			file := encoded(t, img, Options{Drop: drop})
			_, db := worst(t, img, decoded(t, file))
			t.Logf("%s without %d planes: %d of %d bytes, %.1f dB", name, drop, len(file), whole, db)
			if len(file) >= whole || drop <= 3 && db < 30 {
				t.Errorf("%s without %d planes: %d of %d bytes, %.1f dB", name, drop, len(file), whole, db)
			}
		}
	}
}

func TestWhatCannotBeEncodedIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		img image.Image
		o   Options
	}{
		"no pixels":       {image.NewGray(image.Rect(0, 0, 0, 9)), Options{}},
		"too many pixels": {image.NewUniform(color.Black), Options{}},
		"too much left":   {flat(9, 9), Options{Drop: 8}},
		"less than none":  {flat(9, 9), Options{Drop: -1}},
	} {
		if err := Encode(&bytes.Buffer{}, test.img, test.o); err == nil {
			t.Errorf("%s: encoded", name)
		}
	}
}

func BenchmarkEncodeFinger(b *testing.B) {
	img := synthetic.New(1).Finger(2)
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		if err := Encode(&out, img, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(out.Len())/float64(img.Rect.Dx()*img.Rect.Dy())*8, "bits/pixel")
}
