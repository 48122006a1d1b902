package ridge

// bitmap is a picture of one bit a pixel, each line beginning with a new word, the leftmost
// pixel in the lowest bit. Bits beyond the width are nought.
type bitmap struct {
	width, height, stride int
	words                 []uint64
}

func newBitmap(width, height int) *bitmap {
	stride := (width + 63) / 64
	return &bitmap{width, height, stride, make([]uint64, stride*height)}
}

func (b *bitmap) line(y int) []uint64 { return b.words[y*b.stride:][:b.stride] }

// thin wears a picture down to lines one pixel wide, after Guo and Hall (Communications of the
// ACM 32 (3), 1989), 64 pixels at a time. In turn, the pixels at the lower right and
// those at the upper left go, until neither can.
func (b *bitmap) thin() {
	next := newBitmap(b.width, b.height)
	for quiet, half := 0, 0; quiet < 2; half ^= 1 {
		quiet++
		if b.wear(next, half) {
			quiet = 0
		}
		b.words, next.words = next.words, b.words
	}
}

// wear does one half pass into out and reports whether a pixel went.
//
//go:norace
func (b *bitmap) wear(out *bitmap, half int) bool {
	none := make([]uint64, b.stride)
	changed := false
	for y := range b.height {
		up, down := none, none
		if y > 0 {
			up = b.line(y - 1)
		}
		if y+1 < b.height {
			down = b.line(y + 1)
		}
		mid, to := b.line(y), out.line(y)
		for i, v := range mid {
			if v == 0 {
				to[i] = 0
				continue
			}
			n := neighbourhood{
				up[i], ahead(up, i), ahead(mid, i), ahead(down, i),
				down[i], behind(down, i), behind(mid, i), behind(up, i),
			}
			gone := v & n.removable(half)
			to[i] = v &^ gone
			changed = changed || gone != 0
		}
	}
	return changed
}

// ahead returns, for each pixel of a word, the next pixel to the right; behind, to the left.
func ahead(line []uint64, i int) uint64 {
	v := line[i] >> 1
	if i+1 < len(line) {
		v |= line[i+1] << 63
	}
	return v
}

func behind(line []uint64, i int) uint64 {
	v := line[i] << 1
	if i > 0 {
		v |= line[i-1] >> 63
	}
	return v
}

// neighbourhood holds the neighbours of 64 pixels, clockwise from above.
type neighbourhood [8]uint64

// removable tells which of the pixels may go in a half pass: those that exactly one line of
// neighbours leaves, that are neither the line's end nor inside it, and that lie on this half's side.
//
//go:norace
func (n *neighbourhood) removable(half int) uint64 {
	var lines, odd, even tally
	for k := 0; k < 8; k += 2 {
		right, next := n[(k+1)&7], n[(k+2)&7]
		lines.add(^n[k] & (right | next))
		odd.add(n[(k+7)&7] | n[k])
		even.add(n[k] | right)
	}
	side := (n[0] | n[1] | ^n[3]) & n[2]
	if half == 1 {
		side = (n[4] | n[5] | ^n[7]) & n[6]
	}
	inside := odd.four & even.four
	return lines.one &^ lines.two &^ inside & odd.two & even.two &^ side
}

// tally counts up to four for each of 64 pixels: at least one, two, three, or four.
type tally struct{ one, two, three, four uint64 }

func (t *tally) add(v uint64) {
	t.four |= t.three & v
	t.three |= t.two & v
	t.two |= t.one & v
	t.one |= v
}
