package finger

// maxMinutiae bounds the work of a comparison: of longer templates the most certain count.
const maxMinutiae = 100

// extent bounds the coordinates that are looked at, in pixels: no finger is larger.
const extent = MaxSide

// point is a minutia as comparisons see it: y up, angles fine.
type point struct {
	x, y  int // pixels
	dir   turn
	index int // in the template
}

// edge is the way from one minutia to another.
type edge struct {
	length uint16 // pixels
	dir    turn
}

// Prepared is a template made ready to be compared with many others.
type Prepared struct {
	points    []point
	edges     []edge // from the first of a pair to the second: [first*len(points)+second]
	cylinders []cylinder
	area      area
	sheet     *sheet // nil without ridges
	flow      flow
}

// Prepare works out of a template what comparisons need of it. The template must not be
// changed afterwards.
func Prepare(t *Template) *Prepared {
	p := &Prepared{}
	if t.Ridges != nil && t.Ridges.validate(t.Width, t.Height) == nil {
		p.sheet, p.flow = sheetOf(t.Ridges), flowOf(t.Ridges)
	}
	for i, m := range t.Minutiae {
		if len(p.points) == maxMinutiae {
			break
		}
		if m.X < 0 || m.Y < 0 || m.X >= extent || m.Y >= extent {
			continue
		}
		p.points = append(p.points, point{x: m.X, y: -m.Y, dir: turn(m.Direction) << 8, index: i})
	}
	p.edges = edgesOf(p.points)
	p.area = areaOf(p.points)
	p.cylinders = cylindersOf(p)
	return p
}

func edgesOf(points []point) []edge {
	n := len(points)
	edges := make([]edge, n*n)
	for i, a := range points {
		for j := range i {
			x, y := a.x-points[j].x, a.y-points[j].y
			length, dir := uint16(root(x*x+y*y)), direction(x, y)
			edges[j*n+i] = edge{length, dir}
			edges[i*n+j] = edge{length, dir + 0x8000}
		}
	}
	return edges
}

func (p *Prepared) edge(from, to int) edge { return p.edges[from*len(p.points)+to] }
