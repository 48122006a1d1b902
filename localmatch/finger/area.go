package finger

import (
	"cmp"
	"slices"
)

// blockSize is the size in pixels of the blocks that an area is made of.
const blockSize = 8

// margin is how far around its minutiae a print is taken to be clear, in pixels.
const margin = 32

// area is where a print could show minutiae.
type area struct {
	left, bottom  int // of the first block, in pixels, y up
	width, height int // blocks
	blocks        []bool
}

// areaOf is the convex hull of the points and a margin around it.
func areaOf(points []point) area {
	if len(points) == 0 {
		return area{}
	}
	left, right, bottom, top := points[0].x, points[0].x, points[0].y, points[0].y
	for _, p := range points {
		left, right, bottom, top = min(left, p.x), max(right, p.x), min(bottom, p.y), max(top, p.y)
	}
	a := area{left: left - margin, bottom: bottom - margin}
	a.width = (right-left+2*margin)/blockSize + 1
	a.height = (top-bottom+2*margin)/blockSize + 1
	a.blocks = make([]bool, a.width*a.height)
	h := hull(points)
	for row := range a.height {
		// What is convex has one stretch in each row.
		inside := func(col int) bool {
			return near(h, a.left+col*blockSize+blockSize/2, a.bottom+row*blockSize+blockSize/2)
		}
		from, to := 0, a.width
		for from < to && !inside(from) {
			from++
		}
		for from < to && !inside(to-1) {
			to--
		}
		for col := from; col < to; col++ {
			a.blocks[row*a.width+col] = true
		}
	}
	return a
}

func (a *area) has(x, y int) bool {
	x, y = x-a.left, y-a.bottom
	if x < 0 || y < 0 {
		return false
	}
	x, y = x/blockSize, y/blockSize
	return x < a.width && y < a.height && a.blocks[y*a.width+x]
}

// hull returns the corners of the convex hull, counterclockwise.
func hull(points []point) []point {
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, func(a, b point) int { return cmp.Or(a.x-b.x, a.y-b.y) })
	var h []point
	half := func(start int, p point) {
		for len(h) >= start+2 && cross(h[len(h)-2], h[len(h)-1], p.x, p.y) <= 0 {
			h = h[:len(h)-1]
		}
		h = append(h, p)
	}
	for _, p := range sorted {
		half(0, p)
	}
	start := len(h) - 1
	for _, p := range slices.Backward(sorted) {
		half(start, p)
	}
	return h
}

// cross is positive if (x, y) lies left of the line from a to b.
func cross(a, b point, x, y int) int { return (b.x-a.x)*(y-a.y) - (b.y-a.y)*(x-a.x) }

// near tells whether (x, y) is inside the hull or no further from it than the margin.
func near(h []point, x, y int) bool {
	inside := true
	for i := range len(h) - 1 {
		a, b := h[i], h[i+1]
		if cross(a, b, x, y) >= 0 {
			continue
		}
		inside = false
		dx, dy := b.x-a.x, b.y-a.y
		px, py := x-a.x, y-a.y
		length := max(dx*dx+dy*dy, 1)
		along := min(max(px*dx+py*dy, 0), length)
		ex, ey := px-dx*along/length, py-dy*along/length
		if ex*ex+ey*ey <= margin*margin {
			return true
		}
	}
	if len(h) < 2 {
		return (x-h[0].x)*(x-h[0].x)+(y-h[0].y)*(y-h[0].y) <= margin*margin
	}
	return inside
}
