package bdir

import (
	"encoding/binary"
	"errors"
)

var errShort = errors.New("the record ends early")

// begins reports whether data begins with start.
func begins(data []byte, start string) bool {
	return len(data) >= len(start) && string(data[:len(start)]) == start
}

// cursor takes values from bytes, big-endian. After the first value that is not there it
// returns zeros, and err is set.
type cursor struct {
	rest []byte
	err  error
}

// take returns the next n bytes, which stay part of the record.
func (c *cursor) take(n int) []byte {
	if c.err != nil || n < 0 || n > len(c.rest) {
		c.err = errShort
		c.rest = nil
		return nil
	}
	taken := c.rest[:n:n]
	c.rest = c.rest[n:]
	return taken
}

func (c *cursor) u8() uint8 {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if b := c.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// part returns a cursor on the next n bytes.
func (c *cursor) part(n int) cursor {
	b := c.take(n)
	return cursor{rest: b, err: c.err}
}

// bytes returns a copy of the next n bytes, nil if n is 0.
func (c *cursor) bytes(n int) []byte {
	return append([]byte(nil), c.take(n)...)
}
