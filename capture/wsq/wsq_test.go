package wsq_test

import (
	"bytes"
	"errors"
	"image"
	"math"
	"testing"

	"boothd/capture/synthetic"
	"boothd/capture/wsq"
	"boothd/internal/shareddata"
)

// sample returns how many of so many pictures are tried: under the race detector, which is slow on
// pixels and finds nothing where there is one goroutine, an eighth.
func sample(n int) int {
	if underRace {
		return max(1, n/8)
	}
	return n
}

func TestDrawnFingersSurvive(t *testing.T) {
	finger := synthetic.Traveller{Number: 1}.Grow(2)
	var impressions []*image.Gray
	for n := range sample(3) {
		impressions = append(impressions, finger.Press(synthetic.Press{Area: 1, Turn: 9 * float64(n)}))
	}
	for _, c := range []struct {
		name    string
		bitrate float64
		ratio   float64 // least ratio of sizes
		signal  float64 // least ratio of signal and noise in dB
	}{
		{"at one fifteenth", wsq.Bitrate15to1, 11, 24},
		{"at one fifth", wsq.Bitrate5to1, 4, 31},
		{"at four bits per pixel", 4, 2, 35},
	} {
		t.Run(c.name, func(t *testing.T) {
			for n, img := range impressions {
				got, size := pass(t, img, wsq.Options{Bitrate: c.bitrate, DPI: synthetic.FingerDPI})
				ratio := float64(len(img.Pix)) / float64(size)
				if p := psnr(img, got); p < c.signal || ratio < c.ratio {
					t.Errorf("impression %d: %.1f dB at a ratio of %.1f", n, p, ratio)
				}
			}
		})
	}
}

// TestPrintsSurvive holds to what the reference encoder reaches with these pictures, 31.2 dB at a
// ratio of 14.3, less half a decibel.
func TestPrintsSurvive(t *testing.T) {
	var files []string
	for _, set := range []string{"fvc2002_db1_b", "fvc2002_db3_b", "fvc2004_db4_b"} {
		files = append(files, shareddata.Prints(t, set, "101_*.png")...)
	}
	every := len(files) / sample(len(files))
	var signal, pixels, bytes float64
	tried := 0
	for i := 0; i < len(files); i += every {
		tried++
		img := shareddata.Grey(t, files[i])
		got, size := pass(t, img, wsq.Options{DPI: 500})
		signal += psnr(img, got)
		pixels += float64(len(img.Pix))
		bytes += float64(size)
	}
	if mean, ratio := signal/float64(tried), pixels/bytes; mean < 30.7 || ratio < 14 {
		t.Errorf("%.2f dB at a ratio of %.2f", mean, ratio)
	}
}

func TestPicturesOfEverySizeAndContentSurvive(t *testing.T) {
	finger := synthetic.Traveller{Number: 5}.Finger(3)
	for _, c := range []struct {
		name  string
		img   *image.Gray
		noise int // greatest error of a pixel
	}{
		{"a single pixel", draw(1, 1, func(x, y int) int { return 77 }), 0},
		{"white", draw(300, 200, func(x, y int) int { return 255 }), 0},
		{"black", draw(256, 256, func(x, y int) int { return 0 }), 0},
		{"two pixels", draw(2, 1, func(x, y int) int { return 255 * x }), 20},
		{"one pixel wide", draw(1, 300, func(x, y int) int { return 128 + int(90*math.Sin(float64(y)/2)) }), 20},
		{"one pixel high", draw(300, 1, func(x, y int) int { return 128 + int(90*math.Sin(float64(x)/2)) }), 20},
		{"three pixels wide", draw(3, 65, func(x, y int) int { return 50*x + y }), 20},
		{"slowly darker", draw(400, 300, func(x, y int) int { return x * 255 / 400 }), 8},
		{"black and white halves", draw(333, 222, func(x, y int) int { return 255 * (x / 167) }), 60},
		// What the standard leaves out of such pictures is lost: the finest diagonal subbands,
		// subbands that hardly vary, and those that vary at the edges only.
		{"pixels black and white in turn", draw(257, 255, func(x, y int) int { return (x + y) % 2 * 255 }), 128},
		{"stripes of one pixel", draw(129, 131, func(x, y int) int { return x % 2 * 255 }), 128},
		{"one white pixel", draw(100, 100, func(x, y int) int { return 255 * (1 - min(1, x*x+y*y)) }), 128},
		{"part of a finger", finger.SubImage(image.Rect(101, 52, 246, 201)).(*image.Gray), 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _ := pass(t, c.img, wsq.Options{Bitrate: 4})
			worst := 0
			for y := range got.Rect.Dy() {
				for x := range got.Rect.Dx() {
					was := c.img.GrayAt(c.img.Rect.Min.X+x, c.img.Rect.Min.Y+y).Y
					d := int(was) - int(got.GrayAt(x, y).Y)
					worst = max(worst, d, -d)
				}
			}
			if worst > c.noise {
				t.Errorf("a pixel is wrong by %d", worst)
			}
		})
	}
}

