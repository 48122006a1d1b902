package finger

// flow is where the ridges of a print run, patch by patch.
type flow struct {
	left, top     int // pixels, y down
	width, height int // patches
	lines         []uint8
	patches       []patch
}

// patch is a part of a print whose ridges run one way.
type patch struct {
	x, y int // of the centre, in pixels, y up
	line int // 0 to 127, counterclockwise, in 256ths of a turn
}

func flowOf(r *Ridges) flow {
	f := flow{left: r.Left, top: r.Top, width: r.Columns, height: len(r.Flow) / r.Columns, lines: r.Flow}
	for i, line := range r.Flow {
		if line != NoFlow {
			f.patches = append(f.patches, patch{
				x:    f.left + i%f.width*RidgePatch + RidgePatch/2,
				y:    -(f.top + i/f.width*RidgePatch + RidgePatch/2),
				line: int(line),
			})
		}
	}
	return f
}

// at is where the ridges run at a place, y up; NoFlow where none show.
func (f *flow) at(x, y int) uint8 {
	x, y = x-f.left, -y-f.top
	if x < 0 || y < 0 {
		return NoFlow
	}
	x, y = x/RidgePatch, y/RidgePatch
	if x >= f.width || y >= f.height {
		return NoFlow
	}
	return f.lines[y*f.width+x]
}

// contrast is how far the flows differ if the prints are placed so: the mean over the
// patches that both show, in 256ths of a turn (0 to 64), and their number.
func (c *comparer) contrast(p *placing, step int) (mean, patches int) {
	a, b := &c.a.flow, &c.b.flow
	turned := int(p.turn>>8) & 127
	sum, n := 0, 0
	for i := 0; i < len(a.patches); i += step {
		q := &a.patches[i]
		x, y := p.of(q.x, q.y)
		line := b.at(x>>fineBits, y>>fineBits)
		if line == NoFlow {
			continue
		}
		d := (int(line) - q.line - turned) & 127
		sum += min(d, 128-d)
		n++
	}
	if n == 0 {
		return 64, 0
	}
	return sum / n, n
}
