package watchlist

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"boothd/localmatch/gallery"
)

const (
	maxChain  = 1024 // versions that a booth follows back
	parallel  = 8    // pieces fetched at a time
	maxBehind = 64   // versions that are caught up by deltas
)

// hand is what the booth has of the list.
type hand struct {
	gallery.Info
	known  bool // there is a version to compare with
	intact bool // deltas can be applied to it
}

// follow brings the list to the version of the head.
func (w *worker) follow(ctx context.Context, envelope []byte) error {
	head, err := w.prove(envelope)
	if err != nil {
		return err
	}
	have, err := w.hand(ctx)
	if err != nil {
		return err
	}
	if have.known {
		switch {
		case head.Version < have.Version:
			return head.refuse(ReasonOlder, fmt.Sprintf("version %d is at hand", have.Version))
		case head.Version == have.Version && head.Hash != have.Head:
			return head.refuse(ReasonFork, "the same version with another manifest is at hand")
		case head.Version == have.Version && have.intact:
			w.know(head, envelope)
			return nil
		}
	}
	if !w.o.Now().Before(head.Expires) {
		return head.refuse(ReasonExpired, "lease ended "+head.Expires.UTC().Format("2006-01-02 15:04 UTC"))
	}
	w.know(head, envelope)
	return w.catchUp(ctx, head, have)
}

// prove checks what can be checked of a head alone.
func (w *worker) prove(envelope []byte) (*Signed, error) {
	head, err := ParseSigned(envelope)
	if err != nil {
		return nil, &refused{0, ReasonMalformed, err.Error()}
	}
	if err := head.Verify(w.list.Keys); err != nil {
		return nil, head.refuse(ReasonForged, err.Error())
	}
	if head.List != w.list.Name || head.System != w.list.System {
		return nil, head.refuse(ReasonOtherList, "it is of another list or system")
	}
	return head, nil
}

func (s *Signed) refuse(r Reason, detail string) error { return &refused{s.Version, r, detail} }

func (w *worker) hand(ctx context.Context) (hand, error) {
	info, err := w.o.Gallery.List(ctx, w.list.Name)
	switch {
	case errors.Is(err, gallery.ErrAbsent) || errors.Is(err, gallery.ErrDamaged):
		return hand{}, nil
	case err != nil:
		return hand{}, err
	}
	return hand{info, true, !info.Erased && !info.Damaged}, nil
}

// know notes the newest version that was proved genuine.
func (w *worker) know(head *Signed, envelope []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if head.Version >= w.status.Known {
		w.status.Known, w.genuine = head.Version, envelope
	}
}

// catchUp takes the deltas, or else the last snapshot and what follows it.
func (w *worker) catchUp(ctx context.Context, head *Signed, have hand) error {
	var first error
	if have.intact && head.Version-have.Version <= maxBehind {
		err := w.byDeltas(ctx, head, have)
		if err == nil || !snapshotMayServe(err) {
			return err
		}
		w.log.Info("deltas do not serve: taking the last snapshot", "version", head.Version, "err", err)
		first = err
	}
	err := w.bySnapshot(ctx, head, have)
	if err != nil && first != nil && !isFork(err) {
		return errors.Join(first, err)
	}
	return err
}

// snapshotMayServe reports whether deltas failed for a reason of their own: they are not to
// be had or not right, or the list that they are to change is not.
func snapshotMayServe(err error) bool {
	var no *refused
	return errors.As(err, &no) && no.reason != ReasonFork || errors.Is(err, errGone) || errors.Is(err, gallery.ErrDamaged)
}

func isFork(err error) bool {
	var no *refused
	return errors.As(err, &no) && no.reason == ReasonFork
}

// route is a way to the head: contents to apply one after the other.
type route struct {
	head     *Signed
	base     uint64 // 0 for a snapshot
	baseHead gallery.Hash
	contents []*Content
}

func (w *worker) byDeltas(ctx context.Context, head *Signed, have hand) error {
	chain, err := w.chain(ctx, head, have.Version+1, have)
	if err != nil {
		return err
	}
	r := route{head: head, base: have.Version, baseHead: have.Head}
	for _, m := range chain {
		r.contents = append(r.contents, m.Delta)
	}
	return w.take(ctx, r, chain)
}

func (w *worker) bySnapshot(ctx context.Context, head *Signed, have hand) error {
	chain, err := w.chain(ctx, head, head.LastSnapshot, have)
	if err != nil {
		return err
	}
	r := route{head: head}
	for i, m := range chain {
		if i == 0 {
			r.contents = append(r.contents, m.Snapshot)
			continue
		}
		r.contents = append(r.contents, m.Delta)
	}
	return w.take(ctx, r, chain)
}

