package quality

import (
	"image"
	"math"
	"testing"
)

// blockOf returns a block's picture: grey at each place, in mm from the upper left corner.
func blockOf(pixels int, perMM float64, grey func(x, y float64) float64) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, pixels, pixels))
	for y := range pixels {
		for x := range pixels {
			img.Pix[y*img.Stride+x] = uint8(grey(float64(x)/perMM, float64(y)/perMM) + 0.5)
		}
	}
	return img
}

func TestAWaveIsFoundWhateverItsDirection(t *testing.T) {
	const perMM, amplitude = 500 / 2 / 25.4, 60.0
	for _, pixels := range []int{17, 18} {
		s := newSpectrum(pixels, perMM)
		for degrees := 0; degrees < 180; degrees += 15 {
			sin, cos := math.Sincos(float64(degrees) * math.Pi / 180)
			for _, distance := range []float64{0.35, 0.45, 0.6} {
				img := blockOf(pixels, perMM, func(x, y float64) float64 {
					return 128 + amplitude*math.Cos(2*math.Pi*(x*cos+y*sin)/distance)
				})
				mean, _, _ := moments(img, image.Point{}, pixels)
				w := s.strongest(img, image.Point{}, float32(mean))
				if w.clarity < 0.85 || math.Abs(w.amplitude-amplitude) > amplitude/8 {
					t.Errorf("%d pixels, %d degrees, %.2f mm: %+v", pixels, degrees, distance, w)
				}
			}
		}
	}
}

func TestWhatCannotBeRidgesIsNotClear(t *testing.T) {
	const perMM, pixels = 500 / 2 / 25.4, 17
	s := newSpectrum(pixels, perMM)
	for name, grey := range map[string]func(x, y float64) float64{
		"one grey":         func(x, y float64) float64 { return 77 },
		"a slope of light": func(x, y float64) float64 { return 20 + 60*x + 40*y },
		"a grid": func(x, y float64) float64 {
			return 128 + 40*math.Cos(2*math.Pi*x/0.45) + 40*math.Cos(2*math.Pi*y/0.45)
		},
	} {
		img := blockOf(pixels, perMM, grey)
		mean, _, _ := moments(img, image.Point{}, pixels)
		if w := s.strongest(img, image.Point{}, float32(mean)); w.clarity > 0.55 {
			t.Errorf("%s: %+v", name, w)
		}
	}
}

func TestEveryResolutionTellsDirectionsApart(t *testing.T) {
	for dpi := leastDPI; dpi < 2*enoughDPI; dpi++ {
		perMM := float64(dpi) / 25.4
		s := newSpectrum(int(math.Round(side*perMM)), perMM)
		total := make([]float64, len(s.power))
		for i := range total {
			total[i] = 1
		}
		if got := s.weakest(total); math.Abs(got-1) > 1e-9 {
			t.Fatalf("%d dpi: %v of even power, want 1", dpi, got)
		}
	}
}
