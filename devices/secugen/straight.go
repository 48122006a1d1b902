package secugen

// The prism shows the finger from below at a slant: the raw picture is a trapezium, wide at its
// top. The unit's grid says where in it every tenth pixel of a straight picture lies.

// place is where a pixel of the straight picture lies in the raw frame.
type place struct {
	at     uint32 // first of 4 by 3 pixels
	fx, fy uint8  // how far the place is beyond it, in 1/256 pixel
}

// The pixels around a place: those from which a mean of three columns and two lines is taken.
const (
	tapColumns, tapRows = 4, 3
	tapWeight           = 3 * 256 * 2 * 256
)

// straighten calculates the places of all pixels.
//
//go:norace
func straighten(grid *[gridRows][gridColumns]node) []place {
	places := make([]place, 0, outPixels)
	for y := range outHeight {
		for x := range outWidth {
			p := between(grid, x, y)
			// The mean is of the columns from 1 before to 1 beyond, and the lines from 1/2
			// before to 1/2 beyond.
			u := max(0, min(p.x-256, (width-tapColumns)*256+255))
			v := max(0, min(p.y-128, (height-tapRows)*256+255))
			places = append(places, place{uint32(v>>8*width + u>>8), uint8(u), uint8(v)})
		}
	}
	return places
}

// between returns where in the raw frame a pixel of the straight picture lies, in 1/256 pixel.
//
//go:norace
func between(grid *[gridRows][gridColumns]node, x, y int) node {
	i, j := x/gridStep, y/gridStep
	fx, fy := x%gridStep, y%gridStep
	a, b, c, d := grid[j][i], grid[j][i+1], grid[j+1][i], grid[j+1][i+1]
	mix := func(a, b, c, d int) int {
		sum := (gridStep-fy)*((gridStep-fx)*a+fx*b) + fy*((gridStep-fx)*c+fx*d)
		const unit = 100 * gridStep * gridStep
		return (sum*256 + unit/2) / unit
	}
	return node{mix(a.x, b.x, c.x, d.x), mix(a.y, b.y, c.y, d.y)}
}

// sample takes a mean around each place.
//
//go:norace
func sample(to []byte, places []place, frame []byte) {
	for i, p := range places {
		fx, fy := uint32(p.fx), uint32(p.fy)
		near := frame[p.at:][:2*width+tapColumns]
		upper, middle, lower := (*[tapColumns]byte)(near), (*[tapColumns]byte)(near[width:]), (*[tapColumns]byte)(near[2*width:])
		sum := (256-fy)*across(upper, fx) + 256*across(middle, fx) + fy*across(lower, fx)
		to[i] = byte((sum + tapWeight/2) / tapWeight)
	}
}

// across weighs four pixels of a line.
//
//go:norace
func across(b *[tapColumns]byte, f uint32) uint32 {
	return (256-f)*uint32(b[0]) + 256*(uint32(b[1])+uint32(b[2])) + f*uint32(b[3])
}
