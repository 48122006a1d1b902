package portrait_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"boothd/capture/chip/lds"
	"boothd/capture/chip/portrait"
	"boothd/capture/chip/portrait/raster"
	"boothd/capture/synthetic"
	"boothd/internal/testtool"
)

// program is the built boothd-jp2, or empty if it could not be built.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "portrait")
	if err != nil {
		panic(err)
	}
	path := filepath.Join(dir, "boothd-jp2")
	if out, err := exec.Command("go", "build", "-o", path, "boothd/cmd/boothd-jp2").CombinedOutput(); err != nil {
		fmt.Printf("build boothd-jp2: %v\n%s", err, out)
	} else {
		program = path
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func maker(t testing.TB) portrait.Maker {
	t.Helper()
	if program == "" {
		testtool.Missing(t, "libopenjp2-7-dev")
	}
	return portrait.Maker{JP2: program}
}

// face is a portrait of 240 × 300 pixels, drawn once.
var face = sync.OnceValue(func() *image.RGBA {
	drawn := synthetic.New(1).Portrait()
	out := image.NewRGBA(image.Rect(0, 0, drawn.Rect.Dx()/2, drawn.Rect.Dy()/2))
	draw.ApproxBiLinear.Scale(out, out.Rect, drawn, drawn.Rect, draw.Src, nil)
	return out
})

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// asJP2 has Debian's encoder compress the picture; extension says into what.
func asJP2(t testing.TB, img image.Image, extension string, options ...string) []byte {
	t.Helper()
	encoder := testtool.Path(t, "opj_compress")
	size := img.Bounds().Size()
	var pnm bytes.Buffer
	name := "in.ppm"
	switch img := img.(type) {
	case *image.Gray:
		name = "in.pgm"
		fmt.Fprintf(&pnm, "P5\n%d %d\n255\n", size.X, size.Y)
		pnm.Write(img.Pix)
	case *image.RGBA:
		fmt.Fprintf(&pnm, "P6\n%d %d\n255\n", size.X, size.Y)
		for i := 0; i < len(img.Pix); i += 4 {
			pnm.Write(img.Pix[i : i+3])
		}
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, name), filepath.Join(dir, "out."+extension)
	if err := os.WriteFile(in, pnm.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return encoded(t, out, exec.Command(encoder, append([]string{"-i", in, "-o", out}, options...)...))
}

func encoded(t testing.TB, out string, cmd *exec.Cmd) []byte {
	t.Helper()
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("opj_compress: %v\n%s", err, said)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func grey(img image.Image) *image.Gray {
	out := image.NewGray(img.Bounds())
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, img.At(x, y))
		}
	}
	return out
}

// difference returns the mean difference of two pictures of the same size, in steps of 255.
func difference(a, b image.Image) float64 {
	size := a.Bounds().Size()
	sum := 0.0
	for y := range size.Y {
		for x := range size.X {
			r, g, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			for _, d := range []int{int(r>>8) - int(r2>>8), int(g>>8) - int(g2>>8), int(b1>>8) - int(b2>>8)} {
				sum += float64(max(d, -d))
			}
		}
	}
	return sum / float64(3*size.X*size.Y)
}

func TestPortraitsBecomeJPEGs(t *testing.T) {
	m, img := maker(t), face()
	tests := []struct {
		name   string
		in     []byte
		format lds.Format
		want   image.Image
	}{
		{"JPEG", asJPEG(t, img), lds.FormatJPEG, img},
		{"grey JPEG", asJPEG(t, grey(img)), lds.FormatJPEG, grey(img)},
		{"JPEG with something behind it", append(asJPEG(t, img), "<script>"...), lds.FormatJPEG, img},
		{"JP2 without loss", asJP2(t, img, "jp2"), lds.FormatJP2, img},
		{"JP2 at a bit a pixel", asJP2(t, img, "jp2", "-r", "24"), lds.FormatJP2, img},
		{"J2K", asJP2(t, img, "j2k", "-r", "20", "-I"), lds.FormatJ2K, img},
		{"J2K in tiles", asJP2(t, img, "j2k", "-r", "20", "-t", "128,128"), lds.FormatJ2K, img},
		{"grey J2K", asJP2(t, grey(img), "j2k", "-r", "10"), lds.FormatJ2K, grey(img)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := m.Make(t.Context(), test.in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := jpeg.Decode(bytes.NewReader(p.JPEG))
			if err != nil {
				t.Fatal(err)
			}
			if got.Bounds().Size() != test.want.Bounds().Size() || p.Original != got.Bounds().Size() || p.Format != test.format {
				t.Fatalf("picture of %v from %q of %v", got.Bounds().Size(), p.Format, p.Original)
			}
			if d := difference(got, test.want); d > 6 {
				t.Errorf("pixels differ by %.1f", d)
			}
			if _, ok := test.want.(*image.Gray); ok && got.ColorModel() != color.GrayModel {
				t.Error("grey became colour")
			}
			if bytes.Contains(p.JPEG, []byte("<script>")) {
				t.Error("the chip's own bytes reached the page")
			}
		})
	}
}

