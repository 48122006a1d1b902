package wsq

import (
	"bytes"
	"image"
	"testing"
)

// FuzzDecode is for pictures of up to 400 pixels: larger ones take the same ways.
func FuzzDecode(f *testing.F) {
	for _, size := range []image.Point{{1, 1}, {3, 2}, {1, 9}, {13, 11}, {20, 17}} {
		for _, bitrate := range []float64{Bitrate15to1, MaxBitrate} {
			f.Add(encoded(ramp(size.X, size.Y), Options{Bitrate: bitrate, DPI: 500}))
		}
	}
	f.Add(crafted{width: 20, height: 17, even: true}.file())
	f.Add(crafted{width: 12, height: 13, interval: 7}.file())
	f.Fuzz(func(t *testing.T, data []byte) {
		want, err := DecodeInfo(data)
		if err == nil && want.Width*want.Height > 400 {
			return
		}
		img, info, err := Decode(data)
		if err != nil {
			return
		}
		if size := img.Bounds().Size(); info != want || size != image.Pt(info.Width, info.Height) {
			t.Errorf("picture of %v, header %+v, decoded %+v", size, want, info)
		}
	})
}

func FuzzEncode(f *testing.F) {
	f.Add(uint8(1), uint8(75), []byte{0})
	f.Add(uint8(5), uint8(225), []byte{255, 0, 0, 255, 7, 7, 7, 7, 200})
	f.Add(uint8(16), uint8(10), ramp(16, 30).Pix)
	f.Fuzz(func(t *testing.T, width, bitrate uint8, pixels []byte) {
		if width == 0 || bitrate == 0 || len(pixels) < int(width) || len(pixels) > 4096 {
			return
		}
		height := len(pixels) / int(width)
		img := &image.Gray{Pix: pixels, Stride: int(width), Rect: image.Rect(0, 0, int(width), height)}
		var file bytes.Buffer
		if err := Encode(&file, img, Options{Bitrate: float64(bitrate) / 32}); err != nil {
			t.Fatal(err)
		}
		got, _, err := Decode(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got.Bounds() != img.Bounds() {
			t.Errorf("%v became %v", img.Bounds(), got.Bounds())
		}
	})
}

// ramp is a picture of stripes that grow darker to the right.
func ramp(width, height int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		x, y := i%width, i/width
		img.Pix[i] = uint8(120*x/width + 100*((x+2*y)/4%2) + 5*(y%3))
	}
	return img
}
