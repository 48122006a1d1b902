package slap

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"boothd/capture"
	"boothd/capture/quality"
)

// judge says what is wrong with what was found of a drawn slap; empty if nothing is.
func judge(tips []Fingertip, err error, drawn []truth) string {
	if err != nil {
		return err.Error()
	}
	const near = 3.0 * drawnDPI / 25.4
	for i, t := range tips {
		d := slices.IndexFunc(drawn, func(d truth) bool { return d.position == t.Position })
		if d < 0 {
			return fmt.Sprintf("%d-th is the %s", i, t.Position)
		}
		want := drawn[d].box
		if far := math.Hypot(t.Box.X-want.X, t.Box.Y-want.Y); far > near {
			return fmt.Sprintf("the %s is %.0f pixels away", t.Position, far)
		}
		if off := math.Abs(t.Box.Angle - want.Angle); off > 15 {
			return fmt.Sprintf("the %s is turned by %.0f degrees more", t.Position, off)
		}
		if w, h := t.Box.Width/want.Width, t.Box.Height/want.Height; w < 0.8 || w > 1.4 || h < 0.7 || h > 1.4 {
			return fmt.Sprintf("the box of the %s is %.2f times as wide and %.2f times as high", t.Position, w, h)
		}
	}
	return ""
}

func positions(drawn []truth) []capture.FingerPosition {
	var all []capture.FingerPosition
	for _, d := range drawn {
		all = append(all, d.position)
	}
	return all
}

// keepPicture writes a slap to the folder that BOOTHD_SLAPS names.
func keepPicture(t testing.TB, name string, img *image.Gray) {
	if dir := os.Getenv("BOOTHD_SLAPS"); dir != "" {
		f, err := os.Create(dir + "/" + name + ".png")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := png.Encode(f, img); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheFingersOfDrawnSlapsAreFound(t *testing.T) {
	const each = 3
	for _, c := range conditions {
		if underRace && c.name != "all at once" {
			continue // there is one goroutine, and each slap takes seconds
		}
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			for n := range each {
				img, drawn := c.draw(rng)
				keepPicture(t, fmt.Sprintf("%s-%d", c.name, n), img)
				tips, err := Segment(img, drawnDPI, positions(drawn))
				if c.unsure && errors.As(err, new(*CountError)) {
					continue
				}
				if wrong := judge(tips, err, drawn); wrong != "" {
					t.Errorf("slap %d: %s", n, wrong)
				}
			}
		})
	}
}

func TestASlapWithOtherFingersThanAnnouncedIsRefused(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	c := conditions[0]
	for missing := range 3 {
		if underRace && missing > 0 {
			break
		}
		c.missing = missing
		img, drawn := c.draw(rng)
		for announced := 1; announced <= 4; announced++ {
			if announced == len(drawn) {
				continue
			}
			all := []capture.FingerPosition{2, 3, 4, 5}[:announced]
			tips, err := Segment(img, drawnDPI, all)
			var count *CountError
			if !errors.As(err, &count) || tips != nil || count.Found != len(drawn) || count.Announced != announced {
				t.Errorf("%d fingers, %d announced: %v", len(drawn), announced, err)
			}
		}
	}
}

// BenchmarkSegment tells how long a slap takes and which share of those drawn is wholly right, by
// what makes them hard: "right%", and "refused%" of those that are not.
func BenchmarkSegment(b *testing.B) {
	const drawn = 20
	for _, c := range conditions {
		b.Run(c.name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(5, 6))
			slaps := make([]*image.Gray, drawn)
			truths := make([][]truth, drawn)
			for n := range drawn {
				slaps[n], truths[n] = c.draw(rng)
			}
			right, refused := 0, 0
			for n := range drawn {
				tips, err := Segment(slaps[n], drawnDPI, positions(truths[n]))
				wrong := judge(tips, err, truths[n])
				switch {
				case wrong == "":
					right++
				case err != nil:
					refused++
				}
				if wrong != "" {
					b.Logf("slap %d: %s", n, wrong)
					keepPicture(b, fmt.Sprintf("bench-%s-%d", c.name, n), slaps[n])
				}
			}
			for n := 0; b.Loop(); n++ {
				Segment(slaps[n%drawn], drawnDPI, positions(truths[n%drawn]))
			}
			b.ReportMetric(100*float64(right)/drawn, "right%")
			b.ReportMetric(100*float64(refused)/drawn, "refused%")
		})
	}
}

