package jp2

import (
	"image"
	"math/bits"
)

// packets encodes all subbands and puts their packets after each other: resolution by
// resolution, and in each component by component (Annex B).
func packets(planes []*plane, levels, drop int) []byte {
	var out []byte
	var c coder
	for resolution := range levels + 1 {
		for _, p := range planes {
			var grids []*grid
			for _, b := range p.bands(resolution, levels) {
				grids = append(grids, newGrid(&c, p, b, drop))
			}
			out = appendPacket(out, grids)
		}
	}
	return out
}

// grid is the code blocks of a subband.
type grid struct {
	width, height int // in blocks
	nominal       int
	blocks        []block
}

func newGrid(c *coder, p *plane, b band, drop int) *grid {
	const side = 1 << blockLog
	g := &grid{nominal: b.nominal()}
	if b.area.Empty() {
		return g
	}
	g.width, g.height = (b.area.Dx()+side-1)/side, (b.area.Dy()+side-1)/side
	for y := range g.height {
		for x := range g.width {
			area := image.Rect(x*side, y*side, (x+1)*side, (y+1)*side).Add(b.area.Min).Intersect(b.area)
			g.blocks = append(g.blocks, c.encode(p, b.direction, area, drop))
		}
	}
	return g
}

// appendPacket appends the packet of a resolution of a component: what is in it of each block,
// then the blocks' data.
func appendPacket(out []byte, grids []*grid) []byte {
	var w bitWriter
	w.bits(1, 1)
	for _, g := range grids {
		g.describe(&w)
	}
	out = append(out, w.bytes()...)
	for _, g := range grids {
		for i := range g.blocks {
			out = append(out, g.blocks[i].data...)
		}
	}
	return out
}

// describe writes the header of a subband's blocks.
func (g *grid) describe(w *bitWriter) {
	included, zeros := newTagTree(g.width, g.height), newTagTree(g.width, g.height)
	for i := range g.blocks {
		b := &g.blocks[i]
		if b.passes == 0 {
			included.set(i, 1)
			zeros.set(i, g.nominal)
			continue
		}
		zeros.set(i, g.nominal-b.planes)
	}
	included.sum()
	zeros.sum()
	for i := range g.blocks {
		b := &g.blocks[i]
		included.write(w, i, 1)
		if b.passes == 0 {
			continue
		}
		zeros.write(w, i, g.nominal-b.planes+1)
		writePasses(w, b.passes)
		writeLength(w, b.passes, len(b.data))
	}
}

// writePasses writes a number of passes (table B.4).
func writePasses(w *bitWriter, n int) {
	switch {
	case n == 1:
		w.bits(0, 1)
	case n == 2:
		w.bits(2, 2)
	case n <= 5:
		w.bits(uint(0xc|(n-3)), 4)
	case n <= 36:
		w.bits(uint(0x1e0|(n-6)), 9)
	default:
		w.bits(uint(0xff80|(n-37)), 16)
	}
}

// writeLength writes the length of a block's data, with as many more bits than the usual three
// as it needs.
func writeLength(w *bitWriter, passes, length int) {
	size := 3 + bits.Len(uint(passes)) - 1
	for ; bits.Len(uint(length)) > size; size++ {
		w.bits(1, 1)
	}
	w.bits(0, 1)
	w.bits(uint(length), size)
}

// bitWriter writes bits, the highest first; after a byte of ones a zero, so that no marker
// arises.
type bitWriter struct {
	out  []byte
	free int // bits left in the last byte
}

func (w *bitWriter) bits(v uint, n int) {
	for n--; n >= 0; n-- {
		if w.free == 0 {
			w.free = 8
			if k := len(w.out); k > 0 && w.out[k-1] == 0xff {
				w.free = 7
			}
			w.out = append(w.out, 0)
		}
		w.free--
		w.out[len(w.out)-1] |= byte(v>>n&1) << w.free
	}
}

func (w *bitWriter) bytes() []byte {
	if k := len(w.out); k > 0 && w.out[k-1] == 0xff {
		w.out = append(w.out, 0)
	}
	return w.out
}

// tagTree writes a field of numbers by the least of ever larger parts of it (B.10.2).
type tagTree struct {
	levels []tagLevel // the leaves first
}

type tagLevel struct {
	width, height int
	value         []int
	low           []int // what the reader knows: it is at least this
	known         []bool
}

func newTagTree(width, height int) *tagTree {
	t := &tagTree{}
	for width > 0 && height > 0 {
		n := width * height
		t.levels = append(t.levels, tagLevel{width, height, make([]int, n), make([]int, n), make([]bool, n)})
		if n == 1 {
			break
		}
		width, height = (width+1)/2, (height+1)/2
	}
	return t
}

func (t *tagTree) set(i, v int) { t.levels[0].value[i] = v }

// sum makes each inner number the least of those below it.
func (t *tagTree) sum() {
	for n := 1; n < len(t.levels); n++ {
		up, down := &t.levels[n], &t.levels[n-1]
		for i := range up.value {
			up.value[i] = -1
		}
		for i, v := range down.value {
			above := i/down.width/2*up.width + i%down.width/2
			if old := up.value[above]; old < 0 || v < old {
				up.value[above] = v
			}
		}
	}
}

// write tells the reader of a leaf whether it is less than limit, and then which number it is.
func (t *tagTree) write(w *bitWriter, leaf, limit int) {
	x, y := leaf%t.levels[0].width, leaf/t.levels[0].width
	low := 0
	for n := len(t.levels) - 1; n >= 0; n-- {
		l := &t.levels[n]
		i := (y>>n)*l.width + x>>n
		low = max(low, l.low[i])
		for low < limit && !l.known[i] {
			if low >= l.value[i] {
				w.bits(1, 1)
				l.known[i] = true
				break
			}
			w.bits(0, 1)
			low++
		}
		if l.known[i] {
			low = max(low, l.value[i])
		}
		l.low[i] = low
	}
}
