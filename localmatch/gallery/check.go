package gallery

import (
	"context"
	"errors"
	"fmt"

	"boothd/internal/keys/rest"
	"boothd/localmatch/gallery/segment"
)

// Health is what a look at every record of a list found.
type Health struct {
	Entries int // that can be read and found
	Damaged int // records that cannot
}

// Check reads the whole list and proves that each of its entries can be read, and found by
// its id and its numbers.
func (g *Gallery) Check(ctx context.Context, list string) (Health, error) {
	l := g.list(list)
	if l == nil {
		return Health{}, ErrAbsent
	}
	v, err := l.acquire()
	if err != nil {
		return Health{}, err
	}
	defer v.release()
	h, err := v.check(ctx)
	if h.Damaged > 0 {
		l.noteDamage(v)
	}
	return h, err
}

func (v *view) check(ctx context.Context) (h Health, err error) {
	for i := range v.parts {
		p := &v.parts[i]
		for n := range uint32(p.Records) {
			if n%1024 == 0 && ctx.Err() != nil {
				return h, ctx.Err()
			}
			c, err := p.read(n)
			if err != nil && !errors.Is(err, ErrDamaged) {
				return h, err
			}
			switch {
			case err != nil, !p.finds(n, &c):
				h.Damaged++
			case p.live(n):
				h.Entries++
			}
		}
	}
	if h.Damaged == 0 && h.Entries != v.Entries {
		h.Damaged++
	}
	return h, nil
}

// finds reports whether a record is found by what it is to be found by, and its templates
// can be read.
func (h *held) finds(n uint32, c *Change) bool {
	id, documents, fingers := c.Drop, []DocumentNumber(nil), c.fingers()
	if c.Put != nil {
		id, documents = c.Put.ID, c.Put.Documents
	}
	found := false
	for _, other := range h.catalogue.ids.find(hashID(id)) {
		found = found || other == n
	}
	for _, d := range documents {
		found = found && h.hasNumber(n, d.Document())
	}
	for i := range fingers {
		_, _, err := fingers[i].Read()
		found = found && err == nil
	}
	return found
}

// Examine checks every record of every list in a gallery that a running daemon may have
// open, as Check does, by list. It changes nothing. Lists that cannot be asked at all have one
// damaged record; erased ones are left out.
func Examine(ctx context.Context, path, keysDir string, k *rest.Keeper) (map[string]Health, error) {
	g, err := openReadOnly(ctx, path, keysDir, k)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	states, err := readStates(ctx, g.database().read, g.states)
	if err != nil {
		return nil, fmt.Errorf("read lists: %w", err)
	}
	all := map[string]Health{}
	for _, s := range states {
		h, err := g.examine(ctx, s)
		switch {
		case errors.Is(err, ErrErased):
			continue
		case errors.Is(err, ErrDamaged), errors.Is(err, segment.ErrDamaged):
			h.Damaged++
		case err != nil:
			return nil, err
		}
		all[s.Name] = h
	}
	return all, nil
}

// examine checks a list. If the daemon replaces it meanwhile, it is looked at again.
func (g *Gallery) examine(ctx context.Context, s *state) (h Health, err error) {
	for {
		v, err := g.loadView(ctx, s)
		if err == nil {
			h, err = v.check(ctx)
			v.close()
		}
		if err == nil && h.Damaged == 0 || errors.Is(err, ErrErased) || ctx.Err() != nil {
			return h, err
		}
		again, failed := readState(ctx, g.database().read, g.states, s.Name)
		if failed != nil || sameSegments(again, s) {
			return h, err
		}
		s = again
	}
}

func sameSegments(a, b *state) bool {
	return len(a.Segments) == len(b.Segments) && begins(a.Segments, b.Segments)
}
