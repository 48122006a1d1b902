package gallery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"boothd/internal/sqlite"
	"boothd/localmatch/gallery/segment"
)

// MaxEntries is how many entries a list may have.
const MaxEntries = 120_000_000

// Update takes a list from one version to a later one. Whether it may be trusted was
// checked before.
type Update struct {
	List    string // a to z, 0 to 9 and "-", at most 64 characters
	System  string
	Version uint64
	Head    Hash // of the version's manifest
	// Base is the version that the changes start from; 0 if they are the whole list. BaseHead
	// is that version's manifest.
	Base     uint64
	BaseHead Hash
	Issued   time.Time
	Expires  time.Time
	SoftAge  time.Duration
	Entries  int // how many the list has afterwards
	// Lines are the changes: each one Change as JSON, without a line feed, valid until the
	// next. They are applied in their order, the last one of an id counts. The first error ends
	// the update and nothing is changed.
	Lines iter.Seq2[[]byte, error]
}

// Why an update is refused.
var (
	ErrOlder = errors.New("older than the version at hand")
	ErrFork  = errors.New("another history than the version at hand")
	ErrGap   = errors.New("does not follow the version at hand")
	ErrCount = errors.New("number of entries differs from the announced one")
	// ErrNoEntry is matched when an update drops an entry that the list does not have.
	ErrNoEntry = errors.New("drops an entry that is not there")
)

var errListName = errors.New("list name is not of a to z, 0 to 9 and \"-\", at most 64 characters")

// Apply makes an update ready and puts it in force, durably. The whole list (Base 0) is
// taken if its version is later than the one at hand, or is that very version again, which
// mends a damaged list. Changes are taken if they start from the version at hand. Else
// the error is ErrOlder, ErrFork or ErrGap; ErrAbsent, ErrErased, ErrDamaged or ErrNotReady if
// there is no good list to change; ErrCount or ErrNoEntry if the changes are not what they
// should be; a *LineError if one of them is not a valid change; or what u.Lines said. If
// SQLite finds its file damaged, the gallery starts again with an empty one: all lists are
// ErrAbsent then.
func (g *Gallery) Apply(ctx context.Context, u Update) error {
	if err := u.validate(); err != nil {
		return fmt.Errorf("apply list version %d: %w", u.Version, err)
	}
	l := g.obtain(u.List)
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := g.apply(ctx, l, u); err != nil {
		if sqlite.IsCorrupt(err) {
			err = errors.Join(err, g.startAgain(context.WithoutCancel(ctx)))
		}
		return fmt.Errorf("apply list %s version %d: %w", u.List, u.Version, err)
	}
	return nil
}

func (u *Update) validate() error {
	switch {
	case !ValidListName(u.List):
		return errListName
	case u.Version == 0 || u.Base >= u.Version:
		return errors.New("version is not later than its base")
	case u.Entries < 0 || u.Entries > MaxEntries:
		return fmt.Errorf("more than %d entries", MaxEntries)
	case !u.Expires.After(u.Issued):
		return errors.New("expires before it was issued")
	}
	return nil
}

