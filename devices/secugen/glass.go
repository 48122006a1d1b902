package secugen

// The middle of the raw picture, by which it is judged what lies on the glass: columns from
// lookLeft to before lookRight, rows likewise.
const (
	lookLeft, lookRight = 239, 717
	lookTop, lookBottom = 172, 516
	lookWidth           = lookRight - lookLeft
	lookPixels          = lookWidth * (lookBottom - lookTop)
)

const (
	// touchFrom is the mean rise over the background, in grey, from which on a finger lies
	// there. The recorded finger has 45.
	touchFrom = 25
	// emptyTo is the rise up to which the glass counts as empty.
	emptyTo = 5
	// halfRidge is the distance of a ridge and its valley, in raw columns.
	halfRidge = 14
	// ridgesFrom is the mean difference over halfRidge, in grey, from which on there are
	// ridges. The recorded finger has 28, the empty glass less than 1.
	ridgesFrom = 4
	// faintLooks is for how many looks something must lie too faintly before it is said.
	faintLooks = 10
)

// verdict is what is on the glass.
type verdict int

const (
	nothing verdict = iota
	finger
	faint // a finger that touches too little of the glass
)

// view is what a frame shows, in grey.
type view struct {
	rise   int // mean over the background
	ridges int // mean difference over halfRidge
}

// glass follows what lies on the glass from look to look.
type glass struct {
	background [lookPixels]byte
	lying      bool // the finger of the last picture has not been lifted yet
	bare       bool // the glass was empty, and since then nothing but faint
	faint      int  // looks
}

// look measures a frame.
func (g *glass) look(frame []byte) view {
	rise := 0
	for y := lookTop; y < lookBottom; y++ {
		row := frame[y*width+lookLeft:][:lookWidth]
		back := g.background[(y-lookTop)*lookWidth:][:lookWidth]
		for x, v := range row {
			rise += max(0, int(v)-int(back[x]))
		}
	}
	return view{rise / lookPixels, difference(frame, halfRidge)}
}

// judge says what a look means, and learns from it.
func (g *glass) judge(frame []byte, v view) verdict {
	switch {
	case v.rise >= touchFrom && v.ridges >= ridgesFrom:
		g.faint, g.bare = 0, false
		if g.lying {
			return nothing
		}
		return finger
	case v.rise >= touchFrom, v.rise <= emptyTo:
		// In the first case light fell on the glass: the background is another one now.
		g.learn(frame)
		return nothing
	}
	g.lying = false
	if !g.bare || v.ridges < ridgesFrom {
		return nothing
	}
	g.faint++
	if g.faint < faintLooks {
		return nothing
	}
	g.faint, g.bare = 0, false
	return faint
}

// learn takes a frame for the background. A frame that shows ridges is none: then a finger lies
// on glass whose background is not known, and an even one as dark as the darkest tenth of the
// frame stands in for it until the finger was lifted.
func (g *glass) learn(frame []byte) {
	g.faint = 0
	g.bare = difference(frame, halfRidge) < ridgesFrom
	g.lying = g.lying && !g.bare
	level := darkest(frame)
	for y := lookTop; y < lookBottom; y++ {
		back := g.background[(y-lookTop)*lookWidth:][:lookWidth]
		if g.bare {
			copy(back, frame[y*width+lookLeft:])
			continue
		}
		for x := range back {
			back[x] = level
		}
	}
}

// darkest returns the grey that a tenth of the middle does not exceed.
//
//go:norace
func darkest(frame []byte) byte {
	var counts [256]int
	for y := lookTop; y < lookBottom; y++ {
		for _, v := range frame[y*width+lookLeft:][:lookWidth] {
			counts[v]++
		}
	}
	sum := 0
	for v, n := range counts {
		if sum += n; sum >= lookPixels/10 {
			return byte(v)
		}
	}
	return 255
}

// roughness returns the mean difference between neighbours.
func roughness(frame []byte) int { return difference(frame, 1) }

// difference returns the mean difference between pixels of a line that lie so many columns
// apart, in the middle of the frame.
//
//go:norace
func difference(frame []byte, apart int) int {
	sum := 0
	for y := lookTop; y < lookBottom; y++ {
		row := frame[y*width+lookLeft:][:lookWidth]
		for x, v := range row[apart:] {
			d := int(v) - int(row[x])
			sum += max(d, -d)
		}
	}
	return sum / ((lookWidth - apart) * (lookBottom - lookTop))
}
