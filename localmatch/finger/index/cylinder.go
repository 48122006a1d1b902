package index

import (
	"math/bits"

	"boothd/localmatch/finger"
	"boothd/localmatch/finger/angle"
)

// A cylinder describes the surroundings of a minutia as seen from it (Cappelli, Ferrara,
// Maltoni: Minutia Cylinder-Code, IEEE TPAMI 32(12), 2010): a square of 8 × 8 cells that turns
// with the minutia, in layers by the direction of the neighbours. A cell's bit is set if
// neighbours of about that direction lie about there.
const (
	words   = 4    // layers of direction; each is one word of 64 cells
	grid    = 8    // cells along a side
	spacing = 18   // pixels from cell to cell
	reach   = 28   // pixels from a cell at which a neighbour stops counting
	spread  = 80   // 256ths of a turn from a layer's middle at which a neighbour stops counting
	enough  = 4096 // weight at which a bit is set; a neighbour in the very middle weighs 128·128
)

// cylinder is the code of one minutia's surroundings.
type cylinder [words]uint64

func (c *cylinder) ones() int {
	n := 0
	for _, w := range c {
		n += bits.OnesCount64(w)
	}
	return n
}

// surroundings computes cylinders. All arithmetic is on whole numbers, so that a template has
// the same codes on every machine. It is not changed once it is made.
type surroundings struct {
	near   [reach*reach + 1]int32 // weight by squared distance, 0 to 128
	toward [words][256]int32      // weight by layer and difference of direction, 0 to 128
}

func newSurroundings() *surroundings {
	s := new(surroundings)
	for d := range s.near {
		w := int32(128 - 128*d/(reach*reach))
		s.near[d] = w * w / 128
	}
	for layer := range s.toward {
		for diff := range 256 {
			off := int(int8(diff - layer*256/words))
			if w := int32(128 - 128*off*off/(spread*spread)); w > 0 {
				s.toward[layer][diff] = w * w / 128
			}
		}
	}
	return s
}

// around returns the code of the i-th minutia.
func (s *surroundings) around(ms []finger.Minutia, i int) cylinder {
	var weight [words][grid * grid]int32
	m := ms[i]
	sin, cos := angle.Sine(m.Direction), angle.Cosine(m.Direction)
	for j, o := range ms {
		dx, dy := o.X-m.X, o.Y-m.Y
		if j == i || max(dx, -dx, dy, -dy) > grid*spacing {
			continue
		}
		// y runs down, directions count counterclockwise.
		x := (int32(dx)*cos - int32(dy)*sin) >> angle.UnitBits
		y := (int32(dx)*sin + int32(dy)*cos) >> angle.UnitBits
		s.add(&weight, x, y, o.Direction-m.Direction)
	}
	var c cylinder
	for layer := range weight {
		for cell, w := range weight[layer] {
			if w >= enough {
				c[layer] |= 1 << cell
			}
		}
	}
	return c
}

// add counts a neighbour at (x, y), seen from the minutia, into the cells about it.
func (s *surroundings) add(weight *[words][grid * grid]int32, x, y int32, diff uint8) {
	for row := range int32(grid) {
		dy := y - (2*row-grid+1)*spacing/2
		if dy*dy > reach*reach {
			continue
		}
		for col := range int32(grid) {
			dx := x - (2*col-grid+1)*spacing/2
			d := dx*dx + dy*dy
			if d > reach*reach {
				continue
			}
			for layer := range weight {
				weight[layer][row*grid+col] += s.near[d] * s.toward[layer][diff]
			}
		}
	}
}
