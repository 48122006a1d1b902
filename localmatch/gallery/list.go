package gallery

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"boothd/localmatch/gallery/segment"
)

// list is what is in memory of a list.
type list struct {
	name   string
	loaded chan struct{} // closed when it was made ready after the start, or proved damaged

	writing  sync.Mutex // one update or erasure at a time, and one change of its segments
	merging  sync.Mutex // segments are merged by one at a time
	reserved uint32     // serial of a segment that is being merged; guarded by writing

	mu       sync.Mutex
	view     *view // the version that counts; nil if there is none to be asked
	why      error // why not
	damaged  bool  // a question met damage
	expiry   *time.Timer
	building bool // its fingers are being made ready
}

func newList(name string, why error) *list {
	return &list{name: name, loaded: make(chan struct{}), why: why}
}

// view is one version of a list. It does not change, but for its fingers being made ready.
type view struct {
	*state
	list  *list
	parts []part // the oldest first

	// Guarded by the list's mutex.
	prints *prints // nil if not ready
	users  int     // questions, the list while it shows it, and the version before
	next   *view   // the version after, which it uses
	ended  func()  // is called once nobody uses it

	// gone are what the entries that the version before had last were called in the index of
	// fingers.
	gone []uint64
}

// part is a segment as one version sees it.
type part struct {
	*held
	dead bitset // records that do not count: a later one has their id
}

// held is a segment that is open.
type held struct {
	segmentState
	secrets   *secrets
	file      *segment.File
	catalogue *catalogue
	users     atomic.Int32 // views
}

// live reports whether a record is an entry of this version.
func (p *part) live(n uint32) bool { return !p.dead.has(n) && !p.catalogue.drops.has(n) }

// key is what a record is called in the index of fingers.
func (h *held) key(n uint32) uint64 { return uint64(h.Serial)<<32 | uint64(n) }

// acquire returns the version that counts, to be released; or why there is none.
func (l *list) acquire() (*view, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.view == nil {
		return nil, l.why
	}
	l.view.users++
	return l.view, nil
}

// wait returns the version that counts once the list is ready, to be released.
func (l *list) wait(ctx context.Context) (*view, error) {
	select {
	case <-l.loaded:
		return l.acquire()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (v *view) release() {
	v.list.mu.Lock()
	ended := v.drop()
	v.list.mu.Unlock()
	for _, end := range ended {
		end()
	}
}

// drop takes one user away and returns what is to be done after it without the mutex, which
// is held.
func (v *view) drop() []func() {
	v.users--
	if v.users > 0 {
		return nil
	}
	ended := []func(){v.end}
	if v.next != nil {
		ended = append(ended, v.next.drop()...)
	}
	return ended
}

func (v *view) end() {
	for _, p := range v.parts {
		if p.users.Add(-1) == 0 {
			p.file.Close()
		}
	}
	v.ended()
}

// start puts the version in force that was there at the start, or says why there is none,
// unless another came first. It reports whether it did.
func (l *list) start(v *view, why error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.view != nil || !errors.Is(l.why, ErrNotReady) {
		return false
	}
	if v != nil {
		v.begin(l)
	}
	l.view, l.why = v, why
	return true
}

// begin makes the list use the version and the version its segments.
func (v *view) begin(l *list) {
	v.list, v.users = l, 1
	for _, p := range v.parts {
		p.users.Add(1)
	}
}

// show puts a version in force; nil if there is none any more, because of why. ended is
// called once nobody uses the version before.
func (l *list) show(v *view, why error, ended func()) {
	if v != nil {
		v.begin(l)
	}
	l.mu.Lock()
	before := l.view
	l.view, l.why = v, why
	l.damaged = l.damaged && v != nil && len(v.parts) > 1
	end := []func(){ended}
	if before != nil {
		before.ended = ended
		if v != nil {
			before.next = v
			v.users++
		}
		end = before.drop()
	}
	l.mu.Unlock()
	for _, f := range end {
		f()
	}
}

func (l *list) isDamaged() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.damaged || errors.Is(l.why, ErrDamaged)
}

// noteDamage notes that damage was met in a version, and reports whether that is news. It is none
// if the whole list was received since.
func (l *list) noteDamage(v *view) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	news := !l.damaged && l.view != nil && l.view.parts[0].held == v.parts[0].held
	l.damaged = l.damaged || news
	return news
}
