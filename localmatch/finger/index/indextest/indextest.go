// Package indextest makes templates for tests and benchmarks of 1:N search.
//
// A gallery of 100,000 real templates is not to be had. Two kinds of invented ones stand
// in. [Finger] draws a finger from nothing and [Impression] presses it on a scanner, so
// that a mate is known to be one. [Chimera] and [Fill] make strangers out of real
// templates: halves of two fingers, mirrored, so that no part matches its origin, yet
// as dense and as directed as the real ones. Fillers make a gallery long enough to measure
// time and the gate; error rates of a comparison are measured on real fingers only.
//
// Everything is a function of the seed.
package indextest

import (
	"iter"
	"math"
	"math/rand/v2"
	"sort"

	"boothd/localmatch/finger"
)

// The picture of an invented impression, in pixels at 500 dpi.
const (
	width  = 300
	height = 400
)

// apart is how close two minutiae of one finger may lie, in pixels: about a ridge.
const apart = 10

// Finger draws a finger: some 110 minutiae on a field of ridges with a core and a delta,
// larger than any one impression of it.
func Finger(r *rand.Rand) *finger.Template {
	core := point{width/2 + r.Float64()*30 - 15, height/2 - 40 + r.Float64()*40}
	delta := point{core.x + (r.Float64()-0.5)*260, core.y + 130 + r.Float64()*60}
	phase := r.Float64()*0.6 - 0.3
	t := &finger.Template{Width: width + 160, Height: height + 160}
	for len(t.Minutiae) < 110 {
		p := point{r.Float64()*float64(t.Width) - 80, r.Float64()*float64(t.Height) - 80}
		ridge := (math.Atan2(core.y-p.y, p.x-core.x)-math.Atan2(delta.y-p.y, p.x-delta.x))/2 + phase + math.Pi/2
		if r.IntN(2) == 0 {
			ridge += math.Pi
		}
		m := finger.Minutia{
			X: int(p.x) + 80, Y: int(p.y) + 80,
			Direction: turn(ridge),
			Kind:      finger.Kind(1 + r.IntN(2)),
			Quality:   uint8(30 + r.IntN(70)),
		}
		if !crowded(t.Minutiae, m) {
			t.Minutiae = append(t.Minutiae, m)
		}
	}
	return t
}

// Impression presses a finger made by [Finger] on a scanner of 300 × 400 pixels: turned by
// up to 30°, moved by up to 80 pixels each way, bent by some pixels, with 15 % of the minutiae
// missing and 10 % of them false. Two impressions share half of their area or more.
func Impression(r *rand.Rand, f *finger.Template) *finger.Template {
	t := &finger.Template{Width: width, Height: height}
	angle := (r.Float64()*2 - 1) * math.Pi / 6
	move := point{(r.Float64()*2 - 1) * 40, (r.Float64()*2 - 1) * 40}
	bend := newBend(r, 3)
	sin, cos := math.Sincos(angle)
	for _, m := range f.Minutiae {
		if r.Float64() < 0.15 {
			continue
		}
		p := bend.at(point{float64(m.X - f.Width/2), float64(m.Y - f.Height/2)})
		q := point{cos*p.x + sin*p.y + move.x + width/2 + r.NormFloat64(), cos*p.y - sin*p.x + move.y + height/2 + r.NormFloat64()}
		ex, ey := (q.x-width/2)/(width/2), (q.y-height/2)/(height/2)
		if ex*ex+ey*ey > 1 {
			continue
		}
		m.X, m.Y = int(q.x), int(q.y)
		m.Direction += turn(angle + r.NormFloat64()*0.12)
		m.Quality = uint8(min(100, max(1, int(m.Quality)+r.IntN(31)-15)))
		t.Minutiae = append(t.Minutiae, m)
	}
	for range len(t.Minutiae) / 10 {
		t.Minutiae = append(t.Minutiae, finger.Minutia{
			X: 40 + r.IntN(width-80), Y: 40 + r.IntN(height-80),
			Direction: uint8(r.IntN(256)), Kind: finger.Ending, Quality: uint8(1 + r.IntN(60)),
		})
	}
	byQuality(t)
	return t
}

// Chimera makes a stranger out of the templates of two different fingers: a on one side of a
// line and b on the other, minutiae and ridges, both mirrored; the minutiae scattered a little and
// an eighth of them redrawn. A mirrored finger is a plausible one of the other hand, and no
// part of it is like its origin.
func Chimera(r *rand.Rand, a, b *finger.Template) *finger.Template {
	t := &finger.Template{Width: max(a.Width, b.Width), Height: max(a.Height, b.Height)}
	sin, cos := math.Sincos(r.Float64() * 2 * math.Pi)
	shift := r.NormFloat64() * 20
	c := cut{
		halves: [2]*finger.Template{a, b},
		middle: [2]point{centre(a.Minutiae), centre(b.Minutiae)},
		side: func(p point) int {
			if p.x*cos+p.y*sin < shift {
				return 0
			}
			return 1
		},
		at: point{float64(t.Width) / 2, float64(t.Height) / 2},
	}
	for i, half := range c.halves {
		for _, m := range half.Minutiae {
			p := point{c.middle[i].x - float64(m.X), float64(m.Y) - c.middle[i].y}
			if c.side(p) != i {
				continue
			}
			scatter, wobble := 3.0, 0.1
			if r.IntN(8) == 0 {
				scatter, wobble = 30, 0.6
			}
			m.X = min(t.Width-1, max(0, int(p.x+r.NormFloat64()*scatter+c.at.x)))
			m.Y = min(t.Height-1, max(0, int(p.y+r.NormFloat64()*scatter+c.at.y)))
			m.Direction = 128 - m.Direction + turn(r.NormFloat64()*wobble)
			if !crowded(t.Minutiae, m) {
				t.Minutiae = append(t.Minutiae, m)
			}
		}
	}
	byQuality(t)
	if a.Ridges != nil && b.Ridges != nil {
		t.Ridges = c.ridges(t.Width, t.Height)
	}
	return t
}

