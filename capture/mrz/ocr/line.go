package ocr

import (
	"context"
	"image"
	"math"
	"slices"

	"boothd/capture/mrz/ocr/glyph"
)

// A line is a chain as the recogniser sees it.
type line struct {
	curve       curve   // in pixels of the largest picture
	tall        float64 // the height of a capital, in pitches
	slant       float64 // of the capitals at the curve's centre, pitches to the right at the foot for one down
	turning     float64 // how much greater the slant is at the next place
	first, last int     // the places where the chain has blobs
	quality     float64 // mean logarithm of the best characters' probabilities
	upright     float64 // how much better than upside down, as the sum of such logarithms

	// scores holds what was seen at the places that were looked at; it must be emptied
	// when the line moves.
	scores map[int]*glyph.Scores
}

// reader looks at one picture.
type reader struct {
	pyramid pyramid
	net     *glyph.Net
	trace   glyph.Trace
	patch   glyph.Patch
	darker  float64 // the part by which ink is darker than its surroundings
	looks   int     // at single characters; a measure of the time
	begun   int     // the looks before this attempt
	chains  []readChain
}

// readChain is a chain and the line that was made of it; nil if it is none.
type readChain struct {
	first, last point
	line        *line
}

// known reads a line, or returns it if a chain with the same ends was read before.
func (r *reader) known(ctx context.Context, c chain) (*line, error) {
	first, last, reach := c.first().at, c.last().at, c.pitch().Length()/3
	for _, k := range r.chains {
		if distance(first, k.first) < reach && distance(last, k.last) < reach ||
			distance(first, k.last) < reach && distance(last, k.first) < reach {
			return k.line, nil
		}
	}
	l, err := r.readLine(ctx, c)
	if err == nil {
		r.chains = append(r.chains, readChain{first, last, l})
	}
	return l, err
}

// window is where a place's character is, moved by parts of a pitch along and across.
func (l *line) window(place int, along, across float64) glyph.Window {
	p := float64(place)
	pitch := l.curve.pitch(p)
	down := point{X: -pitch.Y, Y: pitch.X}
	middle := l.curve.at(p).Plus(along, pitch).Plus(across, down)
	return glyph.Window{
		Middle: middle,
		Pitch:  pitch,
		Cap:    point{}.Plus(l.tall, down).Plus(l.tall*(l.slant+l.turning*(p-l.curve.centre)), pitch),
	}
}

// look scores one window.
func (r *reader) look(w glyph.Window) *glyph.Scores {
	r.looks++
	img, scale := r.pyramid.level(w.Pitch.Length(), 15)
	shrink := func(p point) point { return point{X: (p.X+0.5)*scale - 0.5, Y: (p.Y+0.5)*scale - 0.5} }
	w.Middle = shrink(w.Middle)
	w.Pitch, w.Cap = point{}.Plus(scale, w.Pitch), point{}.Plus(scale, w.Cap)
	w.Sample(img, &r.patch)
	return r.net.Classify(&r.patch, &r.trace)
}

// at scores a place of a line, looking only once.
func (r *reader) at(l *line, place int) *glyph.Scores {
	if s, ok := l.scores[place]; ok {
		return s
	}
	s := new(glyph.Scores)
	*s = *r.look(l.window(place, 0, 0))
	if l.scores == nil {
		l.scores = make(map[int]*glyph.Scores, 60)
	}
	l.scores[place] = s
	return s
}

// best is the logarithm of the likeliest character's probability.
func best(s *glyph.Scores) float64 {
	top := s[0]
	for _, v := range s[1:glyph.None] {
		top = max(top, v)
	}
	return float64(top)
}

// readLine makes a line of a chain in the largest picture's pixels, the right way up or
// upside down, and scores its places and some beyond its ends. It returns nil if the
// chain is no line of OCR-B.
func (r *reader) readLine(ctx context.Context, c chain) (*line, error) {
	l := &line{curve: fitted(c.links), tall: 1, first: c.first().place, last: c.last().place}
	for range 2 {
		if err := r.straighten(ctx, l); err != nil {
			return nil, err
		}
	}
	if !l.sane() {
		return nil, nil
	}
	turned := l.turned()
	if max(r.sample(l, 6), r.sample(turned, 6)) < leastHopeful {
		return nil, nil
	}
	if l.upright = r.votes(l, turned); l.upright < 0 {
		turned.upright = -l.upright
		l = turned
	}
	l.quality = r.sample(l, 14)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if l.quality < leastHopeful {
		return nil, nil
	}
	r.score(l)
	return l, nil
}

