package drawn

import (
	"math"
	"math/rand/v2"
)

// Harms are the conditions that are studied one by one, by name. Each makes a good scan
// worse in one way; "telephone" in all ways at once.
var Harms = [...]struct {
	Name  string
	Apply func(*Conditions, *rand.Rand)
}{
	{"good scan", func(*Conditions, *rand.Rand) {}},
	{"any rotation", func(c *Conditions, r *rand.Rand) { c.Angle = between(r, 0, 2*math.Pi) }},
	{"upside down", func(c *Conditions, r *rand.Rand) { c.Angle = math.Pi + between(r, -0.05, 0.05) }},
	{"on its side", func(c *Conditions, r *rand.Rand) {
		c.Angle = math.Pi/2*float64(1+2*r.IntN(2)) + between(r, -0.05, 0.05)
	}},
	{"perspective", func(c *Conditions, r *rand.Rand) { c.Tilt = between(r, 0.1, 0.22) }},
	{"bent page", func(c *Conditions, r *rand.Rand) { c.Bend = between(r, 0.4, 1.3) }},
	{"curled page", func(c *Conditions, r *rand.Rand) { c.Curl, c.Bend = between(r, 0.1, 0.35), between(r, 0.2, 1) }},
	{"8 to 10 pixels a character", func(c *Conditions, r *rand.Rand) { c.Pitch = between(r, 8, 10) }},
	{"6.5 to 8 pixels a character", func(c *Conditions, r *rand.Rand) { c.Pitch = between(r, 6.5, 8) }},
	{"blurred", func(c *Conditions, r *rand.Rand) { c.Blur = between(r, 0.08, 0.15) }},
	{"out of focus", func(c *Conditions, r *rand.Rand) { c.Defocus = between(r, 0.12, 0.25) }},
	{"moved", func(c *Conditions, r *rand.Rand) { c.Motion = between(r, 0.15, 0.35) }},
	{"glare", func(c *Conditions, r *rand.Rand) { c.Glare = between(r, 0.3, 0.8) }},
	{"shadow", func(c *Conditions, r *rand.Rand) { c.Shadow = between(r, 0.4, 0.75) }},
	{"uneven light", func(c *Conditions, r *rand.Rand) { c.Uneven = between(r, 0.6, 0.9) }},
	{"noise", func(c *Conditions, r *rand.Rand) { c.Noise = between(r, 12, 25) }},
	{"JPEG 20 to 40", func(c *Conditions, r *rand.Rand) { c.Quality = 20 + r.IntN(21) }},
	{"JPEG 12 to 20", func(c *Conditions, r *rand.Rand) { c.Quality = 12 + r.IntN(9) }},
	{"print behind", func(c *Conditions, r *rand.Rand) { c.Print = between(r, 0.2, 0.4) }},
	{"curves through", func(c *Conditions, r *rand.Rand) { c.Curves = between(r, 0.15, 0.5) }},
	{"faint", func(c *Conditions, r *rand.Rand) { c.Contrast = between(r, 0.2, 0.35) }},
	{"fingers", func(c *Conditions, r *rand.Rand) { c.Fingers = 1 + r.IntN(3) }},
	{"at the border", func(c *Conditions, r *rand.Rand) { c.Cropped, c.Angle, c.Pitch = true, 0, between(r, 14, 40) }},
	{"small in 12 megapixels", func(c *Conditions, r *rand.Rand) {
		c.Pixels, c.Angle, c.Pitch = 12_000_000, between(r, 0, 2*math.Pi), between(r, 14, 36)
	}},
	{"telephone", telephone},
}

// telephone is a photograph taken in the hand: a little of everything.
func telephone(c *Conditions, r *rand.Rand) {
	*c = Conditions{
		Pitch: between(r, 9, 24), Angle: between(r, 0, 2*math.Pi), Tilt: between(r, 0, 0.12),
		Bend: between(r, 0, 0.5), Curl: between(r, 0, 0.1),
		Blur: between(r, 0, 0.08), Defocus: between(r, 0, 0.1), Motion: between(r, 0, 0.12),
		Glare: between(r, 0, 0.3), Shadow: between(r, 0, 0.5), Uneven: between(r, 0, 0.4), Noise: between(r, 1, 9),
		Print: between(r, 0, 0.2), Curves: between(r, 0, 0.15), Contrast: between(r, 0.5, 0.9),
		Fingers: r.IntN(2), Quality: 45 + r.IntN(50),
	}
}

// GoodScan is a scan that nothing is wrong with.
func GoodScan(rng *rand.Rand) Conditions {
	return Conditions{Pitch: between(rng, 12, 22), Angle: between(rng, -0.05, 0.05), Noise: 2, Contrast: 0.8, Quality: 90}
}
