package finger

// fineBits is the precision of mapped places: a pixel is 1<<fineBits.
const fineBits = 4

// placing lays the first print rigidly onto the second.
type placing struct {
	turn     turn
	cos, sin int
	dx, dy   int // fine
}

// of maps a place of the first print into the second, fine.
func (p *placing) of(x, y int) (int, int) {
	return (x*p.cos-y*p.sin)>>(unitBits-fineBits) + p.dx, (x*p.sin+y*p.cos)>>(unitBits-fineBits) + p.dy
}

// back maps a place of the second print, fine, into the first, in pixels times 1<<unitBits.
func (p *placing) back(x, y int) (int, int) {
	x, y = x-p.dx, y-p.dy
	return (x*p.cos + y*p.sin) >> fineBits, (y*p.cos - x*p.sin) >> fineBits
}

// alignment is one way to lay the prints onto each other.
type alignment struct {
	placing
	pairs []match
	laid  []laid
	score int
}

// match is a minutia of each print taken for the same.
type match struct {
	a, b   int
	x, y   int // how far b lies from where rigid placing puts a, fine
	ex, ey int // how far from where the other matches lead to expect it, fine
	turned int // how much further b's direction is turned than the prints are
}

// lever is how much a minutia's direction counts beside its place when prints are laid
// onto each other, in pixels.
const lever = 12

// place lays the minutiae of the pairs onto each other with least squares.
func (c *comparer) place(pairs []match) placing {
	var ax, ay, bx, by, dot, det int
	for _, m := range pairs {
		a, b := &c.a.points[m.a], &c.b.points[m.b]
		ax, ay, bx, by = ax+a.x, ay+a.y, bx+b.x, by+b.y
		t := b.dir - a.dir
		dot += a.x*b.x + a.y*b.y + lever*lever*t.cosine()>>unitBits
		det += a.x*b.y - a.y*b.x + lever*lever*t.sine()>>unitBits
	}
	n := len(pairs)
	t := direction(n*dot-ax*bx-ay*by, n*det-ax*by+ay*bx)
	p := placing{turn: t, cos: t.cosine(), sin: t.sine()}
	x, y := p.of(ax, ay)
	p.dx, p.dy = (bx<<fineBits-x)/n, (by<<fineBits-y)/n
	return p
}

// placeOne lays the prints onto each other by one pair of minutiae.
func (c *comparer) placeOne(x *candidate) placing {
	a, b := &c.a.points[x.a], &c.b.points[x.b]
	p := placing{turn: x.turn, cos: x.turn.cosine(), sin: x.turn.sine()}
	u, v := p.of(a.x, a.y)
	p.dx, p.dy = b.x<<fineBits-u, b.y<<fineBits-v
	return p
}
