package gallery

import (
	"fmt"
	"sync"
	"time"

	fingerindex "boothd/localmatch/finger/index"
)

// prints is an index of the fingers of a list. Versions share one: it holds at least what each
// of them has, so a question asks it first and then looks which of what it found its own
// version has. An update puts its templates there before it is in force, and takes those of
// entries that are gone away once nobody asks about the version before.
type prints struct {
	index   *fingerindex.Index
	damaged int // records that could not be read when it was built
}

func newPrints() *prints { return &prints{index: fingerindex.New()} }

func (p *prints) add(key uint64, fingers []FingerTemplate) error {
	for i := range fingers {
		position, t, err := fingers[i].Read()
		if err == nil {
			err = p.index.Add(key, position, t)
		}
		if err != nil {
			return fmt.Errorf("fingers[%d]: %w", i, err)
		}
	}
	return nil
}

// printChange is what a new segment does to an index.
type printChange struct {
	prints *prints // nil if it is not ready
	held   *held

	mu    sync.Mutex
	added []uint64
}

// printsAfter returns the index to change for the version that comes after one: the same, or a new
// one for a whole list and where there were no fingers.
func printsAfter(before *view) *prints {
	if before == nil {
		return newPrints()
	}
	p := before.readyPrints()
	if p == nil && before.Fingers == 0 {
		p = newPrints()
	}
	return p
}

// readyPrints returns the index of a version's fingers; nil if it is not ready.
func (v *view) readyPrints() *prints {
	v.list.mu.Lock()
	defer v.list.mu.Unlock()
	return v.prints
}

// add adds the fingers of record n. It may be called by several goroutines.
func (c *printChange) add(n uint32, fingers []FingerTemplate) error {
	if c.prints == nil || len(fingers) == 0 {
		return nil
	}
	c.mu.Lock()
	c.added = append(c.added, c.held.key(n))
	c.mu.Unlock()
	return c.prints.add(c.held.key(n), fingers)
}

// abandon undoes the change.
func (c *printChange) abandon() {
	if c.prints != nil {
		c.prints.index.Remove(c.added...)
	}
}

// show puts a version in force with its fingers, and lets those that are gone go once nobody
// asks about the version before.
func (c *printChange) show(l *list, v *view) {
	v.prints = c.prints
	l.show(v, nil, func() {
		if c.prints != nil {
			c.prints.index.Remove(v.gone...)
		}
	})
}

// expect drops the fingers of a list when its lease ends.
func (g *Gallery) expect(l *list) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g.expectAgain(l)
}

// expectAgain looks at the clock every minute, for it may be set. The list's mutex is held.
func (g *Gallery) expectAgain(l *list) {
	if l.expiry != nil {
		l.expiry.Stop()
	}
	if l.view != nil {
		l.expiry = time.AfterFunc(min(l.view.Expires.Sub(g.now()), time.Minute), func() { g.expire(l) })
	}
}

func (g *Gallery) expire(l *list) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.view == nil:
	case g.now().Before(l.view.Expires):
		g.expectAgain(l)
	default:
		l.view.prints = nil
	}
}

// end ends a list: nothing of it stays in memory once the questions under way are answered.
func (l *list) end(why error) {
	l.mu.Lock()
	if l.expiry != nil {
		l.expiry.Stop()
	}
	if l.view != nil {
		l.view.prints = nil
	}
	l.mu.Unlock()
	l.show(nil, why, func() {})
}
