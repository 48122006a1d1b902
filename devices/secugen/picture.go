package secugen

import "image"

// Sizes in pixels: of the raw frame and of the finished picture.
const (
	width, height       = 956, 688
	outWidth, outHeight = 300, 400
	framePixels         = width * height
	outPixels           = outWidth * outHeight
)

// developer makes pictures of raw frames as one unit's calibration says, in whole numbers
// only. What does not change from frame to frame is calculated once.
type developer struct {
	bands    [bandRows * bandColumns][3][4]*[256]byte // by region, row and column of the dither
	above    [width]byte                              // rows as they were before they were sharpened
	here     [width]byte
	places   []place // nil: the distortion stays
	flat     []int16 // what the flat field lacks of the target grey, in the finished picture's grid
	weights  [256]byte
	finished [outPixels]byte
}

func newDeveloper(c *calibration, distorted bool) *developer {
	d := &developer{flat: make([]int16, outPixels), weights: c.weights}
	d.makeBands(c.bands)
	ref := make([]byte, outPixels)
	resize(ref, outWidth, outHeight, c.flat, flatWidth, flatHeight)
	for i, v := range ref {
		d.flat[i] = int16(c.target) - int16(v)
	}
	if !distorted {
		d.places = straighten(&c.grid)
	}
	return d
}

// develop makes a picture, ridges dark, of a raw frame of framePixels bytes, which it spoils.
//
//go:norace
func (d *developer) develop(frame []byte) *image.Gray {
	d.evenBands(frame)
	d.sharpen(frame)
	if d.places == nil {
		resize(d.finished[:], outWidth, outHeight, frame, width, height)
	} else {
		sample(d.finished[:], d.places, frame)
	}
	img := image.NewGray(image.Rect(0, 0, outWidth, outHeight))
	for i, v := range d.finished {
		v = clamp(int(v) + int(d.flat[i])*int(d.weights[v])>>8)
		img.Pix[outPixels-1-i] = 255 - v // the sensor sees the finger upside down, ridges light
	}
	return img
}

// sharpen raises pixels at edges that are lighter than their surroundings. Two lines at the top
// and one at the bottom stay, as in the reference.
//
//go:norace
func (d *developer) sharpen(frame []byte) {
	above, here := &d.above, &d.here
	copy(above[:], frame[width:])
	for y := 2; y < height-1; y++ {
		row := (*[width]byte)(frame[y*width:])
		below := (*[width]byte)(frame[(y+1)*width:])
		*here = *row
		for x := 1; x < width-1; x++ {
			v := uint(here[x])
			t := v>>3 + 2
			low, span := v-t, 2*t // compared without sign: both bounds in one
			l, r, u, b := uint(here[x-1]), uint(here[x+1]), uint(above[x]), uint(below[x])
			if l-low <= span && r-low <= span && u-low <= span && b-low <= span {
				continue
			}
			mean := (uint(above[x-1]) + u + uint(above[x+1]) + l + v + r +
				uint(below[x-1]) + b + uint(below[x+1])) / 9
			if v > mean+1 {
				row[x] = byte(min(255, v+(v-mean)/2))
			}
		}
		above, here = here, above
	}
}

// resize fits a picture to another size by interpolation between its pixels.
//
//go:norace
func resize(to []byte, toWidth, toHeight int, from []byte, fromWidth, fromHeight int) {
	for y := range toHeight {
		v := y * (fromHeight - 1) * 256 / (toHeight - 1)
		fy := v & 255
		upper := from[(v>>8)*fromWidth:][:fromWidth]
		lower := from[min(v>>8+1, fromHeight-1)*fromWidth:][:fromWidth]
		for x := range toWidth {
			u := x * (fromWidth - 1) * 256 / (toWidth - 1)
			fx, i := u&255, u>>8
			k := min(i+1, fromWidth-1)
			sum := (256-fy)*((256-fx)*int(upper[i])+fx*int(upper[k])) +
				fy*((256-fx)*int(lower[i])+fx*int(lower[k]))
			to[y*toWidth+x] = byte((sum + 32768) >> 16)
		}
	}
}

//go:norace
func clamp(v int) byte { return byte(max(0, min(255, v))) }
