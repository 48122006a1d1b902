package wsq

import (
	"errors"
	"fmt"
)

// The symbols of the Huffman codes are these: 1 to 100 is a run of so many zeros, 107
// to 254 a coefficient from -73 to 74, and between them are the escapes, which a number follows.
const (
	longestShortRun = 100
	escapePlus8     = 101
	escapeMinus8    = 102
	escapePlus16    = 103
	escapeMinus16   = 104
	escapeRun8      = 105
	escapeRun16     = 106
	symbolOfZero    = 180
	leastShort      = -73
	greatestShort   = 74
)

const (
	maxCodeLength = 16
	maxTables     = 8
	lookupBits    = 10 // codes up to this length are found at once
)

// codes is a Huffman table made ready to decode with.
type codes struct {
	lookup [1 << lookupBits]struct{ symbol, length uint8 } // length 0: a longer code
	// For longer codes: one past the last code of each length, left-aligned to 16 bits, and
	// what to add to a code of that length to have the place of its symbol.
	limit   [maxCodeLength + 1]int
	offset  [maxCodeLength + 1]int
	symbols []byte
}

// newCodes builds the table of the given number of codes of each length from 1, and their symbols.
func newCodes(counts []byte, symbols []byte) (*codes, error) {
	c := &codes{symbols: append([]byte(nil), symbols...)}
	code, place := 0, 0
	for length := 1; length <= maxCodeLength; length++ {
		code <<= 1
		c.offset[length] = place - code
		for range counts[length-1] {
			if code >= 1<<length {
				return nil, fmt.Errorf("too many codes of up to %d bits", length)
			}
			if length <= lookupBits {
				c.note(code, length, symbols[place])
			}
			code++
			place++
		}
		c.limit[length] = code << (maxCodeLength - length)
	}
	return c, nil
}

// note enters a short code wherever the next bits begin with it.
func (c *codes) note(code, length int, symbol byte) {
	entries := c.lookup[code<<(lookupBits-length):][:1<<(lookupBits-length)]
	for i := range entries {
		entries[i].symbol, entries[i].length = symbol, uint8(length)
	}
}

// errEnd says that the bits of a block ended before its coefficients.
var errEnd = errors.New("data ends early")

// errCode says that no code of the table begins like the next bits.
var errCode = errors.New("unknown code")

// bitReader reads the bits of a block up to the next marker.
type bitReader struct {
	data    []byte
	pos     int
	bits    uint64 // the next bits, the first of them highest
	count   int    // how many of them there are
	restart byte   // the number of the next restart marker
}

// fill reads on while there is room and no marker.
func (b *bitReader) fill() {
	for b.count <= 56 && b.pos < len(b.data) {
		v := b.data[b.pos]
		if v == 0xff {
			if b.pos+1 >= len(b.data) || b.data[b.pos+1] != 0 {
				return
			}
			b.pos++
		}
		b.pos++
		b.bits |= uint64(v) << (56 - b.count)
		b.count += 8
	}
}

// symbol returns the next symbol.
func (b *bitReader) symbol(c *codes) (byte, error) {
	if b.count < 32 {
		b.fill()
	}
	e := c.lookup[b.bits>>(64-lookupBits)]
	if length := int(e.length); length != 0 && length <= b.count {
		b.bits <<= length
		b.count -= length
		return e.symbol, nil
	}
	return b.longSymbol(c)
}

// longSymbol is symbol where the code is long, or the bits are at an end.
func (b *bitReader) longSymbol(c *codes) (byte, error) {
	for {
		next := int(b.bits >> (64 - maxCodeLength))
		length := 1
		for length <= maxCodeLength && next >= c.limit[length] {
			length++
		}
		if length <= maxCodeLength && length <= b.count {
			b.bits <<= length
			b.count -= length
			return c.symbols[next>>(maxCodeLength-length)+c.offset[length]], nil
		}
		if b.count >= maxCodeLength {
			return 0, errCode
		}
		if !b.restarted() {
			return 0, errEnd
		}
	}
}

// restarted steps over a restart marker, if that is what the bits end at.
func (b *bitReader) restarted() bool {
	if b.pos+1 >= len(b.data) || b.data[b.pos] != 0xff || b.data[b.pos+1] != markerRestart+b.restart {
		return false
	}
	b.restart = (b.restart + 1) % 8
	b.pos += 2
	b.bits, b.count = 0, 0
	b.fill()
	return true
}

// number returns the number of n bits that follows an escape. The n is at most 16.
func (b *bitReader) number(n int) (int, error) {
	if b.count < n {
		b.fill()
		if b.count < n {
			return 0, errEnd
		}
	}
	v := int(b.bits >> (64 - n))
	b.bits <<= n
	b.count -= n
	return v, nil
}

// coefficient returns the next coefficient. If it is 0 it is the first of a run: so many more
// zeros follow. The run is at least 0.
func (b *bitReader) coefficient(c *codes) (v, run int, err error) {
	symbol, err := b.symbol(c)
	if err != nil {
		return 0, 0, err
	}
	switch {
	case symbol > escapeRun16 && symbol < 255:
		return int(symbol) - symbolOfZero, 0, nil
	case symbol >= 1 && symbol <= longestShortRun:
		return 0, int(symbol) - 1, nil
	}
	return b.escaped(symbol)
}

// escaped is coefficient where the symbol is an escape.
func (b *bitReader) escaped(symbol byte) (v, run int, err error) {
	size := 8
	switch symbol {
	case escapePlus16, escapeMinus16, escapeRun16:
		size = 16
	}
	n, err := b.number(size)
	if err != nil {
		return 0, 0, err
	}
	switch symbol {
	case escapePlus8, escapePlus16:
		return n, 0, nil
	case escapeMinus8, escapeMinus16:
		return -n, 0, nil
	case escapeRun8, escapeRun16:
		if n == 0 {
			return 0, 0, errors.New("run of no zeros")
		}
		return 0, n - 1, nil
	}
	return 0, 0, fmt.Errorf("symbol %d", symbol)
}

// onlyFilling skips the ones that fill a block's last byte, and reports whether nothing else
// stands before the next marker.
func (b *bitReader) onlyFilling() bool {
	for b.fill(); b.count > 0; b.fill() {
		if ^b.bits>>(64-b.count) != 0 {
			return false
		}
		b.bits, b.count = 0, 0
	}
	return true
}
