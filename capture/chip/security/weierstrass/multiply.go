package weierstrass

import "math/big"

// window is the number of bits of a scalar that are taken at once.
const window = 4

// multiples are the first multiples of a point, from 0 on.
type multiples [1 << window]Point

func (m *multiples) fill(p *Point) {
	c := p.curve
	m[0] = Point{curve: c, y: c.f.one}
	for i := 1; i < len(m); i++ {
		m[i].curve = c
		c.add(&m[i], &m[i-1], p)
	}
}

// pick sets p to the multiple, looking at all of them.
//
//go:norace
func (m *multiples) pick(p *Point, digit byte) {
	var x, y, z element
	limbs := p.curve.f.limbs
	for i := range m {
		mask := uint64(uint8(i)^digit) - 1 // all ones in its upper half only for the digit
		mask = -(mask >> 63)
		e := &m[i]
		for j := range limbs {
			x[j] |= e.x[j] & mask
			y[j] |= e.y[j] & mask
			z[j] |= e.z[j] & mask
		}
	}
	p.x, p.y, p.z = x, y, z
}

// scalar returns the digits of k modulo the order, the least first.
func (c *Curve) scalar(k *big.Int) []byte {
	b := new(big.Int).Mod(k, c.n).FillBytes(make([]byte, (c.digits+1)/2))
	digits := make([]byte, 2*len(b))
	for i := range b {
		at := b[len(b)-1-i]
		digits[2*i], digits[2*i+1] = at&(1<<window-1), at>>window
	}
	return digits[:c.digits]
}

// Multiply returns k·p for any k of at least 0. Multiples of the generator take a quarter of the
// time of others: their doublings were done when the first one was asked for.
func (p Point) Multiply(k *big.Int) Point {
	c := p.curve
	if p == c.gen {
		return c.multiplyGenerator(k)
	}
	digits := c.scalar(k)
	var table multiples
	table.fill(&p)
	result, chosen := table[0], Point{curve: c}
	for i := len(digits) - 1; i >= 0; i-- {
		if i < len(digits)-1 {
			c.double(&result, window)
		}
		table.pick(&chosen, digits[i])
		c.add(&result, &result, &chosen)
	}
	return result
}

func (c *Curve) multiplyGenerator(k *big.Int) Point {
	table := c.base()
	result, chosen := table[0][0], Point{curve: c}
	for i, digit := range c.scalar(k) {
		table[i].pick(&chosen, digit)
		c.add(&result, &result, &chosen)
	}
	return result
}

func (c *Curve) tabulate() []multiples {
	table := make([]multiples, c.digits)
	p := c.gen
	for i := range table {
		table[i].fill(&p)
		c.double(&p, window)
	}
	return table
}