// The encoder is given samples of other widths than a byte, and chromas of half the size,
// which it writes as such.
func TestUnusualSamples(t *testing.T) {
	m := maker(t)
	encoder := testtool.Path(t, "opj_compress")
	const width, height = 64, 32
	plane := func(w, h, size int, value uint16) []byte {
		var b []byte
		for range w * h {
			if size == 2 {
				b = binary.BigEndian.AppendUint16(b, value)
			} else {
				b = append(b, byte(value))
			}
		}
		return b
	}
	tests := []struct {
		name, samples, extension string
		raw                      []byte
		want                     color.RGBA
	}{
		{"four bits", "64,32,1,4,u", "j2k", plane(width, height, 1, 15), color.RGBA{255, 255, 255, 255}},
		{"sixteen bits", "64,32,1,16,u", "j2k", plane(width, height, 2, 0x8000), color.RGBA{128, 128, 128, 255}},
		{"signed", "64,32,1,8,s", "j2k", plane(width, height, 1, 0), color.RGBA{128, 128, 128, 255}},
		{"colours of half the size", "64,32,3,8,u@1x1:2x2:2x2", "j2k",
			bytes.Join([][]byte{plane(width, height, 1, 200), plane(width/2, height/2, 1, 100), plane(width/2, height/2, 1, 50)}, nil), color.RGBA{200, 100, 50, 255}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			in, out := filepath.Join(dir, "in.raw"), filepath.Join(dir, "out."+test.extension)
			if err := os.WriteFile(in, test.raw, 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := m.Make(t.Context(), encoded(t, out, exec.Command(encoder, "-i", in, "-o", out, "-F", test.samples, "-mct", "0")))
			if err != nil {
				t.Fatal(err)
			}
			got, err := jpeg.Decode(bytes.NewReader(p.JPEG))
			if err != nil {
				t.Fatal(err)
			}
			want := image.NewRGBA(image.Rect(0, 0, width, height))
			for i := 0; i < len(want.Pix); i += 4 {
				copy(want.Pix[i:], []byte{test.want.R, test.want.G, test.want.B, 255})
			}
			if got.Bounds().Size() != want.Bounds().Size() || difference(got, want) > 3 {
				t.Errorf("%v, pixel %v, want %v", got.Bounds(), got.At(9, 9), test.want)
			}
		})
	}
}

func TestLargePortraitsAreScaledDown(t *testing.T) {
	noise := image.NewRGBA(image.Rect(0, 0, 550, 1100))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = byte(random.Uint32())
	}
	small := image.NewGray(image.Rect(0, 0, 4096, 1))
	tests := []struct {
		name       string
		in         image.Image
		side, w, h int
	}{
		{"the worst to compress", noise, 0, 512, 1024},
		{"a line", small, 0, 1024, 1},
		{"to another side", face(), 60, 48, 60},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var in bytes.Buffer
			if err := jpeg.Encode(&in, test.in, &jpeg.Options{Quality: 50}); err != nil {
				t.Fatal(err)
			}
			p, err := portrait.Maker{Side: test.side}.Make(t.Context(), in.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if p.Width != test.w || p.Height != test.h || p.Original != test.in.Bounds().Size() || len(p.JPEG) > 1<<20 {
				t.Errorf("%d × %d from %v in %d bytes", p.Width, p.Height, p.Original, len(p.JPEG))
			}
		})
	}
}