// Mean logarithms of the best characters' probabilities: of a line that is worth reading
// and of one that need not be adjusted.
const (
	leastHopeful = -1.6
	clear        = -0.02
)

// sane reports whether the line's characters are of a size that can be looked at.
func (l *line) sane() bool {
	for _, place := range [3]int{l.first, (l.first + l.last) / 2, l.last} {
		if length := l.curve.pitch(float64(place)).Length(); !(length > 1 && length < 1e5) {
			return false
		}
	}
	return true
}

// turned is the line read from its other end.
func (l *line) turned() *line {
	return &line{curve: l.curve.turned(), tall: l.tall, slant: l.slant, turning: -l.turning, first: -l.last, last: -l.first}
}

// votes compares a line with the same turned, at most places that it has until one is
// clearly ahead: some characters look the same both ways.
func (r *reader) votes(l, turned *line) float64 {
	const most, floor, ahead = 22, -6, 15
	step := max(1, (l.last-l.first+most)/most)
	var sum float64
	for place := l.first; place <= l.last && math.Abs(sum) < ahead; place += step {
		sum += max(best(r.at(l, place)), floor)
		sum -= max(best(r.at(turned, -place)), floor)
	}
	return sum
}

// sample is the quality of about so many of a line's places. The worst quarter does not
// count: it may be glare, a stamp or a thumb.
func (r *reader) sample(l *line, count int) float64 {
	step := max(1, (l.last-l.first+count)/count)
	var values []float64
	for place := l.first; place <= l.last; place += step {
		values = append(values, max(best(r.at(l, place)), -6))
	}
	slices.Sort(values)
	values = values[len(values)/4:]
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// adjust moves, stretches and slants the line as long as the recogniser likes it better.
func (r *reader) adjust(ctx context.Context, l *line) error {
	moves := []func(*line, float64){
		func(l *line, k float64) { l.tall *= 1 + 0.08*k },
		func(l *line, k float64) { l.slant += 0.07 * k },
		func(l *line, k float64) { l.shift(0, 0.06*k) },
		func(l *line, k float64) { l.shift(0.07*k, 0) },
	}
	quality := r.sample(l, 10)
	for round := range 2 {
		begun := quality
		for _, move := range moves {
			for _, k := range [2]float64{1, -1} {
				for range mostMoves {
					if ctx.Err() != nil {
						return context.Cause(ctx)
					}
					trial := *l
					trial.scores = nil
					move(&trial, k/float64(round+1))
					q := r.sample(&trial, 10)
					if q < quality+0.003 || trial.tall > 1.7 || trial.tall < 0.6 || math.Abs(trial.slant) > 0.5 {
						break
					}
					*l, quality = trial, q
				}
			}
		}
		if quality > clear || quality < begun+0.01 && round > 0 {
			break
		}
	}
	l.quality = quality
	return nil
}

// mostMoves is how often in a row adjust moves a line one way.
const mostMoves = 4

// shift moves the line by parts of a pitch.
func (l *line) shift(along, across float64) {
	pitch := l.curve.pitch(l.curve.centre)
	d := point{}.Plus(along, pitch).Plus(across, point{X: -pitch.Y, Y: pitch.X})
	l.curve.x[0] += d.X
	l.curve.y[0] += d.Y
}

// score looks at every place of the line and at those where the rest of the longest
// format's line may be.
func (r *reader) score(l *line) {
	const longest = 44
	beyond := min(max(longest+3-(l.last-l.first), 4), 30)
	frame := r.pyramid[0].Rect
	for place := l.first - beyond; place <= l.last+beyond; place++ {
		if at := l.curve.at(float64(place)); image.Pt(int(at.X), int(at.Y)).In(frame) {
			r.at(l, place)
		}
	}
}

// straighten measures the characters in a copy of the line that lies straight: where they
// are and how tall. Characters beyond the chain's ends are taken in.
func (r *reader) straighten(ctx context.Context, l *line) error {
	r.looks += stripLooks
	from := l.first - stripBeyond
	strip, err := r.strip(ctx, l, from, l.last+stripBeyond)
	if err != nil {
		return err
	}
	pieces, err := blobs(ctx, strip, stripPitch, r.darker)
	if err != nil {
		return err
	}
	pieces = slices.DeleteFunc(pieces, func(b blob) bool {
		return b.height() < 9 || b.height() > 34 || b.width() > 24 || b.width() < 3 ||
			math.Abs(b.middle().Y-stripHalf) > 9
	})
	slices.SortStableFunc(pieces, func(a, b blob) int { return a.left + a.right - b.left - b.right })
	links := tracked(pieces, float64(l.first+l.last)/2-float64(from))
	if len(links) < leastChain {
		return nil
	}
	heights := make([]float64, len(links))
	for i := range links {
		heights[i] = links[i].size / stripPitch
		place := float64(from) + (links[i].at.X-stripPitch/2)/stripPitch
		step := l.curve.pitch(place)
		across := (links[i].at.Y - stripHalf) / stripPitch
		links[i].at = l.curve.at(place).Plus(across, point{X: -step.Y, Y: step.X})
		links[i].place += from
	}
	slices.Sort(heights)
	l.curve = fitted(links)
	l.first, l.last = links[0].place, links[len(links)-1].place
	l.tall = min(max(heights[len(heights)*3/4]/1.06, 0.6), 1.6)
	return nil
}

// The straight copy of a line, in pixels, and how many places it goes on beyond its ends.
const (
	stripPitch  = 20
	stripHalf   = 26
	stripBeyond = 7

	stripLooks = 20 // as many looks take the time of one copy
)

func (r *reader) strip(ctx context.Context, l *line, from, to int) (*image.Gray, error) {
	strip := image.NewGray(image.Rect(0, 0, (to-from+1)*stripPitch, 2*stripHalf+1))
	source, scale := r.pyramid.level(l.curve.pitch(l.curve.centre).Length(), stripPitch)
	for x := range strip.Rect.Dx() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		place := float64(from) + (float64(x)-stripPitch/2)/stripPitch
		step := l.curve.pitch(place)
		down := point{X: -step.Y / stripPitch, Y: step.X / stripPitch}
		top := l.curve.at(place).Plus(-stripHalf, down)
		for y := range 2*stripHalf + 1 {
			p := top.Plus(float64(y), down)
			strip.Pix[y*strip.Stride+x] = pixel(source, (p.X+0.5)*scale-0.5, (p.Y+0.5)*scale-0.5)
		}
	}
	return strip, nil
}

