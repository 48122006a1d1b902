package slap

import (
	"cmp"
	"math"
	"slices"
)

// region is a part of the mask that is nowhere much narrower than elsewhere: a fingertip, the lower
// part of a finger, a piece of palm.
type region struct {
	cells   []int
	touches bool // another region
	bottom  bool // touches the picture's lower edge
	palm    bool // touches the palm
	x, y    float64
	// How much longer than wide it is, and which way: a vector of twice the angle of its axis,
	// counterclockwise from upright, as long as the region is elongated, 0 to 1.
	alongX, alongY float64
}

const (
	minWidth = 2.4  // mm, half the width of the narrowest fingertip
	minArea  = 45.0 // mm² of the smallest
	minBy    = 100  // mm² of the smallest beside a palm, of which opening leaves the corners
	narrow   = 0.72 // of two regions' lesser width is where they part
)

// regions divides the mask where it is narrow. Cells join in the order of their distance from the
// mask's edge: every summit of the distance begins a region, and two that meet stay apart if the
// pass between them is much lower than both.
func (g *grid) regions() []*region {
	d := g.distances(g.mask, false)
	var order []int
	for i, far := range d {
		if far > 0 && g.mask[i] {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(d[b], d[a]) })
	s := summits{owner: make([]int, len(d)), d: d}
	for _, i := range order {
		s.join(i, g.neighbours(i))
	}
	return g.gather(&s, order)
}

// summits are the regions while they grow: those that were united point to one another.
type summits struct {
	owner  []int // of each cell, 1 more than the region; 0 if none yet
	peaks  []int // distance at each region's summit
	parent []int
	d      []int
}

func (s *summits) root(r int) int {
	for s.parent[r] != r {
		s.parent[r] = s.parent[s.parent[r]]
		r = s.parent[r]
	}
	return r
}

// join gives a cell to the region of its neighbour that is farthest from the edge, and has those
// regions meet that it is the first to touch.
func (s *summits) join(cell int, neighbours []int) {
	uphill := -1
	for _, n := range neighbours {
		if s.owner[n] == 0 {
			continue
		}
		if uphill < 0 {
			uphill = n
			continue
		}
		s.meet(s.root(s.owner[uphill]-1), s.root(s.owner[n]-1), s.d[cell])
		if s.d[n] > s.d[uphill] {
			uphill = n
		}
	}
	if uphill >= 0 {
		s.owner[cell] = s.owner[uphill]
		return
	}
	s.parent = append(s.parent, len(s.peaks))
	s.peaks = append(s.peaks, s.d[cell])
	s.owner[cell] = len(s.peaks)
}

// meet unites two regions unless the pass between them is low.
func (s *summits) meet(a, b, pass int) {
	if s.peaks[a] < s.peaks[b] {
		a, b = b, a
	}
	if a != b && (s.peaks[b] < units(minWidth) || float64(pass) >= narrow*float64(s.peaks[b])) {
		s.parent[b] = a
	}
}

// neighbours are the cells around one.
func (g *grid) neighbours(i int) []int {
	x, y := i%g.width, i/g.width
	out := make([]int, 0, 8)
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if (dx != 0 || dy != 0) && x+dx >= 0 && x+dx < g.width && y+dy >= 0 && y+dy < g.height {
				out = append(out, i+dy*g.width+dx)
			}
		}
	}
	return out
}

// gather lists the regions that are large enough for a fingertip.
func (g *grid) gather(s *summits, order []int) []*region {
	byRoot := map[int]*region{}
	var all []*region
	for _, i := range order {
		r := s.root(s.owner[i] - 1)
		if byRoot[r] == nil {
			byRoot[r] = &region{}
			all = append(all, byRoot[r])
		}
		at := byRoot[r]
		at.cells = append(at.cells, i)
		at.bottom = at.bottom || i/g.width == g.height-1
		at.palm = at.palm || g.palm[i]
		if !at.touches {
			at.touches = slices.ContainsFunc(g.neighbours(i), func(n int) bool { return s.owner[n] > 0 && s.root(s.owner[n]-1) != r })
		}
	}
	all = slices.DeleteFunc(all, func(r *region) bool {
		area := float64(len(r.cells)) / (cellsPerMM * cellsPerMM)
		return area < minArea || r.palm && area < minBy
	})
	for _, r := range all {
		g.measure(r)
	}
	return all
}

// measure finds a region's middle and its axis.
func (g *grid) measure(r *region) {
	n := float64(len(r.cells))
	r.x, r.y = 0, 0
	for _, i := range r.cells {
		r.x += float64(i%g.width) / n
		r.y += float64(i/g.width) / n
	}
	var xx, yy, xy float64
	for _, i := range r.cells {
		dx, dy := float64(i%g.width)-r.x, float64(i/g.width)-r.y
		xx, yy, xy = xx+dx*dx/n, yy+dy*dy/n, xy+dx*dy/n
	}
	if total := xx + yy; total > 0 {
		r.alongX, r.alongY = (yy-xx)/total, 2*xy/total
	}
}

// angle is that of a vector of twice the angle, in radians.
func angle(alongX, alongY float64) float64 { return math.Atan2(alongY, alongX) / 2 }
