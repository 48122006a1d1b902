package wsq

// A line of n samples is split into a low half, filtered around the even samples, and a high half,
// filtered around the odd ones; at both ends the line goes on as its mirror image. Because the
// filters are symmetric, splitting and joining are the same operation: of a line in which low
// and high samples alternate, every even sample is filtered with one set of weights and every odd
// one with another. Only where the samples are taken from and put differs.
//
// Products are rounded before they are added (the conversions to float64), or a compiler could
// fuse them on one machine and not on another.

// reach is how many neighbours on each side a kernel weighs.
const reach = 4

// kernel weighs a sample and its neighbours: weight k is for those k away on both sides.
type kernel struct{ even, odd [reach + 1]float64 }

// lanes is how many columns are filtered side by side.
const lanes = 32

// plane is a picture's samples or coefficients, with room to filter a line of it.
type plane struct {
	width, height int
	values        []float64
	line          []float64 // a row with mirrored ends
	filtered      []float64 // the same row, filtered
	columns       []float64 // some columns with mirrored ends, row by row
}

func newPlane(width, height int) *plane {
	return &plane{
		width: width, height: height,
		values:   make([]float64, width*height),
		line:     make([]float64, width+2*reach),
		filtered: make([]float64, width),
		columns:  make([]float64, (height+2*reach)*lanes),
	}
}

// row returns line y of a part.
func (p *plane) row(r rect, y int) []float64 {
	return p.values[(r.y+y)*p.width+r.x:][:r.w]
}

// analyse splits a part into its four parts.
func (p *plane) analyse(s split, k *kernel) {
	line, filtered := p.line[:s.w+2*reach], p.filtered[:s.w]
	for y := range s.h {
		row := p.row(s.rect, y)
		copy(line[reach:], row)
		mirrorEnds(line, 1)
		k.filter(filtered, line)
		low, high := halves(row, s.flipX)
		for i := range high {
			low[i], high[i] = filtered[2*i], filtered[2*i+1]
		}
		if len(low) > len(high) {
			low[len(high)] = filtered[2*len(high)]
		}
	}
	for r := range s.strips {
		columns := p.columns[:(r.h+2*reach)*lanes]
		for y := range r.h {
			copy(columns[(reach+y)*lanes:], p.row(r, y))
		}
		mirrorEnds(columns, lanes)
		for y := range r.h {
			k.filterColumns(p.row(r, s.rowApart(y)), columns, y)
		}
	}
}

// synthesise joins the four parts of a part.
func (p *plane) synthesise(s split, k *kernel) {
	for r := range s.strips {
		columns := p.columns[:(r.h+2*reach)*lanes]
		for y := range r.h {
			copy(columns[(reach+y)*lanes:], p.row(r, s.rowApart(y)))
		}
		joinedEnds(columns, lanes)
		for y := range r.h {
			k.filterColumns(p.row(r, y), columns, y)
		}
	}
	line := p.line[:s.w+2*reach]
	for y := range s.h {
		row := p.row(s.rect, y)
		low, high := halves(row, s.flipX)
		joined := line[reach : reach+s.w]
		for i, v := range high {
			joined[2*i], joined[2*i+1] = low[i], v
		}
		if len(low) > len(high) {
			joined[2*len(high)] = low[len(high)]
		}
		joinedEnds(line, 1)
		k.filter(row, line)
	}
}

// strips yields the part's columns, as many at a time as there are lanes.
func (s split) strips(yield func(rect) bool) {
	for x := 0; x < s.w; x += lanes {
		if !yield(rect{s.x + x, s.y, min(lanes, s.w-x), s.h}) {
			return
		}
	}
}

// rowApart returns in which row the sample at place y of a column lies once low and high
// samples are apart.
func (s split) rowApart(y int) int {
	if (y%2 == 1) != s.flipY {
		return firstHalf(s.h, s.flipY) + y/2
	}
	return y / 2
}

// filter filters a line with mirrored ends.
func (k *kernel) filter(out, line []float64) {
	e0, e1, e2, e3, e4 := k.even[0], k.even[1], k.even[2], k.even[3], k.even[4]
	o0, o1, o2, o3, o4 := k.odd[0], k.odd[1], k.odd[2], k.odd[3], k.odd[4]
	pairs := len(out) / 2
	for i := range pairs {
		w := (*[2*reach + 2]float64)(line[2*i:])
		even := float64(e0 * w[4])
		even += float64(e1 * (w[3] + w[5]))
		even += float64(e2 * (w[2] + w[6]))
		even += float64(e3 * (w[1] + w[7]))
		even += float64(e4 * (w[0] + w[8]))
		odd := float64(o0 * w[5])
		odd += float64(o1 * (w[4] + w[6]))
		odd += float64(o2 * (w[3] + w[7]))
		odd += float64(o3 * (w[2] + w[8]))
		odd += float64(o4 * (w[1] + w[9]))
		o := out[2*i : 2*i+2]
		o[0], o[1] = even, odd
	}
	if len(out)%2 == 1 {
		w := line[2*pairs:][:2*reach+1]
		v := float64(e0 * w[4])
		v += float64(e1 * (w[3] + w[5]))
		v += float64(e2 * (w[2] + w[6]))
		v += float64(e3 * (w[1] + w[7]))
		v += float64(e4 * (w[0] + w[8]))
		out[2*pairs] = v
	}
}

// filterColumns filters the samples at place y of columns with mirrored ends.
func (k *kernel) filterColumns(out, columns []float64, y int) {
	weights := &k.even
	if y%2 == 1 {
		weights = &k.odd
	}
	w0, w1, w2, w3, w4 := weights[0], weights[1], weights[2], weights[3], weights[4]
	c := (*[(2*reach + 1) * lanes]float64)(columns[y*lanes:])
	for i := range min(lanes, len(out)) {
		v := float64(w0 * c[4*lanes+i])
		v += float64(w1 * (c[3*lanes+i] + c[5*lanes+i]))
		v += float64(w2 * (c[2*lanes+i] + c[6*lanes+i]))
		v += float64(w3 * (c[1*lanes+i] + c[7*lanes+i]))
		v += float64(w4 * (c[0*lanes+i] + c[8*lanes+i]))
		out[i] = v
	}
}

// halves returns the low and the high half of a line in which they lie apart.
func halves(line []float64, flip bool) (low, high []float64) {
	first := firstHalf(len(line), flip)
	if flip {
		return line[first:], line[:first]
	}
	return line[:first], line[first:]
}

// mirrorEnds fills the places before and after a line's samples, each of the given size, with the
// line's mirror image.
func mirrorEnds(line []float64, size int) {
	n := len(line)/size - 2*reach
	for i := 1; i <= reach; i++ {
		copy(line[(reach-i)*size:][:size], line[(reach+mirror(-i, n))*size:])
		copy(line[(reach+n-1+i)*size:][:size], line[(reach+mirror(n-1+i, n))*size:])
	}
}

// joinedEnds is mirrorEnds for a line in which low and high samples alternate. Of a single sample
// the high ones, which there are none of, are zero.
func joinedEnds(line []float64, size int) {
	mirrorEnds(line, size)
	if len(line)/size == 1+2*reach {
		for i := 1; i <= reach; i += 2 {
			clear(line[(reach-i)*size:][:size])
			clear(line[(reach+i)*size:][:size])
		}
	}
}

// mirror returns which of n samples is seen at place i of the endless line.
func mirror(i, n int) int {
	if n == 1 {
		return 0
	}
	i %= 2 * (n - 1)
	if i < 0 {
		i += 2 * (n - 1)
	}
	return min(i, 2*(n-1)-i)
}
