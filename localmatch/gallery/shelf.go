package gallery

import (
	"fmt"
	"maps"
	"sync"
	"time"

	fingerindex "boothd/localmatch/finger/index"
)

// shelf holds the finger indexes of the lists. They hold at least what the entries of the
// version that counts hold, so a question asks an index first and then looks which of what it
// found its own version has: an update puts its templates there before it is committed and
// takes those of dropped entries away once nobody asks about the version before.
type shelf struct {
	mu       sync.Mutex
	holds    map[string]int // entries with fingers, of the lists of which that is known
	prints   map[generationRef]*prints
	building map[string]bool
	round    *sync.WaitGroup // the questions that began since the last update was shown
}

// prints is the index of one generation of a list. Its keys are the numbers of the entries.
type prints struct {
	index   *fingerindex.Index
	damaged int // rows that could not be read when it was built

	// Guarded by the shelf's mutex.
	// dropped are the entries that the last update drops, or dropped: a question may have met them
	// in the index just before they were taken away.
	dropped map[uint64]bool
	expires time.Time
	expiry  *time.Timer
}

func newShelf() *shelf {
	return &shelf{
		holds: map[string]int{}, prints: map[generationRef]*prints{}, building: map[string]bool{},
		round: new(sync.WaitGroup),
	}
}

func newPrints() *prints { return &prints{index: fingerindex.New()} }

func (p *prints) add(number uint32, e *Entry) error {
	for i := range e.Fingers {
		position, t, err := e.Fingers[i].Read()
		if err == nil {
			err = p.index.Add(uint64(number), position, t)
		}
		if err != nil {
			return fmt.Errorf("fingers[%d]: %w", i, err)
		}
	}
	return nil
}

// know notes how many entries of a list have fingers.
func (s *shelf) know(list string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds[list] = n
}

// enter begins a question; the function that it returns ends it.
func (s *shelf) enter() (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.round.Add(1)
	return s.round.Done
}

// of returns the index of a generation, nil if it is not ready.
func (s *shelf) of(ref generationRef) *prints {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.prints[ref]
}

// isDropped reports whether an entry that the index still holds has gone from the list.
func (s *shelf) isDropped(p *prints, key uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.dropped[key]
}

// printChange is what an update does to an index.
type printChange struct {
	ref            generationRef
	prints         *prints // nil if it is not ready
	added, dropped []uint64
	announced      bool
}

// change begins a change of the list as it is in s.
func (s *shelf) change(list *state) *printChange {
	c := &printChange{ref: generationRef{list.Name, list.Generation}}
	if c.prints = s.of(c.ref); c.prints == nil && list.Fingers == 0 {
		c.prints = newPrints()
	}
	return c
}

func (c *printChange) add(number uint32, e *Entry) error {
	if c.prints == nil {
		return nil
	}
	c.added = append(c.added, uint64(number))
	return c.prints.add(number, e)
}

func (c *printChange) drop(number uint32) { c.dropped = append(c.dropped, uint64(number)) }

// announce prepares for the update to be committed.
func (s *shelf) announce(c *printChange) {
	c.announced = true
	if c.prints == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prints[c.ref] = c.prints
	dropped := setOf(c.dropped)
	maps.Copy(dropped, c.prints.dropped)
	c.prints.dropped = dropped
}

func setOf(keys []uint64) map[uint64]bool {
	set := make(map[uint64]bool, len(keys))
	for _, k := range keys {
		set[k] = true
	}
	return set
}

// abandon undoes a change whose update failed. It reports false if nobody knows whether the
// update was committed; the index must then be built anew.
func (s *shelf) abandon(c *printChange) bool {
	if c.announced {
		s.forget(c.ref.list)
		return false
	}
	if c.prints != nil {
		c.prints.index.Remove(c.added...)
	}
	return true
}

// show tidies up after the update was committed: it waits for the questions about the version
// before, and takes away what only they could see. It reports whether the list is ready.
func (s *shelf) show(c *printChange, list *state, expire func(generationRef), left time.Duration) bool {
	s.mu.Lock()
	s.holds[list.Name] = list.Fingers
	before := s.round
	s.round = new(sync.WaitGroup)
	s.mu.Unlock()
	before.Wait()

	s.mu.Lock()
	defer s.mu.Unlock()
	for ref := range s.prints {
		if ref.list == list.Name && ref != c.ref {
			s.remove(ref)
		}
	}
	if c.prints == nil {
		return list.Fingers == 0
	}
	c.prints.index.Remove(c.dropped...)
	c.prints.dropped = setOf(c.dropped) // of the update before nobody speaks any more
	s.keep(c.ref, c.prints, list.Expires, expire, left)
	return true
}

// keep puts the index on the shelf until its lease ends. The mutex is held.
func (s *shelf) keep(ref generationRef, p *prints, expires time.Time, expire func(generationRef), left time.Duration) {
	if p.expiry != nil {
		p.expiry.Stop()
	}
	p.expires = expires
	p.expiry = time.AfterFunc(left, func() { expire(ref) })
	s.prints[ref] = p
}

// expire drops an index whose lease has ended.
func (s *shelf) expire(ref generationRef, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.prints[ref]; p != nil && !now.Before(p.expires) {
		s.remove(ref)
	}
}

// remove takes an index off the shelf. The mutex is held.
func (s *shelf) remove(ref generationRef) {
	if p := s.prints[ref]; p != nil && p.expiry != nil {
		p.expiry.Stop()
	}
	delete(s.prints, ref)
}

// forget drops all that is known of a list.
func (s *shelf) forget(list string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.holds, list)
	for ref := range s.prints {
		if ref.list == list {
			s.remove(ref)
		}
	}
}

func (s *shelf) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ref := range s.prints {
		s.remove(ref)
	}
	clear(s.holds)
}
