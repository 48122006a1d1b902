// Package prints has the fingers that are laid on the scanners of the virtual machine, for both
// the program in it and the test outside.
package prints

import (
	"crypto/sha256"
	"fmt"
	"image"
	"math"
)

// Draw returns a picture of ridges around a middle that depends on n.
func Draw(n int) *image.Gray {
	const width, height, x0, y0, ridge = 384, 290, 180, 150, 9.0
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		x, y := float64(i%img.Stride-x0-20*n), float64(i/img.Stride-y0)
		img.Pix[i] = uint8(128 + 100*math.Sin(2*math.Pi/ridge*math.Hypot(x, y)))
	}
	return img
}

// Describe tells a picture by its size and the sum of its pixels.
func Describe(picture *image.Gray) string {
	sum := sha256.New()
	size := picture.Bounds().Size()
	for y := range size.Y {
		start := picture.PixOffset(picture.Rect.Min.X, picture.Rect.Min.Y+y)
		sum.Write(picture.Pix[start : start+size.X])
	}
	return fmt.Sprintf("picture %dx%d %x", size.X, size.Y, sum.Sum(nil))
}
