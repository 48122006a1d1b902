package ridge

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"math"
	"testing"

	"boothd/localmatch/finger/angle"
)

// stripes draws ridges that run at an angle with a period of so many pixels, and one minutia in
// the middle, whose line leaves downwards before all is turned.
func stripes(side int, turn, period float64, furrow bool) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, side, side))
	middle := float64(side) / 2
	sin, cos := math.Sincos(-turn)
	phase := math.Pi / 2
	if furrow {
		phase = -phase
	}
	for y := range side {
		for x := range side {
			u, v := float64(x)-middle, middle-float64(y)
			u, v = cos*u-sin*v, sin*u+cos*v
			wave := math.Cos(2*math.Pi*u/period + math.Atan2(v, u) + phase)
			img.Pix[y*img.Stride+x] = uint8(128 - 90*wave)
		}
	}
	return img
}

func TestAMinutiaIsFoundWhereItWasDrawn(t *testing.T) {
	const side = 128
	for _, furrow := range []bool{false, true} {
		for _, period := range []float64{6, 9, 12} {
			for degrees := 0; degrees < 360; degrees += 20 {
				name := fmt.Sprintf("period %v, turned by %d°, furrow %v", period, degrees, furrow)
				p := Read(stripes(side, float64(degrees)/180*math.Pi, period, furrow), DPI)
				if len(p.Minutiae) != 1 {
					t.Errorf("%s: %d minutiae", name, len(p.Minutiae))
					continue
				}
				m := p.Minutiae[0]
				if d := math.Hypot(float64(m.X-side/2), float64(m.Y-side/2)); d > period*2/3 {
					t.Errorf("%s: %.1f pixels off", name, d)
				}
				want := uint16(uint32(degrees*65536/360) + 3<<14)
				if off := math.Abs(float64(int16(m.Direction-want))) * 360 / 65536; off > 12 {
					t.Errorf("%s: direction %.0f° off", name, off)
				}
				if m.Furrow != furrow {
					t.Errorf("%s: taken for the other kind", name)
				}
				if m.Quality < 40 {
					t.Errorf("%s: quality %d of a flawless picture", name, m.Quality)
				}
			}
		}
	}
}

func TestFlowAndPeriodAreThoseOfThePicture(t *testing.T) {
	for degrees := 0; degrees < 180; degrees += 20 {
		p := Read(stripes(200, float64(degrees)/180*math.Pi, 8, false), DPI)
		// Far from the minutia, on the side where its line does not lie across.
		x, y := 40, 40
		want := uint16(degrees*65536/360 + 1<<14)
		if off := math.Abs(float64(int16((p.Flow(x, y)-want)<<1)>>1)) * 360 / 65536; off > 6 {
			t.Errorf("turned by %d°: flow is %.1f° off", degrees, off)
		}
		if period := float64(p.Period(x, y)) / 4; math.Abs(period-8) > 0.8 {
			t.Errorf("turned by %d°: period %.2f pixels, drawn with 8", degrees, period)
		}
	}
}

func TestOtherResolutionsGiveTheSameMinutia(t *testing.T) {
	for _, dpi := range []int{300, 400, 508, 569, 750, 1000} {
		scale := float64(dpi) / DPI
		p := Read(stripes(int(200*scale), 0.5, 9*scale, false), dpi)
		if p.Width != 200 && p.Width != 199 && p.Width != 201 {
			t.Errorf("%d dpi: %d pixels wide", dpi, p.Width)
		}
		if len(p.Minutiae) != 1 || math.Hypot(float64(p.Minutiae[0].X-100), float64(p.Minutiae[0].Y-100)) > 6 {
			t.Errorf("%d dpi: %+v", dpi, p.Minutiae)
		}
	}
}

