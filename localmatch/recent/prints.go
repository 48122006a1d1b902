package recent

import (
	"context"
	"errors"
	"sync"

	"boothd/localmatch/finger/index"
	"boothd/localmatch/gallery"
)

// prints are the fingers of the remembered checks, in memory; a check is a person there.
type prints struct {
	mu    *sync.Mutex
	index *index.Index
	keys  map[string]uint64 // of the checks in the index, and 0 of those without a finger
	names map[uint64]string
	next  uint64
}

func newPrints() prints {
	return prints{mu: new(sync.Mutex), index: index.New(), keys: map[string]uint64{}, names: map[uint64]string{}}
}

func (p *prints) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(len(p.names), 1)
}

// forget makes sure that a check is read again.
func (p *prints) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if key, known := p.keys[id]; known {
		p.index.Remove(key)
		delete(p.names, key)
		delete(p.keys, id)
	}
}

// near is the score from which a check is opened and compared; lower than any finding's.
const near = 20

// touched returns the checks with a finger that resembles one of the entry's. A finger or a
// check that cannot be read does not hide the others; the error tells of it.
func (s *Store) touched(ctx context.Context, e *gallery.Entry) ([]string, error) {
	var probes []index.Probe
	var unread error
	for i := range e.Fingers {
		position, t, err := e.Fingers[i].Read()
		if err != nil {
			unread = err
			continue
		}
		probes = append(probes, index.Probe{Position: position, Template: t})
	}
	damaged := s.catchUp(ctx)
	if damaged != nil && !errors.Is(damaged, errSealed) {
		return nil, damaged
	}
	if len(probes) == 0 {
		return nil, errors.Join(unread, damaged)
	}
	p := &s.prints
	candidates, err := p.index.Search(ctx, probes, index.Options{MinScore: near})
	if err != nil && !errors.Is(err, index.ErrSparse) {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []string
	for _, c := range candidates {
		if id, ok := p.names[c.Key]; ok {
			ids = append(ids, id)
		}
	}
	return ids, errors.Join(unread, damaged)
}

// catchUp brings the index to what the table holds; another instance may have changed it. Its
// error matches errSealed if checks that cannot be opened were left out.
func (s *Store) catchUp(ctx context.Context) error {
	p := &s.prints
	p.mu.Lock()
	defer p.mu.Unlock()
	there, err := s.ids(ctx) // not before the lock: what another adds meanwhile would be forgotten
	if err != nil {
		return err
	}
	p.keep(there)
	var damaged error
	for id := range there {
		if _, known := p.keys[id]; known {
			continue
		}
		switch c, err := s.read(ctx, id); {
		case errors.Is(err, errSealed):
			p.keys[id], damaged = 0, err
		case err != nil:
			return err
		case c != nil:
			p.add(c)
		}
	}
	return damaged
}

// ids returns the checks that are in the table.
func (s *Store) ids(ctx context.Context) (map[string]bool, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id FROM recent_check")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	there := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		there[id] = true
	}
	return there, rows.Err()
}

// keep forgets the fingers of all checks but these. The mutex is held.
func (p *prints) keep(there map[string]bool) {
	var gone []uint64
	for id, key := range p.keys {
		if !there[id] {
			gone = append(gone, key)
			delete(p.names, key)
			delete(p.keys, id)
		}
	}
	p.index.Remove(gone...)
}

// add takes a check's fingers into the index. The mutex is held.
func (p *prints) add(c *Check) {
	p.keys[c.ID] = 0
	all, _ := c.prints() // what cannot be read is told of when the check is compared
	for _, print := range all {
		position := print.Position
		if position < 0 || position > 10 {
			position = 0
		}
		if p.index.Add(p.next+1, position, print.Template) == nil {
			p.keys[c.ID], p.names[p.next+1] = p.next+1, c.ID
		}
	}
	if p.keys[c.ID] != 0 {
		p.next++
	}
}
