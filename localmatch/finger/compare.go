package finger

import (
	"cmp"
	"math"
	"slices"
)

const (
	// alignments is how many ways to lay the prints onto each other are looked into.
	alignments = 4
	// beyondDoubt is evidence that no other way to lay the prints would change.
	beyondDoubt = 4000
)

// Compare compares two templates of one finger each.
func Compare(a, b *Template) Comparison { return Prepare(a).Compare(Prepare(b)) }

// Compare compares two prepared templates. a.Compare(b) and b.Compare(a) score the same, and
// the same on every processor. It may be called from several goroutines.
//
// Minutiae whose neighbourhoods are alike are candidates; each suggests how one print lies on
// the other. The few suggestions that most other candidates and the flow of the ridges speak
// for are looked into: from the candidates that agree, pairs of minutiae spread over both
// prints, each expected where its neighbours, not the print as a whole, lead to expect it, for
// skin stretches. Then the ridges themselves are laid onto each other, tile by tile. What
// decides is how well the minutiae meet and how far the ridges agree where both are clear.
// Templates without ridges are judged by their minutiae alone, less surely.
func (p *Prepared) Compare(q *Prepared) Comparison {
	c := &comparer{a: p, b: q}
	swapped := p.after(q)
	if swapped {
		c.a, c.b = q, p
	}
	c.run()
	return c.result(swapped)
}

// after is an order of templates, so that a comparison is made in the same way whichever
// of them comes first.
func (p *Prepared) after(q *Prepared) bool {
	byPoint := func(a, b point) int {
		return cmp.Or(a.x-b.x, a.y-b.y, int(a.dir)-int(b.dir))
	}
	if d := slices.CompareFunc(p.points, q.points, byPoint); d != 0 {
		return d > 0
	}
	if d := slices.Compare(p.flow.lines, q.flow.lines); d != 0 {
		return d > 0
	}
	return p.sheet.compare(q.sheet) > 0
}

// comparer is one comparison at work.
type comparer struct {
	a, b       *Prepared
	alike      [maxMinutiae * maxMinutiae]uint8 // [a*maxMinutiae+b]; 0 if they cannot be the same
	room       [maxCandidates]candidate
	candidates []candidate // in room
	options    []int       // kept from one pairing to the next
	best       *alignment
}

// withRidges tells whether both prints show ridges, not only minutiae.
func (c *comparer) withRidges() bool { return c.a.sheet != nil && c.b.sheet != nil }

func (c *comparer) run() {
	c.collect()
	c.relate()
	c.rank()
	for range alignments {
		seed := c.next()
		if seed == nil {
			return
		}
		g := c.grow(seed)
		c.tried(seed, g)
		if len(g.pairs) == 0 {
			continue
		}
		c.weigh(g)
		if c.best == nil || g.score > c.best.score {
			c.best = g
		}
		if c.best.score >= beyondDoubt && c.withRidges() {
			return
		}
	}
}

func (c *comparer) result(swapped bool) Comparison {
	g := c.best
	if g == nil {
		return Comparison{}
	}
	levels := minutiaLevels
	if c.withRidges() {
		levels = ridgeLevels
	}
	r := Comparison{Score: calibrated(g.score, levels), Pairs: make([]Pair, len(g.pairs))}
	for i, m := range g.pairs {
		r.Pairs[i] = Pair{c.a.points[m.a].index, c.b.points[m.b].index}
		if swapped {
			r.Pairs[i] = Pair{r.Pairs[i].B, r.Pairs[i].A}
		}
	}
	r.Transform = g.transform(swapped)
	return r
}

// transform turns a placing, y up, into a Transform, y down; if need be into that of the
// second print onto the first.
func (p *placing) transform(inverse bool) Transform {
	turn, dx, dy := p.turn.from(0), p.dx, -p.dy
	if inverse {
		x, y := p.back(0, 0)
		turn, dx, dy = -turn, x>>(unitBits-fineBits), -(y >> (unitBits - fineBits))
	}
	return Transform{
		Turn: float64(turn) / (1 << 15) * math.Pi,
		DX:   float64(dx) / (1 << fineBits),
		DY:   float64(dy) / (1 << fineBits),
	}
}

// Comparison tells how alike two prints are, and why.
type Comparison struct {
	// Score is calibrated: -10·log10 of the share of different fingers that score as much or
	// more. 20 is reached by one pair of different fingers in a hundred, 40 by one in ten
	// thousand.
	Score     float64
	Pairs     []Pair    // minutiae that are taken for the same, indexes into both templates
	Transform Transform // from the first picture into the second
}

// Pair is a minutia of the first template and the one of the second taken for the same.
type Pair struct{ A, B int }

// Transform lays the first picture onto the second: turned about the origin, then moved.
type Transform struct {
	Turn   float64 // radians, counterclockwise as Minutia.Direction
	DX, DY float64 // pixels at 500 dpi, y down
}
