package finger

// ridgeWeight is the weight of a 1,024th by which ridges agree more than by chance.
const ridgeWeight = 30

// weigh scores an alignment in 256ths of a unit of logarithmic likelihood. The weights come
// from logistic regressions that left out one development set after the other; they
// differed little, and the rates hardly depend on them.
func (c *comparer) weigh(g *alignment) {
	sum := 0
	for i := range g.pairs {
		sum += g.pairs[i].evidence()
	}
	if !c.withRidges() {
		g.score = 18*sum/100 + 48*c.share(g)/10
		return
	}
	contrast, _ := c.contrast(&g.placing, 1)
	g.score = 36*sum/100 - 20*contrast
	g.laid = c.lay(g)
	g.score += ridgeWeight * agreement(g.laid)
}

// evidence of a match is the logarithm of how much likelier it is between mates than by
// chance, in 256ths: it falls off with the square of the distance and of the angle by which
// it misses.
func (m *match) evidence() int {
	const (
		exact     = 1075 // of a match that misses by nothing
		least     = -256 // of any
		placeDev  = 12   // variance of places, squared pixels
		directDev = 64   // variance of directions, squared degrees
	)
	turned := m.turned / degree
	return max(least, exact-(m.ex*m.ex+m.ey*m.ey)/(2*placeDev)-turned*turned*256/(2*directDev))
}

// agreement is by how many 1024ths the ridges agree more than those of different fingers
// may, less if few tiles tell it.
func agreement(all []laid) int {
	const (
		chance = 717
		few    = 6
	)
	sum, n := 0, len(all)
	for i := range all {
		sum += int(all[i].agree[all[i].way]) - chance
	}
	return sum / (n + few)
}

// share is how many of the minutiae that lie in both prints are matched, in 1024ths.
func (c *comparer) share(g *alignment) int {
	n := 4
	for i := range c.a.points {
		x, y := g.of(c.a.points[i].x, c.a.points[i].y)
		if c.b.area.has(x>>fineBits, y>>fineBits) {
			n++
		}
	}
	for i := range c.b.points {
		x, y := g.back(c.b.points[i].x<<fineBits, c.b.points[i].y<<fineBits)
		if c.a.area.has(x>>unitBits, y>>unitBits) {
			n++
		}
	}
	return 2 * len(g.pairs) * 1024 / n
}
