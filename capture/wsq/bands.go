package wsq

// The subbands of a picture: 64 of them, of which the last four are never coded. They are coded
// in three blocks, each a run of subbands.
const (
	bandCount  = 64
	codedBands = 60
)

// blockBands holds the first subband of each block, and one past the last.
var blockBands = [...]int{0, 19, 52, codedBands}

// rect is a part of the plane of coefficients.
type rect struct{ x, y, w, h int }

func (r rect) area() int { return r.w * r.h }

// split is a part of the plane that is divided in four. A part that is itself a high half is
// stored mirrored, its high half first, so that the frequencies of neighbours join.
type split struct {
	rect
	flipX, flipY bool
}

// layout says where the subbands of a picture lie and which splits make them, the coarsest first.
type layout struct {
	splits []split
	bands  []rect
}

// shape is how often a part is divided: nil is a subband, otherwise four parts, row by row.
type shape []shape

// divisions is the one decomposition of the standard: subbands 0 to 18 of the lowest
// sixteenth, 19 to 51 of the lowest quarter, 52 to 63 of the whole.
func divisions() shape {
	once := shape{nil, nil, nil, nil}
	twice := shape{once, once, once, once}
	lowest := shape{shape{once, nil, nil, nil}, once, once, once}
	return shape{shape{lowest, twice, twice, nil}, once, once, once}
}

func layOut(width, height int) layout {
	l := layout{splits: make([]split, 0, 21), bands: make([]rect, 0, bandCount)}
	l.divide(split{rect: rect{0, 0, width, height}}, divisions())
	return l
}

func (l *layout) divide(s split, parts shape) {
	if parts == nil {
		l.bands = append(l.bands, s.rect)
		return
	}
	l.splits = append(l.splits, s)
	left, top := firstHalf(s.w, s.flipX), firstHalf(s.h, s.flipY)
	right, bottom := s.w-left, s.h-top
	l.divide(split{rect{s.x, s.y, left, top}, false, false}, parts[0])
	l.divide(split{rect{s.x + left, s.y, right, top}, true, false}, parts[1])
	l.divide(split{rect{s.x, s.y + top, left, bottom}, false, true}, parts[2])
	l.divide(split{rect{s.x + left, s.y + top, right, bottom}, true, true}, parts[3])
}

// firstHalf returns the length of what is stored first: the low half, which has the odd sample,
// or of a mirrored part the high half.
func firstHalf(n int, flip bool) int {
	if flip {
		return n / 2
	}
	return (n + 1) / 2
}
