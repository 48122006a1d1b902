package drawn

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// raw is a picture while it is drawn: grey values of 0 to 255, not yet cut off.
type raw struct {
	width, height int
	grey          []float32
}

func newRaw(width, height int) *raw {
	return &raw{width, height, make([]float32, width*height)}
}

// blur smears with a Gaussian of the given deviation, in pixels.
func (r *raw) blur(sigma float64) {
	if sigma < 0.15 {
		return
	}
	n := int(math.Ceil(2.5 * sigma))
	kernel := make([]float32, 2*n+1)
	var sum float32
	for i := range kernel {
		d := float64(i-n) / sigma
		kernel[i] = float32(math.Exp(-d * d / 2))
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	r.smear(kernel, 1, 0)
	r.smear(kernel, 0, 1)
}

// smear convolves along a direction, steps of dx, dy pixels to a tap.
func (r *raw) smear(kernel []float32, dx, dy float64) {
	out := make([]float32, len(r.grey))
	n := len(kernel) / 2
	for y := range r.height {
		for x := range r.width {
			var s float32
			for i, k := range kernel {
				px := int(math.Round(float64(x) + dx*float64(i-n)))
				py := int(math.Round(float64(y) + dy*float64(i-n)))
				px, py = min(max(px, 0), r.width-1), min(max(py, 0), r.height-1)
				s += k * r.grey[py*r.width+px]
			}
			out[y*r.width+x] = s
		}
	}
	r.grey = out
}

// move smears along a line of the given length in pixels, as a moving hand does.
func (r *raw) move(length, angle float64) {
	n := int(math.Ceil(length))
	if n < 1 {
		return
	}
	kernel := make([]float32, 2*n+1)
	for i := range kernel {
		kernel[i] = 1 / float32(len(kernel))
	}
	step := length / float64(2*n)
	r.smear(kernel, step*math.Cos(angle), step*math.Sin(angle))
}

// sharpen exaggerates edges, as scanners and telephones do.
func (r *raw) sharpen(amount float32, sigma float64) {
	soft := &raw{r.width, r.height, append([]float32(nil), r.grey...)}
	soft.blur(sigma)
	for i := range r.grey {
		r.grey[i] += amount * (r.grey[i] - soft.grey[i])
	}
}

func (r *raw) noise(rng *rand.Rand, sigma float64) {
	for i := range r.grey {
		r.grey[i] += float32(rng.NormFloat64() * sigma)
	}
}

// gray cuts the values off at 0 and 255.
func (r *raw) gray() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, r.width, r.height))
	for i, v := range r.grey {
		img.Pix[i] = uint8(min(max(v+0.5, 0), 255))
	}
	return img
}

// compressed is the picture after JPEG of a quality of 1 to 100.
func compressed(img *image.Gray, quality int) (*image.Gray, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	decoded, err := jpeg.Decode(&b)
	if err != nil {
		return nil, err
	}
	if grey, ok := decoded.(*image.Gray); ok {
		return grey, nil
	}
	grey := image.NewGray(decoded.Bounds())
	draw.Draw(grey, grey.Rect, decoded, image.Point{}, draw.Src)
	return grey, nil
}

// between returns a number from a to b.
func between(rng *rand.Rand, a, b float64) float64 { return a + rng.Float64()*(b-a) }

func chance(rng *rand.Rand, p float64) bool { return rng.Float64() < p }
