package ocr

import (
	"context"
	"math"
	"slices"

	"boothd/capture/mrz/ocr/glyph"
)

// besides lists a chain and those that may be lines of one zone with it.
func besides(all []chain, i int) []int {
	out := []int{i}
	for k := range all {
		if k != i && beside(all[i], all[k]) {
			out = append(out, k)
		}
	}
	return out
}

// groupZone returns the best stack of a group of lines. Lines that seem to be missing are
// sought above and below the others.
func (r *reader) groupZone(ctx context.Context, group []*line) (*zone, error) {
	if len(group) == 0 {
		return nil, nil
	}
	group = r.agreed(group)
	z := bestOf(group)
	const most = 6
	for i := 0; i < len(group) && len(group) < most && (z == nil || z.sure() <= beyondDoubt); i++ {
		before := len(group)
		for _, across := range spacings {
			l, err := r.predicted(ctx, group[i], across, group)
			if err != nil {
				return nil, err
			}
			if l != nil {
				group = append(group, l)
			}
		}
		if len(group) > before {
			z = bestOf(group)
		}
	}
	return z, nil
}

// spacings are how far below a line, in pitches, another is looked for.
var spacings = [...]float64{2.4, -2.4, 1.8, -1.8, 3, -3}

// beside reports whether two chains may be lines of one zone, whichever way they go.
func beside(a, b chain) bool {
	p, q := a.pitch(), b.pitch()
	if dot(p, q) < 0 {
		q = point{X: -q.X, Y: -q.Y}
	}
	length := p.Length()
	if math.Abs(cross(p, q)) > 0.12*length*q.Length() || q.Length() > 1.2*length || q.Length() < 0.83*length {
		return false
	}
	middle := minus(b.links[len(b.links)/2].at, a.first().at)
	across := math.Abs(cross(p, middle)) / (length * length)
	along := dot(p, middle) / (length * length)
	return across > 1.2 && across < 6 && along > -30 && along < float64(a.last().place)+30
}

// agreed turns the lines that are upside down against the rest.
func (r *reader) agreed(group []*line) []*line {
	direction := group[0].curve.pitch(group[0].curve.centre)
	against := func(l *line) bool { return dot(l.curve.pitch(l.curve.centre), direction) < 0 }
	var votes float64
	for _, l := range group {
		if against(l) {
			votes -= l.upright
		} else {
			votes += l.upright
		}
	}
	out := slices.Clone(group)
	for i, l := range out {
		if against(l) != (votes < 0) {
			out[i] = l.turned()
			out[i].quality = r.sample(out[i], 14)
			r.score(out[i])
		}
	}
	return out
}

// predicted seeks a line so many pitches below another, as long as there is none in the
// group. It returns nil if there is nothing that can be read.
func (r *reader) predicted(ctx context.Context, from *line, across float64, group []*line) (*line, error) {
	if !from.telling() {
		return nil, nil
	}
	l := &line{curve: from.curve, tall: from.tall, first: from.first, last: from.last}
	l.shift(0, across)
	middle := l.curve.at(l.curve.centre)
	for _, other := range group {
		place := other.across(middle, l.curve.pitch(l.curve.centre))
		if !(distance(other.curve.at(place), middle) > from.curve.pitch(from.curve.centre).Length()) {
			return nil, nil
		}
	}
	for range 2 {
		if err := r.straighten(ctx, l); err != nil {
			return nil, err
		}
	}
	if !l.sane() || r.sample(l, 8) < leastHopeful {
		return nil, nil
	}
	l.quality = r.sample(l, 14)
	l.upright = from.upright
	r.score(l)
	return l, nil
}

// telling reports whether a line is one of a zone, as far as it alone can say: long and
// without blanks.
func (l *line) telling() bool {
	const leastLong, mostBlank = 20, 0.1
	blank := 0
	for place := l.first; place <= l.last; place++ {
		if s, ok := l.scores[place]; ok && s.Best() == glyph.None {
			blank++
		}
	}
	count := l.last - l.first + 1
	return count >= leastLong && float64(blank) <= mostBlank*float64(count)
}
