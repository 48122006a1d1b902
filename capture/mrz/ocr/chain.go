package ocr

import (
	"cmp"
	"context"
	"math"
	"slices"

	"boothd/capture/mrz/ocr/glyph"
)

type point = glyph.Point

func minus(a, b point) point      { return point{X: a.X - b.X, Y: a.Y - b.Y} }
func dot(a, b point) float64      { return a.X*b.X + a.Y*b.Y }
func cross(a, b point) float64    { return a.X*b.Y - a.Y*b.X }
func distance(a, b point) float64 { return minus(a, b).Length() }

// A chain is a row of blobs at even distances, as the characters of a line are. Places in
// it are counted in pitches from its first blob.
type chain struct {
	links []link
}

type link struct {
	place int
	at    point
	size  float64 // the longer side of the blob
}

func (c *chain) first() link { return c.links[0] }
func (c *chain) last() link  { return c.links[len(c.links)-1] }

// pitch is the mean step from one character to the next.
func (c *chain) pitch() point {
	a, b := c.first(), c.last()
	return point{}.Plus(1/float64(b.place-a.place), minus(b.at, a.at))
}

const (
	leastChain  = 9   // blobs
	mostMissing = 2   // characters in a row that may be missing
	astray      = 0.3 // of a pitch, from where the next blob is expected
	maxChains   = 60
	maxLooks    = 3_000_000 // bounds the time of pictures that are all noise
)

// chains finds the rows among the blobs, the longest first.
func chains(ctx context.Context, all []blob, width, height int) ([]chain, error) {
	c := newChainer(all, width, height)
	var found []chain
	for i := range c.nodes {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if c.looks > maxLooks {
			break
		}
		if best := c.from(int32(i)); len(best) >= leastChain {
			found = append(found, c.chain(best))
		}
	}
	slices.SortStableFunc(found, func(a, b chain) int { return cmp.Compare(len(b.links), len(a.links)) })
	return found[:min(len(found), maxChains)], nil
}

// node is a blob that may be a character.
type node struct {
	at   point
	size float64
	used bool // in a chain
}

type chainer struct {
	nodes   []node
	cell    float64
	columns int
	rows    int
	grid    [][]int32
	looks   int
}

func newChainer(all []blob, width, height int) *chainer {
	c := &chainer{cell: 24}
	c.columns, c.rows = int(float64(width)/c.cell)+1, int(float64(height)/c.cell)+1
	c.grid = make([][]int32, c.columns*c.rows)
	for i := range all {
		b := &all[i]
		size := max(b.width(), b.height())
		if size < 5 || size > 90 || b.area < 8 {
			continue
		}
		at := b.middle()
		k := c.index(at)
		c.grid[k] = append(c.grid[k], int32(len(c.nodes)))
		c.nodes = append(c.nodes, node{at: at, size: float64(size)})
	}
	return c
}

func (c *chainer) index(p point) int {
	return min(int(p.Y/c.cell), c.rows-1)*c.columns + min(int(p.X/c.cell), c.columns-1)
}

// near calls visit for the nodes within a distance.
func (c *chainer) near(p point, reach float64, visit func(i int32)) {
	x0, x1 := max(0, int((p.X-reach)/c.cell)), min(c.columns-1, int((p.X+reach)/c.cell))
	y0, y1 := max(0, int((p.Y-reach)/c.cell)), min(c.rows-1, int((p.Y+reach)/c.cell))
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			for _, i := range c.grid[y*c.columns+x] {
				c.looks++
				if distance(c.nodes[i].at, p) <= reach {
					visit(i)
				}
			}
		}
	}
}

// placed is a node in a chain that grows.
type placed struct {
	node  int32
	place int
}

// from returns the longest chain through a node and one of its neighbours, in order, and
// marks its nodes as used. Chains that are mostly known are not returned again.
func (c *chainer) from(seed int32) []placed {
	n := c.nodes[seed]
	if n.used {
		return nil
	}
	type neighbour struct {
		node int32
		far  float64
	}
	var neighbours []neighbour
	c.near(n.at, 1.9*n.size, func(i int32) {
		far := distance(c.nodes[i].at, n.at)
		larger := max(n.size, c.nodes[i].size)
		if i != seed && c.alike(i, n.size) && far > 0.6*larger {
			neighbours = append(neighbours, neighbour{i, far})
		}
	})
	slices.SortFunc(neighbours, func(a, b neighbour) int { return cmp.Compare(a.far, b.far) })
	var best []placed
	for _, next := range neighbours[:min(len(neighbours), 6)] {
		forth := c.grow([]placed{{seed, 0}, {next.node, 1}})
		if len(forth) < 4 {
			continue
		}
		slices.Reverse(forth)
		both := c.grow(forth)
		if len(both) > len(best) {
			best = both
		}
	}
	if len(best) < leastChain {
		return nil
	}
	known := 0
	for _, p := range best {
		if c.nodes[p.node].used {
			known++
		}
		c.nodes[p.node].used = true
	}
	if 2*known > len(best) {
		return nil
	}
	return best
}

func (c *chainer) alike(i int32, size float64) bool {
	return c.nodes[i].size > 0.45*size && c.nodes[i].size < 2.1*size
}

// grow continues a chain of two or more at its end.
func (c *chainer) grow(chain []placed) []placed {
	const memory = 8 // links of which the step is measured
	for len(chain) < 70 {
		end := chain[len(chain)-1]
		back := chain[max(0, len(chain)-memory)]
		at := c.nodes[end.node].at
		forward := 1
		if end.place < chain[0].place {
			forward = -1
		}
		between := float64((end.place - back.place) * forward)
		step := point{}.Plus(1/between, minus(at, c.nodes[back.node].at))
		size := c.nodes[back.node].size
		next, gap := int32(-1), 1
		for ; gap <= 1+mostMissing && next < 0; gap++ {
			next = c.nearest(at.Plus(float64(gap), step), astray*step.Length(), size)
			if next >= 0 {
				break
			}
		}
		if next < 0 {
			return chain
		}
		chain = append(chain, placed{next, end.place + gap*forward})
	}
	return chain
}

func (c *chainer) nearest(p point, reach, size float64) int32 {
	best, least := int32(-1), math.Inf(1)
	c.near(p, reach, func(i int32) {
		if d := distance(c.nodes[i].at, p); d < least && c.alike(i, size) {
			best, least = i, d
		}
	})
	return best
}

// chain puts the nodes in order with places from 0.
func (c *chainer) chain(nodes []placed) chain {
	slices.SortFunc(nodes, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
	out := chain{links: make([]link, 0, len(nodes))}
	for _, p := range nodes {
		n := c.nodes[p.node]
		out.links = append(out.links, link{p.place - nodes[0].place, n.at, n.size})
	}
	return out
}