// siz returns the codestream with another size, and tiles of that size.
func siz(j2k []byte, width, height, tileWidth, tileHeight uint32) []byte {
	b := bytes.Clone(j2k)
	const at = 2 + 2 + 2 + 2 // SOC, SIZ, its length, capabilities
	for i, n := range []uint32{width, height, 0, 0, tileWidth, tileHeight} {
		binary.BigEndian.PutUint32(b[at+4*i:], n)
	}
	return b
}

// crowd returns the head of a codestream with 16384 components.
func crowd() []byte {
	const n = 16384
	b := binary.BigEndian.AppendUint16([]byte("\xFF\x4F\xFF\x51"), 38+3*n)
	b = append(b, 0, 0)
	for _, size := range []uint32{4096, 2048, 0, 0, 4096, 2048, 0, 0} {
		b = binary.BigEndian.AppendUint32(b, size)
	}
	b = binary.BigEndian.AppendUint16(b, n)
	b = append(b, bytes.Repeat([]byte{7, 1, 1}, n)...)
	b = append(b, "\xFF\x52\x00\x0C\x00\x00\x00\x01\x00\x05\x04\x04\x00\x01"...)
	b = append(b, "\xFF\x5C\x00\x13\x40"...)
	b = append(b, make([]byte, 16)...)
	return append(b, "\xFF\x90\x00\x0A\x00\x00\x00\x00\x00\x00\x00\x01\xFF\x93\xFF\xD9"...)
}

func TestBombs(t *testing.T) {
	m := maker(t)
	m.Timeout = time.Minute
	j2k := asJP2(t, face(), "j2k", "-r", "20")
	flat := image.NewGray(image.Rect(0, 0, 4096, 2048))
	bombs := []struct {
		name string
		in   []byte
		want error // nil: decoded
	}{
		{"the largest picture there may be", asJP2(t, flat, "j2k"), nil},
		{"a pixel too wide", siz(j2k, 4097, 300, 4097, 300), portrait.ErrTooLarge},
		{"too many pixels", siz(j2k, 4096, 4096, 4096, 4096), portrait.ErrTooLarge},
		{"the largest that the format has", siz(j2k, 1<<32-1, 1<<32-1, 1<<32-1, 1<<32-1), nil},
		{"as many tiles as there may be", siz(j2k, 4080, 2040, 16, 8), portrait.ErrDamaged},
		{"more tiles", siz(j2k, 4096, 2048, 1, 1), portrait.ErrDamaged},
		{"16384 components", crowd(), errors.ErrUnsupported},
		{"a megabyte of zeros behind the head", append(j2k[:200:200], make([]byte, raster.MaxInput-200)...), nil},
		{"more bytes than are taken", append(j2k[:200:200], make([]byte, raster.MaxInput)...), portrait.ErrTooLarge},
	}
	for _, bomb := range bombs {
		t.Run(bomb.name, func(t *testing.T) {
			p, err := m.Make(t.Context(), bomb.in)
			switch {
			case bomb.want != nil && !errors.Is(err, bomb.want):
				t.Errorf("got %v, want %v", err, bomb.want)
			case err != nil && !expected(err):
				t.Errorf("got %v", err)
			case err == nil && (p.Width > 1024 || p.Height > 1024):
				t.Errorf("picture of %d × %d", p.Width, p.Height)
			}
		})
	}
}

