package ocr_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"boothd/capture/mrz"
	"boothd/capture/mrz/ocr"
	"boothd/capture/mrz/ocr/drawn"
)

// tinyWebP is a lossy WebP of one pixel.
const tinyWebP = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"

func encoded(t testing.TB, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, &jpeg.Options{Quality: 92}) })
}

func pngOf(t testing.TB, img image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, img) })
}

// withOrientation puts an Exif segment behind a JPEG's first marker.
func withOrientation(file []byte, order binary.AppendByteOrder, orientation uint16) []byte {
	tiff := []byte("MM")
	if order.String() == "LittleEndian" {
		tiff = []byte("II")
	}
	tiff = order.AppendUint16(tiff, 42)
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 1)
	tiff = order.AppendUint16(tiff, 0x0112)
	tiff = order.AppendUint16(tiff, 3)
	tiff = order.AppendUint32(tiff, 1)
	tiff = order.AppendUint16(tiff, orientation)
	tiff = order.AppendUint16(tiff, 0)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	out := []byte{0xff, 0xd8, 0xff, 0xe1}
	out = binary.BigEndian.AppendUint16(out, uint16(len(segment)+2))
	return append(append(out, segment...), file[2:]...)
}

// stored is how a camera stores a picture that is to be shown as img with an orientation.
func stored(img *image.Gray, orientation uint16) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewGray(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			// Where row y and column x of the stored picture are shown (Exif, 4.6.5).
			shown := [...]image.Point{
				{X: x, Y: y}, {X: w - 1 - x, Y: y}, {X: w - 1 - x, Y: h - 1 - y}, {X: x, Y: h - 1 - y},
				{X: y, Y: x}, {X: w - 1 - y, Y: x}, {X: w - 1 - y, Y: h - 1 - x}, {X: y, Y: h - 1 - x},
			}[orientation-1]
			out.SetGray(x, y, img.GrayAt(shown.X, shown.Y))
		}
	}
	return out
}

func TestAPictureIsReadAsItIsShown(t *testing.T) {
	if underRace {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	photo, err := font(t).Photograph(rand.New(rand.NewPCG(3, 3)), zones[mrz.TD1], drawn.Conditions{Pitch: 12, Contrast: 0.8, Angle: 0.03})
	if err != nil {
		t.Fatal(err)
	}
	want, err := ocr.Read(t.Context(), photo.Image, now)
	if err != nil {
		t.Fatal(err)
	}
	for o := uint16(1); o <= 8; o++ {
		order := []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian}[o%2]
		r, err := ocr.ReadEncoded(t.Context(), withOrientation(jpegOf(t, stored(photo.Image, o)), order, o), now)
		if err != nil || !slices.Equal(r.Lines, zones[mrz.TD1]) {
			t.Errorf("orientation %d: %v %v", o, err, r.Lines)
			continue
		}
		for i, c := range r.Corners {
			if d := c.Sub(want.Corners[i]); d.X*d.X+d.Y*d.Y > 36 {
				t.Errorf("orientation %d: corner %d at %v, want %v", o, i, c, want.Corners[i])
			}
		}
	}
}

func TestEveryKindOfPictureFileIsRead(t *testing.T) {
	if underRace {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	photo, err := font(t).Photograph(rand.New(rand.NewPCG(3, 3)), zones[mrz.TD1], drawn.Conditions{Pitch: 12, Contrast: 0.8})
	if err != nil {
		t.Fatal(err)
	}
	b := photo.Image.Rect
	cast, deep, cmyk := image.NewRGBA(b), image.NewRGBA64(b), image.NewCMYK(b)
	grey16, palette := image.NewGray16(b), image.NewPaletted(b, nil)
	for i := range 256 {
		palette.Palette = append(palette.Palette, color.Gray{Y: uint8(i)})
	}
	for i, v := range photo.Image.Pix {
		x, y := i%b.Dx(), i/b.Dx()
		cast.SetRGBA(x, y, color.RGBA{v, uint8(int(v) * 3 / 4), uint8(int(v) / 3), 255}) // a warm lamp
		deep.Set(x, y, color.Gray{Y: v})
		grey16.Set(x, y, color.Gray{Y: v})
		cmyk.SetCMYK(x, y, color.CMYK{C: 10, M: 20, Y: 40, K: 255 - v})
		palette.SetColorIndex(x, y, v)
	}
	tests := []struct {
		name string
		file []byte
	}{
		{"colour JPEG", jpegOf(t, cast)},
		{"grey JPEG", jpegOf(t, photo.Image)},
		{"PNG of 16 bits a colour", pngOf(t, deep)},
		{"PNG of 16 bits of grey", pngOf(t, grey16)},
		{"PNG with a palette", pngOf(t, palette)},
		{"GIF", encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, palette, nil) })},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			r, err := ocr.ReadEncoded(t.Context(), c.file, now)
			if err != nil || !slices.Equal(r.Lines, zones[mrz.TD1]) {
				t.Errorf("%v %v", err, r.Lines)
			}
		})
	}
	for _, img := range []image.Image{cmyk, palette} {
		if r, err := ocr.Read(t.Context(), img, now); err != nil || !slices.Equal(r.Lines, zones[mrz.TD1]) {
			t.Errorf("%T: %v %v", img, err, r.Lines)
		}
	}
}

