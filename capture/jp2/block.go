package jp2

import (
	"image"
	"math/bits"
	"slices"
)

// block is an encoded code block.
type block struct {
	planes int // bit planes that are not all zero
	passes int // 0: nothing of it is in the file
	data   []byte
}

// Flags of a coefficient while its block is encoded.
const (
	significant = 1 << iota
	negative
	visited // in this bit plane
	refined // at least once
)

// coder encodes code blocks (Annex D). Its fields have a border of one all around, so that
// neighbours need no care.
type coder struct {
	mq
	direction
	width, height int
	stride        int
	size          []uint32 // magnitudes
	flags         []uint8
	plane         int // the bit plane that is encoded
}

// encode encodes the part of a plane, but for its drop lowest bit planes.
//
//go:norace
func (c *coder) encode(p *plane, d direction, area image.Rectangle, drop int) block {
	top := c.load(p, d, area)
	b := block{planes: bits.Len32(top)}
	if b.planes <= drop {
		return b
	}
	c.mq = newMQ(c.out)
	for c.plane = b.planes - 1; c.plane >= drop; c.plane-- {
		if c.plane < b.planes-1 {
			c.stripes((*coder).propagate)
			c.stripes((*coder).refine)
		}
		c.cleanUp()
	}
	b.passes = 3*(b.planes-drop) - 2
	b.data = slices.Clone(c.flush())
	return b
}

// load takes over the coefficients and returns the bits that any of them has.
//
//go:norace
func (c *coder) load(p *plane, d direction, area image.Rectangle) (all uint32) {
	c.direction, c.width, c.height = d, area.Dx(), area.Dy()
	c.stride = c.width + 2
	n := c.stride * (c.height + 2)
	c.size = slices.Grow(c.size[:0], n)[:n]
	c.flags = slices.Grow(c.flags[:0], n)[:n]
	clear(c.size)
	clear(c.flags)
	for y := range c.height {
		row := p.values[(area.Min.Y+y)*p.width+area.Min.X:][:c.width]
		at := (y+1)*c.stride + 1
		for x, v := range row {
			if v < 0 {
				v = -v
				c.flags[at+x] = negative
			}
			c.size[at+x] = uint32(v)
			all |= uint32(v)
		}
	}
	return all
}

// stripes calls f for each coefficient in the order of a pass: stripes of four rows, in each
// column by column.
//
//go:norace
func (c *coder) stripes(f func(c *coder, at int)) {
	for y := 0; y < c.height; y += 4 {
		for x := range c.width {
			for k := y; k < min(y+4, c.height); k++ {
				f(c, (k+1)*c.stride+x+1)
			}
		}
	}
}

//go:norace
func (c *coder) bit(at int) uint8 { return uint8(c.size[at]>>c.plane) & 1 }

// propagate is the significance propagation pass.
//
//go:norace
func (c *coder) propagate(at int) {
	if c.flags[at]&significant != 0 {
		return
	}
	if context := c.context(at); context != 0 {
		c.significance(at, context)
		c.flags[at] |= visited
	}
}

// significance encodes whether the coefficient becomes significant, and then its sign.
//
//go:norace
func (c *coder) significance(at, context int) {
	bit := c.bit(at)
	c.mq.encode(context, bit)
	if bit != 0 {
		c.sign(at)
	}
}

// refine is the magnitude refinement pass.
//
//go:norace
func (c *coder) refine(at int) {
	if c.flags[at]&(significant|visited) != significant {
		return
	}
	context := contextRefine
	switch h, v, d := c.neighbours(at); {
	case c.flags[at]&refined != 0:
		context += 2
	case h+v+d > 0:
		context++
	}
	c.mq.encode(context, c.bit(at))
	c.flags[at] |= refined
}

// cleanUp is the clean-up pass. It also ends the bit plane.
//
//go:norace
func (c *coder) cleanUp() {
	for y := 0; y < c.height; y += 4 {
		for x := range c.width {
			c.column((y+1)*c.stride+x+1, min(4, c.height-y))
		}
	}
}

// column cleans up a column of a stripe.
//
//go:norace
func (c *coder) column(at, rows int) {
	first := 0
	if rows == 4 && c.quiet(at) {
		for first < 4 && c.bit(at+first*c.stride) == 0 {
			first++
		}
		if first == 4 {
			c.mq.encode(contextRun, 0)
			return
		}
		c.mq.encode(contextRun, 1)
		c.mq.encode(contextEven, uint8(first>>1))
		c.mq.encode(contextEven, uint8(first&1))
		c.sign(at + first*c.stride)
		first++
	}
	for k := range rows {
		i := at + k*c.stride
		if k >= first && c.flags[i]&(significant|visited) == 0 {
			c.significance(i, c.context(i))
		}
		c.flags[i] &^= visited
	}
}

// quiet reports whether nothing in a column of four, or around it, is significant yet.
//
//go:norace
func (c *coder) quiet(at int) bool {
	for k := -1; k <= 4; k++ {
		i := at + k*c.stride
		if (c.flags[i-1]|c.flags[i]|c.flags[i+1])&significant != 0 {
			return false
		}
	}
	return true
}

// neighbours counts the significant ones beside, above and below, and at the corners.
//
//go:norace
func (c *coder) neighbours(at int) (h, v, d int) {
	f, s := c.flags, c.stride
	h = int(f[at-1]&significant + f[at+1]&significant)
	v = int(f[at-s]&significant + f[at+s]&significant)
	d = int(f[at-s-1]&significant + f[at-s+1]&significant + f[at+s-1]&significant + f[at+s+1]&significant)
	return h, v, d
}

// context is that of significance (table D.1).
//
//go:norace
func (c *coder) context(at int) int {
	h, v, d := c.neighbours(at)
	switch c.direction {
	case bandHL:
		h, v = v, h
	case bandHH:
		return diagonalContext(h+v, d)
	}
	switch {
	case h == 2:
		return 8
	case h == 1 && v > 0:
		return 7
	case h == 1 && d > 0:
		return 6
	case h == 1:
		return 5
	case v > 0:
		return 2 + v
	}
	return min(d, 2)
}

//go:norace
func diagonalContext(straight, d int) int {
	switch {
	case d >= 3:
		return 8
	case d == 2:
		return 6 + min(straight, 1)
	case d == 1:
		return 3 + min(straight, 2)
	}
	return min(straight, 2)
}

// sign encodes the sign of a coefficient, which is significant from now on (table D.3).
//
//go:norace
func (c *coder) sign(at int) {
	h := c.leaning(at-1) + c.leaning(at+1)
	v := c.leaning(at-c.stride) + c.leaning(at+c.stride)
	h, v = min(max(h, -1), 1), min(max(v, -1), 1)
	flip := uint8(0)
	if h < 0 || h == 0 && v < 0 {
		h, v, flip = -h, -v, 1
	}
	context := contextSign + 3*h + v
	bit := uint8(0)
	if c.flags[at]&negative != 0 {
		bit = 1
	}
	c.mq.encode(context, bit^flip)
	c.flags[at] |= significant
}

// leaning is the sign of a coefficient that is significant, else 0.
//
//go:norace
func (c *coder) leaning(at int) int {
	switch c.flags[at] & (significant | negative) {
	case significant:
		return 1
	case significant | negative:
		return -1
	}
	return 0
}
