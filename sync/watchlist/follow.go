package watchlist

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"boothd/localmatch/gallery"
)

const (
	maxChain  = 1024 // versions that a booth follows back
	maxBehind = 64   // versions that are caught up by deltas
)

// hand is what the booth has of the list.
type hand struct {
	gallery.Info
	known  bool // there is a version to compare with
	intact bool // deltas can be applied to it
}

// follow brings the list to the version that the head names for this booth's group.
func (w *worker) follow(ctx context.Context, a *arrival) error {
	head, err := w.proveHead(a.payload)
	if err != nil {
		return err
	}
	have, err := w.hand(ctx)
	if err != nil {
		return err
	}
	if have.known && head.Version < have.Version {
		return head.refuse(ReasonOlder, fmt.Sprintf("its newest version is %d, version %d is at hand", head.Version, have.Version))
	}
	if err := w.compare(head); err != nil {
		return err
	}
	target := head.For(w.o.Group)
	if have.known {
		switch {
		case target.Version == have.Version && target.Manifest != have.Head:
			return head.refuse(ReasonFork, fmt.Sprintf("another version %d is at hand", have.Version))
		case target.Version <= have.Version && have.intact: // it may be ahead of its group
			return w.accept(head, a)
		case target.Version < have.Version:
			return head.refuse(ReasonOlder, fmt.Sprintf("version %d is for this booth, but it had version %d", target.Version, have.Version))
		}
	}
	goal, err := w.goal(ctx, head, target)
	if err != nil {
		return err
	}
	return w.catchUp(ctx, &pursuit{goal: goal, have: have, from: a.source, begin: func() error { return w.accept(head, a) }})
}

// pursuit is how a version that a head names is sought.
type pursuit struct {
	goal  *Signed
	have  hand
	from  string       // which source brought the head
	begin func() error // called when the goal was found to continue what is at hand
}

// proveHead checks what can be checked of a head alone.
func (w *worker) proveHead(envelope []byte) (*SignedHead, error) {
	head, err := ParseHead(envelope)
	if err != nil {
		return nil, refusal(DocumentHead, w.list.Name, 0, err)
	}
	trusted, err := w.keys.forList(w.list.Name, head.Issued)
	if err != nil {
		return nil, err
	}
	if err := head.Verify(trusted); err != nil {
		return nil, head.refuse(ReasonForged, err.Error())
	}
	if head.List != w.list.Name || head.System != w.list.System {
		return nil, head.refuse(ReasonOtherList, "it is of another list or system")
	}
	return head, nil
}

func (s *SignedHead) refuse(r Reason, detail string) error {
	return &refused{DocumentHead, s.List, s.Version, r, detail}
}

func (s *Signed) refuse(r Reason, detail string) error {
	return &refused{DocumentList, s.List, s.Version, r, detail}
}

// compare refuses a head that goes back behind the last one that was followed.
func (w *worker) compare(head *SignedHead) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last != nil {
		if err := head.Follows(w.last); err != nil {
			return refusal(DocumentHead, head.List, head.Version, err)
		}
	}
	w.status.Known = head.For(w.o.Group).Version
	return nil
}

// accept makes the head the one that counts. That it is followed is remembered before anything
// comes of it.
func (w *worker) accept(head *SignedHead, a *arrival) error {
	w.mu.Lock()
	another := w.last == nil || w.last.Hash != head.Hash
	w.mu.Unlock()
	if another {
		if err := w.memory.putHead(head); err != nil {
			return err
		}
	}
	w.clock.saw(head.Issued)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.genuine = head, a
	return nil
}

