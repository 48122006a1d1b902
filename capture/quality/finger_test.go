package quality

import (
	"image"
	"image/draw"
	"math"
	"math/rand/v2"
	"testing"

	"boothd/capture/synthetic"
	"boothd/devices"
	"boothd/internal/shareddata"
)

// grown returns fingers of three kinds; under the race detector, which is slow on pixels and finds
// nothing where there is one goroutine, the first.
func grown() []*synthetic.Finger {
	first := synthetic.New(1).Grow(1)
	if underRace {
		return []*synthetic.Finger{first}
	}
	return []*synthetic.Finger{first, synthetic.New(12).Grow(7), synthetic.New(21).Grow(5)}
}

// thinned returns every n-th file; under the race detector a sixteenth of these.
func thinned(files []string, n int) (some []string) {
	if underRace {
		n *= 16
	}
	for i := 0; i < len(files); i += n {
		some = append(some, files[i])
	}
	return some
}

func TestHintsFollowTheWayAFingerIsLaid(t *testing.T) {
	t.Parallel()
	fingers := grown()
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
		{"a wet finger off the middle", synthetic.Press{Area: 1, Pressure: 1, X: 60, Y: 40}, devices.HintWetFinger},
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
	t.Parallel()
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
	for set, most := range map[string]int{"fvc2002_db1_b": 4, "fvc2002_db3_b": 20, "fvc2004_db4_b": 3} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			all := prints(t, set)
			files := thinned(all, 1)
			most := (most*len(files) + len(all) - 1) / len(all)
			refused := map[devices.Hint]int{}
			for _, file := range files {
				if q := Finger(shareddata.Grey(t, file), 500); q.Score < Acceptable {
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

// What was captured with these scanners is skin without ridges.
func TestPicturesOfScannersWithoutRidgesAreRefusedWithAHint(t *testing.T) {
	for _, scanner := range []string{"secugen", "uru4000-4500"} {
		t.Run(scanner, func(t *testing.T) {
			q := Finger(shareddata.Grey(t, shareddata.Path(t, "data/usb/"+scanner+"/capture.png")), 500)
			if q.Score >= Acceptable/2 || q.Hint != devices.HintDryFinger {
				t.Errorf("want a low score and %q, got %+v", devices.HintDryFinger, q)
			}
		})
	}
}

func TestAFingerThatMovedDuringTheExposureIsToldToHoldStill(t *testing.T) {
	t.Parallel()
	for n, finger := range grown() {
		img := finger.Press(synthetic.Press{Area: 1})
		for _, way := range []image.Point{{12, 0}, {-18, 4}} {
			if q := Finger(moved(img, way), 500); q.Hint != devices.HintHoldStill || q.Score >= Acceptable {
				t.Errorf("finger %d moved by %v: %+v", n, way, q)
			}
		}
		for _, way := range []image.Point{{2, 0}, {0, 2}} {
			if q := Finger(moved(img, way), 500); q.Hint != "" {
				t.Errorf("finger %d moved by %v: %+v", n, way, q)
			}
		}
	}
}

// Real prints have more detail along their ridges than grown ones: there motion of little more
// than a ridge's distance is mostly found, whatever its way, and rest is not taken for it.
func TestMotionOfRealPrintsIsToldFromRest(t *testing.T) {
	ways := []image.Point{{11, 0}, {8, 8}, {0, 11}, {-8, 8}}
	for _, set := range []string{"fvc2002_db1_b", "fvc2002_db3_b", "fvc2004_db4_b"} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, 2))
			found, mistaken := 0, 0
			files := thinned(prints(t, set), 4)
			for i, file := range files {
				img := shareddata.Grey(t, file)
				if Finger(img, 500).Smear >= 0.5 {
					mistaken++
				}
				img = moved(img, ways[i%len(ways)])
				disturb(img, 1.5, rng)
				if Finger(img, 500).Smear >= 0.5 {
					found++
				}
			}
			t.Logf("motion found in %d of %d, rest mistaken in %d", found, len(files), mistaken)
			if found < len(files)*6/10 || mistaken > 1 {
				t.Errorf("motion found in %d of %d, rest mistaken in %d", found, len(files), mistaken)
			}
		})
	}
}

// moved returns the picture of a finger that moves that far during the exposure.
func moved(img *image.Gray, way image.Point) *image.Gray {
	out := image.NewGray(img.Rect)
	const moments = 16
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			sum := 0
			for i := range moments {
				from := image.Pt(x+way.X*i/moments, y+way.Y*i/moments)
				from.X = min(max(from.X, 0), img.Rect.Dx()-1)
				from.Y = min(max(from.Y, 0), img.Rect.Dy()-1)
				sum += int(img.Pix[from.Y*img.Stride+from.X])
			}
			out.Pix[y*out.Stride+x] = uint8(sum / moments)
		}
	}
	return out
}