// Fill yields n chimeras of the sources, which hold one slice per finger, each with that
// finger's impressions: at least two fingers, one impression each.
func Fill(seed uint64, sources [][]*finger.Template, n int) iter.Seq[*finger.Template] {
	return func(yield func(*finger.Template) bool) {
		r := rand.New(rand.NewPCG(seed, 1))
		for range n {
			i := r.IntN(len(sources))
			j := (i + 1 + r.IntN(len(sources)-1)) % len(sources)
			a, b := sources[i], sources[j]
			if !yield(Chimera(r, a[r.IntN(len(a))], b[r.IntN(len(b))])) {
				return
			}
		}
	}
}

// cut tells where each point of a chimera comes from.
type cut struct {
	halves [2]*finger.Template
	middle [2]point
	side   func(point) int // of a point seen from the chimera's middle
	at     point           // the chimera's middle
}

// source returns the ridges that a pixel of the chimera shows, and where in their picture.
func (c *cut) source(x, y int) (r *finger.Ridges, sx, sy int) {
	p := point{float64(x) - c.at.x, float64(y) - c.at.y}
	i := c.side(p)
	r = c.halves[i].Ridges
	return r, int(c.middle[i].x-p.x) - r.Left, int(c.middle[i].y+p.y) - r.Top
}

// ridges joins the ridges of both halves.
func (c *cut) ridges(width, height int) *finger.Ridges {
	columns := (width + finger.RidgePatch - 1) / finger.RidgePatch
	lines := (height + finger.RidgePatch - 1) / finger.RidgePatch
	r := &finger.Ridges{
		Columns: columns,
		Pattern: finger.NewBitmap(columns*finger.RidgePatch/finger.RidgeDot, lines*finger.RidgePatch/finger.RidgeDot),
		Clear:   finger.NewBitmap(columns*finger.RidgePatch/finger.RidgeCell, lines*finger.RidgePatch/finger.RidgeCell),
		Flow:    make([]uint8, columns*lines),
		Period:  make([]uint8, columns*lines),
	}
	for i := range r.Flow {
		r.Flow[i] = finger.NoFlow
		from, x, y := c.source(i%columns*finger.RidgePatch+finger.RidgePatch/2, i/columns*finger.RidgePatch+finger.RidgePatch/2)
		if k := y/finger.RidgePatch*from.Columns + x/finger.RidgePatch; x >= 0 && y >= 0 &&
			x < from.Columns*finger.RidgePatch && k < len(from.Flow) && from.Flow[k] != finger.NoFlow {
			r.Flow[i], r.Period[i] = -from.Flow[k]&127, from.Period[k]
		}
	}
	for y := range r.Pattern.Height {
		for x := range r.Pattern.Width {
			if from, sx, sy := c.source(x*finger.RidgeDot, y*finger.RidgeDot); from.Pattern.At(sx/finger.RidgeDot, sy/finger.RidgeDot) {
				r.Pattern.Set(x, y)
			}
		}
	}
	for y := range r.Clear.Height {
		for x := range r.Clear.Width {
			if from, sx, sy := c.source(x*finger.RidgeCell, y*finger.RidgeCell); from.Clear.At(sx/finger.RidgeCell, sy/finger.RidgeCell) {
				r.Clear.Set(x, y)
			}
		}
	}
	return r
}

type point struct{ x, y float64 }

// bend is a smooth displacement: a few slow waves.
type bend struct{ waves [4][5]float64 }

// newBend returns a displacement of about so many pixels.
func newBend(r *rand.Rand, pixels float64) *bend {
	b := new(bend)
	for i := range b.waves {
		length := 100 + r.Float64()*200
		dir := r.Float64() * 2 * math.Pi
		sin, cos := math.Sincos(dir)
		b.waves[i] = [5]float64{
			cos * 2 * math.Pi / length, sin * 2 * math.Pi / length, r.Float64() * 2 * math.Pi,
			r.NormFloat64() * pixels / 2, r.NormFloat64() * pixels / 2,
		}
	}
	return b
}

func (b *bend) at(p point) point {
	q := p
	for _, w := range b.waves {
		s := math.Sin(p.x*w[0] + p.y*w[1] + w[2])
		q.x += s * w[3]
		q.y += s * w[4]
	}
	return q
}

func centre(ms []finger.Minutia) point {
	var c point
	for _, m := range ms {
		c.x += float64(m.X)
		c.y += float64(m.Y)
	}
	n := float64(max(1, len(ms)))
	return point{c.x / n, c.y / n}
}

func crowded(ms []finger.Minutia, m finger.Minutia) bool {
	for _, o := range ms {
		if dx, dy := o.X-m.X, o.Y-m.Y; dx*dx+dy*dy < apart*apart {
			return true
		}
	}
	return false
}

// turn is an angle in 256ths of a turn.
func turn(radians float64) uint8 {
	return uint8(int(math.Round(radians*128/math.Pi)) & 255)
}

func byQuality(t *finger.Template) {
	sort.SliceStable(t.Minutiae, func(i, j int) bool { return t.Minutiae[i].Quality > t.Minutiae[j].Quality })
}
