package finger

import (
	"cmp"
	"math/bits"
	"slices"
)

// The ridges of two prints are laid onto each other in square tiles, beginning where the
// prints are known to fit. Each tile lies where its neighbours lead to expect it, and may
// give way a little.
const (
	tileDots = 16 // across a tile
	tileSize = tileDots * RidgeDot
	give     = 2 // dots that a tile may give way to each side
	ways     = 2*give + 1
	maxTiles = 1 << tileBits
	tileBits = 10
)

// sheet is a print's ridges made ready to be laid onto others.
type sheet struct {
	left, top     int // dots
	width, height int
	dots          []uint8 // 1 where clear, 3 where there is a ridge too
	columns       int     // of tiles
	lines         int
	tiles         []tile // that are mostly clear
}

// tile is a part of the print that others are laid onto.
type tile struct {
	column, line int
	x, y         int // of the centre, in pixels, y up
	ridge, clear [4]uint64
}

func sheetOf(r *Ridges) *sheet {
	s := &sheet{left: r.Left / RidgeDot, top: r.Top / RidgeDot, width: r.Pattern.Width, height: r.Pattern.Height}
	s.dots = make([]uint8, s.width*s.height)
	const fold = RidgeCell / RidgeDot
	for y := range s.height {
		row := s.dots[y*s.width:][:s.width]
		ridge := r.Pattern.Words[y*r.Pattern.Stride():]
		clear := r.Clear.Words[y/fold*r.Clear.Stride():]
		for x := range row {
			c := uint8(clear[x/fold>>6] >> (x / fold & 63) & 1)
			row[x] = c | c&uint8(ridge[x>>6]>>(x&63))<<1
		}
	}
	s.columns, s.lines = s.width/tileDots, s.height/tileDots
	for line := range s.lines {
		for column := range s.columns {
			if t, ok := s.tile(column, line); ok && len(s.tiles) < maxTiles {
				s.tiles = append(s.tiles, t)
			}
		}
	}
	return s
}

func (s *sheet) tile(column, line int) (tile, bool) {
	t := tile{column: column, line: line}
	n := 0
	for y := range tileDots {
		row := s.dots[(line*tileDots+y)*s.width+column*tileDots:][:tileDots]
		var ridge, clear uint64
		for x, d := range row {
			ridge |= uint64(d>>1) << x
			clear |= uint64(d&1) << x
		}
		n += bits.OnesCount64(clear)
		t.ridge[y/4] |= ridge << (y % 4 * tileDots)
		t.clear[y/4] |= clear << (y % 4 * tileDots)
	}
	t.x = (s.left+column*tileDots)*RidgeDot + tileSize/2
	t.y = -((s.top+line*tileDots)*RidgeDot + tileSize/2)
	return t, n >= tileDots*tileDots*5/8
}

// at is what the sheet shows of a dot; 0 outside.
func (s *sheet) at(x, y int) uint8 {
	if uint(x) >= uint(s.width) || uint(y) >= uint(s.height) {
		return 0
	}
	return s.dots[y*s.width+x]
}

// compare is an order of sheets.
func (s *sheet) compare(o *sheet) int {
	switch {
	case s == o:
		return 0
	case s == nil:
		return -1
	case o == nil:
		return 1
	}
	return cmp.Or(s.left-o.left, s.top-o.top, s.width-o.width, slices.Compare(s.dots, o.dots))
}

// laid is a tile with ridges of the first print laid onto it.
type laid struct {
	tile  *tile
	agree [ways * ways]int16 // share of the dots that agree, in 1024ths, by way
	way   int                // how it gives way
	x, y  int                // how far off the rigid placing it was expected to lie, fine
}

// shift is how far off the rigid placing the ridges lie if the tile gives way so, fine.
func (l *laid) shift(way int) (x, y int) {
	return l.x + (way%ways-give)*RidgeDot<<fineBits, l.y - (way/ways-give)*RidgeDot<<fineBits
}

// layer lays ridges tile after tile.
type layer struct {
	*comparer
	g   *alignment
	all []laid
	at  []int16 // by column and line: index in all, plus 1
}

// An alignment that has so little evidence for it when its first tiles are laid is not
// laid further: most of different fingers end here.
const (
	firstTiles = 8
	hopeless   = -500
)

// lay lays the first print's ridges onto those of the second.
func (c *comparer) lay(g *alignment) []laid {
	b := c.b.sheet
	l := &layer{comparer: c, g: g, all: make([]laid, 0, len(b.tiles)), at: make([]int16, b.columns*b.lines)}
	for _, i := range l.order() {
		var o laid
		if !l.put(&b.tiles[i], &o) {
			continue
		}
		l.all = append(l.all, o)
		l.at[o.tile.line*b.columns+o.tile.column] = int16(len(l.all))
		if len(l.all) == firstTiles && g.score+ridgeWeight*agreement(l.all) < hopeless {
			break
		}
	}
	l.relax()
	l.relax()
	return l.all
}

// order is the tiles of the second print, those near matches first.
func (l *layer) order() []int {
	order := make([]int, len(l.b.sheet.tiles))
	for i := range order {
		t := &l.b.sheet.tiles[i]
		least := 1 << 40
		for k := range l.g.pairs {
			p := &l.b.points[l.g.pairs[k].b]
			least = min(least, (p.x-t.x)*(p.x-t.x)+(p.y-t.y)*(p.y-t.y))
		}
		order[i] = least<<tileBits | i
	}
	slices.Sort(order)
	for i := range order {
		order[i] &= 1<<tileBits - 1
	}
	return order
}

