package ocr

import (
	"cmp"
	"context"
	"math"
	"slices"

	"boothd/capture/mrz/ocr/glyph"
)

// find returns the likeliest zone in the picture at one scale, its lines from the top, or
// nil.
func (r *reader) find(ctx context.Context, a attempt) (*zone, error) {
	img, scale, err := r.pyramid.scaled(ctx, a.side)
	if err != nil {
		return nil, err
	}
	r.darker = a.darker
	pieces, err := blobs(ctx, img, 22, a.darker)
	if err != nil {
		return nil, err
	}
	found, err := chains(ctx, pieces, img.Rect.Dx(), img.Rect.Dy())
	if err != nil {
		return nil, err
	}
	for i := range found {
		for k := range found[i].links {
			at := &found[i].links[k].at
			at.X, at.Y = (at.X+0.5)/scale-0.5, (at.Y+0.5)/scale-0.5
		}
	}
	return r.zone(ctx, joined(found))
}

// joined puts together chains that are pieces of one line.
func joined(all []chain) []chain {
	var out []chain
	for _, c := range all {
		taken := false
		for i := range out {
			if taken = out[i].take(c); taken {
				break
			}
		}
		if !taken {
			out = append(out, c)
		}
	}
	return out
}

// take adds a chain that continues c.
func (c *chain) take(other chain) bool {
	p, q := c.pitch(), other.pitch()
	if dot(p, q) < 0 {
		other = other.reversed()
		q = other.pitch()
	}
	if math.Abs(cross(p, q)) > 0.08*dot(p, q) || q.Length() > 1.15*p.Length() || q.Length() < 0.87*p.Length() {
		return false
	}
	line := fitted(c.links)
	begin, nearest := 0, math.Inf(1)
	for place := c.first().place - 50; place <= c.last().place+50; place++ {
		if d := distance(line.at(float64(place)), other.first().at); d < nearest {
			begin, nearest = place, d
		}
	}
	end := begin + other.last().place
	outside := begin > c.last().place || end < c.first().place
	if !outside || nearest > 0.4*p.Length() || distance(line.at(float64(end)), other.last().at) > 0.7*p.Length() {
		return false
	}
	for _, l := range other.links {
		l.place += begin
		c.links = append(c.links, l)
	}
	slices.SortStableFunc(c.links, func(a, b link) int { return cmp.Compare(a.place, b.place) })
	return true
}

func (c *chain) reversed() chain {
	out := chain{links: slices.Clone(c.links)}
	slices.Reverse(out.links)
	last := c.last().place
	for i := range out.links {
		out.links[i].place = last - out.links[i].place
	}
	return out
}

// zone is a stack of lines and the format that fits it.
type zone struct {
	lines  []*line
	starts []int // each line's place of its first character
	shape  shape
	score  float64
}

// shape is what a format's lines look like.
type shape struct{ lines, length int }

var shapes = [...]shape{{2, 44}, {2, 36}, {3, 30}}

// zone reads the chains that have others beside them, the longest first, and returns the
// best stack. It stops at one that is beyond doubt.
func (r *reader) zone(ctx context.Context, all []chain) (*zone, error) {
	tried := make([]bool, len(all))
	var best *zone
	for i := range all {
		if tried[i] || r.looks-r.begun > mostOfAttempt {
			continue
		}
		var group []*line
		for _, k := range besides(all, i) {
			tried[k] = true
			l, err := r.known(ctx, all[k])
			if err != nil {
				return nil, err
			}
			if l != nil {
				group = append(group, l)
			}
		}
		z, err := r.groupZone(ctx, group)
		if err != nil {
			return nil, err
		}
		if z != nil && (best == nil || z.score > best.score) {
			best = z
		}
		if best != nil && best.sure() > beyondDoubt {
			break
		}
	}
	return r.sharpened(ctx, best)
}

// Bounds on the time of pictures that are full of other text.
const (
	mostOfAttempt = 900  // looks, after which an attempt reads no other chain
	mostLooks     = 3000 // after which no other attempt is made
)

// sharpened slants the characters as the zone is, adjusts the lines that are not clear and
// looks again where the zone begins.
func (r *reader) sharpened(ctx context.Context, z *zone) (*zone, error) {
	if z == nil {
		return nil, nil
	}
	changed := false
	for i, l := range z.lines {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if z.lean(i) {
			l.scores = nil
			r.score(l)
			l.quality = r.sample(l, 14)
			changed = true
		}
		if l.quality < clear {
			if err := r.adjust(ctx, l); err != nil {
				return nil, err
			}
			r.score(l)
			changed = true
		}
	}
	if changed {
		if again := fit(z.lines, z.shape); again != nil {
			z = again
		}
	}
	if z.sure() < leastSure {
		return nil, nil
	}
	return z, nil
}

// lean slants a line's characters as its zone's edges are: the camera looks askance, and an
// I that leans is a Z to the recogniser. It reports whether that matters.
func (z *zone) lean(i int) bool {
	const least, most = 0.03, 0.3
	l := z.lines[i]
	top, foot := z.lines[0], z.lines[len(z.lines)-1]
	edge := func(k int) (slant, place float64) {
		down := minus(foot.curve.at(float64(z.starts[len(z.starts)-1]+k)), top.curve.at(float64(z.starts[0]+k)))
		place = float64(z.starts[i] + k)
		pitch := l.curve.pitch(place)
		return dot(pitch, down) / cross(pitch, down), place
	}
	left, from := edge(0)
	right, to := edge(z.shape.length - 1)
	if max(math.Abs(left), math.Abs(right)) < least || !(max(math.Abs(left), math.Abs(right)) < most) {
		return false
	}
	l.turning = (right - left) / (to - from)
	l.slant = left + l.turning*(l.curve.centre-from)
	return true
}

