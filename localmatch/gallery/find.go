package gallery

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"boothd/localmatch/names"
	"boothd/localmatch/names/index"
	"boothd/localmatch/numbers"
)

// MaxFound is how many entries one question may find by a number, and by a finger.
const MaxFound = 256

// MaxNamed is how many entries one question may find by a name: those whose names are likest.
const MaxNamed = 64

// Question is what a list is asked: for a number, a name, or both.
type Question struct {
	Document numbers.Document // not asked for if it has no number
	Name     names.Name       // not asked for if it has no tokens
	Births   []names.Birth
	// Since, if not 0, asks for entries that came with a later version than that. Others may be
	// among those found: entries that were merged with later ones count as late as those.
	Since uint64
}

// Found is what a list holds for a question, all of one version.
type Found struct {
	Info Info
	// Entries are those with a number that may be the same, and those whose names are likest;
	// each once.
	Entries []*Entry
	// Damaged is how many records that could have held an answer could not be read.
	Damaged int
	// More is set if there are more entries than were looked at: with the number, or with a
	// name that is like enough.
	More bool
	// MoreNamed is set if there are more than MaxNamed with like names: some that were left
	// out may be as like as the last of those that were not.
	MoreNamed bool
}

// Find asks one version of the list. The error is ErrAbsent, ErrNotReady, ErrErased or
// ErrDamaged if the list as a whole cannot be asked.
func (g *Gallery) Find(ctx context.Context, list string, q Question) (Found, error) {
	l := g.list(list)
	if l == nil {
		return Found{}, ErrAbsent
	}
	v, err := l.acquire()
	if err != nil {
		return Found{Info: Info{Damaged: errors.Is(err, ErrDamaged)}}, err
	}
	defer v.release()
	f := Found{}
	all, err := v.locate(ctx, q, &f)
	if err == nil {
		err = f.read(ctx, v, all)
	}
	if f.Damaged > 0 && l.noteDamage(v) {
		g.log.Error("list is damaged: it must be received again", "list", list)
	}
	f.Info = g.info(v.state)
	return f, err
}

// locate returns the records that the question finds, each once.
func (v *view) locate(ctx context.Context, q Question, f *Found) ([]location, error) {
	var all []location
	var named []candidate
	for i := len(v.parts) - 1; i >= 0; i-- {
		p := &v.parts[i]
		if p.Version <= q.Since {
			continue
		}
		if q.Document.Number != "" {
			all = p.byNumber(i, q.Document, all, f)
		}
		if len(q.Name.Tokens) > 0 {
			found, err := p.byName(ctx, i, q, f)
			if err != nil {
				return nil, err
			}
			named = append(named, found...)
		}
	}
	slices.SortStableFunc(named, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	f.MoreNamed = f.MoreNamed || len(named) > MaxNamed
	for _, c := range named[:min(len(named), MaxNamed)] {
		if !slices.Contains(all, c.location) {
			all = append(all, c.location)
		}
	}
	return all, nil
}

func (p *part) byNumber(i int, d numbers.Document, all []location, f *Found) []location {
	hits := 0
	for h := range p.catalogue.numbers.All(d) {
		at := location{i, h.Entry}
		if !p.live(h.Entry) || slices.Contains(all, at) {
			continue
		}
		if hits++; hits > MaxFound || len(all) == MaxFound {
			f.More = true
			break
		}
		all = append(all, at)
	}
	return all
}

// hasNumber reports whether the number finds the record.
func (h *held) hasNumber(n uint32, d numbers.Document) bool {
	for hit := range h.catalogue.numbers.All(d) {
		if hit.Entry == n {
			return true
		}
	}
	return false
}

// candidate is a record whose names are like those asked for.
type candidate struct {
	location
	score float32
}

func (p *part) byName(ctx context.Context, i int, q Question, f *Found) ([]candidate, error) {
	r, err := p.catalogue.names.Search(ctx, index.Query{
		Name: q.Name, Births: q.Births, Limit: MaxNamed, Skip: func(n uint32) bool { return !p.live(n) },
	})
	if err != nil {
		return nil, err
	}
	f.More = f.More || r.More && len(r.Candidates) < MaxNamed
	f.MoreNamed = f.MoreNamed || r.More
	all := make([]candidate, len(r.Candidates))
	for k, c := range r.Candidates {
		all[k] = candidate{location{i, c.Entry}, c.Score}
	}
	return all, nil
}

func (f *Found) read(ctx context.Context, v *view, all []location) error {
	for _, at := range all {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c, err := v.parts[at.part].read(at.record)
		switch {
		case errors.Is(err, ErrDamaged):
			f.Damaged++
		case err != nil:
			return err
		case c.Put != nil:
			f.Entries = append(f.Entries, c.Put)
		}
	}
	return nil
}
