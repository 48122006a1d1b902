package ridge

// margin is how far filters may reach beyond the picture, in pixels.
const margin = 24

// plane is a picture of signed values with a margin of zeros around it.
type plane struct {
	width, height int // without the margin
	stride        int
	px            []int16
}

func newPlane(width, height int) *plane {
	stride := width + 2*margin
	return &plane{width, height, stride, make([]int16, stride*(height+2*margin))}
}

// at returns the index of a pixel in px.
func (p *plane) at(x, y int) int { return (y+margin)*p.stride + x + margin }

// row returns one line without the margin.
func (p *plane) row(y int) []int16 { return p.px[p.at(0, y):][:p.width] }

// cells is a grid of values, one for each square of cell by cell pixels; a last, narrower
// column or row counts as well.
type cells[T any] struct {
	width, height int
	v             []T
}

// cell is the side of a cell in pixels.
const cell = 4

func cellsOf[T any](p *plane) cells[T] {
	w, h := (p.width+cell-1)/cell, (p.height+cell-1)/cell
	return cells[T]{w, h, make([]T, w*h)}
}

// blur replaces each value by the sum over the square that reaches reach cells to each
// side, values outside counting as nought, divided by the square's area.
func blur(c cells[int32], reach int) {
	line := make([]int32, max(c.width, c.height))
	for y := range c.height {
		slide(c.v[y*c.width:][:c.width], line[:c.width], 1, reach)
	}
	for x := range c.width {
		slide(c.v[x:], line[:c.height], c.width, reach)
	}
}

// slide blurs one line of values that lie step apart.
//
//go:norace
func slide(v, line []int32, step, reach int) {
	for i := range line {
		line[i] = v[i*step]
	}
	share := int64(1<<16+reach) / int64(2*reach+1)
	var sum int64
	for _, x := range line[:min(reach, len(line))] {
		sum += int64(x)
	}
	for i := range line {
		if i+reach < len(line) {
			sum += int64(line[i+reach])
		}
		if i > reach {
			sum -= int64(line[i-reach-1])
		}
		v[i*step] = int32(sum * share >> 16)
	}
}