func TestFingersAreNamedFromLeftToRight(t *testing.T) {
	type all = []capture.FingerPosition
	tests := []struct {
		name            string
		announced, want all
	}{
		{"a right hand", all{5, 4, 3, 2}, all{2, 3, 4, 5}},
		{"a left hand", all{7, 8, 9, 10}, all{10, 9, 8, 7}},
		{"what is left of a right hand", all{4, 2}, all{2, 4}},
		{"thumbs", all{1, 6}, all{6, 1}},
		{"one finger", all{3}, all{3}},
		{"none", nil, nil},
		{"a finger twice", all{2, 2}, nil},
		{"fingers of two hands", all{2, 7}, nil},
		{"a thumb with fingers", all{1, 2}, nil},
		{"an unknown finger", all{0}, nil},
		{"an eleventh", all{11}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := leftToRight(tt.announced)
			if !slices.Equal(got, tt.want) || errors.Is(err, ErrAnnounced) != (tt.want == nil) {
				t.Errorf("%d, %v", got, err)
			}
		})
	}
}

func TestThumbsAreFoundWhicheverWayTheyLean(t *testing.T) {
	const perMM = drawnDPI / 25.4
	p := &painter{img: image.NewGray(image.Rect(0, 0, 1000, 800)), ink: make([]float32, 1000*800), rng: rand.New(rand.NewPCG(7, 8))}
	prints := pressedFinger()[conditions[0].how()]
	drawn := []truth{{6, Box{X: 300, Y: 400, Width: 19 * perMM, Height: 26 * perMM, Angle: -20}}, {1, Box{X: 720, Y: 380, Width: 19 * perMM, Height: 26 * perMM, Angle: 22}}}
	for i, d := range drawn {
		p.print(prints[i], d.box, false)
	}
	p.finish(4)
	tips, err := Segment(p.img, drawnDPI, []capture.FingerPosition{1, 6})
	if wrong := judge(tips, err, drawn); wrong != "" {
		t.Error(wrong)
	}
}

func TestTheSlapMayHaveAnotherResolution(t *testing.T) {
	img, drawn := conditions[0].draw(rand.New(rand.NewPCG(9, 10)))
	for _, dpi := range []int{300, 1000} {
		if underRace && dpi > 300 {
			continue
		}
		scale := float64(dpi) / drawnDPI
		size := img.Rect.Size()
		other := image.NewGray(image.Rect(0, 0, int(float64(size.X)*scale), int(float64(size.Y)*scale)))
		for y := range other.Rect.Dy() {
			for x := range other.Rect.Dx() {
				other.Pix[y*other.Stride+x] = sample(img, min((float64(x)+0.5)/scale, float64(size.X-2)), min((float64(y)+0.5)/scale, float64(size.Y-2)))
			}
		}
		tips, err := Segment(other, dpi, positions(drawn))
		for i := range tips {
			b := &tips[i].Box
			b.X, b.Y, b.Width, b.Height = b.X/scale, b.Y/scale, b.Width/scale, b.Height/scale
		}
		if wrong := judge(tips, err, drawn); wrong != "" {
			t.Errorf("%d dpi: %s", dpi, wrong)
		}
	}
}

func TestFingersAreCutOutUpright(t *testing.T) {
	c := condition{turned: 30, apart: 3}
	img, drawn := c.draw(rand.New(rand.NewPCG(11, 12)))
	tips, err := Segment(img, drawnDPI, positions(drawn))
	if err != nil {
		t.Fatal(err)
	}
	for _, tip := range tips {
		size := tip.Picture.Rect.Size()
		if q := quality.Finger(tip.Picture, drawnDPI); q.Score < quality.Acceptable {
			t.Errorf("the picture of the %s is of quality %d", tip.Position, q.Score)
		}
		if float64(size.X) < tip.Box.Width || float64(size.X) > tip.Box.Width+1 || float64(size.Y) < tip.Box.Height || float64(size.Y) > tip.Box.Height+1 {
			t.Errorf("the picture of the %s is %v, its box %+v", tip.Position, size, tip.Box)
		}
		again := newGrid(tip.Picture, drawnDPI).tips()
		if len(again) != 1 || math.Abs(again[0].box.Angle) > 12 {
			t.Errorf("the picture of the %s shows %d fingers: %+v", tip.Position, len(again), again)
		}
		if tip.Confidence < 60 {
			t.Errorf("a well laid %s has confidence %d", tip.Position, tip.Confidence)
		}
	}
}

