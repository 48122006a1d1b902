package jp2

import "image"

// plane holds the samples of a component, and after transform its coefficients: each level's
// low half in the upper left corner.
type plane struct {
	width, height int
	values        []int32
}

// split makes components of a picture: samples around zero, colours by the reversible
// transform (Annex G).
func split(img image.Image) []*plane {
	r := img.Bounds()
	n := components(img)
	planes := make([]*plane, n)
	for i := range planes {
		planes[i] = &plane{r.Dx(), r.Dy(), make([]int32, r.Dx()*r.Dy())}
	}
	at := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if grey, ok := img.(*image.Gray); ok {
				planes[0].values[at] = int32(grey.Pix[grey.PixOffset(x, y)]) - 128
			} else {
				red, green, blue, _ := img.At(x, y).RGBA()
				cr, cg, cb := int32(red>>8)-128, int32(green>>8)-128, int32(blue>>8)-128
				planes[0].values[at] = (cr + 2*cg + cb) >> 2
				planes[1].values[at] = cb - cg
				planes[2].values[at] = cr - cg
			}
			at++
		}
	}
	return planes
}

// transform is the forward 5/3 wavelet (Annex F). Of a level the columns come first: decoders
// undo the rows first, and rounding makes that matter.
//
//go:norace
func (p *plane) transform(levels int) {
	w, h := p.width, p.height
	line, other := make([]int32, max(w, h)), make([]int32, max(w, h))
	for range levels {
		for x := range w {
			for y := range h {
				line[y] = p.values[y*p.width+x]
			}
			lift(line[:h], other[:h])
			for y := range h {
				p.values[y*p.width+x] = other[y]
			}
		}
		for y := range h {
			row := p.values[y*p.width:][:w]
			lift(row, other[:w])
			copy(row, other)
		}
		w, h = (w+1)/2, (h+1)/2
	}
}

// lift transforms a line in place and puts its low half before its high half in out.
//
//go:norace
func lift(v, out []int32) {
	n := len(v)
	if n == 1 {
		out[0] = v[0]
		return
	}
	mirrored := func(i int) int32 {
		switch {
		case i < 0:
			i = -i
		case i >= n:
			i = 2*(n-1) - i
		}
		return v[i]
	}
	for i := 1; i < n; i += 2 {
		v[i] -= (v[i-1] + mirrored(i+1)) >> 1
	}
	for i := 0; i < n; i += 2 {
		v[i] += (mirrored(i-1) + mirrored(i+1) + 2) >> 2
	}
	low := (n + 1) / 2
	for i := range n {
		if i%2 == 0 {
			out[i/2] = v[i]
		} else {
			out[low+i/2] = v[i]
		}
	}
}

// direction says in which directions a subband is high.
type direction int

const (
	bandLL direction = iota
	bandHL           // across
	bandLH           // down
	bandHH
)

// nominal is how many bits the coefficients of a subband may have, guard bits included.
func (d direction) nominal() int {
	gain := [...]int{0, 1, 1, 2}
	return depth + gain[d] + guard - 1
}

// band is a subband of a plane.
type band struct {
	direction
	area image.Rectangle // in the plane
}

// bands returns the subbands of a resolution: LL alone in the first, then three each.
func (p *plane) bands(resolution, levels int) []band {
	w, h := p.width, p.height
	for range levels - resolution {
		w, h = (w+1)/2, (h+1)/2
	}
	if resolution == 0 {
		return []band{{bandLL, image.Rect(0, 0, w, h)}}
	}
	lw, lh := (w+1)/2, (h+1)/2
	return []band{
		{bandHL, image.Rect(lw, 0, w, lh)},
		{bandLH, image.Rect(0, lh, lw, h)},
		{bandHH, image.Rect(lw, lh, w, h)},
	}
}