// tracked counts the characters of a straight line from its middle outwards, each from the
// one before, so that a pitch that changes along the line miscounts none. The pieces are
// ordered from the left; a link's size is the piece's height. The middle is in places.
func tracked(pieces []blob, middle float64) []link {
	if len(pieces) == 0 {
		return nil
	}
	start, nearest := 0, math.Inf(1)
	for i := range pieces {
		place := (pieces[i].middle().X - stripPitch/2) / stripPitch
		if off := math.Abs(place-math.Round(place)) + 0.05*math.Abs(place-middle); off < nearest {
			start, nearest = i, off
		}
	}
	first := int(math.Round((pieces[start].middle().X - stripPitch/2) / stripPitch))
	out := []link{{first, pieces[start].middle(), float64(pieces[start].height())}}
	for _, way := range [2]int{1, -1} {
		at, place, pitch := pieces[start].middle(), first, float64(stripPitch)
		for i := start + way; i >= 0 && i < len(pieces); i += way {
			p := pieces[i].middle()
			far := (p.X - at.X) * float64(way)
			steps := math.Round(far / pitch)
			if steps < 1 || math.Abs(far/pitch-steps) > 0.33 || math.Abs(p.Y-at.Y) > 3+1.5*steps {
				continue
			}
			if steps > 6 {
				break
			}
			pitch += 0.15 * (far/steps - pitch)
			place += int(steps) * way
			at = p
			out = append(out, link{place, p, float64(pieces[i].height())})
		}
	}
	slices.SortStableFunc(out, func(a, b link) int { return a.place - b.place })
	return out
}

// pixel interpolates between four pixels.
func pixel(img *image.Gray, x, y float64) uint8 {
	width, height := img.Rect.Dx(), img.Rect.Dy()
	x = min(max(x, 0), float64(width-1))
	y = min(max(y, 0), float64(height-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, width-1), min(y0+1, height-1)
	fx, fy := int((x-float64(x0))*256), int((y-float64(y0))*256)
	upper, lower := img.Pix[y0*img.Stride:], img.Pix[y1*img.Stride:]
	top := int(upper[x0])*(256-fx) + int(upper[x1])*fx
	low := int(lower[x0])*(256-fx) + int(lower[x1])*fx
	return uint8((top*(256-fy) + low*fy) >> 16)
}
