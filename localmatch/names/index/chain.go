package index

import "math"

// chain holds the words of each record. A word w is the number w<<1 in groups of seven bits, the
// lowest first, the top bit of a byte set if more follow; the last word of a record is w<<1|1.
// Frequent words have low numbers, so most take two bytes.
type chain struct {
	data   []byte
	starts []uint32 // where each record starts
}

// maxNameWords is how many words of a name are considered.
const maxNameWords = 12

func (c *chain) memory() int { return len(c.data) + 4*len(c.starts) }

// append adds the words of the next record.
func (c *chain) append(words []uint32) {
	c.starts = append(c.starts, uint32(len(c.data)))
	for i, w := range words {
		v := uint64(w) << 1
		if i == len(words)-1 {
			v |= 1
		}
		for ; v >= 0x80; v >>= 7 {
			c.data = append(c.data, byte(v)|0x80)
		}
		c.data = append(c.data, byte(v))
	}
}

// next reads the words of the record that starts at a place, and returns where the next starts.
func (c *chain) next(at uint32, words *[maxNameWords]uint32) (n int, after uint32) {
	for {
		b := c.data[at]
		at++
		v := uint32(b & 0x7f)
		for shift := 7; b >= 0x80; shift += 7 {
			b = c.data[at]
			at++
			v |= uint32(b&0x7f) << shift
		}
		words[n] = v >> 1
		n++
		if v&1 != 0 {
			return n, at
		}
	}
}

// divide finds out where n records start. It reports false if data is something else, or has a
// word beyond words.
func (c *chain) divide(n, words int) bool {
	if n > len(c.data) || len(c.data) > math.MaxUint32 {
		return false
	}
	c.starts = make([]uint32, n)
	at := 0
	for r := range n {
		c.starts[r] = uint32(at)
		if at = c.end(at, words); at < 0 {
			return false
		}
	}
	return at == len(c.data)
}

// end returns where the record at a place ends, -1 if it cannot be read.
func (c *chain) end(at, words int) int {
	for range maxNameWords {
		var v uint64
		for shift := 0; ; shift += 7 {
			if at == len(c.data) || shift > 28 {
				return -1
			}
			b := c.data[at]
			at++
			v |= uint64(b&0x7f) << shift
			if b < 0x80 {
				break
			}
		}
		if v>>1 >= uint64(words) {
			return -1
		}
		if v&1 != 0 {
			return at
		}
	}
	return -1
}
