package numbers

import (
	"encoding/binary"
	"iter"
	"math/bits"
)

// A number's 64-bit hash is taken as a fraction of 1. Its block is the hash times the number of
// blocks; of the remainder the first bits choose one of the block's slots and the next are the
// mark that is kept with the number, changed by the issuer's tag. Slots are written in unary:
// a one for each number in the slot, then a zero; so the k-th one belongs to the k-th record.
// A block has as many slots as it has numbers on average, which makes two bits a number.
const (
	slotBits  = 6
	slotCount = 1 << slotBits // of a block, and numbers of a block on average
	markBits  = 23
	markMask  = 1<<markBits - 1
	codeBits  = 3 // tell exact from alike
	codeMask  = 1<<codeBits - 1
)

const (
	// MaxNumbers is the most numbers that one index holds.
	MaxNumbers = 1 << 27
	// MaxHits is the most hits that Find returns.
	MaxHits = 256
)

// Index finds the entries of a list by document numbers. It may be used from several
// goroutines at once.
type Index struct {
	keys      keys
	data      []byte // as stored
	count     uint64 // numbers
	blocks    uint64
	entryBits uint
	tags      []uint32 // of the issuers, ascending
	directory []byte   // for each block the first of its records, and their number at the end
	slots     []byte
	records   []byte
}

// Hit is an entry with the number that was asked for, or one alike.
type Hit struct {
	Entry uint32
	Exact bool // the numbers agree in Normal, see the package's doc for how surely
}

// Len is the number of numbers in the index.
func (x *Index) Len() int { return int(x.count) }

// Size is the bytes that the index holds in memory, and that WriteTo writes.
func (x *Index) Size() int { return len(x.data) }

// Find returns the entries of the list with the number, each once, in no order. It reports
// more if it left out some beyond MaxHits.
func (x *Index) Find(d Document) (hits []Hit, more bool) {
	x.each(d, func(h Hit) bool {
		for i := range hits {
			if hits[i].Entry == h.Entry {
				hits[i].Exact = hits[i].Exact || h.Exact
				return true
			}
		}
		if len(hits) == MaxHits {
			more = true
			return false
		}
		hits = append(hits, h)
		return true
	})
	return hits, more
}

// All returns every hit, for callers that leave out some of them. An entry comes again for
// each of its numbers that are alike.
func (x *Index) All(d Document) iter.Seq[Hit] {
	return func(yield func(Hit) bool) { x.each(d, yield) }
}

// Contains reports whether the list has the number or one alike.
func (x *Index) Contains(d Document) bool {
	found := false
	x.each(d, func(Hit) bool {
		found = true
		return false
	})
	return found
}

func (x *Index) each(d Document, yield func(Hit) bool) {
	var space [2][24]byte
	normal := appendNormal(space[0][:0], d.Number)
	if len(normal) == 0 {
		return
	}
	form := append(space[1][:0], normal...)
	fold(form, form)
	p := probe{tag: x.keys.tag(d.Issuer), lenient: true}
	p.hash, p.code = x.keys.number.sum(form), x.keys.code(normal, form)
	if !x.probe(p, yield) || d.Issuer == "" {
		return
	}
	p.code, p.lenient = noCode, false
	var list [2]careless
	for _, c := range d.carelessForms(list[:0], normal) {
		form = append(form[:0], c.number...)
		fold(form, form)
		p.hash = x.keys.number.sum(form)
		if !x.probe(p, yield) {
			return
		}
	}
}

// probe is what to look for in one slot.
type probe struct {
	hash    uint64
	tag     uint32
	code    uint32
	lenient bool // issuers that are not known agree with all
}

// noCode is the code of no record.
const noCode = 1 << codeBits

// probe yields what a slot has of the number. It reports false once yield has.
func (x *Index) probe(p probe, yield func(Hit) bool) bool {
	first, end, mark := x.run(p.hash)
	for i := first; i < end; i++ {
		r := x.record(i)
		tag := uint32(r>>(x.entryBits+codeBits)) ^ mark
		if tag != p.tag && !(p.lenient && x.agree(tag, p.tag)) {
			continue
		}
		h := Hit{Entry: uint32(r & (1<<x.entryBits - 1))}
		h.Exact = uint32(r>>x.entryBits)&codeMask == p.code
		if !yield(h) {
			return false
		}
	}
	return true
}

// agree reports whether one of the issuers is not known. If that is the one asked, the other
// must be one of the list; a tag that is not belongs to another number.
func (x *Index) agree(found, asked uint32) bool {
	if asked != unknownIssuer {
		return found == unknownIssuer
	}
	lo, hi := 0, len(x.tags)
	for lo < hi {
		if mid := (lo + hi) / 2; x.tags[mid] < found {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(x.tags) && x.tags[lo] == found
}

// place is where a hash belongs: its slot, counted through all blocks, and its mark.
func place(hash, blocks uint64) (block, slot uint64, mark uint32) {
	block, rest := bits.Mul64(hash, blocks)
	return block, block*slotCount + rest>>(64-slotBits), uint32(rest>>(64-slotBits-markBits)) & markMask
}

// run returns the records of the slot of a hash.
func (x *Index) run(hash uint64) (first, end uint64, mark uint32) {
	block, slot, mark := place(hash, x.blocks)
	begin := uint64(binary.LittleEndian.Uint32(x.directory[4*block:])) + block*slotCount
	at := skipZeros(x.slots, begin, uint(slot-block*slotCount))
	first = at - slot
	return first, first + ones(x.slots, at), mark
}

// skipZeros returns the place behind the n-th zero from at on.
func skipZeros(b []byte, at uint64, n uint) uint64 {
	if n == 0 {
		return at
	}
	word := at &^ 63
	zeros := ^binary.LittleEndian.Uint64(b[word/8:]) &^ (1<<(at&63) - 1)
	for c := uint(bits.OnesCount64(zeros)); c < n; c = uint(bits.OnesCount64(zeros)) {
		n -= c
		word += 64
		zeros = ^binary.LittleEndian.Uint64(b[word/8:])
	}
	return word + nthOne(zeros, n) + 1
}

// nthOne returns the place of the n-th one of w, n from 1, by halves.
func nthOne(w uint64, n uint) (at uint64) {
	for half := uint(32); half > 0; half /= 2 {
		if c := uint(bits.OnesCount64(w & (1<<half - 1))); c < n {
			n -= c
			w >>= half
			at += uint64(half)
		}
	}
	return at
}

// ones counts the ones from at to the next zero.
func ones(b []byte, at uint64) (n uint64) {
	for {
		const sure = 57 // bits that a load at any byte has from any of its bits on
		w := binary.LittleEndian.Uint64(b[at/8:]) >> (at & 7)
		c := uint64(bits.TrailingZeros64(^w))
		if c < sure {
			return n + c
		}
		n += sure
		at += sure
	}
}

func (x *Index) recordBits() uint { return x.entryBits + codeBits + markBits }

// record returns entry, code and mark of a record, from the lowest bit on.
func (x *Index) record(i uint64) uint64 {
	width := x.recordBits()
	at := i * uint64(width)
	shift := uint(at & 7)
	b := x.records[at/8:]
	r := binary.LittleEndian.Uint64(b) >> shift
	if shift+width > 64 {
		r |= uint64(b[8]) << (64 - shift)
	}
	return r & (1<<width - 1)
}