// goal gets the manifest that the head names, and checks it as if it came alone.
func (w *worker) goal(ctx context.Context, head *SignedHead, t Target) (*Signed, error) {
	goal := head.Newest()
	if goal == nil || goal.Hash != t.Manifest {
		var err error
		goal, err = w.manifest(ctx, t)
		if err != nil {
			return nil, refusal(DocumentList, head.List, t.Version, err)
		}
	}
	trusted, err := w.keys.forList(w.list.Name, goal.Issued)
	if err != nil {
		return nil, err
	}
	if err := goal.Verify(trusted); err != nil {
		return nil, goal.refuse(ReasonForged, err.Error())
	}
	if goal.List != w.list.Name || goal.System != w.list.System {
		return nil, goal.refuse(ReasonOtherList, "it is of another list or system")
	}
	if !w.clock.time().Before(goal.Expires) {
		return nil, goal.refuse(ReasonExpired, "lease ended "+goal.Expires.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return goal, nil
}

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

// catchUp takes the deltas, or else the last snapshot and what follows it.
func (w *worker) catchUp(ctx context.Context, p *pursuit) error {
	var first error
	if p.have.intact && p.goal.Version-p.have.Version <= maxBehind {
		err := w.byDeltas(ctx, p)
		if err == nil || !snapshotMayServe(err) {
			return err
		}
		w.log.Info("deltas do not serve: taking the last snapshot", "version", p.goal.Version, "err", err)
		first = err
	}
	err := w.bySnapshot(ctx, p)
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

// route is a way to a version: contents to apply one after the other.
type route struct {
	*pursuit
	base     uint64 // 0 for a snapshot
	baseHead gallery.Hash
	contents []*Content
}

func (w *worker) byDeltas(ctx context.Context, p *pursuit) error {
	chain, err := w.chain(ctx, p, p.have.Version+1)
	if err != nil {
		return err
	}
	r := route{pursuit: p, base: p.have.Version, baseHead: p.have.Head}
	for _, m := range chain {
		r.contents = append(r.contents, m.Delta)
	}
	return w.take(ctx, r, chain)
}

func (w *worker) bySnapshot(ctx context.Context, p *pursuit) error {
	chain, err := w.chain(ctx, p, p.goal.LastSnapshot)
	if err != nil {
		return err
	}
	r := route{pursuit: p, contents: []*Content{chain[0].Snapshot}}
	for _, m := range chain[1:] {
		r.contents = append(r.contents, m.Delta)
	}
	return w.take(ctx, r, chain)
}

// chain returns the manifests from version first to the goal, each proved by its hash in
// the next. If it touches the version at hand, that must be part of it.
func (w *worker) chain(ctx context.Context, p *pursuit, first uint64) ([]*Signed, error) {
	goal, have := p.goal, p.have
	if goal.Version-first >= maxChain {
		return nil, fmt.Errorf("%d versions behind: %w", goal.Version-first, errGone)
	}
	chain := make([]*Signed, goal.Version-first+1)
	for i, next := len(chain)-1, goal; ; i-- {
		chain[i] = next
		if have.known && next.Version == have.Version+1 && next.Prev != have.Head {
			return nil, goal.refuse(ReasonFork, fmt.Sprintf("its version %d does not follow the one at hand", next.Version))
		}
		if i == 0 {
			break
		}
		before, err := w.manifest(ctx, Target{next.Version - 1, next.Prev})
		if err != nil {
			return nil, refusal(DocumentList, goal.List, goal.Version, err)
		}
		if err := next.follows(before); err != nil {
			return nil, goal.refuse(ReasonMalformed, fmt.Sprintf("version %d %v", next.Version, err))
		}
		next = before
	}
	if s := chain[0]; first == goal.LastSnapshot && s.Snapshot == nil {
		return nil, goal.refuse(ReasonMalformed, fmt.Sprintf("version %d has no snapshot", first))
	}
	return chain, nil
}

// manifest gets a manifest by its hash, from the spool or the first source that has it.
func (w *worker) manifest(ctx context.Context, t Target) (*Signed, error) {
	if b, err := w.spool.get(t.Manifest); err == nil {
		if s, err := manifestOf(b, t); err == nil {
			return s, nil
		}
	}
	var found *Signed
	errs := []error{errGone}
	for _, src := range w.sources {
		err := src.manifest(ctx, w.list.Name, t.Version, func(b []byte) error {
			s, err := manifestOf(b, t)
			if err != nil {
				return err
			}
			found = s
			return w.spool.put(t.Manifest, b)
		})
		if err == nil || ctx.Err() != nil {
			return found, err
		}
		errs = append(errs, fmt.Errorf("%s: %w", src.name(), err))
	}
	return nil, fmt.Errorf("manifest of version %d: %w", t.Version, errors.Join(errs...))
}

func manifestOf(envelope []byte, t Target) (*Signed, error) {
	s, err := ParseSigned(envelope)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	if s.Hash != t.Manifest || s.Version != t.Version {
		return nil, fmt.Errorf("%w: another manifest of version %d", ErrAltered, t.Version)
	}
	return s, nil
}

// take fetches what is missing of a route and applies it.
func (w *worker) take(ctx context.Context, r route, chain []*Signed) error {
	if err := r.begin(); err != nil {
		return err
	}
	needed := map[gallery.Hash]bool{r.goal.Hash: true}
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
	ways, err := w.fetchAll(ctx, r.contents)
	if err != nil {
		return refusal(DocumentList, r.goal.List, r.goal.Version, err)
	}
	err = w.o.Gallery.Apply(ctx, w.update(r))
	if err != nil {
		return refusal(DocumentList, r.goal.List, r.goal.Version, err)
	}
	if len(ways) == 0 {
		ways = []string{r.from}
	}
	w.taken(ctx, r, strings.Join(ways, "+"))
	return w.spool.keep(nil)
}

func (w *worker) update(r route) gallery.Update {
	return gallery.Update{
		List: w.list.Name, System: w.list.System, Version: r.goal.Version, Head: r.goal.Hash,
		Base: r.base, BaseHead: r.baseHead, Issued: r.goal.Issued, Expires: r.goal.Expires,
		SoftAge: r.goal.softAge(), Entries: r.goal.Entries, Lines: w.lines(r),
	}
}

// taken tells of an update, after the status does.
func (w *worker) taken(ctx context.Context, r route, source string) {
	a := Applied{List: w.list.Name, Version: r.goal.Version, Base: r.base, Head: r.goal.Hash, Entries: r.goal.Entries, Source: source}
	w.log.Info("list updated", "version", a.Version, "base", a.Base, "entries", a.Entries, "source", a.Source)
	w.mu.Lock()
	w.status.Refusal, w.status.Source = nil, source
	w.mu.Unlock()
	w.observe(context.WithoutCancel(ctx), nil)
	w.o.Applied(a)
}

// lines are the changes of a route as they came.
func (w *worker) lines(r route) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, c := range r.contents {
			for line, err := range c.lines(w.spooled(c)) {
				if !yield(line, err) || err != nil {
					return
				}
			}
		}
	}
}

// spooled reads the chunks of a content. One that does not come back as it was put there is
// this booth's trouble, and not that of who published it: it is fetched again.
func (w *worker) spooled(c *Content) func(i int) ([]byte, error) {
	return func(i int) ([]byte, error) {
		b, err := w.spool.get(c.Chunks[i])
		if err != nil {
			return nil, &storeError{err}
		}
		return b, nil
	}
}

// fetchAll fetches the chunks that are not in the spool, from the first source that has them,
// and returns the names of the sources that had some.
func (w *worker) fetchAll(ctx context.Context, contents []*Content) ([]string, error) {
	var ways []string
	missing := w.missing(contents)
	errs := []error{errGone}
	for _, src := range w.sources {
		if len(missing) == 0 {
			break
		}
		err := src.pieces(ctx, w.list.Name, missing, w.keepPiece)
		left := w.missing(contents)
		if len(left) < len(missing) {
			ways = append(ways, src.name())
		}
		missing = left
		var ours *storeError
		if ctx.Err() != nil || errors.As(err, &ours) {
			return ways, err
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", src.name(), err))
			w.log.Info("not all of it is to be had here", "source", src.name(), "missing", len(missing), "err", err)
		}
	}
	if len(missing) > 0 {
		return ways, fmt.Errorf("%d pieces missing: %w", len(missing), errors.Join(errs...))
	}
	return ways, nil
}

// missing returns the chunks that are not in the spool, each once.
func (w *worker) missing(contents []*Content) []piece {
	var all []piece
	seen := map[gallery.Hash]bool{}
	for _, c := range contents {
		for i, h := range c.Chunks {
			if !seen[h] && !w.spool.has(h, c.ChunkSize(i)) {
				all = append(all, piece{c, i})
			}
			seen[h] = true
		}
	}
	return all
}

// keepPiece proves a chunk and puts it into the spool.
func (w *worker) keepPiece(p piece, b []byte) error {
	if err := p.content.proveChunk(p.index, b); err != nil {
		return fmt.Errorf("chunk %s: %w", p.hash(), err)
	}
	if err := w.spool.put(p.hash(), b); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fetched = true
	return nil
}
