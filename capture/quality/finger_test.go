package quality

import (
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"boothd/capture/synthetic"
	"boothd/devices"
	"boothd/internal/shareddata"
)

func TestHintsFollowTheWayAFingerIsLaid(t *testing.T) {
	fingers := []*synthetic.Finger{synthetic.New(1).Grow(1), synthetic.New(12).Grow(7), synthetic.New(21).Grow(5)}
	for _, tt := range []struct {
		name string
		how  synthetic.Press
		hint devices.Hint
	}{
		{"laid well", synthetic.Press{Area: 1}, ""},
		{"laid well but turned and shifted", synthetic.Press{Area: 1, Turn: 15, X: 20, Y: -15}, ""},
		{"laid a little dry", synthetic.Press{Area: 1, Pressure: -0.4}, ""},
		{"laid a little hard", synthetic.Press{Area: 1, Pressure: 0.4}, ""},
		{"a short press", synthetic.Press{Area: 0.18}, devices.HintPressLonger},
		{"the edge of the finger only", synthetic.Press{Area: 0.6, X: 190, Y: 120}, devices.HintPressFlat},
		{"a faint, dry finger", synthetic.Press{Area: 1, Pressure: -1}, devices.HintDryFinger},
		{"a wet finger", synthetic.Press{Area: 1, Pressure: 1}, devices.HintWetFinger},
		{"no finger", synthetic.Press{}, devices.HintPressLonger},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n, finger := range fingers {
				q := Finger(finger.Press(tt.how), synthetic.FingerDPI)
				if q.Hint != tt.hint || (q.Score >= Acceptable) != (tt.hint == "") {
					t.Errorf("finger %d: want %q, got %+v", n, tt.hint, q)
				}
			}
		})
	}
}

func TestABetterPressScoresNoLess(t *testing.T) {
	finger := synthetic.New(1).Grow(2)
	for _, tt := range []struct {
		name  string
		worse synthetic.Press
		good  synthetic.Press
	}{
		{"area", synthetic.Press{Area: 0.25}, synthetic.Press{Area: 0.4}},
		{"dryness", synthetic.Press{Area: 1, Pressure: -0.9}, synthetic.Press{Area: 1, Pressure: -0.6}},
		{"wetness", synthetic.Press{Area: 1, Pressure: 1}, synthetic.Press{Area: 1, Pressure: 0.7}},
	} {
		worse, good := Finger(finger.Press(tt.worse), 500).Score, Finger(finger.Press(tt.good), 500).Score
		if worse >= good {
			t.Errorf("%s: the worse scores %d, the better %d", tt.name, worse, good)
		}
	}
}

func TestWhatIsNoFingerScoresNothing(t *testing.T) {
	plain := func(w, h int, level uint8) *image.Gray {
		img := image.NewGray(image.Rect(0, 0, w, h))
		for i := range img.Pix {
			img.Pix[i] = level
		}
		return img
	}
	lamp := plain(384, 290, 0)
	for y := range 290 {
		for x := range 384 {
			lamp.Pix[y*lamp.Stride+x] = uint8(x * 255 / 384)
		}
	}
	for _, tt := range []struct {
		name string
		img  *image.Gray
		dpi  int
		hint devices.Hint
	}{
		{"white", plain(384, 290, 255), 500, devices.HintPressLonger},
		{"grey", plain(384, 290, 127), 500, devices.HintPressLonger},
		{"black", plain(384, 290, 0), 500, devices.HintWetFinger},
		{"no pixels", plain(0, 0, 0), 500, devices.HintPressLonger},
		{"one row", plain(384, 1, 0), 500, devices.HintPressLonger},
		{"no resolution", plain(384, 290, 0), 0, devices.HintPressLonger},
		{"negative resolution", plain(384, 290, 0), -500, devices.HintPressLonger},
		{"too coarse", plain(384, 290, 0), 150, devices.HintPressLonger},
		{"a slope of light", lamp, 500, devices.HintWetFinger},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if q := Finger(tt.img, tt.dpi); q.Score != 0 || q.Hint != tt.hint {
				t.Errorf("want 0 and %q, got %+v", tt.hint, q)
			}
		})
	}
}

func TestAPartOfAPictureIsJudgedByItself(t *testing.T) {
	img := synthetic.New(1).Finger(2)
	whole := Finger(img, 500)
	frame := image.NewGray(image.Rect(0, 0, 500, 400))
	for i := range frame.Pix {
		frame.Pix[i] = 255
	}
	place := image.Rect(50, 60, 50+synthetic.FingerWidth, 60+synthetic.FingerHeight)
	draw.Draw(frame, place, img, image.Point{}, draw.Src)
	if part := Finger(frame.SubImage(place).(*image.Gray), 500); part != whole {
		t.Errorf("alone %+v, as a part %+v", whole, part)
	}
}

// Of real prints most must not be asked for again. The sets hold dry and faint prints on
// purpose, the third was made by a program.
func TestRealPrintsAreRarelyRefused(t *testing.T) {
	for set, most := range map[string]int{"fvc2002_db1_b": 4, "fvc2002_db3_b": 16, "fvc2004_db4_b": 2} {
		t.Run(set, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(shareddata.Path(t, "data/fingerprint/"+set), "*.png"))
			if err != nil || len(files) != 80 {
				t.Fatalf("%d files, %v", len(files), err)
			}
			refused := map[devices.Hint]int{}
			for _, file := range files {
				if q := Finger(load(t, file), 500); q.Score < Acceptable {
					refused[q.Hint]++
				}
			}
			total := 0
			for _, n := range refused {
				total += n
			}
			t.Logf("%d of %d below %d: %v", total, len(files), Acceptable, refused)
			if total > most {
				t.Errorf("%d refused, want at most %d", total, most)
			}
		})
	}
}

func load(t *testing.T, file string) *image.Gray {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	grey := image.NewGray(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(grey, grey.Bounds(), img, img.Bounds().Min, draw.Src)
	return grey
}

func FuzzFinger(f *testing.F) {
	f.Add([]byte{0, 255, 7, 200}, 384, 290, 500)
	f.Add([]byte{}, 0, 0, 0)
	f.Add([]byte{1, 2, 3}, 17, 4000, 170)
	f.Fuzz(func(t *testing.T, pattern []byte, w, h, dpi int) {
		if w < 0 || h < 0 || w > 4000 || h > 4000 || w*h > 1<<18 {
			return
		}
		img := image.NewGray(image.Rect(0, 0, w, h))
		for i := range img.Pix {
			if len(pattern) > 0 {
				img.Pix[i] = pattern[i%len(pattern)]
			}
		}
		q := Finger(img, dpi)
		if q.Score < 0 || q.Score > 100 || (q.Hint == "") != (q.Score >= Acceptable) {
			t.Fatalf("%+v", q)
		}
		for _, v := range []float64{q.Contrast, q.Clarity, q.Ink} {
			if !(v >= 0 && v <= 1.01) {
				t.Fatalf("%+v", q)
			}
		}
	})
}

func BenchmarkFinger(b *testing.B) {
	img := synthetic.New(1).Finger(2)
	for b.Loop() {
		Finger(img, synthetic.FingerDPI)
	}
}
