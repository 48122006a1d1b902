// Package ridge reads the ridges of a finger's picture: where they run, how far apart, and
// where they end.
//
// The way of a picture: it is brought to 500 dpi (resample) and its ridges to one height
// (normalise); from the gradients follows along which line the ridges run (flowOf), across
// that line how far apart they lie and how clearly they show (spacingOf), and from both which
// part of the picture shows ridges at all (maskOf). There each pixel is passed through a
// filter for ridges of just that direction and distance (enhance). What is above
// nought is ridge, what is below is furrow. Both are thinned to lines (skeleton); a ridge's line
// ends at an ending, a furrow's where the ridge around it divides, so that both kinds of minutiae
// are found by the same steps.
//
// All arithmetic is on integers and all tables are rounded to integers: the same picture gives
// the same result, bit for bit, on every processor.
//
// The ideas are old and public: the squared gradient's direction (Kass and Witkin 1987; Bazen and
// Gerez 2002), the wave across a patch (Hong, Wan and Jain 1998), thinning by Guo and Hall
// (1989).
//
// The innermost loops are hidden from the race detector (go:norace): they work on memory of
// their own, and tests under it would take minutes more.
package ridge

import (
	"image"
	"slices"

	"boothd/localmatch/finger/angle"
)

// DPI is the resolution of everything that this package returns, in pixels per inch.
const DPI = 500

// Minutia is a place where a ridge or a furrow ends.
type Minutia struct {
	X, Y      int
	Direction uint16 // into the line that ends, counterclockwise from the right, 65536ths of a turn
	Furrow    bool   // a furrow ends here: the ridge divides
	Quality   int    // how clear the ridges are around it, 1 to 100
}

// Print is what was read of a picture.
type Print struct {
	Width, Height int       // of the picture at 500 dpi, in pixels
	Minutiae      []Minutia // the clearest first

	heights *plane
	mask    cells[bool]
	flow    flow
	spacing spacing
	periods cells[int32]
}

// Read reads a picture of dark ridges on light ground, of one pixel or more and 300 to 1,000 dpi.
// It takes some forty bytes of memory for each pixel at 500 dpi.
func Read(img *image.Gray, dpi int) *Print {
	pixels, w, h := resample(img, dpi)
	picture, level := normalise(pixels, w, h)
	p := &Print{Width: w, Height: h}
	p.flow = flowOf(picture)
	least := leastLevel(level)
	p.spacing = spacingOf(picture, p.flow, level, least)
	p.periods = p.spacing.even()
	p.mask = maskOf(level, least, p.spacing)
	p.heights = enhance(picture, p.steer())
	ridges, furrows := p.split()
	p.find(ridges, false)
	p.find(furrows, true)
	slices.SortStableFunc(p.Minutiae, func(a, b Minutia) int { return b.Quality - a.Quality })
	return p
}

// Clear reports whether a pixel shows clear ridges. None outside the picture does.
func (p *Print) Clear(x, y int) bool {
	return x >= 0 && y >= 0 && x < p.Width && y < p.Height && p.mask.v[y/cell*p.mask.width+x/cell]
}

// Clarity is the mean of the clear part's clarity, 0 to 1024. Good prints have 200 to 400, dry or
// noisy ones 100; below 50 what shows is hardly ridges.
func (p *Print) Clarity() int {
	var sum, n int
	for y := 0; y < p.Height; y += cell {
		for x := 0; x < p.Width; x += cell {
			if p.Clear(x, y) {
				sum += p.clarity(x, y)
				n++
			}
		}
	}
	return sum / max(n, 1)
}

// clarity tells how much of the variation around a pixel is ridges of one distance that run in
// one direction, 0 to 1024.
func (p *Print) clarity(x, y int) int {
	return int(p.spacing.clarity.v[p.patch(x, y)]) * int(p.flow.agreed.v[y/cell*p.flow.width+x/cell]) >> angle.UnitBits
}

// Raised reports whether a pixel of the picture, with its neighbours to the right and below, lies on
// a ridge.
func (p *Print) Raised(x, y int) bool {
	i := p.heights.at(x, y)
	px, below := p.heights.px, i+p.heights.stride
	return int(px[i])+int(px[i+1])+int(px[below])+int(px[below+1]) > 0
}

// Flow returns the line along which the ridges run at a pixel of the picture, counterclockwise from the
// right, from 0 to half a turn in 65536ths of a turn.
func (p *Print) Flow(x, y int) uint16 { return p.flow.at(x, y) }

// Period returns the distance of one ridge to the next around a pixel of the picture, in quarters of a
// pixel.
func (p *Print) Period(x, y int) uint8 { return uint8(p.periods.v[p.patch(x, y)] >> 3) }

func (p *Print) patch(x, y int) int { return y/patchStep*p.periods.width + x/patchStep }

// steer chooses a filter for each pixel of the mask; four neighbours share one.
func (p *Print) steer() course {
	c := course{make([]int8, p.Width*p.Height), make([]int8, p.Width*p.Height)}
	for y := range p.Height {
		row := y * p.Width
		if y%2 == 1 {
			copy(c.line[row:][:p.Width], c.line[row-p.Width:])
			copy(c.period[row:][:p.Width], c.period[row-p.Width:])
			continue
		}
		for x := range p.Width {
			i := row + x
			switch {
			case x%2 == 1:
				c.line[i], c.period[i] = c.line[i-1], c.period[i-1]
			case !p.mask.v[y/cell*p.mask.width+x/cell]:
				c.line[i] = -1
			default:
				c.line[i] = int8((p.flow.at(x, y) + 256) >> 9 & (lines - 1))
				period := (p.periods.v[p.patch(x, y)] + 8) >> 4
				c.period[i] = int8(min(max(period, shortest), longest) - shortest)
			}
		}
	}
	return c
}