// ValidListName reports whether s can be a list's name: a to z, 0 to 9 and "-", at most 64
// characters.
func ValidListName(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func (g *Gallery) apply(ctx context.Context, l *list, u Update) error {
	current, err := readState(ctx, g.database().read, g.states, u.List)
	next, err := u.follow(current, err)
	if err != nil {
		return err
	}
	var before *view
	if u.Base != 0 {
		if before, err = l.wait(ctx); err != nil {
			return err
		}
		defer before.release()
	}
	h, p, err := g.writeSegment(ctx, u, next, before)
	if err != nil {
		g.sweep(l, current)
		return err
	}
	v := &view{state: next}
	if before != nil {
		v.parts = before.follow()
	}
	v.parts = append(v.parts, part{held: h})
	if err = g.judge(ctx, u, v); err == nil {
		err = g.commit(ctx, next, u.Issued)
	}
	if err != nil {
		p.abandon()
		h.file.Close()
		g.sweep(l, current)
		return err
	}
	g.putInForce(l, v, p)
	return nil
}

// follow decides whether the update may follow the list at hand, and returns the state that
// it leads to, but for its last segment and counts.
func (u *Update) follow(current *state, err error) (*state, error) {
	unreadable := errors.Is(err, ErrDamaged) || errors.Is(err, ErrAbsent)
	if err == nil && current.Format != stateFormat {
		err, unreadable = ErrDamaged, true
	}
	switch {
	case err != nil && (u.Base != 0 || !unreadable):
		return nil, err
	case err != nil: // nothing to compare a whole list with
	case u.Version < current.Version:
		return nil, ErrOlder
	case u.Version == current.Version && u.Head != current.Head:
		return nil, ErrFork
	case u.Base != 0 && current.Erased:
		return nil, ErrErased // before a gap is spoken of
	case u.Base != 0 && u.Base != current.Version:
		return nil, ErrGap
	case u.Base != 0 && u.BaseHead != current.Head:
		return nil, ErrFork
	}
	next := &state{Format: stateFormat, Next: 1}
	if current != nil {
		next.Next = current.Next
	}
	if u.Base != 0 {
		next = current.clone()
	}
	next.Info = Info{
		Name: u.List, System: u.System, Version: u.Version, Head: u.Head,
		Issued: u.Issued, Expires: u.Expires, SoftAge: u.SoftAge,
	}
	return next, nil
}

// numbered is a line with its number, from 0.
type numbered struct {
	n    uint32
	line string
}

// writeSegment writes the changes into a segment of their own.
func (g *Gallery) writeSegment(ctx context.Context, u Update, next *state, before *view) (*held, *printChange, error) {
	x := segmentState{Serial: next.Next, Version: u.Version}
	next.Next++
	h, p, err := writeRecords(ctx, g, u.List, x, printsAfter(before), u.read, (*sealer).line)
	if err == nil {
		next.Segments = append(next.Segments, h.segmentState)
	}
	return h, p, err
}

// read gives the lines, each copied.
func (u *Update) read(give func(numbered) bool) error {
	n := uint32(0)
	var texts textRoom
	for line, err := range u.Lines {
		switch {
		case err != nil:
			return err
		case n == segment.MaxRecords-1:
			return fmt.Errorf("more than %d changes", n)
		case len(line) > MaxLine:
			return &LineError{int(n) + 1, tooLong("line", MaxLine)}
		}
		if !give(numbered{n, texts.copy(line)}) {
			return nil // whoever takes them says why
		}
		n++
	}
	return nil
}

// line makes the change of a line ready.
func (s *sealer) line(l numbered) (sealedChange, error) {
	var c Change
	s.entry.clear()
	quick := decodeQuick(l.line, &c, &s.entry)
	if !quick {
		c = Change{}
		if err := (line{int(l.n) + 1, []byte(l.line)}).decode(&c, false, func() error { return nil }); err != nil {
			return sealedChange{}, err
		}
	}
	if err := c.Validate(); err != nil {
		return sealedChange{}, &LineError{int(l.n) + 1, err}
	}
	record, err := appendRecord(s.boxes.begin(len(l.line)+32), &c, l.line, quick)
	if err != nil {
		return sealedChange{}, err
	}
	sc, err := s.seal(record[:0], l.n, &c, record)
	if err != nil {
		return sealedChange{}, &LineError{int(l.n) + 1, err}
	}
	sc.box = s.boxes.end(sc.box)
	return sc, nil
}

// judge finds out what the last part does to the others and whether the list is then what
// was announced.
func (g *Gallery) judge(ctx context.Context, u Update, v *view) error {
	s, err := v.shadow(ctx, len(v.parts)-1)
	if err != nil {
		return err
	}
	switch {
	case s.damaged > 0:
		return ErrDamaged
	case s.missing > 0:
		return ErrNoEntry
	}
	v.Entries, v.Fingers = v.count()
	v.Applied = g.now()
	if v.Entries != u.Entries {
		return ErrCount
	}
	for _, l := range s.away {
		v.gone = append(v.gone, v.parts[l.part].key(l.record))
	}
	return nil
}

// commit puts the state in force.
func (g *Gallery) commit(ctx context.Context, s *state, told time.Time) error {
	g.committing.Lock()
	defer g.committing.Unlock()
	tx, err := g.database().write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := g.writeState(ctx, tx, s); err != nil {
		return err
	}
	later := told.After(g.latest())
	if later {
		if err := g.writeSeen(ctx, tx, told); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if later {
		g.mu.Lock()
		g.seen = told
		g.mu.Unlock()
	}
	return nil
}

// putInForce shows a version that was committed, and tidies up. What fails here is tried again
// at the next start.
func (g *Gallery) putInForce(l *list, v *view, p *printChange) {
	p.show(l, v)
	g.expect(l)
	g.sweep(l, v.state)
	g.buildPrints(l)
	g.work.Go(func() { g.settle(l, v.parts[len(v.parts)-1].held) })
}

// LinesOf writes changes as lines.
func LinesOf(changes iter.Seq2[Change, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for c, err := range changes {
			var line []byte
			if err == nil {
				line, err = json.Marshal(c)
			}
			if !yield(line, err) {
				return
			}
		}
	}
}
