package gallery

import (
	"context"
	"errors"
	"fmt"
)

// Erase makes the list unreadable for ever by removing its keys, then its files. Its
// version is remembered, so that an older one is still refused.
func (g *Gallery) Erase(ctx context.Context, list string) error {
	if !ValidListName(list) {
		return errListName
	}
	if err := g.erase(context.WithoutCancel(ctx), g.obtain(list)); err != nil {
		return fmt.Errorf("erase list %s: %w", list, err)
	}
	return nil
}

func (g *Gallery) erase(ctx context.Context, l *list) error {
	// The keys go first, whatever becomes of the rest, and nothing is answered any more; then again
	// with what an update that was under way has brought.
	removed := g.forget(l)
	l.writing.Lock()
	defer l.writing.Unlock()
	removed = errors.Join(removed, g.forget(l))
	s, err := readState(ctx, g.database().read, g.states, l.name)
	if err != nil {
		return errors.Join(removed, err)
	}
	s.Erased, s.Entries, s.Fingers, s.Segments = true, 0, 0, nil
	return errors.Join(removed, g.commit(ctx, s, s.Seen))
}

// forget removes the keys and files of a list, and the list from memory.
func (g *Gallery) forget(l *list) error {
	l.mu.Lock()
	known := l.view != nil || !errors.Is(l.why, ErrAbsent)
	l.mu.Unlock()
	if known {
		l.end(ErrErased)
	}
	return g.keep(l.name, nil)
}
