package quality

import (
	"image"
	"math"
)

// Ridges are sought in squares of side mm, the next one step mm further.
const (
	side = 1.7
	step = 0.85
)

// The resolution that is worked at, in dpi, is from enoughDPI up to twice as fine; what is
// coarser than leastDPI does not show ridges.
const (
	enoughDPI = 240
	leastDPI  = 220
)

// grid is a picture cut into overlapping squares.
type grid struct {
	dpi           int           // of the picture
	img           *image.Gray   // at the resolution that is worked at
	width, height int           // in blocks
	step          float64       // from block to block, mm
	light, dark   float64       // grey of the ground and of the darkest ridges
	blocks        []block       // row by row
	places        []image.Point // the blocks' upper left corners
	spectrum      *spectrum
	total         []float64 // the touched blocks' power, summed
}

// block is what is measured of one square.
type block struct {
	wave
	touched bool
	filled  bool    // touched without any furrow
	ink     float64 // share that is ridge, not furrow
}

// look measures a picture. Nothing is measured of one that is too small or too coarse.
func look(img *image.Gray, dpi int) *grid {
	g := &grid{dpi: dpi}
	if dpi < leastDPI {
		return g
	}
	shrink := max(1, dpi/enoughDPI)
	perMM := float64(dpi) / float64(shrink) / 25.4
	pixels, stride := int(math.Round(side*perMM)), int(math.Round(step*perMM))
	g.img = shrunk(img, shrink)
	size := g.img.Bounds().Size()
	if size.X < pixels || size.Y < pixels {
		return g
	}
	g.step = float64(stride) / perMM
	g.width, g.height = (size.X-pixels)/stride+1, (size.Y-pixels)/stride+1
	g.light, g.dark = levels(g.img)
	g.spectrum = newSpectrum(pixels, perMM)
	g.total = make([]float64, len(g.spectrum.power))
	left, top := (size.X-pixels)%stride/2, (size.Y-pixels)%stride/2
	for y := range g.height {
		for x := range g.width {
			place := image.Pt(left+x*stride, top+y*stride)
			g.places = append(g.places, place)
			g.blocks = append(g.blocks, g.measure(place))
		}
	}
	return g
}

// What a block must have to count as touched. Sensor noise deviates by up to 3 grey levels.
const (
	leastDeviation = 4    // grey levels
	leastShare     = 0.08 // of the way from light to dark
	shadow         = 0.35 // of the way from light to dark, for blocks without ridges
)

//go:norace
func (g *grid) measure(place image.Point) block {
	mean, deviation, skew := moments(g.img, place, g.spectrum.side)
	if deviation >= max(leastDeviation, leastShare*(g.light-g.dark)) {
		b := block{
			wave:    g.spectrum.strongest(g.img, place, float32(mean)),
			touched: true,
			// Two levels of which the dark one fills this share are skewed so.
			ink: (1 + skew/math.Sqrt(4+skew*skew)) / 2,
		}
		for i, p := range g.spectrum.power {
			g.total[i] += float64(p)
		}
		return b
	}
	light := max(g.light, 128) // the ground is light even where a wet finger hides all of it
	if light-g.dark > 40 && mean < light-shadow*(light-g.dark) {
		return block{touched: true, filled: true, ink: 1}
	}
	return block{}
}

// moments returns the mean and the standard deviation of a block's grey and its skewness:
// negative where a few dark ridges lie on much light ground, positive where few furrows are left.
//
//go:norace
func moments(img *image.Gray, place image.Point, side int) (mean, deviation, skew float64) {
	var sum, squares, cubes int
	for y := place.Y; y < place.Y+side; y++ {
		for _, v := range img.Pix[y*img.Stride+place.X:][:side] {
			p := int(v)
			sum += p
			squares += p * p
			cubes += p * p * p
		}
	}
	n := float64(side * side)
	mean = float64(sum) / n
	variance := float64(squares)/n - mean*mean
	if variance <= 0 {
		return mean, 0, 0
	}
	deviation = math.Sqrt(variance)
	third := float64(cubes)/n - 3*mean*float64(squares)/n + 2*mean*mean*mean
	return mean, deviation, third / (variance * deviation)
}

// shrunk returns the picture with squares of n by n pixels made one.
//
//go:norace
func shrunk(img *image.Gray, n int) *image.Gray {
	size := img.Bounds().Size()
	out := image.NewGray(image.Rect(0, 0, size.X/n, size.Y/n))
	sums := make([]int, out.Stride)
	for y := range out.Rect.Dy() {
		clear(sums)
		for j := range n {
			row := img.Pix[(y*n+j)*img.Stride:]
			for x := range sums {
				sum := 0
				for _, v := range row[x*n:][:n] {
					sum += int(v)
				}
				sums[x] += sum
			}
		}
		for x, sum := range sums {
			out.Pix[y*out.Stride+x] = uint8((sum + n*n/2) / (n * n))
		}
	}
	return out
}

// levels returns the grey of the ground and of the darkest ridges: the picture's 90th and
// second percentile.
//
//go:norace
func levels(img *image.Gray) (light, dark float64) {
	var histogram [256]int
	for _, v := range img.Pix {
		histogram[v]++
	}
	percentile := func(p int) float64 {
		left := len(img.Pix) * p / 100
		for v, n := range histogram {
			if left -= n; left < 0 {
				return float64(v)
			}
		}
		return 255
	}
	return percentile(90), percentile(2)
}