func TestTheHeaderTellsWhatWasEncoded(t *testing.T) {
	var file bytes.Buffer
	if err := wsq.Encode(&file, draw(33, 47, func(x, y int) int { return x * y }), wsq.Options{DPI: 1000}); err != nil {
		t.Fatal(err)
	}
	want := wsq.Info{Width: 33, Height: 47, DPI: 1000, Bitrate: wsq.Bitrate15to1, Algorithm: 2}
	if got, err := wsq.DecodeInfo(file.Bytes()); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestImpossibleRequestsAreRefused(t *testing.T) {
	pixel := draw(1, 1, func(x, y int) int { return 0 })
	for _, c := range []struct {
		name string
		img  *image.Gray
		o    wsq.Options
	}{
		{"a picture without pixels", image.NewGray(image.Rect(3, 3, 3, 9)), wsq.Options{}},
		{"a negative bit rate", pixel, wsq.Options{Bitrate: -1}},
		{"a bit rate that is too great", pixel, wsq.Options{Bitrate: 9}},
		{"no number as bit rate", pixel, wsq.Options{Bitrate: math.NaN()}},
		{"a negative resolution", pixel, wsq.Options{DPI: -500}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var file bytes.Buffer
			if err := wsq.Encode(&file, c.img, c.o); err == nil || file.Len() > 0 {
				t.Errorf("%d bytes were written, error %v", file.Len(), err)
			}
		})
	}
}

func TestAFailingWriterIsReported(t *testing.T) {
	full := errors.New("disk full")
	err := wsq.Encode(writer{full}, draw(8, 8, func(x, y int) int { return x }), wsq.Options{})
	if !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

type writer struct{ err error }

func (w writer) Write([]byte) (int, error) { return 0, w.err }

// pass encodes and decodes a picture and returns what became of it and the size of the file.
func pass(t *testing.T, img *image.Gray, o wsq.Options) (*image.Gray, int) {
	t.Helper()
	var file bytes.Buffer
	if err := wsq.Encode(&file, img, o); err != nil {
		t.Fatal(err)
	}
	got, info, err := wsq.Decode(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got.Rect.Size() != img.Rect.Size() || info.DPI != o.DPI {
		t.Fatalf("%v at %d dpi came back as %v at %d dpi", img.Rect.Size(), o.DPI, got.Rect.Size(), info.DPI)
	}
	return got, file.Len()
}

func draw(width, height int, value func(x, y int) int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = uint8(value(i%width, i/width))
	}
	return img
}

// psnr returns the ratio of the greatest signal to the noise, in dB.
func psnr(a, b *image.Gray) float64 {
	var sum float64
	for i, v := range a.Pix {
		d := float64(v) - float64(b.Pix[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a.Pix))/sum)
}