// expected reports whether the error is one that a picture can be refused with.
func expected(err error) bool {
	for _, known := range []error{portrait.ErrDamaged, portrait.ErrTooLarge, portrait.ErrTooSlow, errors.ErrUnsupported} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

func TestDamagedPicturesAreRefused(t *testing.T) {
	m := maker(t)
	random := rand.New(rand.NewPCG(3, 4))
	for name, good := range map[string][]byte{
		"JPEG": asJPEG(t, face()), "JP2": asJP2(t, face(), "jp2", "-r", "40"), "J2K": asJP2(t, face(), "j2k", "-r", "40"),
	} {
		t.Run(name+" cut off", func(t *testing.T) {
			for i := range 10 {
				if _, err := m.Make(t.Context(), good[:len(good)*i/10]); err == nil || !expected(err) {
					t.Errorf("at %d of 10: %v", i, err)
				}
			}
		})
		t.Run(name+" with noise", func(t *testing.T) {
			for range 20 {
				bad := bytes.Clone(good)
				for range 1 + random.IntN(20) {
					bad[12+random.IntN(len(bad)-12)] = byte(random.Uint32())
				}
				if _, err := m.Make(t.Context(), bad); err != nil && !expected(err) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

// passes returns a progressive JPEG of 8 million pixels that says in 1 MiB as often as it
// can that a band has nothing.
func passes() []byte {
	b := []byte("\xFF\xD8")
	b = append(b, "\xFF\xDB\x00\x43\x00"...)
	b = append(b, bytes.Repeat([]byte{1}, 64)...)
	b = append(b, "\xFF\xC2\x00\x0B\x08\x08\x00\x10\x00\x01\x01\x11\x00"...) // 2048 rows of 4096
	b = append(b, "\xFF\xC4\x00\x14\x10\x01"...)                             // one code of one bit:
	b = append(b, make([]byte, 15)...)
	b = append(b, 0xE0) // nothing in the next 16384 + n blocks, n in 14 bits
	const blocks = 4096 / 8 * 2048 / 8
	bits := strings.Repeat("0"+strings.Repeat("1", 14), (blocks+32766)/32767)
	bits += strings.Repeat("1", (8-len(bits)%8)%8)
	scan := []byte("\xFF\xDA\x00\x08\x01\x01\x00\x01\x3F\x00")
	for ; bits != ""; bits = bits[8:] {
		c := byte(0)
		for _, bit := range bits[:8] {
			c = c<<1 | byte(bit-'0')
		}
		if scan = append(scan, c); c == 0xFF {
			scan = append(scan, 0)
		}
	}
	return append(b, bytes.Repeat(scan, (raster.MaxInput-len(b))/len(scan))...)
}

func TestAJPEGOfEndlessPassesIsStopped(t *testing.T) {
	m := portrait.Maker{Timeout: 200 * time.Millisecond}
	if _, err := m.Make(t.Context(), passes()); !errors.Is(err, portrait.ErrTooSlow) {
		t.Errorf("got %v", err)
	}
}

func TestWithoutTheProgram(t *testing.T) {
	j2k := []byte("\xFF\x4F\xFF\x51")
	for name, m := range map[string]portrait.Maker{
		"none is set": {}, "it is not there": {JP2: filepath.Join(t.TempDir(), "boothd-jp2")},
	} {
		if _, err := m.Make(t.Context(), j2k); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := m.Make(t.Context(), asJPEG(t, face())); err != nil {
			t.Errorf("%s, JPEG: %v", name, err)
		}
	}
}

func TestFormatsThatAreNone(t *testing.T) {
	for name, in := range map[string]string{"nothing": "", "text": "hello", "PNG": "\x89PNG\r\n\x1A\n", "WSQ": "\xFF\xA0\xFF\xA8"} {
		if _, err := (portrait.Maker{}).Make(t.Context(), []byte(in)); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEndOfTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, in := range [][]byte{asJPEG(t, face()), []byte("\xFF\x4F\xFF\x51")} {
		if _, err := maker(t).Make(ctx, in); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzMake(f *testing.F) {
	small := image.NewRGBA(image.Rect(0, 0, 16, 16))
	copy(small.Pix, face().Pix)
	f.Add(asJPEG(f, small))
	f.Add(asJPEG(f, grey(small)))
	f.Add(asJP2(f, small, "jp2", "-n", "3"))
	f.Add(asJP2(f, small, "j2k", "-n", "3"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := portrait.Maker{JP2: program, Side: 64}
		p, err := m.Make(t.Context(), b)
		if err != nil {
			if !expected(err) {
				t.Fatal(err)
			}
			return
		}
		if config, err := jpeg.DecodeConfig(bytes.NewReader(p.JPEG)); err != nil || config.Width > 64 || config.Height > 64 {
			t.Fatalf("%+v, %v", config, err)
		}
	})
}

func BenchmarkMake(b *testing.B) {
	img := synthetic.New(1).Portrait() // 480 × 600 pixels
	for name, in := range map[string][]byte{"jpeg": asJPEG(b, img), "jp2": asJP2(b, img, "jp2", "-r", "57")} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := maker(b).Make(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
