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
	taps := make([]tap, len(kernel))
	for i, k := range kernel {
		far := float64(i - len(kernel)/2)
		taps[i] = tap{int(math.Round(dx * far)), int(math.Round(dy * far)), k}
	}
	r.gather(taps)
}

// tap is a pixel's part of what is seen some pixels away.
type tap struct {
	x, y   int
	weight float32
}

// gather makes each pixel the sum of the taps around it. Beyond the edges the outermost
// pixels go on.
func (r *raw) gather(taps []tap) {
	out := make([]float32, len(r.grey))
	for y := range r.height {
		row := out[y*r.width:][:r.width]
		for _, t := range taps {
			from := r.grey[min(max(y+t.y, 0), r.height-1)*r.width:][:r.width]
			begin, end := min(max(-t.x, 0), r.width), max(min(r.width-t.x, r.width), 0)
			for x := range begin {
				row[x] += t.weight * from[0]
			}
			for x := max(begin, end); x < r.width; x++ {
				row[x] += t.weight * from[r.width-1]
			}
			if begin < end {
				inner := row[begin:end]
				for x, v := range from[begin+t.x:][:len(inner)] {
					inner[x] += t.weight * v
				}
			}
		}
	}
	r.grey = out
}

// defocus smears each point into a disc of the given radius in pixels, as a lens out of
// focus does.
func (r *raw) defocus(radius float64) {
	if radius < 0.3 {
		return
	}
	n := int(math.Ceil(radius))
	var taps []tap
	var sum float32
	for y := -n; y <= n; y++ {
		for x := -n; x <= n; x++ {
			// The disc's edge is soft by one pixel.
			if w := min(1, radius+0.5-math.Hypot(float64(x), float64(y))); w > 0 {
				taps = append(taps, tap{x, y, float32(w)})
				sum += float32(w)
			}
		}
	}
	for i := range taps {
		taps[i].weight /= sum
	}
	r.gather(taps)
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
