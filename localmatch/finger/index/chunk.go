package index

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"
)

// chunkSize is how many records are removed, moved and searched together.
const chunkSize = 1024

// Sizes in the tables of a chunk.
const (
	keySize = 8
	endSize = 4
)

// maxCold bounds an encoded template, so that a chunk's cold part never passes 4 GiB.
const maxCold = 1 << 20

// chunk is up to chunkSize records. Like a state it is not changed once it is published; a
// successor may share its memory and hold more records.
type chunk struct {
	keys []byte // keySize each
	ends []byte // endSize each: where its part of cold ends
	hot  []byte // stride each
	cold []byte
	dead *[chunkSize / 64]uint64 // nil if none
	gone int                     // number of bits in dead
}

// record is one template with its key.
type record struct {
	key  uint64
	hot  []byte
	cold []byte
}

func (c *chunk) count() int { return len(c.keys) / keySize }
func (c *chunk) live() int  { return c.count() - c.gone }

func (c *chunk) isDead(i int) bool { return c.dead != nil && c.dead[i/64]>>(i%64)&1 == 1 }

// all yields the indexes of the live records.
func (c *chunk) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range c.count() {
			if !c.isDead(i) && !yield(i) {
				return
			}
		}
	}
}

func (c *chunk) key(i int) uint64 { return binary.LittleEndian.Uint64(c.keys[i*keySize:]) }

func (c *chunk) end(i int) int { return int(binary.LittleEndian.Uint32(c.ends[i*endSize:])) }

func (c *chunk) features(i int) *[stride]byte { return (*[stride]byte)(c.hot[i*stride:]) }

func (c *chunk) position(i int) uint8 { return c.hot[i*stride+offPosition] }

func (c *chunk) template(i int) []byte {
	from := 0
	if i > 0 {
		from = c.end(i - 1)
	}
	return c.cold[from:c.end(i)]
}

func (c *chunk) record(i int) record { return record{c.key(i), c.features(i)[:], c.template(i)} }

// with returns the chunk with one record more. It shares the memory of c, beyond what c sees
// of it, so only the newest of a line of chunks may be extended.
func (c *chunk) with(r record) *chunk {
	n := *c
	n.keys = binary.LittleEndian.AppendUint64(n.keys, r.key)
	n.hot = append(n.hot, r.hot...)
	n.cold = append(n.cold, r.cold...)
	n.ends = binary.LittleEndian.AppendUint32(n.ends, uint32(len(n.cold)))
	if n.count() == chunkSize {
		// It grows no more.
		n.hot, n.cold = bytes.Clone(n.hot), bytes.Clone(n.cold)
	}
	return &n
}

// without returns the chunk without the records of some keys, itself if it has none of them.
func (c *chunk) without(keys map[uint64]bool) *chunk {
	var dead [chunkSize / 64]uint64
	if c.dead != nil {
		dead = *c.dead
	}
	for i := range c.count() {
		if keys[c.key(i)] {
			dead[i/64] |= 1 << (i % 64)
		}
	}
	gone := 0
	for _, w := range dead {
		gone += bits.OnesCount64(w)
	}
	if gone == c.gone {
		return c
	}
	n := *c
	n.dead, n.gone = &dead, gone
	return &n
}

// appendRecord returns the chunks with one record more. Those given are left as they are.
func appendRecord(chunks []*chunk, r record) []*chunk {
	last := len(chunks) - 1
	if last < 0 || chunks[last].count() == chunkSize {
		return append(slices.Clip(chunks), new(chunk).with(r))
	}
	chunks = slices.Clone(chunks)
	chunks[last] = chunks[last].with(r)
	return chunks
}
