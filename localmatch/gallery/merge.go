package gallery

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// mergeFrom returns the first of the segments that are to be merged into one: a segment is to
// be at least twice as large as all behind it together, so that there are few, and a record
// is written anew few times. It returns the number of segments if none is.
func mergeFrom(all []segmentState) int {
	from, behind := len(all), 0
	for i := len(all) - 1; i >= 0; i-- {
		if i < len(all)-1 && all[i].Records < 2*behind {
			from = i
		}
		behind += all[i].Records
	}
	return from
}

// settle caches the indexes of a new segment, and merges segments of a list until none are to
// be merged.
func (g *Gallery) settle(l *list, newest *held) {
	l.merging.Lock()
	defer l.merging.Unlock()
	if newest != nil {
		g.cacheHeld(l, newest)
	}
	for g.ctx.Err() == nil {
		done, err := g.mergeOnce(g.ctx, l)
		if err != nil && g.ctx.Err() == nil {
			g.log.Warn("segments of a list not merged", "list", l.name, "err", err)
		}
		if done || err != nil {
			return
		}
	}
}

// holds reports whether a segment is one of the version that counts.
func (l *list) holds(h *held) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.view != nil && slices.ContainsFunc(l.view.parts, func(p part) bool { return p.held == h })
}

// mergeOnce merges what is to be merged of the version that counts; it reports true if
// nothing is.
func (g *Gallery) mergeOnce(ctx context.Context, l *list) (done bool, err error) {
	v, err := l.acquire()
	if err != nil {
		return true, nil
	}
	defer v.release()
	from := mergeFrom(v.Segments)
	if from == len(v.Segments) {
		return true, nil
	}
	serial, err := g.reserve(ctx, l, v)
	if errors.Is(err, errOvertaken) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	h, p, err := g.writeMerged(ctx, v, from, serial)
	if err == nil {
		if err = g.replace(ctx, l, v, from, h, p); err != nil {
			p.abandon()
		}
	}
	if err != nil {
		g.discard(l, h)
		if errors.Is(err, errOvertaken) || !l.holds(v.parts[from].held) {
			err = nil
		}
		return false, err
	}
	g.cacheHeld(l, h)
	return false, nil
}

// errOvertaken says that a list was replaced or erased while it was loaded or segments of it were
// merged.
var errOvertaken = errors.New("the list was replaced meanwhile")

// reserve takes a serial for a segment, lest an update takes it meanwhile.
func (g *Gallery) reserve(ctx context.Context, l *list, v *view) (uint32, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	s, err := readState(ctx, g.database().read, g.states, l.name)
	if err != nil {
		return 0, err
	}
	if !begins(s.Segments, v.Segments) {
		return 0, errOvertaken
	}
	serial := s.Next
	s.Next++
	if err := g.commit(ctx, s, s.Seen); err != nil {
		return 0, err
	}
	l.reserved = serial
	return serial, nil
}

// begins reports whether all begins with those.
func begins(all, those []segmentState) bool {
	if len(all) < len(those) {
		return false
	}
	for i, s := range those {
		if all[i] != s {
			return false
		}
	}
	return true
}

// discard gives up what was merged.
func (g *Gallery) discard(l *list, h *held) {
	if h != nil {
		h.file.Close()
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	l.reserved = 0
	g.tidy(l)
}

// tidy removes the files of a list that do not count. The list's writing is held.
func (g *Gallery) tidy(l *list) {
	s, err := readState(context.WithoutCancel(g.ctx), g.database().read, g.states, l.name)
	if err == nil || errors.Is(err, ErrAbsent) {
		g.sweep(l, s)
	}
}

// writeMerged writes the live records of the segments from on into one. Ids that are dropped
// are kept as such as long as there are older segments which may hold them.
func (g *Gallery) writeMerged(ctx context.Context, v *view, from int, serial uint32) (*held, *printChange, error) {
	x := segmentState{Serial: serial, Version: v.parts[len(v.parts)-1].Version}
	return writeRecords(ctx, g, v.Name, x, v.readyPrints(), v.recordsFrom(ctx, from), func(s *sealer, r numberedRecord) (sealedChange, error) {
		return s.record(v, r)
	})
}

// numberedRecord is a record of a version and its number in the segment that is written.
type numberedRecord struct {
	location
	n uint32
}

// recordsFrom gives the records of the parts from on that are to be kept.
func (v *view) recordsFrom(ctx context.Context, from int) func(give func(numberedRecord) bool) error {
	return func(give func(numberedRecord) bool) error {
		n := uint32(0)
		for i := from; i < len(v.parts); i++ {
			p := &v.parts[i]
			for r := range uint32(p.Records) {
				if p.dead.has(r) || from == 0 && p.catalogue.drops.has(r) {
					continue
				}
				if !give(numberedRecord{location{i, r}, n}) {
					return ctx.Err()
				}
				n++
			}
		}
		return nil
	}
}

// record makes a record of a version ready to be sealed anew. A damaged one stops the merging: with
// it the list would lose what tells of the damage.
func (s *sealer) record(v *view, r numberedRecord) (sealedChange, error) {
	record, err := v.parts[r.part].file.Read(r.record)
	if err != nil {
		return sealedChange{}, err
	}
	c, err := readRecord(record)
	if err != nil {
		return sealedChange{}, err
	}
	return s.seal(nil, r.n, &c, record)
}

// replace puts a merged segment in the place of those it was made of. What came behind them
// meanwhile stays behind it.
func (g *Gallery) replace(ctx context.Context, l *list, merged *view, from int, h *held, p *printChange) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	s, err := readState(ctx, g.database().read, g.states, l.name)
	if err != nil {
		return err
	}
	current, err := l.acquire()
	if err != nil {
		return errOvertaken
	}
	defer current.release()
	if !begins(s.Segments, merged.Segments) || p.prints != current.readyPrints() {
		return errOvertaken
	}
	v := &view{state: s}
	behind := len(merged.parts)
	s.Segments = append(append(append([]segmentState{}, s.Segments[:from]...), h.segmentState), s.Segments[behind:]...)
	parts := current.follow()
	v.parts = append(append(append([]part{}, parts[:from]...), part{held: h}), parts[behind:]...)
	for i := from + 1; i < len(v.parts); i++ {
		if _, err := v.shadow(ctx, i); err != nil {
			return err
		}
	}
	if entries, _ := v.count(); entries != s.Entries {
		return fmt.Errorf("%d entries after merging, want %d: %w", entries, s.Entries, ErrDamaged)
	}
	if err := g.commit(ctx, s, s.Seen); err != nil {
		return err
	}
	l.reserved = 0
	for _, old := range current.parts[from:behind] {
		for _, n := range old.catalogue.fingers {
			v.gone = append(v.gone, old.key(n))
		}
	}
	p.show(l, v)
	g.expect(l)
	g.buildPrints(l)
	g.sweep(l, s)
	return nil
}