// chain returns the manifests from version first to the head, each proved by its hash in
// the next. If it touches the version at hand, that must be part of it.
func (w *worker) chain(ctx context.Context, head *Signed, first uint64, have hand) ([]*Signed, error) {
	if head.Version-first >= maxChain {
		return nil, fmt.Errorf("%d versions behind: %w", head.Version-first, errGone)
	}
	chain := make([]*Signed, head.Version-first+1)
	for i, next := len(chain)-1, head; ; i-- {
		chain[i] = next
		if have.known && next.Version == have.Version+1 && next.Prev != have.Head {
			return nil, head.refuse(ReasonFork, fmt.Sprintf("its version %d does not follow the one at hand", next.Version))
		}
		if i == 0 {
			break
		}
		before, err := w.manifest(ctx, next)
		if err != nil {
			return nil, err
		}
		next = before
	}
	if s := chain[0]; first == head.LastSnapshot && s.Snapshot == nil {
		return nil, head.refuse(ReasonMalformed, fmt.Sprintf("version %d has no snapshot", first))
	}
	return chain, nil
}

// manifest gets the predecessor that a manifest names, from the spool or the broker.
func (w *worker) manifest(ctx context.Context, next *Signed) (*Signed, error) {
	if b, err := w.spool.get(next.Prev); err == nil {
		if s, err := predecessor(b, next); err == nil {
			return s, nil
		}
	}
	var found *Signed
	err := w.link.fetch(ctx, manifestTopic(w.list.Name, next.Version-1), func(b []byte) error {
		s, err := predecessor(b, next)
		if err != nil {
			return err
		}
		found = s
		return w.spool.put(next.Prev, b)
	})
	if err != nil {
		return nil, refusedIfAltered(next, err)
	}
	return found, nil
}

func predecessor(envelope []byte, next *Signed) (*Signed, error) {
	s, err := ParseSigned(envelope)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	if err := next.follows(s); err != nil {
		return nil, fmt.Errorf("%w: version %d %w", ErrAltered, next.Version, err)
	}
	return s, nil
}

func refusedIfAltered(s *Signed, err error) error {
	if reason, ok := reasonOf(err); ok {
		return &refused{s.Version, reason, err.Error()}
	}
	return err
}

// take fetches what is missing of a route and applies it.
func (w *worker) take(ctx context.Context, r route, chain []*Signed) error {
	needed := map[gallery.Hash]bool{}
	for _, m := range chain {
		needed[m.Prev] = true
	}
	for _, c := range r.contents {
		for _, h := range c.Chunks {
			needed[h] = true
		}
	}
	if err := w.spool.keep(needed); err != nil {
		return err
	}
	if err := w.fetchAll(ctx, r); err != nil {
		return refusedIfAltered(r.head, err)
	}
	err := w.o.Gallery.Apply(ctx, gallery.Update{
		List: w.list.Name, System: w.list.System, Version: r.head.Version, Head: r.head.Hash,
		Base: r.base, BaseHead: r.baseHead, Issued: r.head.Issued, Expires: r.head.Expires,
		SoftAge: r.head.softAge(), Entries: r.head.Entries, Changes: w.changes(r),
	})
	if err != nil {
		return refusedIfAltered(r.head, err)
	}
	w.taken(r)
	return w.spool.keep(nil)
}

func (w *worker) taken(r route) {
	a := Applied{List: w.list.Name, Version: r.head.Version, Base: r.base, Head: r.head.Hash, Entries: r.head.Entries}
	w.log.Info("list updated", "version", a.Version, "base", a.Base, "entries", a.Entries)
	w.mu.Lock()
	w.status.Refusal = nil
	w.mu.Unlock()
	w.o.Applied(a)
}

func (w *worker) changes(r route) iter.Seq2[gallery.Change, error] {
	return func(yield func(gallery.Change, error) bool) {
		for _, c := range r.contents {
			for change, err := range c.changes(func(i int) ([]byte, error) { return w.spool.get(c.Chunks[i]) }) {
				if !yield(change, err) || err != nil {
					return
				}
			}
		}
	}
}

// piece is a chunk that is still to be fetched.
type piece struct {
	content *Content
	index   int
}

// fetchAll fetches the chunks that are not in the spool, several at a time.
func (w *worker) fetchAll(ctx context.Context, r route) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pieces := make(chan piece)
	var wg sync.WaitGroup
	for range parallel {
		wg.Go(func() {
			for p := range pieces {
				if err := w.fetchChunk(ctx, p); err != nil {
					cancel(err)
				}
			}
		})
	}
	w.missing(ctx, r, pieces)
	close(pieces)
	wg.Wait()
	return context.Cause(ctx)
}

func (w *worker) missing(ctx context.Context, r route, pieces chan<- piece) {
	seen := map[gallery.Hash]bool{}
	for _, c := range r.contents {
		for i, h := range c.Chunks {
			if seen[h] || w.spool.has(h) {
				continue
			}
			seen[h] = true
			select {
			case pieces <- piece{c, i}:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (w *worker) fetchChunk(ctx context.Context, p piece) error {
	h := p.content.Chunks[p.index]
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return w.link.fetch(ctx, chunkTopic(w.list.Name, h), func(b []byte) error {
		if err := p.content.proveChunk(p.index, b); err != nil {
			return fmt.Errorf("chunk %s: %w", h, err)
		}
		return w.spool.put(h, b)
	})
}