// pngHeader is the beginning of a PNG of a size, which says nothing of its pixels.
func pngHeader(width, height uint32) []byte {
	chunk := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	chunk = binary.BigEndian.AppendUint32(chunk, height)
	chunk = append(chunk, 16, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, chunk...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
}

func TestFilesThatCannotBeReadAreRefused(t *testing.T) {
	whole := jpegOf(t, image.NewGray(image.Rect(0, 0, 400, 300)))
	webp, err := base64.StdEncoding.DecodeString(tinyWebP)
	if err != nil {
		t.Fatal(err)
	}
	wideWebP := bytes.Clone(webp)
	binary.LittleEndian.PutUint16(wideWebP[26:], 16383)
	binary.LittleEndian.PutUint16(wideWebP[28:], 16383)
	tests := []struct {
		name string
		file []byte
		want error  // or
		says string // what the error says
	}{
		{"nothing", nil, image.ErrFormat, ""},
		{"a text", []byte("This is no picture."), image.ErrFormat, ""},
		{"another format", []byte("BM\x8a\x00\x00\x00\x00\x00"), image.ErrFormat, ""},
		{"more bytes than are taken", make([]byte, ocr.MaxBytes+1), ocr.ErrTooLarge, ""},
		{"a PNG that would fill the memory", pngHeader(60_000, 60_000), ocr.ErrTooLarge, ""},
		{"a PNG wider than a number", pngHeader(1<<31-1, 1<<31-1), nil, "dimension overflow"},
		{"a large WebP", wideWebP, ocr.ErrTooLarge, ""},
		{"a WebP of one pixel", webp, ocr.ErrNotFound, ""},
		{"half a JPEG", whole[:len(whole)/2], nil, "decode picture"},
		{"a JPEG without a picture", whole[:2], nil, "decode picture"},
		{"a PNG without pixels", pngHeader(100, 100), nil, "decode picture"},
		{"an empty picture", whole, ocr.ErrNotFound, ""},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			_, err := ocr.ReadEncoded(t.Context(), c.file, now)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %v %s", err, c.want, c.says)
			}
		})
	}
}

func TestDecodingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	gone := errors.New("the traveller took the passport")
	cancel(gone)
	for _, file := range [][]byte{jpegOf(t, image.NewGray(image.Rect(0, 0, 400, 300))), pngOf(t, image.NewRGBA(image.Rect(0, 0, 400, 300)))} {
		if _, err := ocr.ReadEncoded(ctx, file, now); !errors.Is(err, gone) {
			t.Errorf("error %v", err)
		}
	}
}

// FuzzReadEncoded gives any bytes as a picture. Whatever is read has the shape of its
// format.
func FuzzReadEncoded(f *testing.F) {
	small := image.NewGray(image.Rect(0, 0, 48, 40))
	for i := range small.Pix {
		small.Pix[i] = uint8(i * i)
	}
	palette := image.NewPaletted(small.Rect, color.Palette{color.Black, color.White})
	f.Add(jpegOf(f, small))
	f.Add(withOrientation(jpegOf(f, small), binary.LittleEndian, 5))
	f.Add(withOrientation(jpegOf(f, small), binary.BigEndian, 7))
	f.Add(pngOf(f, small))
	f.Add(pngOf(f, palette))
	f.Add(encoded(f, func(b *bytes.Buffer) error { return gif.Encode(b, palette, nil) }))
	f.Add(pngHeader(60_000, 60_000))
	webp, err := base64.StdEncoding.DecodeString(tinyWebP)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(webp)
	f.Fuzz(func(t *testing.T, file []byte) {
		if size, _, err := image.DecodeConfig(bytes.NewReader(file)); err == nil && (size.Width > 4000 || size.Height > 4000/max(size.Width, 1)*200) {
			return // it is right and takes long
		}
		r, err := ocr.ReadEncoded(t.Context(), file, now)
		if err != nil {
			return
		}
		if _, err := mrz.Parse(r.Lines, now); err != nil || len(r.Positions) != len(r.Lines) {
			t.Fatalf("%d lines: %v", len(r.Lines), err)
		}
	})
}
