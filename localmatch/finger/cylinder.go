package finger

import (
	"math"
	"math/bits"
)

// A cylinder describes the neighbourhood of a minutia, as in R. Cappelli, M. Ferrara,
// D. Maltoni, "Minutia Cylinder-Code", IEEE PAMI 32 (2010): a disc around it, turned by its
// direction, of cells; each with a bit for every sixth of a turn that says whether there are
// minutiae near the cell whose direction differs from the centre's by that much.
type cylinder struct {
	bits  [sections][words]uint64
	valid [words]uint64 // cells that lie in the print's area
	ok    bool
}

const (
	sections   = 6
	cellSize   = 9  // pixels
	cellsWide  = 16 // cells across the disc
	discRadius = cellSize * cellsWide / 2
	words      = (cellsWide*cellsWide*4/5 + 63) / 64

	nearness   = 28.0 / 3 // spatial standard deviation, pixels
	reach      = 28       // pixels
	sectionDev = 40.0     // directional standard deviation, degrees
	bitLevel   = 167772   // 0.01 of 1<<24: contributions that set a bit
)

// cell is the place of a cell's middle beside the disc's, in pixels.
type cell struct {
	x, y  int
	index int // row by row
}

var (
	cells = makeCells()
	// spatialTable is by squared distance, directionTable by the 256th of a turn that the
	// directions differ, then by section.
	spatialTable = makeTable(reach*reach+1, func(d2 float64) float64 {
		return 4096 * math.Exp(-d2/(2*nearness*nearness)) / (nearness * math.Sqrt(2*math.Pi))
	})
	directionTable = makeDirectionTable()
)

// makeTable rounds a function to integers, so that it is the same on every processor.
func makeTable(n int, f func(i float64) float64) []int32 {
	table := make([]int32, n)
	for i := range table {
		table[i] = int32(math.Round(f(float64(i))))
	}
	return table
}

// makeCells lists the cells of the disc.
func makeCells() []cell {
	var all []cell
	for i := range cellsWide * cellsWide {
		x, y := i%cellsWide*cellSize+cellSize/2-discRadius, i/cellsWide*cellSize+cellSize/2-discRadius
		if x*x+y*y <= discRadius*discRadius {
			all = append(all, cell{x, y, i})
		}
	}
	return all[:min(len(all), words*64)]
}

// heap is what neighbours contribute to a cell, by section: two sections to a number, the
// second 32 bits up, for one multiplication then serves both.
type heap [sections / 2]uint64

func makeDirectionTable() (table [256]heap) {
	for d := range table {
		for s := range sections {
			middle := -180 + (float64(s)+0.5)*360/sections
			away := math.Mod(float64(d)*360/256-middle+720+180, 360) - 180
			up, down := (away+180/sections)/(sectionDev*math.Sqrt2), (away-180/sections)/(sectionDev*math.Sqrt2)
			weight := math.Round(4096 * (math.Erf(up) - math.Erf(down)) / 2)
			table[d][s/2] |= uint64(weight) << (s % 2 * 32)
		}
	}
	return table
}

func cylindersOf(p *Prepared) []cylinder {
	cylinders := make([]cylinder, len(p.points))
	for i := range cylinders {
		p.fill(&cylinders[i], i)
	}
	return cylinders
}

func (p *Prepared) fill(c *cylinder, centre int) {
	m := p.points[centre]
	cos, sin := m.dir.cosine(), m.dir.sine()
	var sums [cellsWide * cellsWide]heap
	near := 0
	for i, q := range p.points {
		if i != centre && p.edge(centre, i).length <= discRadius+reach {
			near++
			// The neighbour as the centre sees it, from the disc's corner.
			x, y := q.x-m.x, q.y-m.y
			u, v := (x*cos+y*sin)>>unitBits+discRadius, (y*cos-x*sin)>>unitBits+discRadius
			contribute(&sums, u, v, &directionTable[uint8((m.dir-q.dir)>>8)])
		}
	}
	if near < 2 {
		return
	}
	c.ok = true
	for k, o := range cells {
		x := m.x + (o.x*cos-o.y*sin)>>unitBits
		y := m.y + (o.x*sin+o.y*cos)>>unitBits
		if !p.area.has(x, y) {
			continue
		}
		bit := uint64(1) << (k & 63)
		c.valid[k>>6] |= bit
		for h, v := range sums[o.index] {
			if uint32(v) >= bitLevel {
				c.bits[2*h][k>>6] |= bit
			}
			if v>>32 >= bitLevel {
				c.bits[2*h+1][k>>6] |= bit
			}
		}
	}
}

// contribute adds what a neighbour at (u, v) gives to the cells around it.
//
//go:norace
func contribute(sums *[cellsWide * cellsWide]heap, u, v int, by *heap) {
	for row := max((v-reach)/cellSize, 0); row <= min((v+reach)/cellSize, cellsWide-1); row++ {
		dy := row*cellSize + cellSize/2 - v
		for col := max((u-reach)/cellSize, 0); col <= min((u+reach)/cellSize, cellsWide-1); col++ {
			dx := col*cellSize + cellSize/2 - u
			if d2 := dx*dx + dy*dy; d2 <= reach*reach {
				near, cell := uint64(spatialTable[d2]), &sums[row*cellsWide+col]
				for h, w := range by {
					cell[h] += near * w
				}
			}
		}
	}
}

// doubt is the number of bits by which two cylinders with little in them are taken to differ.
const doubt = 16

// alike compares two cylinders: 1 to 255.
//
//go:norace
func alike(a, b *cylinder) uint8 {
	if !a.ok || !b.ok {
		return 1
	}
	both, either := 0, 0
	for w := range words {
		valid := a.valid[w] & b.valid[w]
		for s := range sections {
			x, y := a.bits[s][w]&valid, b.bits[s][w]&valid
			both += bits.OnesCount64(x & y)
			either += bits.OnesCount64(x | y)
		}
	}
	return uint8(max(1, 255*2*both/(either+both+doubt)))
}
