package gallery

import (
	"context"
	"errors"
	"time"

	fingerindex "boothd/localmatch/finger/index"
)

// FoundFingers is what a list holds for a finger, all of one version.
type FoundFingers struct {
	Info   Info     // Info.Fingers is how many entries were searched
	People []Person // the likest first
	// NotReady is set if the list's fingers cannot be searched yet.
	NotReady bool
	// Damaged is how many records that could have held an answer could not be read.
	Damaged int
}

// Person is an entry with what its fingers have in common with those asked about.
type Person struct {
	Entry *Entry
	fingerindex.Candidate
}

// HoldsFingers reports whether the list has entries that can be found by a finger. It is true
// also as long as that is not known, because the list was never received or cannot be read.
// It waits for nothing.
func (g *Gallery) HoldsFingers(list string) bool {
	l := g.list(list)
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.view == nil || l.view.Fingers > 0
}

// FingerQuestion is what a list is asked by one or several fingers of a person.
type FingerQuestion struct {
	Probes []fingerindex.Probe
	// Least is what an entry must score in a list in which so many entries have fingers.
	Least func(entries int) float64
	Since uint64 // as Question has it
}

// FindFingers searches one version of the list for a person by fingers. The error is ErrAbsent,
// ErrNotReady, ErrErased or ErrDamaged if the list as a whole cannot be asked, and
// fingerindex.ErrSparse if a finger shows too little.
func (g *Gallery) FindFingers(ctx context.Context, list string, q FingerQuestion) (FoundFingers, error) {
	l := g.list(list)
	if l == nil {
		return FoundFingers{}, ErrAbsent
	}
	v, err := l.acquire()
	if err != nil {
		return FoundFingers{Info: Info{Damaged: errors.Is(err, ErrDamaged)}}, err
	}
	defer v.release()
	f, err := g.findFingers(ctx, v, q)
	if f.Damaged > 0 && l.noteDamage(v) {
		g.log.Error("list is damaged: it must be received again", "list", list)
	}
	f.Info = g.info(v.state)
	return f, err
}

func (g *Gallery) findFingers(ctx context.Context, v *view, q FingerQuestion) (f FoundFingers, err error) {
	if v.Fingers == 0 {
		return f, nil
	}
	p := v.readyPrints()
	if p == nil {
		f.NotReady = true
		g.buildPrints(v.list)
		return f, nil
	}
	f.Damaged = p.damaged
	candidates, err := p.index.Search(ctx, q.Probes, fingerindex.Options{Limit: MaxFound, MinScore: q.Least(v.Fingers)})
	switch {
	case errors.Is(err, fingerindex.ErrDamaged):
		f.Damaged++
	case err != nil:
		return f, err
	}
	for _, c := range candidates {
		part, n := v.at(c.Key)
		if part == nil || !part.live(n) || part.Version <= q.Since {
			continue // of another version, or too old
		}
		change, err := part.read(n)
		switch {
		case errors.Is(err, ErrDamaged):
			f.Damaged++
		case err != nil:
			return f, err
		case change.Put != nil:
			f.People = append(f.People, Person{change.Put, c})
		}
	}
	return f, nil
}

// at returns the part and the record that are so called in the index of fingers; nil if the
// version has no such part.
func (v *view) at(key uint64) (*part, uint32) {
	for i := range v.parts {
		if p := &v.parts[i]; p.Serial == uint32(key>>32) {
			return p, uint32(key)
		}
	}
	return nil, 0
}

// buildPrints makes the fingers of a list ready in the background, unless that is under way
// or there is nothing to do.
func (g *Gallery) buildPrints(l *list) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.building || !g.lacksPrints(l.view) || g.ctx.Err() != nil {
		return
	}
	l.building = true
	g.work.Go(func() {
		err := g.build(g.ctx, l)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.building = false
		if err != nil && g.ctx.Err() == nil {
			g.log.Error("fingers of a list cannot be searched", "list", l.name, "err", err)
		}
	})
}

// lacksPrints reports whether the fingers of a version are to be made ready.
func (g *Gallery) lacksPrints(v *view) bool {
	return v != nil && v.Fingers > 0 && v.prints == nil && g.now().Before(v.Expires)
}

// build builds until it has built the version that counts.
func (g *Gallery) build(ctx context.Context, l *list) error {
	for {
		v, err := l.acquire()
		if err != nil {
			return nil // erased, or damaged, meanwhile
		}
		began := time.Now()
		p, err := v.readPrints(ctx)
		l.mu.Lock()
		current := l.view == v
		if err == nil && current && g.lacksPrints(v) {
			v.prints = p
		}
		over := !g.lacksPrints(l.view)
		l.mu.Unlock()
		v.release()
		if err != nil {
			return err
		}
		if current {
			g.log.Info("fingers of a list are ready", "list", l.name, "version", v.Version,
				"templates", p.index.Len(), "damaged", p.damaged, "took", time.Since(began).Round(time.Millisecond))
		}
		if over {
			return nil
		}
	}
}

// readPrints builds the index of a version from its sealed entries. Who has fingers is known
// without reading the others.
func (v *view) readPrints(ctx context.Context) (*prints, error) {
	p := newPrints()
	read := func(give func(location) bool) error {
		for i := range v.parts {
			for _, n := range v.parts[i].catalogue.fingers {
				if v.parts[i].live(n) && !give(location{i, n}) {
					return ctx.Err()
				}
			}
		}
		return nil
	}
	add := func(at location) (bool, error) {
		part := &v.parts[at.part]
		c, err := part.read(at.record)
		if err != nil && !errors.Is(err, ErrDamaged) {
			return false, err
		}
		return err == nil && c.Put != nil && p.add(part.key(at.record), c.Put.Fingers) == nil, nil
	}
	err := inOrder(ctx, read, func() func(location) (bool, error) { return add }, func(good bool) error {
		if !good {
			p.damaged++
		}
		return nil
	})
	return p, err
}
