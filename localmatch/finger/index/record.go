package index

import (
	"encoding/binary"
	"slices"

	"boothd/localmatch/finger"
)

// A hot record is what every search reads of a template. All have one size, little endian:
//
//	count      1 byte of minutiae
//	position   1 byte of the finger
//	starts     33 bytes: the first minutia of each 32nd of a turn, and the count
//	direction  1 byte a minutia
//	ones       1 byte a minutia: bits set in its code
//	x, y       1 byte a minutia each: units of 2 pixels from the middle
//	flow       144 bytes: the ridges' direction in squares of 32 pixels about the middle, line
//	           by line, in 256ths of a turn; 255 where none shows
//	zeros      to a multiple of 8
//	codes      32 bytes a minutia
//
// The minutiae are sorted by direction.
const (
	capacity = 32 // minutiae of a record at most; a power of two
	buckets  = 32 // of direction

	offPosition   = 1
	offStarts     = 2
	offDirections = offStarts + buckets + 1
	offOnes       = offDirections + capacity
	offX          = offOnes + capacity
	offY          = offX + capacity
	offFlow       = offY + capacity
	offCodes      = (offFlow + flowSide*flowSide + 7) / 8 * 8
	stride        = offCodes + capacity*words*8
)

// minOnes is how many bits a cylinder must have: one of a minutia that stands alone tells nothing.
const minOnes = 2

// features is a template as the gate sees it.
type features struct {
	count  int
	starts [buckets + 1]uint8
	dir    [capacity]uint8
	ones   [capacity]uint8
	x, y   [capacity]int8
	codes  [capacity]cylinder
	flow   [flowSide * flowSide]uint8
	rank   [capacity]uint8 // by how certain the minutia is; not stored
}

// featuresOf picks the minutiae that the gate works with and computes their cylinders.
func (s *surroundings) featuresOf(t *finger.Template) *features {
	type picked struct {
		finger.Minutia
		code cylinder
		rank uint8
	}
	var best []picked
	for i, m := range t.Minutiae {
		if len(best) == capacity {
			break
		}
		if c := s.around(t.Minutiae, i); c.ones() >= minOnes {
			best = append(best, picked{m, c, uint8(len(best))})
		}
	}
	slices.SortStableFunc(best, func(a, b picked) int { return int(a.Direction) - int(b.Direction) })
	var cx, cy int
	for _, p := range best {
		cx += p.X
		cy += p.Y
	}
	f := &features{count: len(best)}
	f.flow = flowAbout(t.Ridges, cx/max(1, f.count), cy/max(1, f.count))
	for i, p := range best {
		f.dir[i] = p.Direction
		f.ones[i] = uint8(min(255, p.code.ones()))
		f.x[i] = unit(p.X*f.count-cx, f.count)
		f.y[i] = unit(p.Y*f.count-cy, f.count)
		f.codes[i] = p.code
		f.rank[i] = p.rank
		for b := int(p.Direction)/(256/buckets) + 1; b <= buckets; b++ {
			f.starts[b]++
		}
	}
	return f
}

// unit is sum/n pixels in the units of a record. What lies farther off than a finger is wide is
// drawn in.
func unit(sum, n int) int8 { return int8(max(-128, min(127, sum/(2*n)))) }

// appendTo appends the record.
func (f *features) appendTo(b []byte, position uint8) []byte {
	b = append(b, uint8(f.count), position)
	b = append(b, f.starts[:]...)
	b = append(b, f.dir[:]...)
	b = append(b, f.ones[:]...)
	for _, v := range f.x {
		b = append(b, uint8(v))
	}
	for _, v := range f.y {
		b = append(b, uint8(v))
	}
	b = append(b, f.flow[:]...)
	b = append(b, make([]byte, offCodes-offFlow-flowSide*flowSide)...)
	for _, c := range f.codes {
		for _, w := range c {
			b = binary.LittleEndian.AppendUint64(b, w)
		}
	}
	return b
}

// validRecord reports whether a search can read the record.
func validRecord(rec *[stride]byte) bool {
	return rec[0] <= capacity && rec[offPosition] <= maxPosition &&
		rec[offStarts] == 0 && rec[offStarts+buckets] == rec[0] &&
		slices.IsSorted(rec[offStarts:offDirections])
}
