package ocr

import (
	"cmp"
	"errors"
	"image"
	"math"
	"slices"
	"time"

	"boothd/capture/mrz"
	"boothd/capture/mrz/ocr/glyph"
)

// change puts another character in a position.
type change struct {
	line, column int
	option
}

// decode reads the characters of a zone, if they are one's.
func (r *reader) decode(z *zone, now time.Time) (Reading, error) {
	scores := make([][]glyph.Scores, len(z.lines))
	for i, l := range z.lines {
		scores[i] = make([]glyph.Scores, z.shape.length)
		for k := range scores[i] {
			scores[i][k] = r.steady(l, z.starts[i]+k)
		}
	}
	begin := make([]byte, 5)
	for i := range begin {
		begin[i] = cellOf(&scores[0][i], 'A').options[0].ch
	}
	form := layoutOf(z.shape, string(begin))
	d := &decoder{layout: form, now: now}
	for i, line := range scores {
		cells := make([]cell, len(line))
		text := make([]byte, len(line))
		for k := range line {
			cells[k] = cellOf(&line[k], form.lines[i][k])
			text[k] = cells[k].options[0].ch
		}
		d.cells = append(d.cells, cells)
		d.text = append(d.text, text)
	}
	d.prove()
	for i := range z.lines {
		before, behind := z.cutOff(i)
		if before {
			d.doubt(i, 0)
		}
		if behind {
			d.doubt(i, z.shape.length-1)
		}
	}
	if !d.plausible() {
		return Reading{}, errNoZone
	}
	return d.reading(z)
}

// errNoZone is why lines of characters are no reading.
var errNoZone = errors.New("the lines are not a zone's")

// plausible reports whether the lines are a zone's: all check digits are right, or nearly
// all characters are of the kinds that stand at such places and not too many are doubtful,
// fewer if no digit is right. Other text that is printed as evenly has letters where dates
// are, and characters that the recogniser has not learnt.
func (d *decoder) plausible() bool {
	const mostForeign = 0.07
	v := d.verdict()
	if v.valid {
		return true
	}
	mostDoubtful := 0.15
	if v.right != 0 {
		mostDoubtful = 0.4
	}
	var foreign, count float64
	for _, line := range d.cells {
		for _, c := range line {
			foreign += c.foreign
			count++
		}
	}
	return foreign < mostForeign*count && float64(len(d.doubts)) < mostDoubtful*count
}

// Costs, as logarithms of how many times less likely a reading is.
const (
	// doubtBelow: a character's rival this near, which no check digit excludes, is a doubt.
	doubtBelow = 4.0
	// mostChange is the cost of the least likely set of changes that is tried: if it
	// leaves all check digits right it is a doubt.
	mostChange = 5.0
	// repairBelow: a costlier repair is a doubt as well, and so is one of several
	// changes, for many sets make the digits right by chance.
	repairBelow = 3.0

	mostChanges = 24 // tried at once
)

type decoder struct {
	layout
	now      time.Time
	cells    [][]cell
	text     [][]byte
	doubts   [][2]int
	repaired [][2]int
}

// verdict is what the zone's check digits and fields say of a text.
type verdict struct {
	zone   bool
	right  uint32 // one bit for each right check digit
	faults int
	valid  bool
}

func (d *decoder) verdict() verdict {
	z, err := mrz.Parse(d.lines(), d.now)
	if err != nil || z.Format != d.format {
		return verdict{}
	}
	v := verdict{zone: true, faults: len(z.Faults), valid: z.Valid()}
	for i, c := range z.Checks {
		if c.OK {
			v.right |= 1 << i
		}
	}
	return v
}

func (d *decoder) lines() []string {
	out := make([]string, len(d.text))
	for i, t := range d.text {
		out[i] = string(t)
	}
	return out
}

// with calls judge while the text is changed.
func (d *decoder) with(changes []change, judge func()) {
	var old [3]byte
	for i, c := range changes {
		old[i] = d.text[c.line][c.column]
		d.text[c.line][c.column] = c.ch
	}
	judge()
	for i := len(changes) - 1; i >= 0; i-- {
		c := changes[i]
		d.text[c.line][c.column] = old[i]
	}
}

// prove lets the check digits decide between likely characters where they can, and notes
// what stays doubtful.
func (d *decoder) prove() {
	base := d.verdict()
	var provable []change
	for i, line := range d.cells {
		for k, c := range line {
			if c.confidence < leastConfidence {
				d.doubt(i, k)
			}
			rivals := c.options[1:]
			if rivals[0].cost > mostChange {
				continue
			}
			checked := d.checked(i, k, base)
			for _, o := range rivals {
				if o.cost > mostChange {
					break
				}
				ch := change{i, k, o}
				switch {
				case checked && value(o.ch) != value(d.text[i][k]) || d.faultsDiffer(ch, base):
					provable = append(provable, ch)
				case o.cost < doubtBelow:
					d.doubt(i, k)
				}
			}
		}
	}
	slices.SortStableFunc(provable, func(a, b change) int { return cmp.Compare(a.cost, b.cost) })
	sets := d.validSets(provable[:min(len(provable), mostChanges)])
	if base.valid {
		d.rivals(sets, nil)
		return
	}
	if len(sets) == 0 {
		d.unproven(provable)
		return
	}
	repair := sets[0]
	d.rivals(sets[1:], repair.changes)
	for _, c := range repair.changes {
		d.text[c.line][c.column] = c.ch
		d.repaired = append(d.repaired, [2]int{c.line, c.column})
		if repair.cost > repairBelow || len(repair.changes) > 1 {
			d.doubt(c.line, c.column)
		}
	}
}

