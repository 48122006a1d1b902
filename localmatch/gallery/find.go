package gallery

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"

	"boothd/localmatch/names"
	"boothd/localmatch/names/index"
	"boothd/localmatch/numbers"
)

// MaxFound is how many open entries one question may find by a number, and how many entries by a
// finger.
const MaxFound = 256

// MaxNamed is how many open entries one question may find by a name: those whose names are
// likest.
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

// LogValue keeps the question out of logs.
func (q Question) LogValue() slog.Value { return slog.StringValue("question to a list") }

// Found is what a list holds for a question, all of one version.
type Found struct {
	Info Info
	// Entries are those with a number that may be the same, the very number first; behind them
	// the others whose names are likest, the likest first. Discreet entries come on top of MaxFound
	// and MaxNamed, up to as many again: they take no open entry's place.
	Entries []*Entry
	// Last is the open entry that took the last of MaxNamed places, or, if there are fewer, the last
	// that was found by its name only; nil if none was.
	Last *Entry
	// Damaged is how many records that could have held an answer could not be read.
	Damaged int
	// More is set if entries were left out that may be likelier than those that were not: with the
	// number, or with like names.
	More bool
	// MoreNamed is set if there are more than MaxNamed with like names: some that were left
	// out may be as like as Last.
	MoreNamed bool
}

// LogValue keeps what was found out of logs.
func (f Found) LogValue() slog.Value { return slog.StringValue("entries of a list") }

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
	err = v.find(ctx, q, &f)
	if f.Damaged > 0 && l.noteDamage(v) {
		g.log.Error("list is damaged: it must be received again", "list", list)
	}
	f.Info = g.info(v.state)
	return f, err
}

func (v *view) find(ctx context.Context, q Question, f *Found) error {
	numbered := v.byNumber(q)
	_, more, err := f.read(ctx, v, numbered, MaxFound)
	if err != nil {
		return err
	}
	named, cut, err := v.byName(ctx, q)
	if err != nil {
		return err
	}
	named = slices.DeleteFunc(named, func(c candidate) bool { return holds(numbered, c.location) })
	before := len(f.Entries)
	last, moreNamed, err := f.read(ctx, v, named, MaxNamed)
	f.More = more || cut && (last < 0 || named[last].score < surelyLike)
	f.MoreNamed = moreNamed || cut
	if f.Last == nil && len(f.Entries) > before {
		f.Last = f.Entries[len(f.Entries)-1]
	}
	return err
}

// byNumber returns the records with the number, those that the index takes for the very number
// before those alike; of each kind more than may be found with as many discreet ones.
func (v *view) byNumber(q Question) []candidate {
	if q.Document.Number == "" {
		return nil
	}
	var exact, alike []candidate
	for i := len(v.parts) - 1; i >= 0; i-- {
		p := &v.parts[i]
		if p.Version <= q.Since {
			continue
		}
		for h := range p.catalogue.numbers.All(q.Document) {
			into := &alike
			if h.Exact {
				into = &exact
			}
			at := location{i, h.Entry}
			if len(*into) <= 2*MaxFound && p.live(h.Entry) && !holds(*into, at) {
				*into = append(*into, candidate{location: at})
			}
		}
	}
	alike = slices.DeleteFunc(alike, func(c candidate) bool { return holds(exact, c.location) })
	return append(exact, alike...)
}

func holds(all []candidate, at location) bool {
	return slices.ContainsFunc(all, func(c candidate) bool { return c.location == at })
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

// candidate is a record that may answer, by its name with the score of the search.
type candidate struct {
	location
	score float32
}

// surelyLike is the score that index.Result.More speaks of.
const surelyLike = 0.7

// byName returns the records with like names, the likest first: twice as many of each segment as
// may be found, for some may be discreet. It reports whether some of surelyLike may have been cut.
func (v *view) byName(ctx context.Context, q Question) (all []candidate, cut bool, err error) {
	if len(q.Name.Tokens) == 0 {
		return nil, false, nil
	}
	for i := len(v.parts) - 1; i >= 0; i-- {
		p := &v.parts[i]
		if p.Version <= q.Since {
			continue
		}
		r, err := p.catalogue.names.Search(ctx, index.Query{
			Name: q.Name, Births: q.Births, Limit: 2 * MaxNamed, Skip: func(n uint32) bool { return !p.live(n) },
		})
		if err != nil {
			return nil, false, err
		}
		cut = cut || r.More
		for _, c := range r.Candidates {
			all = append(all, candidate{location{i, c.Entry}, c.Score})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	return all, cut, nil
}

// read reads so many open entries, and reports which is the last of them, -1 if there are fewer,
// and whether there are more. It also reads the discreet entries up to there, as many at most: they
// take no open entry's place, so that whoever must not see them is told what the list would say
// without them.
func (f *Found) read(ctx context.Context, v *view, all []candidate, most int) (last int, more bool, err error) {
	f.Last, last = nil, -1
	open, discreet := 0, 0
	for i, at := range all {
		if ctx.Err() != nil {
			return last, more, ctx.Err()
		}
		c, err := v.parts[at.part].read(at.record)
		switch e := c.Put; {
		case errors.Is(err, ErrDamaged):
			f.Damaged++
		case err != nil:
			return last, more, err
		case e == nil:
		case e.Discreet && discreet == most:
			more = true
		case e.Discreet:
			discreet++
			f.Entries = append(f.Entries, e)
		case open == most:
			return last, true, nil
		default:
			if open++; open == most {
				f.Last, last = e, i
			}
			f.Entries = append(f.Entries, e)
		}
	}
	return last, more, nil
}