func TestGlassWithoutFingersShowsNone(t *testing.T) {
	tests := []struct {
		name  string
		paint func(p *painter)
		noise float64
	}{
		{"clean", func(*painter) {}, 4},
		{"noisy", func(*painter) {}, 25},
		{"a palm", func(p *painter) { p.palm(400) }, 4},
		{"a damp patch", func(p *painter) { p.halo(Box{X: 500, Y: 400, Width: 300, Height: 400}, true) }, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &painter{img: image.NewGray(image.Rect(0, 0, 1500, 1000)), ink: make([]float32, 1500*1000), rng: rand.New(rand.NewPCG(13, 14))}
			tt.paint(p)
			p.finish(tt.noise)
			_, err := Segment(p.img, drawnDPI, []capture.FingerPosition{2})
			var count *CountError
			if !errors.As(err, &count) || count.Found != 0 {
				t.Errorf("one finger announced: %v", err)
			}
		})
	}
}

func TestUnsuitablePicturesAreRefused(t *testing.T) {
	one := []capture.FingerPosition{2}
	for name, tt := range map[string]struct{ width, height, dpi int }{
		"too small": {150, 400, 500}, "too large": {400, 6000, 500}, "too coarse": {800, 800, 250}, "too fine": {800, 800, 1200}, "empty": {0, 0, 500},
	} {
		if _, err := Segment(image.NewGray(image.Rect(0, 0, tt.width, tt.height)), tt.dpi, one); !errors.Is(err, ErrPicture) {
			t.Errorf("%s: %v", name, err)
		}
	}
	part := image.NewGray(image.Rect(0, 0, 1700, 1600)).SubImage(image.Rect(300, 300, 900, 900)).(*image.Gray)
	if _, err := Segment(part, 500, one); !errors.As(err, new(*CountError)) {
		t.Errorf("a part of a picture: %v", err)
	}
}

// FuzzSegment looks for pictures that break it. A picture is made of squares of ridges and of grey.
func FuzzSegment(f *testing.F) {
	f.Add([]byte{0, 0, 255, 255, 0, 128, 200, 3}, uint8(12), uint8(0))
	f.Add([]byte{255}, uint8(20), uint8(200))
	f.Add([]byte{0, 200, 201, 0, 0, 202, 203, 0, 0, 204, 205, 0}, uint8(4), uint8(60))
	f.Fuzz(func(t *testing.T, squares []byte, width, dpi uint8) {
		const side = 48
		columns := int(width)%16 + 6
		rows := min(max(len(squares)/columns, 6), 24)
		img := image.NewGray(image.Rect(0, 0, columns*side, rows*side))
		for i := range img.Pix {
			x, y := i%img.Stride, i/img.Stride
			square := y/side*columns + x/side
			img.Pix[i] = 230
			if square < len(squares) {
				if v := squares[square]; v >= 128 {
					img.Pix[i] = uint8(128 + 100*math.Sin(float64(x*int(v%16)+y*int(v/16))/10))
				} else {
					img.Pix[i] = 255 - v
				}
			}
		}
		resolution := 300 + int(dpi)*2
		tips, err := Segment(img, resolution, []capture.FingerPosition{2, 3})
		if err != nil {
			return
		}
		for _, tip := range tips {
			if tip.Confidence < 0 || tip.Confidence > 100 || tip.Picture.Rect.Empty() || math.IsNaN(tip.Box.Angle) || math.Abs(tip.Box.Angle) > 90 {
				t.Errorf("a finger of confidence %d in %+v", tip.Confidence, tip.Box)
			}
		}
	})
}
