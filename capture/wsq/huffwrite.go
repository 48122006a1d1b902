package wsq

import "slices"

// codeWriter holds a Huffman table to write with.
type codeWriter struct {
	counts  [maxCodeLength]byte // of the codes of each length from 1
	symbols []byte              // in the order of their codes
	code    [256]uint16
	length  [256]uint8
}

// newCodeWriter makes the table for symbols that occur so often. No code is all ones: that is
// what fills the last byte of a block.
func newCodeWriter(occurs *[256]int) *codeWriter {
	c := &codeWriter{}
	for s, n := range occurs {
		if n > 0 {
			c.symbols = append(c.symbols, byte(s))
		}
	}
	slices.SortStableFunc(c.symbols, func(a, b byte) int { return occurs[b] - occurs[a] })
	counts := make([]int, 0, len(c.symbols)+1)
	for _, s := range c.symbols {
		counts = append(counts, occurs[s])
	}
	// The rarest of all stands for the code of ones, which is the last of the longest.
	lengths := limited(codeLengths(append(counts, 1)))
	last := len(lengths) - 1
	for lengths[last] == 0 {
		last--
	}
	lengths[last]--

	code, place := uint16(0), 0
	for length := 1; length <= maxCodeLength; length++ {
		code <<= 1
		c.counts[length-1] = byte(lengths[length])
		for range lengths[length] {
			s := c.symbols[place]
			c.code[s], c.length[s] = code, uint8(length)
			code++
			place++
		}
	}
	return c
}

// codeLengths returns how many codes of each length Huffman's procedure gives for symbols of
// falling counts. A single symbol has a code of one bit.
func codeLengths(counts []int) []int {
	n := len(counts)
	if n == 1 {
		return []int{0, 1}
	}
	// The trees are merged from two queues, both in rising order: the symbols left, from the
	// back, and the trees made so far. Tree i has the place n+i.
	weight := append(slices.Clone(counts), make([]int, n-1)...)
	parent := make([]int, 2*n-1)
	symbol, tree := n-1, n
	for made := n; made < 2*n-1; made++ {
		for range 2 {
			lightest := tree
			if symbol >= 0 && (tree == made || weight[symbol] <= weight[tree]) {
				lightest = symbol
				symbol--
			} else {
				tree++
			}
			weight[made] += weight[lightest]
			parent[lightest] = made
		}
	}
	depth := make([]int, 2*n-1)
	lengths := make([]int, n+1)
	for i := 2*n - 3; i >= 0; i-- {
		depth[i] = depth[parent[i]] + 1
		if i < n {
			lengths[depth[i]]++
		}
	}
	return lengths
}

// limited shortens codes to the longest that a file may hold (the procedure is that of ITU-T T.81,
// figure K.3): of two that are too long one takes the place of the bit they share, the other
// that of a split shorter code.
func limited(lengths []int) []int {
	for long := len(lengths) - 1; long > maxCodeLength; long-- {
		for lengths[long] > 0 {
			short := long - 2
			for lengths[short] == 0 {
				short--
			}
			lengths[long] -= 2
			lengths[long-1]++
			lengths[short+1] += 2
			lengths[short]--
		}
	}
	if len(lengths) > maxCodeLength+1 {
		return lengths[:maxCodeLength+1]
	}
	return append(lengths, make([]int, maxCodeLength+1-len(lengths))...)
}

// bitWriter appends bits to a file, with a zero byte after each of 0xff.
type bitWriter struct {
	out   []byte
	bits  uint64
	count int
}

func (b *bitWriter) write(v uint, n int) {
	b.bits = b.bits<<n | uint64(v)
	b.count += n
	for b.count >= 8 {
		b.count -= 8
		v := byte(b.bits >> b.count)
		b.out = append(b.out, v)
		if v == 0xff {
			b.out = append(b.out, 0)
		}
	}
}

// finish fills the last byte with ones.
func (b *bitWriter) finish() {
	if b.count > 0 {
		b.write(1<<(8-b.count)-1, 8-b.count)
	}
}

// countSymbols counts the symbols that the coefficients are written with.
func countSymbols(coefficients []int16, occurs *[256]int) {
	eachSymbol(coefficients, func(symbol byte, _ uint, _ int) { occurs[symbol]++ })
}

// writeCoefficients writes the coefficients of a block.
func writeCoefficients(out []byte, coefficients []int16, c *codeWriter) []byte {
	b := bitWriter{out: out}
	eachSymbol(coefficients, func(symbol byte, extra uint, bits int) {
		b.write(uint(c.code[symbol]), int(c.length[symbol]))
		if bits > 0 {
			b.write(extra, bits)
		}
	})
	b.finish()
	return b.out
}

// eachSymbol calls f with each symbol of the coefficients, and with the number that follows it
// and its bits, if any do.
func eachSymbol(coefficients []int16, f func(symbol byte, extra uint, bits int)) {
	const longestRun = 0xffff
	zeros := 0
	for _, v := range coefficients {
		if v == 0 {
			if zeros++; zeros == longestRun {
				f(escapeRun16, longestRun, 16)
				zeros = 0
			}
			continue
		}
		if zeros > 0 {
			runSymbol(zeros, f)
			zeros = 0
		}
		switch {
		case v >= leastShort && v <= greatestShort:
			f(byte(v+symbolOfZero), 0, 0)
		case v > 255:
			f(escapePlus16, uint(v), 16)
		case v > 0:
			f(escapePlus8, uint(v), 8)
		case v < -255:
			f(escapeMinus16, uint(-int(v)), 16)
		default:
			f(escapeMinus8, uint(-v), 8)
		}
	}
	if zeros > 0 {
		runSymbol(zeros, f)
	}
}

func runSymbol(zeros int, f func(symbol byte, extra uint, bits int)) {
	switch {
	case zeros <= longestShortRun:
		f(byte(zeros), 0, 0)
	case zeros <= 0xff:
		f(escapeRun8, uint(zeros), 8)
	default:
		f(escapeRun16, uint(zeros), 16)
	}
}
