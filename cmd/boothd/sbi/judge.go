package sbi

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"

	"boothd/devices"
)

// maxPixels is the largest picture of a camera that is decoded.
const maxPixels = 9 << 20

// judge scores a camera's picture, 0 to 100, by its light and its sharpness. It does not look for
// a face, which is the kiosk's affair.
func judge(f *devices.Frame) (int, error) {
	img, err := decodeFrame(f)
	if err != nil {
		return 0, err
	}
	return lightAndSharpness(img), nil
}

// decodeFrame decodes a picture whose size it looks at first.
func decodeFrame(f *devices.Frame) (image.Image, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(f.JPEG))
	if err != nil {
		return nil, err
	}
	if c.Width*c.Height > maxPixels {
		return nil, image.ErrFormat
	}
	return jpeg.Decode(bytes.NewReader(f.JPEG))
}

// What scores fully.
const (
	spread = 40 // grey levels of standard deviation
	edges  = 6  // mean difference of grey levels two pixels apart
)

// lightAndSharpness looks at one pixel in four: too dark, too bright and flat pictures score
// low, and so do blurred ones.
func lightAndSharpness(img image.Image) int {
	b := img.Bounds()
	var n, sum, squares, steps float64
	for y := b.Min.Y; y < b.Max.Y; y += 2 {
		before := -1.0
		for x := b.Min.X; x < b.Max.X; x += 2 {
			v := luma(img, x, y)
			n++
			sum += v
			squares += v * v
			if before >= 0 {
				steps += math.Abs(v - before)
			}
			before = v
		}
	}
	if n == 0 {
		return 0
	}
	mean := sum / n
	deviation := math.Sqrt(max(squares/n-mean*mean, 0))
	light := 1 - math.Abs(mean-128)/128
	score := min(2*light, 1) * min(deviation/spread, 1) * min(steps/n/edges, 1)
	return int(math.Round(100 * score))
}

func luma(img image.Image, x, y int) float64 {
	switch p := img.(type) {
	case *image.YCbCr:
		return float64(p.Y[p.YOffset(x, y)])
	case *image.Gray:
		return float64(p.Pix[p.PixOffset(x, y)])
	}
	r, g, b, _ := img.At(x, y).RGBA()
	return (0.299*float64(r) + 0.587*float64(g) + 0.114*float64(b)) / 257
}
