package secugen_test

import (
	"image"
	"math"
	"testing"

	"boothd/devices/secugen"
	"boothd/devices/secugen/secugenemu"
)

// period is that of the gratings that are laid on the glass, in pixels at 500 dpi.
const period = 10.0

// grating draws lines across the whole glass: upright ones, or lying ones.
func grating(upright bool) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, secugenemu.Width, secugenemu.Height))
	for y := range secugenemu.Height {
		for x := range secugenemu.Width {
			along := x
			if !upright {
				along = y
			}
			img.Pix[y*img.Stride+x] = uint8(128 + 100*math.Cos(2*math.Pi*float64(along)/period))
		}
	}
	return img
}

// measured returns the mean period of lines that cross a row of pixels.
func measured(row []byte) float64 {
	mean := 0.0
	for _, v := range row {
		mean += float64(v) / float64(len(row))
	}
	var rises []float64
	for i := 1; i < len(row); i++ {
		a, b := float64(row[i-1])-mean, float64(row[i])-mean
		if a < 0 && b >= 0 {
			rises = append(rises, float64(i)-b/(b-a))
		}
	}
	return (rises[len(rises)-1] - rises[0]) / float64(len(rises)-1)
}

// across and down return pixels of a picture.
func across(img *image.Gray, y int) []byte { return img.Pix[y*img.Stride+10:][:280] }

func down(img *image.Gray, x, from int) []byte {
	column := make([]byte, 80)
	for i := range column {
		column[i] = img.Pix[(from+i)*img.Stride+x]
	}
	return column
}

func TestScaleIsTheSameAcrossTheField(t *testing.T) {
	s := secugenemu.New(secugenemu.Unit{})
	develop := func(laid *image.Gray, distorted bool) *image.Gray {
		img, err := secugen.Develop(s.Blob(), s.Frame(laid), distorted)
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	for _, direction := range []struct {
		name    string
		upright bool
		at      []int
		measure func(img *image.Gray, at int) float64
	}{
		{"across, row", true, []int{10, 100, 200, 300, 389}, func(img *image.Gray, y int) float64 { return measured(across(img, y)) }},
		{"down, from row", false, []int{5, 80, 160, 240, 315}, func(img *image.Gray, y int) float64 { return measured(down(img, 60, y)) }},
	} {
		distorted, straight := develop(grating(direction.upright), true), develop(grating(direction.upright), false)
		least, most := math.Inf(1), 0.0
		for _, at := range direction.at {
			before, after := direction.measure(distorted, at), direction.measure(straight, at)
			least, most = min(least, before), max(most, before)
			t.Logf("%s %3d: lines %.1f pixels apart come out %5.2f apart, straightened %5.2f", direction.name, at, period, before, after)
			if math.Abs(after-period) > 0.005*period {
				t.Errorf("%s %d: %.2f pixels; want %.1f", direction.name, at, after, period)
			}
		}
		if most/least < 1.2 {
			t.Errorf("%s: without straightening the scale varies by %.2f only: nothing was shown", direction.name, most/least)
		}
	}
}

func TestTheStraightPictureIsTheFingerThatWasLaid(t *testing.T) {
	s := secugenemu.New(secugenemu.Unit{})
	finger := drawnFinger()
	want := s.Seen(finger)
	for _, tt := range []struct {
		name        string
		distorted   bool
		least, most float64 // mean difference, grey
	}{
		{"straightened, it differs by little", false, 0, 4},
		{"distorted, it does not match", true, 30, 255},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img, err := secugen.Develop(s.Blob(), s.Frame(finger), tt.distorted)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0
			for i, v := range img.Pix {
				d := int(v) - int(want.Pix[i])
				sum += max(d, -d)
			}
			mean := float64(sum) / float64(len(img.Pix))
			t.Logf("mean difference %.2f grey", mean)
			if mean < tt.least || mean > tt.most {
				t.Errorf("mean difference %.2f grey; want %.0f to %.0f", mean, tt.least, tt.most)
			}
		})
	}
}
