package ridge

import "boothd/localmatch/finger/angle"

const (
	border = 8  // pixels that must be clear around a minutia
	beyond = 16 // pixels that must be clear where its line would have gone on
)

// split divides the clear part into ridges and furrows.
func (p *Print) split() (ridges, furrows *bitmap) {
	ridges, furrows = newBitmap(p.Width, p.Height), newBitmap(p.Width, p.Height)
	mask := make([]uint64, ridges.stride)
	for y := range p.Height {
		if y%cell == 0 {
			clear(mask)
			for x, on := range p.mask.v[y/cell*p.mask.width:][:p.mask.width] {
				if on {
					mask[x*cell/64] |= (1<<cell - 1) << (x * cell % 64)
				}
			}
			if rest := p.Width % 64; rest != 0 {
				mask[len(mask)-1] &= 1<<rest - 1
			}
		}
		raised := ridges.line(y)
		for x, v := range p.heights.row(y) {
			raised[x/64] |= uint64(uint16(-v)>>15) << (x % 64) // the sign of -v
		}
		for i, m := range mask {
			furrows.line(y)[i] = m &^ raised[i]
			raised[i] &= m
		}
	}
	return ridges, furrows
}

// find adds the endings of lines: of ridges, or of furrows.
func (p *Print) find(picture *bitmap, furrow bool) {
	d := skeleton(picture)
	for _, e := range d.found() {
		if !p.inside(e) {
			continue
		}
		line := p.flow.at(e.x, e.y)
		if to := angle.Of(int64(e.dx), int64(-e.dy)); line-to+1<<14 >= 1<<15 {
			line += 1 << 15
		}
		p.Minutiae = append(p.Minutiae, Minutia{X: e.x, Y: e.y, Direction: line, Furrow: furrow, Quality: p.quality(e)})
	}
}

// inside reports whether the mask surrounds an ending and goes on beyond it, so that the line did
// not merely leave the mask.
func (p *Print) inside(e end) bool {
	for dy := -border; dy <= border; dy += cell {
		for dx := -border; dx <= border; dx += cell {
			if !p.Clear(e.x+dx, e.y+dy) {
				return false
			}
		}
	}
	length := int(angle.Root(int64(e.dx*e.dx + e.dy*e.dy)))
	for k := cell; length > 0 && k <= beyond; k += cell {
		if !p.Clear(e.x-e.dx*k/length, e.y-e.dy*k/length) {
			return false
		}
	}
	return true
}

// quality is the mean clarity around an ending.
func (p *Print) quality(e end) int {
	var sum, n int
	for y := e.y - patchStep; y <= e.y+patchStep; y += patchStep {
		for x := e.x - patchStep; x <= e.x+patchStep; x += patchStep {
			if p.Clear(x, y) {
				sum += p.clarity(x, y)
				n++
			}
		}
	}
	return min(max(2*sum*100/(n*1024), 1), 100)
}