func TestWithoutRidgesThereAreNoMinutiae(t *testing.T) {
	picture := func(f func(x, y int) uint8) *image.Gray {
		img := image.NewGray(image.Rect(0, 0, 220, 180))
		for y := range 180 {
			for x := range 220 {
				img.Pix[y*img.Stride+x] = f(x, y)
			}
		}
		return img
	}
	noise := uint32(1)
	for name, img := range map[string]*image.Gray{
		"white":    picture(func(x, y int) uint8 { return 255 }),
		"black":    picture(func(x, y int) uint8 { return 0 }),
		"a slope":  picture(func(x, y int) uint8 { return uint8(x) }),
		"an edge":  picture(func(x, y int) uint8 { return uint8(x / 110 * 200) }),
		"a square": picture(func(x, y int) uint8 { return uint8(x / 70 % 2 * (y / 60 % 2) * 200) }),
		"noise": picture(func(x, y int) uint8 {
			noise = noise*1664525 + 1013904223
			return uint8(noise >> 24)
		}),
		"one pixel": image.NewGray(image.Rect(0, 0, 1, 1)),
		"one line":  image.NewGray(image.Rect(0, 0, 500, 1)),
	} {
		if p := Read(img, DPI); len(p.Minutiae) != 0 {
			t.Errorf("%s: %d minutiae", name, len(p.Minutiae))
		}
	}
}

func TestAPartOfAPictureIsReadByItself(t *testing.T) {
	whole := stripes(200, 1, 9, true)
	part := whole.SubImage(image.Rect(20, 10, 180, 190)).(*image.Gray)
	alone := image.NewGray(image.Rect(0, 0, 160, 180))
	for y := range 180 {
		copy(alone.Pix[y*alone.Stride:][:160], part.Pix[y*part.Stride:])
	}
	if a, b := digest(Read(part, DPI)), digest(Read(alone, DPI)); a != b {
		t.Error("a part of a picture and its copy are read differently")
	}
}

// blots is a picture made with integers only, so that it is the same on every processor: waves
// around two points, with noise.
func blots() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 320, 360))
	noise := uint32(7)
	for y := range 360 {
		for x := range 320 {
			near := angle.Root(int64((x-130)*(x-130)+(y-120)*(y-120)) * 256)
			far := angle.Root(int64((x-250)*(x-250)+(y-420)*(y-420)) * 256)
			bend := angle.Of(int64(x-90), int64(210-y)) - angle.Of(int64(x-200), int64(90-y)) + angle.Of(int64(x-160), int64(300-y))
			wave := angle.Cosine(angle.Round(uint16(near*370+far*60) + bend))
			noise = noise*1664525 + 1013904223
			img.Pix[y*img.Stride+x] = uint8(min(max(128-wave/170+int32(noise>>27)-16, 0), 255))
		}
	}
	return img
}

// digest sums up everything that was read.
func digest(p *Print) string {
	h := sha256.New()
	for _, m := range p.Minutiae {
		fmt.Fprintln(h, m)
	}
	for y := range p.Height {
		_ = binary.Write(h, binary.LittleEndian, p.heights.row(y))
		for x := 0; x < p.Width; x += cell {
			fmt.Fprint(h, p.Clear(x, y), p.Flow(x, y), p.Period(x, y))
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// The same digest must come out on amd64 and arm64; on another machine than this one it can
// be tried with an emulator: GOARCH=arm64 go test -c, then qemu-aarch64.
func TestTheSamePictureIsReadAlikeOnEveryMachine(t *testing.T) {
	p := Read(blots(), DPI)
	if len(p.Minutiae) < 3 {
		t.Fatalf("only %d minutiae: the picture proves nothing", len(p.Minutiae))
	}
	const want = "15a4392e98a16072"
	if got := digest(p); got != want {
		t.Errorf("digest %s, expected %s", got, want)
	}
}

func FuzzRead(f *testing.F) {
	small := stripes(64, 1, 9, false)
	f.Add(small.Pix, uint16(64), uint16(500))
	f.Add(small.Pix[:2000], uint16(40), uint16(1000))
	f.Add([]byte{1, 2, 3}, uint16(1), uint16(300))
	f.Fuzz(func(t *testing.T, pixels []byte, width, dpi uint16) {
		w := int(width)%200 + 1
		h := min(len(pixels)/w, 200)
		if h == 0 {
			return
		}
		img := &image.Gray{Pix: pixels, Stride: w, Rect: image.Rect(0, 0, w, h)}
		p := Read(img, 300+int(dpi)%701)
		for _, m := range p.Minutiae {
			if !p.Clear(m.X, m.Y) || m.Quality < 1 || m.Quality > 100 {
				t.Fatal("minutia outside the clear part or of impossible quality")
			}
		}
	})
}
