package ridge

import (
	"slices"

	"boothd/localmatch/finger/angle"
)

// flow says, cell by cell, along which line the ridges run. A line has no sense of
// direction, so vectors at twice its angle are kept, whose length says how much the
// gradients agree: angle.Unit if all do.
type flow struct {
	cells[vector]
	agreed cells[int32] // how far the gradients around a cell agree: angle.Unit if all do
}

type vector struct{ x, y int32 }

// Windows of the orientation, in cells to each side of a box that is passed over three
// times: one ridge, three and seven wide or so.
var reaches = [...]int{1, 2, 5}

// How far the gradients of a window must agree to be believed: not at all up to doubtful,
// fully from certain on.
const (
	doubtful = angle.Unit * 30 / 100
	certain  = angle.Unit * 70 / 100
)

// flowOf estimates the flow of a normalised picture from its gradients. Where those of the
// near surroundings do not agree, the wider surroundings decide.
func flowOf(p *plane) flow {
	var windows [len(reaches)]tensor
	t := tensorOf(soften(p))
	for k, reach := range reaches {
		t = t.smooth(reach)
		windows[k] = t
	}
	f := flow{cellsOf[vector](p), cellsOf[int32](p)}
	for i := range f.v {
		f.agreed.v[i] = windows[1].direction(i).length()
		v := windows[len(windows)-1].direction(i)
		for k := len(windows) - 2; k >= 0; k-- {
			v = v.sharpen(windows[k].direction(i))
		}
		f.v[i] = v
	}
	return f
}

func (v vector) length() int32 {
	return int32(angle.Root(int64(v.x)*int64(v.x) + int64(v.y)*int64(v.y)))
}

// sharpen replaces a direction by that of a smaller window as far as that is to be believed.
func (v vector) sharpen(fine vector) vector {
	share := int64(min(max(fine.length()-doubtful, 0)*angle.Unit/(certain-doubtful), angle.Unit))
	return vector{
		int32((int64(fine.x)*share + int64(v.x)*(angle.Unit-share)) >> angle.UnitBits),
		int32((int64(fine.y)*share + int64(v.y)*(angle.Unit-share)) >> angle.UnitBits),
	}
}

// soften blurs a picture by a little, against the noise of single pixels.
//
//go:norace
func soften(p *plane) *plane {
	out := newPlane(p.width, p.height)
	for y := range p.height {
		base := p.at(-1, y)
		up, mid, down := p.px[base-p.stride:][:p.width+2], p.px[base:][:p.width+2], p.px[base+p.stride:][:p.width+2]
		row := out.row(y)
		for x := range row {
			corners := int32(up[x]) + int32(up[x+2]) + int32(down[x]) + int32(down[x+2])
			sides := int32(up[x+1]) + int32(mid[x]) + int32(mid[x+2]) + int32(down[x+1])
			row[x] = int16((corners + 2*sides + 4*int32(mid[x+1])) >> 4)
		}
	}
	return out
}

// tensor sums the squares of gradients in each cell.
type tensor struct {
	x, y, energy cells[int32] // energy·cos 2θ, energy·sin 2θ of the ridges' line, energy
}

//go:norace
func tensorOf(p *plane) tensor {
	t := tensor{cellsOf[int32](p), cellsOf[int32](p), cellsOf[int32](p)}
	for y := range p.height {
		base := p.at(0, y)
		up, mid, down := p.px[base-p.stride-1:][:p.width+2], p.px[base-1:][:p.width+2], p.px[base+p.stride-1:][:p.width+2]
		line := y / cell * t.x.width
		for x := range p.width {
			dx := int32(up[x+2]) - int32(up[x]) + 2*(int32(mid[x+2])-int32(mid[x])) + int32(down[x+2]) - int32(down[x])
			dy := int32(up[x]) + 2*int32(up[x+1]) + int32(up[x+2]) - int32(down[x]) - 2*int32(down[x+1]) - int32(down[x+2])
			// The ridges run across the gradient: twice the angle, turned by half a turn.
			i := line + x/cell
			t.x.v[i] += dy*dy - dx*dx
			t.y.v[i] -= 2 * dx * dy
			t.energy.v[i] += dx*dx + dy*dy
		}
	}
	return t
}

// smooth returns the tensor's sums over wider surroundings.
func (t tensor) smooth(reach int) tensor {
	blurred := func(c cells[int32]) cells[int32] {
		c.v = slices.Clone(c.v)
		for range 3 {
			blur(c, reach)
		}
		return c
	}
	return tensor{blurred(t.x), blurred(t.y), blurred(t.energy)}
}

// direction returns the line of a cell, angle.Unit long if all gradients agree.
func (t tensor) direction(i int) vector {
	e := int64(t.energy.v[i]) + 1
	return vector{int32(int64(t.x.v[i]) * angle.Unit / e), int32(int64(t.y.v[i]) * angle.Unit / e)}
}

// at returns the angle of the ridges' line at a pixel, from 0 to half a turn, interpolated
// between the centres of cells.
func (f flow) at(x, y int) uint16 {
	fx, fy := 2*x-(cell-1), 2*y-(cell-1) // in half pixels, from the centre of the first cell
	const step = 2 * cell
	x0, y0 := max(fx, 0)/step, max(fy, 0)/step
	x1, y1 := min(x0+1, f.width-1), min(y0+1, f.height-1)
	wx, wy := int64(max(fx, 0)%step), int64(max(fy, 0)%step)
	a, b := f.v[y0*f.width+x0], f.v[y0*f.width+x1]
	c, d := f.v[y1*f.width+x0], f.v[y1*f.width+x1]
	mix := func(a, b, c, d int32) int64 {
		return (int64(a)*(step-wx)+int64(b)*wx)*(step-wy) + (int64(c)*(step-wx)+int64(d)*wx)*wy
	}
	return angle.Of(mix(a.x, b.x, c.x, d.x), mix(a.y, b.y, c.y, d.y)) / 2
}
