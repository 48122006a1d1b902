package slap

import (
	"image"
	"math"
	"slices"
)

// cellsPerMM is how fine the grid is.
const cellsPerMM = 2.5

// grid is a slap cut into cells.
type grid struct {
	width, height int
	cell          float64 // its side, pixels
	ridges        []bool  // cells with the contrast of ridges
	mask          []bool  // the fingers: ridges, without gaps, specks and the palm
	palm          []bool  // the palm, and what is beside it
}

// newGrid looks where ridges are.
func newGrid(img *image.Gray, dpi int) *grid {
	side := max(int(math.Round(float64(dpi)/25.4/cellsPerMM)), 2)
	size := img.Bounds().Size()
	g := &grid{width: size.X / side, height: size.Y / side, cell: float64(side)}
	contrast := g.contrast(img, side)
	least := max(faintest, share*percentile(contrast, 95))
	g.ridges = make([]bool, len(contrast))
	for i, c := range contrast {
		g.ridges[i] = c >= least
	}
	g.mask = g.open(g.close(g.ridges, gap), speck)
	g.cutPalm()
	return g
}

// What counts as ridges and as finger.
const (
	faintest = 9.0  // standard deviation of grey in 0.8 mm that is more than noise and halo
	share    = 0.25 // of that of the clearest ridges

	gap     = 0.8  // mm, half the width of gaps that are filled: pores, sweat, creases
	speck   = 0.8  // mm, half the width of what is too narrow: a halo's rim, scratches
	tooWide = 13.5 // mm, half the width of what cannot be a finger
)

// contrast is the standard deviation of grey around each cell, in a square of twice its side.
func (g *grid) contrast(img *image.Gray, side int) []float64 {
	sums := make([][2]int, g.width*g.height)
	for y := range g.height * side {
		row := img.Pix[y*img.Stride:]
		cells := sums[y/side*g.width:][:g.width]
		for i := range cells {
			var sum, squares int
			for _, v := range row[i*side:][:side] {
				sum += int(v)
				squares += int(v) * int(v)
			}
			cells[i][0] += sum
			cells[i][1] += squares
		}
	}
	// Each cell is judged by the calmest of the four squares that it is a corner of, so that a
	// finger does not grow beyond its edge.
	squares := make([]float64, len(sums))
	n := float64(4 * side * side)
	for y := range g.height - 1 {
		for x := range g.width - 1 {
			i := y*g.width + x
			a, b, c, d := sums[i], sums[i+1], sums[i+g.width], sums[i+g.width+1]
			mean := float64(a[0]+b[0]+c[0]+d[0]) / n
			squares[i] = math.Sqrt(max(float64(a[1]+b[1]+c[1]+d[1])/n-mean*mean, 0))
		}
	}
	out := make([]float64, len(sums))
	for y := 1; y < g.height-1; y++ {
		for x := 1; x < g.width-1; x++ {
			i := y*g.width + x
			out[i] = min(squares[i], squares[i-1], squares[i-g.width], squares[i-g.width-1])
		}
	}
	g.extend(out)
	return out
}

// extend gives the outermost cells the value of their neighbours.
func (g *grid) extend(v []float64) {
	for y := range g.height {
		for x := range g.width {
			near := min(max(y, 1), g.height-2)*g.width + min(max(x, 1), g.width-2)
			v[y*g.width+x] = v[near]
		}
	}
}

func percentile(values []float64, p int) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)*p/100]
}

// The chamfer distance of two cells side by side, and corner to corner.
const straight, diagonal = 3, 4

// units turns millimetres into chamfer distance.
func units(mm float64) int { return int(math.Round(mm * cellsPerMM * straight)) }

// distances is how far each cell is from the nearest one with the given value. What is beyond the
// picture does not count.
func (g *grid) distances(mask []bool, to bool) []int { return distances(mask, g.width, to) }

func distances(mask []bool, width int, to bool) []int {
	height := len(mask) / width
	d := make([]int, len(mask))
	for i := range d {
		if mask[i] != to {
			d[i] = math.MaxInt / 2
		}
	}
	pass := func(y, x, sy, sx int) {
		i := y*width + x
		if d[i] == 0 {
			return
		}
		up, left, right := y-sy >= 0 && y-sy < height, x-sx >= 0 && x-sx < width, x+sx >= 0 && x+sx < width
		if left {
			d[i] = min(d[i], d[i-sx]+straight)
		}
		if up {
			d[i] = min(d[i], d[i-sy*width]+straight)
			if left {
				d[i] = min(d[i], d[i-sy*width-sx]+diagonal)
			}
			if right {
				d[i] = min(d[i], d[i-sy*width+sx]+diagonal)
			}
		}
	}
	for y := range height {
		for x := range width {
			pass(y, x, 1, 1)
		}
	}
	for y := height - 1; y >= 0; y-- {
		for x := width - 1; x >= 0; x-- {
			pass(y, x, -1, -1)
		}
	}
	return d
}

// within are the cells at most so far from one with the given value.
func within(mask []bool, width int, to bool, mm float64) []bool {
	far := units(mm)
	out := make([]bool, len(mask))
	for i, d := range distances(mask, width, to) {
		out[i] = d <= far
	}
	return out
}

func not(mask []bool) []bool {
	out := make([]bool, len(mask))
	for i, v := range mask {
		out[i] = !v
	}
	return out
}

// close fills gaps of less than twice the width, open removes what is narrower.
func (g *grid) close(mask []bool, mm float64) []bool {
	return not(within(within(mask, g.width, true, mm), g.width, false, mm))
}

func (g *grid) open(mask []bool, mm float64) []bool { return open(mask, g.width, mm) }

func open(mask []bool, width int, mm float64) []bool {
	return within(not(within(mask, width, false, mm)), width, true, mm)
}

// cutPalm takes from the mask what is too wide for a finger. A palm of which only a strip is in the
// picture goes on below its edge.
func (g *grid) cutPalm() {
	below := int(math.Ceil(2 * tooWide * cellsPerMM))
	longer := slices.Clone(g.mask)
	for range below {
		longer = append(longer, g.mask[len(g.mask)-g.width:]...)
	}
	palm := open(longer, g.width, tooWide)
	for i := range g.mask {
		g.mask[i] = g.mask[i] && !palm[i]
	}
	g.palm = within(palm, g.width, true, 2*speck)[:len(g.mask)]
	g.mask = g.open(g.mask, speck)
}