// beside sums how far off the rigid placing the tiles around one lie, fine, each weighed.
func (l *layer) beside(t *tile, weight func(*laid) int) (sum, wx, wy int) {
	b := l.b.sheet
	for line := max(t.line-1, 0); line <= min(t.line+1, b.lines-1); line++ {
		for column := max(t.column-1, 0); column <= min(t.column+1, b.columns-1); column++ {
			i := l.at[line*b.columns+column]
			if i == 0 || line == t.line && column == t.column {
				continue
			}
			o := &l.all[i-1]
			w := weight(o)
			x, y := o.shift(o.way)
			sum, wx, wy = sum+w, wx+w*x, wy+w*y
		}
	}
	return sum, wx, wy
}

// expect is how far off the rigid placing a tile should lie, fine: as the matches and the
// tiles around it.
func (l *layer) expect(t *tile) (sx, sy int) {
	sum, wx, wy := l.beside(t, func(o *laid) int { return 32 * max(int(o.agree[o.way])-700, 0) })
	for k := range l.g.pairs {
		m := &l.g.pairs[k]
		p := &l.b.points[m.b]
		w := 1 << 24 / ((p.x-t.x)*(p.x-t.x) + (p.y-t.y)*(p.y-t.y) + softness)
		sum, wx, wy = sum+w, wx+w*m.x, wy+w*m.y
	}
	sum += 1 << 24 / stiffness
	return wx / sum, wy / sum
}

// put lays ridges onto a tile. It reports false if too little is clear in both.
//
//go:norace
func (l *layer) put(t *tile, o *laid) bool {
	o.x, o.y = l.expect(t)
	ridge, clear, ok := l.cut(t, o.x, o.y)
	if !ok {
		return false
	}
	valid := pack(&clear, give, give)
	n := 0
	for w := range valid {
		valid[w] &= t.clear[w]
		n += bits.OnesCount64(valid[w])
	}
	if n < tileDots*tileDots/2 {
		return false
	}
	o.tile = t
	share := 1 << 26 / n // of one dot, in 1024ths of 1<<16
	best := -1 << 40
	for way := range o.agree {
		i, j := way/ways, way%ways
		p := pack(&ridge, i, j)
		same := n
		for w := range p {
			same -= bits.OnesCount64((p[w] ^ t.ridge[w]) & valid[w])
		}
		o.agree[way] = int16(same * share >> 16)
		if v := int(o.agree[way]) - 10*((i-give)*(i-give)+(j-give)*(j-give)); v > best {
			best, o.way = v, way
		}
	}
	return true
}

// patchDots is the width of a tile that may give way.
const patchDots = tileDots + 2*give

// cut cuts out of the first print what lies on a tile of the second if it is moved by sx,
// sy from where rigid placing puts it.
func (l *layer) cut(t *tile, sx, sy int) (ridge, clear [patchDots]uint32, ok bool) {
	a, cos, sin := l.a.sheet, l.g.cos, l.g.sin
	// From here on in dots, 1<<unitBits each, y down.
	x, y := l.g.back(t.x<<fineBits-sx, t.y<<fineBits-sy)
	x, y = x/RidgeDot-a.left<<unitBits, -y/RidgeDot-a.top<<unitBits
	if a.at(x>>unitBits, y>>unitBits) == 0 {
		return ridge, clear, false
	}
	// A dot right in the second print is (cos, sin) in the first, one down (-sin, cos).
	x -= (cos - sin) * (patchDots - 1) / 2
	y -= (cos + sin) * (patchDots - 1) / 2
	if !a.holds(x, y, cos, sin) {
		for k := range patchDots {
			for j := range patchDots {
				d := uint32(a.at((x+cos*j-sin*k)>>unitBits, (y+sin*j+cos*k)>>unitBits))
				ridge[k] |= d >> 1 << j
				clear[k] |= d & 1 << j
			}
		}
		return ridge, clear, true
	}
	for k := range patchDots {
		u, v := x-sin*k, y+cos*k
		var r, m uint32
		for j := range patchDots {
			d := uint32(a.dots[v>>unitBits*a.width+u>>unitBits])
			r |= d >> 1 << j
			m |= d & 1 << j
			u, v = u+cos, v+sin
		}
		ridge[k], clear[k] = r, m
	}
	return ridge, clear, true
}

// holds tells whether all of a patch that begins at (x, y) lies in the sheet.
func (s *sheet) holds(x, y, cos, sin int) bool {
	const last = patchDots - 1
	for _, c := range [4]struct{ x, y int }{{0, 0}, {last, 0}, {0, last}, {last, last}} {
		u, v := (x+cos*c.x-sin*c.y)>>unitBits, (y+sin*c.x+cos*c.y)>>unitBits
		if uint(u) >= uint(s.width) || uint(v) >= uint(s.height) {
			return false
		}
	}
	return true
}

// pack cuts a tile out of a larger one, from a line and a column on.
func pack(rows *[patchDots]uint32, line, column int) (p [4]uint64) {
	r := rows[line : line+tileDots]
	for w := range p {
		p[w] = uint64(uint16(r[4*w]>>column)) | uint64(uint16(r[4*w+1]>>column))<<16 |
			uint64(uint16(r[4*w+2]>>column))<<32 | uint64(uint16(r[4*w+3]>>column))<<48
	}
	return p
}

// relax lets each tile give way as its ridges and its neighbours like.
func (l *layer) relax() {
	for i := range l.all {
		o := &l.all[i]
		n, mx, my := l.beside(o.tile, func(*laid) int { return 1 })
		if n == 0 {
			continue
		}
		mx, my = mx/n, my/n
		best := -1 << 40
		for way, v := range o.agree {
			x, y := o.shift(way)
			if v := int(v) - n*((x-mx)*(x-mx)+(y-my)*(y-my))/128; v > best {
				best, o.way = v, way
			}
		}
	}
}
