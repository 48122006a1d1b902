package index

import (
	"encoding/binary"
	"math/bits"

	"boothd/localmatch/finger/angle"
)

const (
	// window is how far the directions of two minutiae may differ, in 256ths of a turn, to be
	// taken for the same: fingers are pressed askew by up to 56°.
	window = 40
	// narrow is the same once it is known how the finger is turned: 14°.
	narrow = 10
	// certain is how many minutiae of the probe, the most certain ones, the first stage looks at.
	certain = 24
	// turns is how many turns of the whole finger are told apart.
	turns = 32
)

// probe is a template made ready to be held against records.
type probe struct {
	*features
	rotated [turns][capacity][2]int16 // the positions, by the turn of the finger
	streams []stream
}

func newProbe(f *features) *probe {
	p := &probe{features: f, streams: f.streams()}
	for t := range p.rotated {
		turn := uint8(t * 256 / turns)
		sin, cos := angle.Sine(turn), angle.Cosine(turn)
		for i := range f.count {
			x, y := int32(f.x[i]), int32(f.y[i])
			p.rotated[t][i] = [2]int16{int16((x*cos + y*sin) >> angle.UnitBits), int16((y*cos - x*sin) >> angle.UnitBits)}
		}
	}
	return p
}

// match is the minutia of a record that is likest to one of the probe: its likeness, 0 to
// 255, and in the lowest byte its index.
type match uint32

func (m match) likeness() uint32 { return uint32(m >> 8) }
func (m match) other() int       { return int(m & (capacity - 1)) }

// inverse[n] turns the bits that two codes with n bits between them share into a likeness.
type inverse [1024]uint32

// doubt is a number of bits that no two codes share: sparse cylinders are held to be less alike.
const doubt = 8

func newInverse() *inverse {
	t := new(inverse)
	for n := range t {
		t[n] = uint32(255 << 16 / (n + doubt))
	}
	return t
}

// likest finds for each minutia of the probe the likest of the record.
func (p *probe) likest(rec *[stride]byte, inv *inverse, found *[capacity]match) {
	for i := range p.size() {
		if p.rank[i] >= certain {
			found[i] = 0
			continue
		}
		found[i] = p.row(i, window, p.dir[i], rec, inv)
	}
}

// turned finds for each minutia of the probe the likest of the record if the finger is turned so.
func (p *probe) turned(turn uint8, rec *[stride]byte, inv *inverse, found *[capacity]match) {
	for i := range p.size() {
		found[i] = p.row(i, narrow, p.dir[i]+turn, rec, inv)
	}
}

// size is the count, in a form that shows the compiler that it bounds the arrays.
func (p *probe) size() int { return min(p.count, capacity) }

// row finds the likest of the minutiae of the record whose direction is about the given one.
func (p *probe) row(i int, width, direction uint8, rec *[stride]byte, inv *inverse) match {
	const bucket = 256 / buckets
	lo, hi := (direction-width)/bucket, (direction+width)/bucket+1
	from, to := int(rec[offStarts+int(lo)]), int(rec[offStarts+int(hi)])
	if lo < hi {
		return p.among(i, from, to, rec, inv)
	}
	return max(p.among(i, from, int(rec[0]), rec, inv), p.among(i, 0, to, rec, inv))
}

// among is the inner loop: all of a search's time that counts goes by here.
func (p *probe) among(i, from, to int, rec *[stride]byte, inv *inverse) match {
	code := &p.codes[i&(capacity-1)]
	c0, c1, c2, c3 := code[0], code[1], code[2], code[3]
	ones := uint32(p.ones[i&(capacity-1)])
	var best match
	for j := from; j < to; j++ {
		o := rec[offCodes+(j&(capacity-1))*words*8:][:words*8]
		differ := uint32(bits.OnesCount64(c0^binary.LittleEndian.Uint64(o)) +
			bits.OnesCount64(c1^binary.LittleEndian.Uint64(o[8:])) +
			bits.OnesCount64(c2^binary.LittleEndian.Uint64(o[16:])) +
			bits.OnesCount64(c3^binary.LittleEndian.Uint64(o[24:])))
		n := ones + uint32(rec[offOnes+j&(capacity-1)])
		// What both have is counted twice; what they share is never less than nothing.
		like := (n - min(n, differ)) * inv[n&1023] >> 16
		best = max(best, match(like<<8|uint32(j)))
	}
	return best
}
