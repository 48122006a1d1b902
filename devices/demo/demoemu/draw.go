package demoemu

import (
	"image"
	"math"
	"math/rand/v2"
)

// Size of a drawn finger in pixels.
const (
	Width  = 256
	Height = 288
)

// Draw draws a finger that nobody has: ridges around a core, on white, another one for every
// number. It looks like a finger to people and to drivers; package capture/synthetic draws some
// that can be matched.
func Draw(number uint64) *image.Gray {
	r := rand.New(rand.NewPCG(number, 0xf1))
	coreX, coreY := 90+80*r.Float64(), 90+60*r.Float64()
	turn, bend, pitch := 0.02+0.06*r.Float64(), 0.6+0.4*r.Float64(), 0.6+0.15*r.Float64()
	img := image.NewGray(image.Rect(0, 0, Width, Height))
	for y := range Height {
		for x := range Width {
			dx, dy := float64(x)-coreX, float64(y)-coreY
			ex, ey := float64(x-Width/2)/(Width/2), float64(y-Height/2)/(Height/2)
			v := 255.0
			if ex*ex+ey*ey < 1 {
				v = 140 + 100*math.Sin(math.Hypot(dx, dy*bend)*pitch+dx*turn+2*math.Sin(dy/40))
			}
			img.Pix[y*img.Stride+x] = uint8(v)
		}
	}
	return img
}
