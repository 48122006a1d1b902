package lds

// cursor reads a record's numbers, most significant byte first. Beyond the record's end
// they are 0, and short is set.
type cursor struct {
	rest  []byte
	short bool
}

// take returns the next n bytes, or nil if they are not there.
func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.rest) {
		c.short, c.rest = true, nil
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

// number returns the next number of 1 to 6 bytes.
func (c *cursor) number(size int) int {
	n := 0
	for _, b := range c.take(size) {
		n = n<<8 | int(b)
	}
	return n
}

func (c *cursor) byte() byte { return byte(c.number(1)) }

// appendNumber appends a number of the size in bytes.
func appendNumber(dst []byte, size, n int) []byte {
	for i := size - 1; i >= 0; i-- {
		dst = append(dst, byte(n>>(8*i)))
	}
	return dst
}

// fits reports whether the numbers can be written in the size in bytes.
func fits(size int, numbers ...int) bool {
	for _, n := range numbers {
		if n < 0 || n>>(8*size) != 0 {
			return false
		}
	}
	return true
}
