package ocr_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture/mrz"
	"boothd/capture/mrz/ocr"
	"boothd/capture/mrz/ocr/drawn"
	"boothd/capture/mrz/ocr/trial"
	"boothd/internal/shareddata"
	"boothd/internal/testtool"
)

var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func font(t testing.TB) *drawn.Font {
	t.Helper()
	if _, err := os.Stat(drawn.FontFolder); err != nil {
		testtool.Missing(t, "package fonts-ocr-b, with which photographs are drawn,")
	}
	f, err := drawn.Load(drawn.FontFolder)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var zones = map[mrz.Format][]string{
	mrz.TD1:   {"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
	mrz.TD2:   {"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"},
	mrz.TD3:   {"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"},
	mrz.MRVA:  {"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"},
	mrz.MRVB:  {"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L8988901C4XXX4009078F9612109<<<<<<<<"},
	mrz.FRAID: {"IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<", "8806923102858CORINNE<<<<<<<6512068F6"},
}

func TestEveryFormatIsReadAnyWayUp(t *testing.T) {
	if underRace {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	f := font(t)
	tests := []struct {
		format  mrz.Format
		degrees float64
	}{
		{mrz.TD1, 0}, {mrz.TD1, 197}, {mrz.TD2, 90}, {mrz.TD3, 315}, {mrz.MRVA, 180}, {mrz.MRVB, 20}, {mrz.FRAID, 270},
	}
	for i, c := range tests {
		lines := zones[c.format]
		photo, err := f.Photograph(rand.New(rand.NewPCG(7, uint64(i))), lines,
			drawn.Conditions{Pitch: 12, Angle: c.degrees * math.Pi / 180, Contrast: 0.8, Noise: 2, Quality: 90})
		if err != nil {
			t.Fatal(err)
		}
		r, err := ocr.Read(context.Background(), photo.Image, now)
		if err != nil || r.Format != c.format || !slices.Equal(r.Lines, lines) {
			t.Errorf("%s at %v°: %v, %s\n%s", c.format, c.degrees, err, r.Format, strings.Join(r.Lines, "\n"))
			continue
		}
		if len(r.Positions) != len(lines) || r.Zone.Surname == "" || !r.Corners[0].In(photo.Image.Rect) {
			t.Errorf("%s at %v°: %d lines of positions, corners %v", c.format, c.degrees, len(r.Positions), r.Corners)
		}
	}
}

func TestPicturesWithoutAZoneAreNotRead(t *testing.T) {
	if underRace {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	rng := rand.New(rand.NewPCG(2, 2))
	noise := image.NewGray(image.Rect(0, 0, 500, 400))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(rng.IntN(256))
	}
	grid := image.NewGray(image.Rect(0, 0, 900, 500))
	for i := range grid.Pix {
		if x, y := i%900, i/900; x%18 > 8 || y%40 > 14 {
			grid.Pix[i] = 220
		}
	}
	tests := []struct {
		name string
		img  image.Image
		want error
	}{
		{"nothing", image.NewGray(image.Rectangle{}), ocr.ErrNotFound},
		{"a blank page", image.NewGray(image.Rect(0, 0, 300, 200)), ocr.ErrNotFound},
		{"noise", noise, ocr.ErrNotFound},
		{"rows of even boxes", grid, ocr.ErrNotFound},
		{"a strip", image.NewGray(image.Rect(0, 0, 100000, 33)), ocr.ErrNotFound},
		{"too many pixels", image.NewUniform(color.White), ocr.ErrTooLarge},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ocr.Read(context.Background(), c.img, now); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func TestPartsAndKindsOfPicturesReadTheSame(t *testing.T) {
	if underRace {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	photo, err := font(t).Photograph(rand.New(rand.NewPCG(3, 3)), zones[mrz.TD1], drawn.Conditions{Pitch: 12, Contrast: 0.8})
	if err != nil {
		t.Fatal(err)
	}
	b := photo.Image.Rect
	framed := b.Add(image.Pt(17, 9))
	rgba, nrgba := image.NewRGBA(framed), image.NewNRGBA(framed)
	wide := image.NewRGBA64(framed)
	ycc := image.NewYCbCr(framed.Inset(-5), image.YCbCrSubsampleRatio420)
	gray := image.NewGray(framed.Inset(-5))
	for y := range b.Dy() {
		for x := range b.Dx() {
			v := photo.Image.GrayAt(x, y)
			rgba.Set(17+x, 9+y, v)
			nrgba.Set(17+x, 9+y, v)
			wide.Set(17+x, 9+y, v)
			gray.Set(17+x, 9+y, v)
			ycc.Y[ycc.YOffset(17+x, 9+y)] = v.Y
		}
	}
	for _, img := range []image.Image{photo.Image, rgba, nrgba, wide, gray.SubImage(framed), ycc.SubImage(framed)} {
		r, err := ocr.Read(context.Background(), img, now)
		if err != nil || !slices.Equal(r.Lines, zones[mrz.TD1]) {
			t.Errorf("%T: %v %v", img, err, r.Lines)
		}
	}
}

func TestAnEndedContextEndsTheReading(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	gone := errors.New("the traveller took the passport")
	cancel(gone)
	for _, img := range []image.Image{image.NewGray(image.Rect(0, 0, 300, 200)), image.NewRGBA(image.Rect(0, 0, 300, 200))} {
		if _, err := ocr.Read(ctx, img, now); !errors.Is(err, gone) {
			t.Errorf("%T: error %v", img, err)
		}
	}
}

func TestLogsHideTheTraveller(t *testing.T) {
	r := ocr.Reading{Format: mrz.TD3, Lines: zones[mrz.TD3], Doubtful: []ocr.Position{{Line: 1, Column: 2, Character: "Q", RunnerUp: "X"}}}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("read", "reading", r, "first", r.Doubtful[0])
	for _, secret := range []string{"ERIKSSON", "L898902", "Q", "X"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the log shows %q: %s", secret, out.String())
		}
	}
}

func TestDevelopmentPicturesAreReadOrDoubted(t *testing.T) {
	if underRace {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	exact, all := 0, 0
	for r, err := range trial.Folder(context.Background(), shareddata.Path(t, "data/mrz/images"), now) {
		if err != nil {
			t.Fatal(err)
		}
		all++
		if r.Outcome == trial.Exact {
			exact++
		}
		if r.Outcome == trial.Wrong {
			t.Errorf("%s is wrong in %d characters and says so nowhere", r.File, r.Errors)
		}
	}
	if exact*10 < all*9 {
		t.Errorf("%d of %d exact", exact, all)
	}
}

// FuzzRead makes pictures of any bytes. Whatever is read has the shape of its format.
func FuzzRead(f *testing.F) {
	f.Add(uint8(60), uint8(40), uint8(0), []byte{0, 255})
	f.Add(uint8(200), uint8(60), uint8(1), []byte{0, 0, 0, 0, 0, 255, 255, 255, 255, 255})
	f.Add(uint8(255), uint8(255), uint8(2), []byte("P<UTOERIKSSON<<ANNA<MARIA<<<<"))
	f.Add(uint8(150), uint8(90), uint8(3), []byte{10, 10, 10, 250, 250, 250, 0, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, width, height, kind uint8, data []byte) {
		if len(data) == 0 {
			return
		}
		img := image.NewGray(image.Rect(0, 0, int(width), int(height)))
		for y := range int(height) {
			for x := range int(width) {
				i := x + y*int(width)
				switch kind % 4 {
				case 1: // boxes at even distances
					i = x/5 + y/7*3
				case 2: // rows
					i = x / 3
					if y/9%2 == 1 {
						i = 0
					}
				case 3: // slanting
					i = (3*x + y) / 6
				}
				img.Pix[y*img.Stride+x] = data[i%len(data)]
			}
		}
		r, err := ocr.Read(t.Context(), img, now)
		if err != nil {
			if !errors.Is(err, ocr.ErrNotFound) {
				t.Fatal(err)
			}
			return
		}
		if _, err := mrz.Parse(r.Lines, now); err != nil || len(r.Positions) != len(r.Lines) {
			t.Fatalf("%d lines: %v", len(r.Lines), err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for _, format := range []mrz.Format{mrz.TD1, mrz.TD3} {
		photo, err := font(b).Photograph(rand.New(rand.NewPCG(4, 4)), zones[format],
			drawn.Conditions{Pitch: 18, Angle: 0.1, Contrast: 0.8, Noise: 3, Quality: 85})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(format), func(b *testing.B) {
			for b.Loop() {
				if _, err := ocr.Read(context.Background(), photo.Image, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