func TestTheScoreDependsNeitherOnResolutionNorOnLevels(t *testing.T) {
	t.Parallel()
	img := synthetic.New(1).Finger(2)
	want := Finger(img, 500)
	resolutions := []int{300, 569, 350, 450, 700, 1000}
	if underRace {
		resolutions = resolutions[:2]
	}
	for _, dpi := range resolutions {
		if got := Finger(scaled(img, float64(dpi)/500), dpi); max(got.Score-want.Score, want.Score-got.Score) > 4 {
			t.Errorf("%d dpi: %+v, at 500: %+v", dpi, got, want)
		}
	}
	for _, tt := range []struct{ least, span int }{{0, 128}, {60, 100}, {120, 135}} {
		grey := image.NewGray(img.Rect)
		for i, v := range img.Pix {
			grey.Pix[i] = uint8(tt.least + int(v)*tt.span/255)
		}
		if got := Finger(grey, 500); max(got.Score-want.Score, want.Score-got.Score) > 4 {
			t.Errorf("greys %d to %d: %+v, of all greys: %+v", tt.least, tt.least+tt.span, got, want)
		}
	}
}

// scaled returns the picture enlarged, interpolated between the pixels.
func scaled(img *image.Gray, by float64) *image.Gray {
	size := img.Bounds().Size()
	out := image.NewGray(image.Rect(0, 0, int(float64(size.X)*by), int(float64(size.Y)*by)))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			fx, fy := min(float64(x)/by, float64(size.X-2)), min(float64(y)/by, float64(size.Y-2))
			x0, y0 := int(fx), int(fy)
			u, v := fx-float64(x0), fy-float64(y0)
			at := img.Pix[y0*img.Stride+x0:]
			top := float64(at[0])*(1-u) + float64(at[1])*u
			bottom := float64(at[img.Stride])*(1-u) + float64(at[img.Stride+1])*u
			out.Pix[y*out.Stride+x] = uint8(top*(1-v) + bottom*v + 0.5)
		}
	}
	return out
}

func TestAreaIsMeasuredInSquareCentimetres(t *testing.T) {
	// Ridges of 0.45 mm in a square of 10 mm.
	img := image.NewGray(image.Rect(0, 0, 500, 500))
	for y := range 500 {
		for x := range 500 {
			img.Pix[y*img.Stride+x] = 230
			if x >= 150 && x < 347 && y >= 150 && y < 347 {
				img.Pix[y*img.Stride+x] = uint8(130 + 90*math.Cos(2*math.Pi*float64(x+y)/math.Sqrt2/8.86))
			}
		}
	}
	q := Finger(img, 500)
	if math.Abs(q.Area-1) > 0.2 || q.Contrast < 0.5 || q.Contrast > 180.0/255 || q.Clarity < 0.8 || math.Abs(q.Ink-0.45) > 0.08 {
		t.Errorf("%+v", q)
	}
}

func prints(t *testing.T, set string) []string {
	t.Helper()
	files := shareddata.Prints(t, set, "*.png")
	if len(files) != 80 {
		t.Fatalf("%d files", len(files))
	}
	return files
}

func FuzzFinger(f *testing.F) {
	f.Add([]byte{0, 255, 7, 200}, 384, 290, 500)
	f.Add([]byte{}, 0, 0, 0)
	f.Add([]byte{1, 2, 3}, 17, 4000, 170)
	f.Add([]byte{10, 10, 10, 10, 240, 240, 240, 240, 240}, 300, 300, 500)
	f.Add([]byte{10, 10, 240, 240}, 200, 200, 250)
	f.Add([]byte{0, 9, 200}, 500, 400, 1000)
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
		for _, v := range []float64{q.Contrast, q.Clarity, q.Ink, q.Smear} {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("%+v", q)
			}
		}
		if !(q.Area >= 0 && q.Area <= q.Touched) {
			t.Fatalf("%+v", q)
		}
		var p Preview
		p.Judge(img, dpi)
		if again := p.Judge(img, dpi); again != q {
			t.Fatalf("alone %+v, as the second of two pictures %+v", q, again)
		}
	})
}

func BenchmarkFinger(b *testing.B) {
	img := synthetic.New(1).Finger(2)
	for b.Loop() {
		Finger(img, synthetic.FingerDPI)
	}
}
