package ocr

import (
	"context"
	"image"
)

// blob is a connected piece of ink.
type blob struct {
	left, top, right, bottom int // right and bottom are its last pixels
	area                     int
}

func (b *blob) width() int  { return b.right - b.left + 1 }
func (b *blob) height() int { return b.bottom - b.top + 1 }

func (b *blob) middle() point {
	return point{X: float64(b.left+b.right) / 2, Y: float64(b.top+b.bottom) / 2}
}

// blobs finds the pieces of ink: pixels darker by a part of the mean of their surroundings,
// a square of 2·radius+1.
func blobs(ctx context.Context, img *image.Gray, radius int, darker float64) ([]blob, error) {
	width, height := img.Rect.Dx(), img.Rect.Dy()
	sums, err := integral(ctx, img)
	if err != nil {
		return nil, err
	}
	f := &finder{before: make([]run, 0, width), now: make([]run, 0, width)}
	keep := int((1 - darker) * 1024)
	for y := range height {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		y0, y1 := max(0, y-radius), min(height, y+radius+1)
		upper, lower := sums[y0*(width+1):][:width+1], sums[y1*(width+1):][:width+1]
		row := img.Pix[y*img.Stride:][:width]
		begin := -1
		for x, v := range row {
			x0, x1 := max(0, x-radius), min(width, x+radius+1)
			sum := int(lower[x1] - lower[x0] - upper[x1] + upper[x0])
			pixels := (x1 - x0) * (y1 - y0)
			// Ten grey values at least: the noise of even paper is no ink.
			ink := int(v)*pixels*1024 < sum*keep && int(v)*pixels+10*pixels < sum
			switch {
			case ink && begin < 0:
				begin = x
			case !ink && begin >= 0:
				f.add(y, begin, x-1)
				begin = -1
			}
		}
		if begin >= 0 {
			f.add(y, begin, width-1)
		}
		f.nextRow()
	}
	return f.found(), nil
}

// integral returns the sums of all pixels above and to the left of each; one row and one
// column more than the picture. They fit into 32 bits as long as the picture, a copy that
// is searched, has fewer than 16 million pixels.
func integral(ctx context.Context, img *image.Gray) ([]uint32, error) {
	width, height := img.Rect.Dx(), img.Rect.Dy()
	sums := make([]uint32, (width+1)*(height+1))
	for y := range height {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		upper, row := sums[y*(width+1):][:width+1], sums[(y+1)*(width+1):][:width+1]
		var sum uint32
		for x, v := range img.Pix[y*img.Stride:][:width] {
			sum += uint32(v)
			row[x+1] = upper[x+1] + sum
		}
	}
	return sums, nil
}

// finder joins the runs of ink of one row with those of the row before.
type finder struct {
	before, now []run
	parents     []int32
	blobs       []blob
}

type run struct {
	from, to int
	blob     int32
}

// maxRuns bounds the memory of a picture that is all noise.
const maxRuns = 1_500_000

func (f *finder) add(y, from, to int) {
	if len(f.parents) >= maxRuns {
		return
	}
	id := int32(-1)
	for i := range f.before {
		b := &f.before[i]
		if b.from > to+1 {
			break
		}
		if b.to < from-1 {
			continue
		}
		if root := f.root(b.blob); id < 0 {
			id = root
		} else if root != id {
			f.join(id, root)
		}
	}
	if id < 0 {
		id = int32(len(f.parents))
		f.parents = append(f.parents, id)
		f.blobs = append(f.blobs, blob{left: from, top: y, right: to, bottom: y})
	}
	b := &f.blobs[id]
	b.left, b.right, b.bottom = min(b.left, from), max(b.right, to), y
	b.area += to - from + 1
	f.now = append(f.now, run{from, to, id})
}

func (f *finder) nextRow() {
	f.before, f.now = f.now, f.before[:0]
}

func (f *finder) root(i int32) int32 {
	for f.parents[i] != i {
		f.parents[i] = f.parents[f.parents[i]]
		i = f.parents[i]
	}
	return i
}

func (f *finder) join(to, from int32) {
	f.parents[from] = to
	a, b := &f.blobs[to], f.blobs[from]
	a.left, a.top = min(a.left, b.left), min(a.top, b.top)
	a.right, a.bottom = max(a.right, b.right), max(a.bottom, b.bottom)
	a.area += b.area
}

func (f *finder) found() []blob {
	out := make([]blob, 0, len(f.blobs))
	for i, b := range f.blobs {
		if f.parents[i] == int32(i) {
			out = append(out, b)
		}
	}
	return out
}
