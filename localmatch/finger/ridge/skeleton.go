package ridge

// Lengths in pixels at 500 dpi, where ridges usually lie nine pixels apart.
const (
	spur   = 9  // a side branch up to this long is an artefact of thinning
	island = 14 // so is a line up to this long
	gap    = 12 // a break up to this long is mended if both ends face each other
	trace  = 14 // how far a line is followed to see where it goes
)

// end is where a line ends.
type end struct {
	x, y   int
	dx, dy int // from the end into its line, over up to trace pixels
}

// leaving says for each pattern of neighbours how many lines leave a pixel.
var leaving = func() (t [256]uint8) {
	for n := range t {
		for k := range 8 {
			t[n] += uint8(n >> k & 1 & (1 - n>>((k+7)&7)&1))
		}
	}
	return t
}()

// skeleton thins a picture to lines and clears them of what thinning and noise have added.
func skeleton(b *bitmap) *drawing {
	b.thin()
	d := newDrawing(b)
	d.prune()
	d.mend()
	d.prune()
	return d
}

// ends lists the pixels where lines end.
func (d *drawing) ends() []int {
	var all []int
	for _, i := range d.kept {
		if d.on[i] && leaving[d.around[i]] <= 1 {
			all = append(all, int(i))
		}
	}
	return all
}

// follow walks along a line from its end, at most limit pixels far, and appends the pixels to
// path. It tells whether the walk came to the line's other end or to a fork, which is then
// the last pixel.
func (d *drawing) follow(start, limit int, path []int) (walked []int, atEnd, atFork bool) {
	path = append(path[:0], start)
	last, i := -1, start
	for len(path) <= limit {
		next := d.next(i, last)
		if next < 0 {
			return path, true, false
		}
		if i != start && leaving[d.around[i]] > 2 {
			return path, false, true
		}
		last, i = i, next
		path = append(path, i)
	}
	return path, false, false
}

// next returns the pixel that follows i on a line that comes from last, or a negative number at
// the line's end. Neighbours of last are corners of the way that was taken.
func (d *drawing) next(i, last int) int {
	next := -1
	for k, s := range d.steps {
		j := i + s
		if !d.has(i, uint(k)) || j == last || last >= 0 && d.touch(j, last) {
			continue
		}
		if next < 0 || k%2 == 0 {
			next = j
		}
	}
	return next
}

func (d *drawing) touch(i, j int) bool {
	for _, s := range d.steps {
		if i+s == j {
			return true
		}
	}
	return false
}

// prune removes spurs and islands.
func (d *drawing) prune() {
	var path []int
	for _, i := range d.ends() {
		if !d.on[i] {
			continue
		}
		var atEnd, atFork bool
		path, atEnd, atFork = d.follow(i, island, path)
		gone := path[:0]
		switch {
		case atEnd:
			gone = path
		case atFork && len(path) <= spur:
			gone = path[:len(path)-1]
		}
		for _, j := range gone {
			d.put(j, false)
		}
	}
}

// found returns all ends of lines.
func (d *drawing) found() []end {
	all := d.ends()
	found := make([]end, len(all))
	var path []int
	for k, i := range all {
		path, _, _ = d.follow(i, trace, path)
		x, y := d.xy(i)
		tx, ty := d.xy(path[len(path)-1])
		found[k] = end{x, y, tx - x, ty - y}
	}
	return found
}

// mend joins ends that face each other across a gap.
func (d *drawing) mend() {
	found := d.found()
	used := make([]bool, len(found))
	first := 0 // that is near enough: ends are listed line by line
	for i, a := range found {
		for found[first].y < a.y-gap {
			first++
		}
		if used[i] {
			continue
		}
		best, least := -1, gap*gap+1
		for j := first; j < len(found) && found[j].y <= a.y+gap; j++ {
			b := found[j]
			x, y := b.x-a.x, b.y-a.y
			if j == i || used[j] {
				continue
			}
			if r := x*x + y*y; r < least && a.faces(x, y) && b.faces(-x, -y) {
				best, least = j, r
			}
		}
		if best >= 0 {
			used[i], used[best] = true, true
			d.join(a, found[best])
		}
	}
}

// faces reports whether the way x, y continues the line that ends here: within 30 degrees; if
// it is five pixels or shorter within 60, and if it is two or shorter in any direction.
func (e end) faces(x, y int) bool {
	square := x*x + y*y
	dot := -(e.dx*x + e.dy*y)
	if dot <= 0 {
		return square <= 4
	}
	if square <= 25 {
		return 4*dot*dot >= (e.dx*e.dx+e.dy*e.dy)*square
	}
	return 4*dot*dot >= 3*(e.dx*e.dx+e.dy*e.dy)*square
}

// join draws a line from one end to another.
func (d *drawing) join(a, b end) {
	n := max(b.x-a.x, a.x-b.x, b.y-a.y, a.y-b.y)
	for k := 1; k < n; k++ {
		i := d.at(a.x+(2*(b.x-a.x)*k+n)/(2*n), a.y+(2*(b.y-a.y)*k+n)/(2*n))
		if !d.on[i] {
			d.put(i, true)
			d.kept = append(d.kept, int32(i))
		}
	}
}
