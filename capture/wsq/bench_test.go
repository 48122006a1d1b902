package wsq_test

import (
	"bytes"
	"image"
	"io"
	"testing"

	"boothd/capture/synthetic"
	"boothd/capture/wsq"
)

// large returns a drawn finger of 500 by 500 pixels.
func large() *image.Gray {
	finger := synthetic.Traveller{Number: 7}.Finger(2)
	img := image.NewGray(image.Rect(0, 0, 500, 500))
	for y := range 500 {
		for x := range 500 {
			img.SetGray(x, y, finger.GrayAt(x%synthetic.FingerWidth, y%synthetic.FingerHeight))
		}
	}
	return img
}

func BenchmarkEncode(b *testing.B) {
	img := large()
	b.ReportAllocs()
	for b.Loop() {
		if err := wsq.Encode(io.Discard, img, wsq.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	var file bytes.Buffer
	if err := wsq.Encode(&file, large(), wsq.Options{}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := wsq.Decode(file.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}
