package gallery

import (
	"context"
	"errors"
	"math/bits"
	"slices"

	"boothd/localmatch/gallery/segment"
)

// location is a record of a version.
type location struct {
	part   int
	record uint32
}

// shadowed is what a part does to the older ones.
type shadowed struct {
	away    []location // live entries of older parts that count no more
	missing int        // ids it drops that were not there
	damaged int        // records among those put away of which that is not certain
}

// shadow marks the records that do not count because of part i: in the older parts those
// whose ids it tells of, and within it all but the last of an id.
func (v *view) shadow(ctx context.Context, i int) (s shadowed, err error) {
	p := &v.parts[i]
	x := p.catalogue.ids
	for from := 0; from < len(x.hashes); {
		if from%1024 == 0 && ctx.Err() != nil {
			return s, ctx.Err()
		}
		to := from + 1
		for to < len(x.hashes) && x.hashes[to] == x.hashes[from] {
			to++
		}
		records, older := x.records[from:to], v.older(i, x.hashes[from])
		from = to
		if len(records) == 1 && len(older) == 0 {
			if p.catalogue.drops.has(records[0]) {
				s.missing++
			}
			continue
		}
		if err := v.settle(&s, i, records, older); err != nil {
			return s, err
		}
	}
	return s, nil
}

// older returns the live entries of the parts before i whose ids have the hash.
func (v *view) older(i int, hash uint64) (all []location) {
	for j := range v.parts[:i] {
		for _, n := range v.parts[j].catalogue.ids.find(hash) {
			if v.parts[j].live(n) {
				all = append(all, location{j, n})
			}
		}
	}
	return all
}

// settle decides which of some records and older entries, whose ids have one hash, count.
func (v *view) settle(s *shadowed, i int, records []uint32, older []location) error {
	p := &v.parts[i]
	last := map[string]uint32{}
	live := map[string]bool{}
	names := make([]string, len(older))
	for k, l := range older {
		id, err := v.parts[l.part].id(l.record)
		if errors.Is(err, ErrDamaged) { // ids of one hash are as good as one
			id, err = p.id(records[0])
			s.damaged++
		}
		if err != nil {
			return err
		}
		names[k], live[id] = id, true
	}
	for _, n := range records {
		id, err := p.id(n)
		if err != nil {
			return err
		}
		if before, again := last[id]; again {
			p.kill(before)
		}
		last[id] = n
		drops := p.catalogue.drops.has(n)
		if drops && !live[id] {
			s.missing++
		}
		live[id] = !drops
	}
	for k, l := range older {
		if _, told := last[names[k]]; told {
			v.parts[l.part].kill(l.record)
			s.away = append(s.away, l)
		}
	}
	return nil
}

// kill marks a record that does not count.
func (p *part) kill(n uint32) {
	if p.dead == nil {
		p.dead = newBitset(p.Records)
	}
	p.dead.add(n)
}

// id returns the id that a record tells of.
func (h *held) id(n uint32) (string, error) {
	c, err := h.read(n)
	if err != nil || c.Put == nil {
		return c.Drop, err
	}
	return c.Put.ID, nil
}

// read reads a record. The error matches ErrDamaged if it is not what was written.
func (h *held) read(n uint32) (Change, error) {
	record, err := h.file.Read(n)
	if errors.Is(err, segment.ErrDamaged) {
		return Change{}, errors.Join(ErrDamaged, err)
	}
	if err != nil {
		return Change{}, err
	}
	return readRecord(record)
}

// follow returns the parts for a version that comes after, whose marks can be changed.
func (v *view) follow() []part {
	parts := slices.Clone(v.parts)
	for i := range parts {
		parts[i].dead = slices.Clone(parts[i].dead)
	}
	return parts
}

// count counts the live entries, and of these the ones with fingers.
func (v *view) count() (entries, fingers int) {
	for i := range v.parts {
		p := &v.parts[i]
		entries += p.Records - p.gone()
		for _, n := range p.catalogue.fingers {
			if p.live(n) {
				fingers++
			}
		}
	}
	return entries, fingers
}

// gone is how many records are no entries of this version.
func (p *part) gone() int {
	n := 0
	for i, w := range p.catalogue.drops {
		if i < len(p.dead) {
			w |= p.dead[i]
		}
		n += bits.OnesCount64(w)
	}
	return n
}