// others are what the same lines may be if they are longer or shorter.
func (z *zone) others() []*zone {
	var out []*zone
	for _, s := range shapes {
		if s.lines != z.shape.lines || s == z.shape {
			continue
		}
		if other := fit(z.lines, s); other != nil {
			out = append(out, other)
		}
	}
	return out
}

// sure is the zone's score for each character, at most 3.
func (z *zone) sure() float64 { return z.score / float64(z.shape.lines*z.shape.length) }

// cutOff reports whether a character seems to stand just before a line's beginning or just
// behind its end.
func (z *zone) cutOff(line int) (before, behind bool) {
	l, start := z.lines[line], z.starts[line]
	seen := func(place int) bool {
		s, ok := l.scores[place]
		return ok && best(s) > float64(s[glyph.None])
	}
	return seen(start - 1), seen(start + z.shape.length)
}

// leastSure is the least score of a zone for each character; pictures without one give up
// to 1.
const leastSure = 1.5

// beyondDoubt is the score, for each character, of a zone after which no other is sought.
const beyondDoubt = 2.5

func bestOf(lines []*line) *zone {
	var best *zone
	for _, top := range lines {
		for _, stack := range stacks(top, lines) {
			for _, s := range shapes {
				if s.lines != len(stack) {
					continue
				}
				if z := fit(stack, s); z != nil && (best == nil || z.score > best.score) {
					best = z
				}
			}
		}
	}
	return best
}

// stacks returns the stacks of two and three lines whose uppermost is top.
func stacks(top *line, all []*line) [][]*line {
	var out [][]*line
	for _, second := range all {
		if !under(top, second) {
			continue
		}
		out = append(out, []*line{top, second})
		for _, third := range all {
			if under(second, third) {
				out = append(out, []*line{top, second, third})
			}
		}
	}
	return out
}

// under reports whether b is the next line below a.
func under(a, b *line) bool {
	if a == b {
		return false
	}
	middle := float64(a.first+a.last) / 2
	p, q := a.curve.pitch(middle), b.curve.pitch(float64(b.first+b.last)/2)
	length := p.Length()
	if dot(p, q) <= 0 || math.Abs(cross(p, q)) > 0.12*length*q.Length() ||
		q.Length() > 1.2*length || q.Length() < 0.83*length {
		return false
	}
	from := a.curve.at(middle)
	d := minus(b.curve.at(b.across(from, p)), from)
	across := cross(p, d) / (length * length) / a.tall
	return across > 1.3 && across < 3.6
}

// across is the line's place on the perpendicular to a direction through a point.
func (l *line) across(at, direction point) float64 {
	place := float64(l.first+l.last) / 2
	for range 4 {
		place += dot(minus(at, l.curve.at(place)), direction) / dot(l.curve.pitch(place), direction)
		if !(place > float64(l.first-60)) || place > float64(l.last+60) {
			return math.Inf(1)
		}
	}
	return place
}

// fit finds where a format's lines begin in a stack, or returns nil.
func fit(stack []*line, s shape) *zone {
	var best *zone
	top := stack[0]
	for start := top.first - 30; start <= top.last-8; start++ {
		score, ok := top.inside(start, s.length)
		if !ok {
			continue
		}
		starts := []int{start}
		for i, l := range stack[1:] {
			begin, more, ok := l.alignedStart(stack[i], starts[i], s.length)
			if !ok {
				break
			}
			starts = append(starts, begin)
			score += more
		}
		if len(starts) == len(stack) && (best == nil || score > best.score) {
			best = &zone{lines: stack, starts: starts, shape: s, score: score}
		}
	}
	return best
}

// alignedStart is the best start of a line below another that starts at a place. Only the
// middles must stand below each other: the ends do not where the page is bent or the lines
// run together in the distance.
func (l *line) alignedStart(above *line, start, length int) (best int, score float64, ok bool) {
	half := float64(length-1) / 2
	direction := above.curve.pitch(float64(start) + half)
	begin := l.across(above.curve.at(float64(start)), direction)
	end := l.across(above.curve.at(float64(start)+2*half), direction)
	if !(math.Abs(end-begin-2*half) < mostStretched) {
		return 0, 0, false // characters too many or too few were counted
	}
	below := (begin+end)/2 - half
	for place := int(math.Ceil(below - mostAskew)); float64(place) <= below+mostAskew; place++ {
		s, fits := l.inside(place, length)
		if fits && (!ok || s > score) {
			best, score, ok = place, s, true
		}
	}
	return best, score, ok
}

const (
	// mostAskew is how far a line may begin to the left or right of the one above it, in
	// pitches: the picture may be slanted, but a line that begins a character late is
	// misread.
	mostAskew = 0.65
	// mostStretched is how much longer or shorter than the line above it a line may be.
	mostStretched = 1.6
)

// inside rates a line that begins at a place: characters where they are to be and none
// beside them. Most must be seen.
func (l *line) inside(start, length int) (score float64, ok bool) {
	const beside, least = 3, 0.8
	seen := 0
	for place := start - beside; place < start+length+beside; place++ {
		k := -3.0
		if s, looked := l.scores[place]; looked {
			k = min(max(best(s)-float64(s[glyph.None]), -3), 3)
		}
		if place < start || place >= start+length {
			score -= k
			continue
		}
		score += k
		if k > 0 {
			seen++
		}
	}
	return score, float64(seen) >= least*float64(length)
}
