package finger

const (
	maxTurn       = 75 * degree // prints that are turned further are not taken for the same
	maxCandidates = 48
)

// candidate is a minutia of each print that may be the same.
type candidate struct {
	a, b    int
	turn    turn // from a's direction to b's
	alike   int  // 1 to 255
	support int  // by the other candidates
	rank    int  // how much speaks for beginning with it; 0 if it need not be tried
}

// collect finds the pairs of minutiae whose neighbourhoods are most alike.
func (c *comparer) collect() {
	var counts [256]int
	for i := range c.a.points {
		row := c.alike[i*maxMinutiae:]
		dir := c.a.points[i].dir
		for j := range c.b.points {
			if abs(c.b.points[j].dir.from(dir)) <= maxTurn {
				row[j] = alike(&c.a.cylinders[i], &c.b.cylinders[j])
				counts[row[j]]++
			}
		}
	}
	from, n := 255, counts[255]
	for ; from > 1 && n+counts[from-1] <= maxCandidates; from-- {
		n += counts[from-1]
	}
	c.candidates = c.room[:0]
	for i := range c.a.points {
		row := c.alike[i*maxMinutiae:]
		for j := range c.b.points {
			if int(row[j]) >= from && len(c.candidates) < maxCandidates {
				turn := c.b.points[j].dir - c.a.points[i].dir
				c.candidates = append(c.candidates, candidate{a: i, b: j, turn: turn, alike: int(row[j])})
			}
		}
	}
}

// relate lets the candidates that lie alike in both prints support each other.
func (c *comparer) relate() {
	for i := range c.candidates {
		x := &c.candidates[i]
		for j := range i {
			y := &c.candidates[j]
			if s := c.compatible(x, y); s > 0 {
				x.support += s * y.alike
				y.support += s * x.alike
			}
		}
	}
}

// compatible tells how well two candidates lie alike in both prints: 0 to 256.
func (c *comparer) compatible(x, y *candidate) int {
	const turnTolerance = 28 * degree
	if x.a == y.a || x.b == y.b {
		return 0
	}
	apart := y.turn.from(x.turn)
	if abs(apart) > turnTolerance {
		return 0
	}
	ea, eb := c.a.edge(x.a, y.a), c.b.edge(x.b, y.b)
	length := (int(ea.length) + int(eb.length)) / 2
	stretch, most := abs(int(ea.length)-int(eb.length)), 6+length/8
	if stretch >= most {
		return 0
	}
	// Between near minutiae a pixel is a large angle: 1<<16 / 2π is 10,430.
	swing, widest := abs((eb.dir - ea.dir).from(x.turn+turn(apart/2))), 14*degree+5*10430/(length+6)
	if swing >= widest {
		return 0
	}
	return (most - stretch) * 256 / most * (widest - swing) / widest
}

// rank orders the candidates by what speaks for the placing that each leads to: the other
// candidates, and the flow of the ridges.
func (c *comparer) rank() {
	const (
		few   = 4  // patches of flow that tell nothing
		worst = 16 // mean difference of flows at which a placing is wrong, 256ths of a turn
		alone = 32 // the support that a candidate without any is given
	)
	for i := range c.candidates {
		x := &c.candidates[i]
		closeness := worst
		if c.withRidges() {
			p := c.placeOne(x)
			mean, n := c.contrast(&p, 3)
			if n < few {
				mean, n = c.contrast(&p, 1) // little of the prints is common to both
			}
			if n < few || mean >= worst {
				continue
			}
			closeness -= mean
		}
		x.rank = (x.support/256 + alone) * x.alike * closeness * closeness
	}
}

// next is the candidate with the highest rank that no alignment holds yet.
func (c *comparer) next() *candidate {
	var best *candidate
	for i := range c.candidates {
		x := &c.candidates[i]
		if x.rank > 0 && (best == nil || x.rank > best.rank) {
			best = x
		}
	}
	return best
}

// tried marks the candidates that an alignment holds.
func (c *comparer) tried(seed *candidate, g *alignment) {
	seed.rank = 0
	var of [maxMinutiae]int
	for _, m := range g.pairs {
		of[m.a] = m.b + 1
	}
	for i := range c.candidates {
		if x := &c.candidates[i]; of[x.a] == x.b+1 {
			x.rank = 0
		}
	}
}
