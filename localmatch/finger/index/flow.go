package index

import (
	"boothd/localmatch/finger"
	"boothd/localmatch/finger/angle"
)

// The flow of the ridges is kept in squares about the middle of the minutiae.
const (
	flowSide = 12 // squares across
	flowCell = 16 // units of a record across a square
	noFlow   = finger.NoFlow
)

// flowAbout returns the flow about a point, in pixels.
func flowAbout(r *finger.Ridges, x, y int) (flow [flowSide * flowSide]uint8) {
	for i := range flow {
		flow[i] = noFlow
		if r == nil {
			continue
		}
		across := x + (2*(i%flowSide)-flowSide+1)*flowCell - r.Left
		down := y + (2*(i/flowSide)-flowSide+1)*flowCell - r.Top
		column, line := across/finger.RidgePatch, down/finger.RidgePatch
		if across >= 0 && column < r.Columns && down >= 0 && line*r.Columns+column < len(r.Flow) {
			flow[i] = r.Flow[line*r.Columns+column]
		}
	}
	return flow
}

// stream is a square of the probe with flow, at its middle.
type stream struct {
	x, y int32 // units of a record
	flow uint8
}

func (f *features) streams() []stream {
	var all []stream
	for i, v := range f.flow {
		if v != noFlow {
			x, y := (2*(i%flowSide)-flowSide+1)*flowCell/2, (2*(i/flowSide)-flowSide+1)*flowCell/2
			all = append(all, stream{int32(x), int32(y), v})
		}
	}
	return all
}

// flows returns how much the flow of the probe, turned and moved, speaks for the record being of
// the same finger: below 0 if it speaks against it, 0 if there is none. It looks at one square in step.
func (p *probe) flows(rec *[stride]byte, turn uint8, mx, my int32, step int) int32 {
	const (
		fair  = 8   // 256ths of a turn by which the flow of mates may differ: 11°
		worst = -16 // what one square says at most against it
		half  = flowSide * flowCell / 2
	)
	sin, cos := angle.Sine(turn), angle.Cosine(turn)
	var sum int32
	for k := 0; k < len(p.streams); k += step {
		s := &p.streams[k]
		x := (s.x*cos+s.y*sin)>>angle.UnitBits + mx + half
		y := (s.y*cos-s.x*sin)>>angle.UnitBits + my + half
		if uint32(x) >= 2*half || uint32(y) >= 2*half {
			continue
		}
		v := rec[offFlow+y/flowCell*flowSide+x/flowCell]
		if v == noFlow {
			continue
		}
		// Flow has no head: half a turn is none.
		d := int32(int8((s.flow+turn-v)<<1)) / 2
		sum += max(worst, fair-max(d, -d))
	}
	return sum
}
