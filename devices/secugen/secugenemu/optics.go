package secugenemu

import (
	"image"
	"math"
)

// Size of the glass in pixels at 500 dpi.
const (
	Width  = 300
	Height = 400
)

const (
	rawWidth, rawHeight = 956, 688
	rawPixels           = rawWidth * rawHeight
	frameLen            = 657920
)

// The prism's perspective: a point x to the right of the middle and y below the top of the glass,
// as the sensor sees it, lies shrink(y) times nearer to the middle column.
const (
	middleColumn = 478.0
	topRow       = 3.0
	perColumn    = 476.0 / 150 // raw columns per pixel at the top
	perRow       = 2.13        // raw rows per pixel at the top
	slant        = 0.000665
)

// project returns where on the raw frame a point of the glass is seen.
//
//go:norace
func project(x, y float64) (u, v float64) {
	shrink := 1 / (1 + slant*y)
	return middleColumn + perColumn*(x-Width/2)*shrink, topRow + perRow*y*shrink
}

// trace returns the point of the glass that is seen at a place of the raw frame.
//
//go:norace
func trace(u, v float64) (x, y float64) {
	y = (v - topRow) / (perRow - slant*(v-topRow))
	return Width/2 + (u-middleColumn)*(1+slant*y)/perColumn, y
}

// lacking is by how much light at a point of the glass falls short of the target.
//
//go:norace
func lacking(x, y float64) int {
	dx, dy := (x-Width/2)/(Width/2), (y-Height/2)/(Height/2)
	return int(40*dx*dx + 20*dy*dy)
}

// bandOffsets tell by how many hundredths of a grey white is too light in every second line of the
// two rows of eight bands.
var bandOffsets = [16]int16{
	1010, 930, 750, 600, 520, 480, 510, 540,
	900, 820, -250, 590, 510, 500, 570, 690,
}

// lightness is the grey, ridges light, of what lies on the glass; nil is nothing. Points are as
// the sensor sees them: from below, upside down.
//
//go:norace
func lightness(laid *image.Gray, x, y float64) float64 {
	const black = 235 // of the darkest ridge
	if laid == nil {
		return darkness
	}
	corner := image.Pt((Width-laid.Rect.Dx())/2, (Height-laid.Rect.Dy())/2)
	dark := 255 - at(laid, Width-1-x-float64(corner.X), Height-1-y-float64(corner.Y))
	return darkness + dark*(black-darkness)/255
}

// at returns the grey of a picture between its pixels, and white around it.
//
//go:norace
func at(img *image.Gray, x, y float64) float64 {
	left, top := math.Floor(x), math.Floor(y)
	fx, fy := x-left, y-top
	i, j := int(left), int(top)
	pixel := func(i, j int) float64 {
		if i < 0 || j < 0 || i >= img.Rect.Dx() || j >= img.Rect.Dy() {
			return 255
		}
		return float64(img.Pix[j*img.Stride+i])
	}
	return (1-fy)*((1-fx)*pixel(i, j)+fx*pixel(i+1, j)) + fy*((1-fx)*pixel(i, j+1)+fx*pixel(i+1, j+1))
}

// render returns the pixels of the raw frame.
//
//go:norace
func render(laid *image.Gray) []byte {
	raw := make([]byte, 0, rawPixels)
	for v := range rawHeight {
		for u := range rawWidth {
			x, y := trace(float64(u), float64(v))
			grey := lightness(laid, x, y)
			grey -= short(grey, x, y)
			if (v%(rawHeight/2))%2 == 1 {
				band := min(u/119, 7) + 8*(v/(rawHeight/2))
				grey += float64(bandOffsets[band]) / 100 * unevenness(grey)
			}
			grain := float64((u*7919+v*104729)>>3%3-1) / 2
			raw = append(raw, byte(max(0, min(255, math.Round(grey+grain)))))
		}
	}
	return raw
}

// short is by how much a grey comes out too dark at a point of the glass, as the host is going to
// make it lighter again.
//
//go:norace
func short(grey, x, y float64) float64 {
	lack := float64(lacking(x, y))
	dark := grey
	for range 3 {
		dark = grey - lack*float64(weight(int(dark)))/256
	}
	return grey - dark
}

// unevenness is the part of white's that a grey has.
//
//go:norace
func unevenness(grey float64) float64 {
	switch {
	case grey > 200:
		return 1
	case grey > 160:
		return 3. / 4
	case grey > 100:
		return 1. / 2
	case grey > 70:
		return 1. / 4
	case grey > 25:
		return 1. / 8
	}
	return 0
}

// seen returns the ideal host's picture.
//
//go:norace
func seen(laid *image.Gray) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, Width, Height))
	for y := range Height {
		for x := range Width {
			grey := lightness(laid, float64(Width-1-x), float64(Height-1-y))
			img.Pix[y*Width+x] = 255 - byte(math.Round(grey))
		}
	}
	return img
}
