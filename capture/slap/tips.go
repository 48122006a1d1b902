package slap

import (
	"cmp"
	"math"
	"slices"
)

// tip is a fingertip that was found.
type tip struct {
	box        Box
	confidence int
	across     float64 // its place across the hand
}

const (
	maxTurn   = 45 * math.Pi / 180 // of a hand
	prior     = 0.2                // how elongated the hand's direction counts beside a finger's own
	longest   = 1.6                // times its width is a fingertip, down to its joint
	margin    = 0.6                // mm around it
	isolation = 0.85               // of a fingertip's confidence is left if it touches another
	usual     = 130                // mm² of a fingertip that is whole
)

// tips finds the fingertips, from left to right.
func (g *grid) tips() []tip {
	all := g.regions()
	turn := direction(all)
	front := g.foremost(all, turn)
	for range 2 { // what lies behind misled the direction
		turn = direction(front)
		front = g.foremost(all, turn)
	}
	tips := make([]tip, 0, len(front))
	for _, r := range front {
		tips = append(tips, g.tip(r, turn))
	}
	slices.SortFunc(tips, func(a, b tip) int { return cmp.Compare(a.across, b.across) })
	return tips
}

// direction is how far the hand is turned, in radians counterclockwise: the common axis of regions.
func direction(all []*region) float64 {
	var x, y float64
	for _, r := range all {
		n := float64(len(r.cells))
		x, y = x+n*r.alongX, y+n*r.alongY
	}
	return min(max(angle(x, y), -maxTurn), maxTurn)
}

// foremost are the regions that lie behind no other.
func (g *grid) foremost(all []*region, turn float64) []*region {
	extents := make([]extent, len(all))
	for i, r := range all {
		extents[i] = g.extent(r.cells, turn)
	}
	var front []*region
	for i, r := range all {
		e := extents[i]
		if e.across() > 2*tooWide*cellsPerMM || r.bottom && e.across() > 1.2*e.along() {
			continue // a palm's piece
		}
		if !slices.ContainsFunc(extents, func(o extent) bool { return o != e && e.behind(o) }) {
			front = append(front, r)
		}
	}
	return front
}

// extent is what cells cover across and along a direction; forward is less.
type extent struct{ left, right, front, back float64 }

func (e extent) across() float64 { return e.right - e.left }
func (e extent) along() float64  { return e.back - e.front }

// behind reports whether e lies behind o, on the same finger.
func (e extent) behind(o extent) bool {
	both := min(e.right, o.right) - max(e.left, o.left)
	return (e.front+e.back)/2 > o.back-o.along()/4 && both > 0.5*min(e.across(), o.across())
}

// extent measures cells, without the outermost hundredth on each side.
func (g *grid) extent(cells []int, turn float64) extent {
	across, along := make([]float64, len(cells)), make([]float64, len(cells))
	for i, c := range cells {
		across[i], along[i] = g.place(c, turn)
	}
	slices.Sort(across)
	slices.Sort(along)
	low, high := len(cells)/100, len(cells)-1-len(cells)/100
	return extent{across[low] - 0.5, across[high] + 0.5, along[low] - 0.5, along[high] + 0.5}
}

// place is where a cell lies across and along a direction, in cells.
func (g *grid) place(cell int, turn float64) (across, along float64) {
	sin, cos := math.Sincos(turn)
	x, y := float64(cell%g.width)+0.5, float64(cell/g.width)+0.5
	return x*cos - y*sin, x*sin + y*cos
}

// tip measures a fingertip.
func (g *grid) tip(r *region, turn float64) tip {
	sin, cos := math.Sincos(2 * turn)
	own := angle(r.alongX+prior*cos, r.alongY+prior*sin)
	e := g.extent(r.cells, own)
	if limit := e.front + longest*e.across(); e.back > limit {
		e.back = limit
		kept := slices.DeleteFunc(slices.Clone(r.cells), func(c int) bool {
			_, along := g.place(c, own)
			return along > limit
		})
		cut := g.extent(kept, own) // the lower part may be wider
		e.left, e.right = cut.left, cut.right
	}
	middleX, middleY := (e.left+e.right)/2, (e.front+e.back)/2
	sin, cos = math.Sincos(own)
	t := tip{box: Box{
		X: (middleX*cos + middleY*sin) * g.cell, Y: (middleY*cos - middleX*sin) * g.cell,
		Width: (e.across() + 2*margin*cellsPerMM) * g.cell, Height: (e.along() + 2*margin*cellsPerMM) * g.cell,
		Angle: own * 180 / math.Pi,
	}}
	t.confidence = g.confidence(r, e)
	t.across, _ = g.place(int(t.box.Y/g.cell)*g.width+int(t.box.X/g.cell), turn)
	return t
}

// confidence judges how sure it is that the region is one whole fingertip.
func (g *grid) confidence(r *region, e extent) int {
	clear, inside := 0, 0
	for _, c := range r.cells {
		inside++
		if g.ridges[c] {
			clear++
		}
	}
	filled := min(float64(inside)/(math.Pi/4*e.across()*e.along()), 1)
	sure := filled * float64(clear) / float64(inside) * min(float64(inside)/cellsPerMM/cellsPerMM/usual, 1)
	if r.touches || g.atEdge(r) {
		sure *= isolation
	}
	return int(math.Round(100 * sure))
}

// atEdge reports whether the picture's edge may have cut the region.
func (g *grid) atEdge(r *region) bool {
	return slices.ContainsFunc(r.cells, func(c int) bool {
		x, y := c%g.width, c/g.width
		return x == 0 || y == 0 || x == g.width-1 || y == g.height-1
	})
}