// checked reports whether a check digit covers a position: one of the ten digits makes it
// right that was wrong, or wrong that was right.
func (d *decoder) checked(line, column int, base verdict) bool {
	found := false
	for digit := byte('0'); digit <= '9' && !found; digit++ {
		d.with([]change{{line, column, option{ch: digit}}}, func() {
			v := d.verdict()
			found = v.zone && v.right != base.right
		})
	}
	return found
}

// value is what a character counts in a check digit, modulo 10 (ICAO 9303-3 §4.9).
func value(ch byte) byte {
	switch {
	case ch == '<':
		return 0
	case ch <= '9':
		return ch - '0'
	}
	return (ch - 'A') % 10
}

// faultsDiffer reports whether a change makes a field possible or impossible.
func (d *decoder) faultsDiffer(c change, base verdict) bool {
	var v verdict
	d.with([]change{c}, func() { v = d.verdict() })
	return v.zone && v.faults != base.faults
}

// leastConfidence is what a position must have not to be doubtful whatever the check digits
// say: below it there may be no character at all.
const leastConfidence = 0.3

// changeSet is a text with all check digits right.
type changeSet struct {
	changes []change
	cost    float64
}

// validSets returns the sets of up to three changes that make the zone valid, the cheapest
// first.
func (d *decoder) validSets(all []change) []changeSet {
	var sets []changeSet
	var extend func(from int, chosen []change, cost float64)
	extend = func(from int, chosen []change, cost float64) {
		if len(chosen) > 0 {
			d.with(chosen, func() {
				if d.verdict().valid {
					sets = append(sets, changeSet{slices.Clone(chosen), cost})
				}
			})
		}
		if len(chosen) == 3 {
			return
		}
		for i := from; i < len(all); i++ {
			c := all[i]
			if cost+c.cost > mostChange {
				break
			}
			if slices.ContainsFunc(chosen, func(o change) bool { return o.line == c.line && o.column == c.column }) {
				continue
			}
			extend(i+1, append(chosen, c), cost+c.cost)
		}
	}
	extend(0, make([]change, 0, 3), 0)
	slices.SortStableFunc(sets, func(a, b changeSet) int { return cmp.Compare(a.cost, b.cost) })
	return sets
}

// rivals doubts the positions in which a set differs from the changes that were chosen.
func (d *decoder) rivals(sets []changeSet, chosen []change) {
	for _, s := range sets {
		for _, c := range s.changes {
			if !slices.Contains(chosen, c) {
				d.doubt(c.line, c.column)
			}
		}
		for _, c := range chosen {
			if !slices.Contains(s.changes, c) {
				d.doubt(c.line, c.column)
			}
		}
	}
}

// unproven doubts what the check digits cannot settle because they are wrong: every
// character with a near rival, and the weakest.
func (d *decoder) unproven(provable []change) {
	for _, c := range provable {
		if c.cost < doubtBelow {
			d.doubt(c.line, c.column)
		}
	}
	line, column, least := 0, 0, 2.0
	for i := range d.cells {
		for k, c := range d.cells[i] {
			if c.confidence < least {
				line, column, least = i, k, c.confidence
			}
		}
	}
	d.doubt(line, column)
}

func (d *decoder) doubt(line, column int) {
	if at := [2]int{line, column}; !slices.Contains(d.doubts, at) {
		d.doubts = append(d.doubts, at)
	}
}

// reading puts together what was decided.
func (d *decoder) reading(z *zone) (Reading, error) {
	zone, err := mrz.Parse(d.lines(), d.now)
	if err != nil {
		return Reading{}, err
	}
	out := Reading{Format: zone.Format, Lines: zone.Lines, Zone: zone, Corners: z.corners()}
	for i := range d.cells {
		line := make([]Position, len(d.cells[i]))
		for k := range line {
			line[k] = d.position(i, k)
		}
		out.Positions = append(out.Positions, line)
	}
	slices.SortFunc(d.doubts, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	for _, at := range d.doubts {
		out.Doubtful = append(out.Doubtful, out.Positions[at[0]][at[1]])
	}
	return out, nil
}

func (d *decoder) position(line, column int) Position {
	c := &d.cells[line][column]
	p := Position{
		Line: line + 1, Column: column + 1,
		Character:  string(d.text[line][column : column+1]),
		RunnerUp:   string(c.options[1].ch),
		Confidence: c.confidence,
	}
	if slices.Contains(d.repaired, [2]int{line, column}) {
		p.Repaired = string(c.options[0].ch)
		p.RunnerUp = p.Repaired
		for _, o := range c.options {
			if o.ch == d.text[line][column] {
				p.Confidence = c.confidence * math.Exp(-o.cost)
			}
		}
	}
	return p
}

// corners are half a character outside the first and last characters.
func (z *zone) corners() [4]image.Point {
	corner := func(l *line, place int, right, down float64) image.Point {
		w := l.window(place, 0, 0)
		p := w.Middle.Plus(right*0.6, w.Pitch).Plus(down*0.6, w.Cap)
		return image.Pt(int(math.Round(p.X)), int(math.Round(p.Y)))
	}
	top, foot := z.lines[0], z.lines[len(z.lines)-1]
	a, b := z.starts[0], z.starts[len(z.starts)-1]
	n := z.shape.length - 1
	return [4]image.Point{
		corner(top, a, -1, -1), corner(top, a+n, 1, -1), corner(foot, b+n, 1, 1), corner(foot, b, -1, 1),
	}
}
