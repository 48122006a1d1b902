package ridge

import "math/bits"

// drawing is a picture of thin lines: each pixel is on or off, and knows which of its neighbours
// are on. A frame of pixels that are always off surrounds it.
type drawing struct {
	width, height, stride int
	on                    []bool
	around                []uint8 // bit k: the neighbour in direction k is on
	steps                 [8]int  // to the neighbours, clockwise from above
	kept                  []int32 // the pixels that were on at first, line by line, and those added
}

// newDrawing returns the drawing of a bitmap.
func newDrawing(b *bitmap) *drawing {
	s := b.width + 2
	d := &drawing{
		width: b.width, height: b.height, stride: s,
		on:     make([]bool, s*(b.height+2)),
		around: make([]uint8, s*(b.height+2)),
		steps:  [8]int{-s, -s + 1, 1, s + 1, s, s - 1, -1, -s - 1},
	}
	for y := range b.height {
		for i, v := range b.line(y) {
			for ; v != 0; v &= v - 1 {
				p := d.at(i*64+bits.TrailingZeros64(v), y)
				d.on[p] = true
				d.kept = append(d.kept, int32(p))
			}
		}
	}
	for _, i := range d.kept {
		d.look(int(i))
	}
	return d
}

func (d *drawing) at(x, y int) int        { return (y+1)*d.stride + x + 1 }
func (d *drawing) xy(i int) (x, y int)    { return i%d.stride - 1, i/d.stride - 1 }
func (d *drawing) has(i int, k uint) bool { return d.around[i]>>k&1 == 1 }

// look tells a pixel about its neighbours.
func (d *drawing) look(i int) {
	var around uint8
	for k, s := range d.steps {
		if d.on[i+s] {
			around |= 1 << k
		}
	}
	d.around[i] = around
}

// put switches a pixel on or off.
func (d *drawing) put(i int, on bool) {
	d.on[i] = on
	d.look(i)
	for _, s := range d.steps {
		if d.on[i+s] {
			d.look(i + s)
		}
	}
}
