package finger

import "slices"

const (
	growths        = 2           // rounds of pairing
	directionSlack = 26 * degree // between directions of minutiae taken for the same
	softness       = 24 * 24     // squared pixels: how far a match speaks for its surroundings
	stiffness      = 120 * 120   // squared pixels: how much speaks for rigid placing
)

// grow begins with a candidate and those that are compatible with it, and adds the minutiae
// that lie where their neighbours lead to expect them.
func (c *comparer) grow(seed *candidate) *alignment {
	g := &alignment{pairs: c.cluster(seed)}
	for range growths {
		g.placing = c.place(g.pairs)
		c.residuals(g)
		if c.pair(g); len(g.pairs) == 0 {
			return g
		}
	}
	g.placing = c.place(g.pairs)
	c.residuals(g)
	for k := range g.pairs {
		m := &g.pairs[k]
		sx, sy, _ := c.shift(g, m.a, k)
		m.ex, m.ey = m.x-sx, m.y-sy
	}
	return g
}

// cluster is the candidates around the seed that lie alike in both prints, no minutia twice.
func (c *comparer) cluster(seed *candidate) []match {
	type member struct {
		*candidate
		weight int
	}
	var members []member
	for i := range c.candidates {
		x := &c.candidates[i]
		if s := c.compatible(seed, x); s > 0 {
			members = append(members, member{x, s * x.support})
		}
	}
	slices.SortStableFunc(members, func(x, y member) int { return y.weight - x.weight })
	chosen := []*candidate{seed}
next:
	for _, m := range members {
		agree := 0
		for _, o := range chosen {
			if o.a == m.a || o.b == m.b {
				continue next
			}
			if c.compatible(o, m.candidate) > 0 {
				agree++
			}
		}
		if 2*agree >= len(chosen) {
			chosen = append(chosen, m.candidate)
		}
	}
	pairs := make([]match, len(chosen), maxMinutiae)
	for i, o := range chosen {
		pairs[i] = match{a: o.a, b: o.b}
	}
	return pairs
}

// residuals works out how far the pairs are from where rigid placing puts them.
func (c *comparer) residuals(g *alignment) {
	for k := range g.pairs {
		m := &g.pairs[k]
		a, b := &c.a.points[m.a], &c.b.points[m.b]
		x, y := g.of(a.x, a.y)
		m.x, m.y = b.x<<fineBits-x, b.y<<fineBits-y
		m.turned = (b.dir - a.dir).from(g.turn)
	}
}

// shift is how far off the rigid placing the matches lie around a minutia of the first
// print, fine, and how far the nearest is, in pixels. The match skip is left out.
func (c *comparer) shift(g *alignment, a, skip int) (sx, sy, nearest int) {
	nearest = 2 * extent
	sum, wx, wy := 1<<24/stiffness, 0, 0
	for k := range g.pairs {
		if k == skip {
			continue
		}
		m := &g.pairs[k]
		length := int(c.a.edge(a, m.a).length)
		nearest = min(nearest, length)
		w := 1 << 24 / (length*length + softness)
		sum, wx, wy = sum+w, wx+w*m.x, wy+w*m.y
	}
	return wx / sum, wy / sum, nearest
}

// tolerance is how far, in pixels, a minutia may lie from where matches as near as that
// lead to expect it.
func tolerance(nearest int) int { return min(7+nearest/16, 18) }

// pair pairs all minutiae anew, those first that fit best.
func (c *comparer) pair(g *alignment) {
	var of [maxMinutiae]int
	for k, m := range g.pairs {
		of[m.a] = k + 1
	}
	// An option is packed as cost, a and b, so that sorting leaves no choice.
	const indexBits = 7
	options := c.options[:0]
	for i := range c.a.points {
		a := &c.a.points[i]
		x, y := g.of(a.x, a.y)
		sx, sy, nearest := c.shift(g, i, of[i]-1)
		x, y = x+sx, y+sy
		tol := tolerance(nearest) << fineBits
		for j := range c.b.points {
			b := &c.b.points[j]
			dx, dy := b.x<<fineBits-x, b.y<<fineBits-y
			if abs(dx) > tol || abs(dy) > tol {
				continue
			}
			d2, turned := dx*dx+dy*dy, abs((b.dir - a.dir).from(g.turn))
			if d2 > tol*tol || turned > directionSlack {
				continue
			}
			cost := 512 + d2*1024/(tol*tol) + turned*1024/directionSlack*turned/directionSlack - 2*int(c.alike[i*maxMinutiae+j])
			options = append(options, (cost<<indexBits|i)<<indexBits|j)
		}
	}
	slices.Sort(options)
	c.options = options
	var usedA, usedB [maxMinutiae]bool
	g.pairs = g.pairs[:0]
	for _, o := range options {
		i, j := o>>indexBits&(1<<indexBits-1), o&(1<<indexBits-1)
		if !usedA[i] && !usedB[j] {
			usedA[i], usedB[j] = true, true
			g.pairs = append(g.pairs, match{a: i, b: j})
		}
	}
}
