package gallery

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"boothd/internal/sqlite"
)

// MaxEntries is how many entries a list may have.
const MaxEntries = 2_000_000

// Update takes a list from one version to a later one. Whether it may be trusted was
// checked before.
type Update struct {
	List    string // a to z, 0 to 9 and "-", at most 64 characters
	System  string
	Version uint64
	Head    Hash // of the version's manifest
	// Base is the version that Changes start from; 0 if they are the whole list. BaseHead
	// is that version's manifest.
	Base     uint64
	BaseHead Hash
	Issued   time.Time
	Expires  time.Time
	SoftAge  time.Duration
	Entries  int // how many the list has afterwards
	// Changes are applied in their order, the last one of an id counts. The first error
	// ends the update and nothing is changed.
	Changes iter.Seq2[Change, error]
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

// Apply carries out an update in one transaction, durably. The whole list (Base 0) is
// taken if its version is later than the one at hand, or is that very version again, which
// mends a damaged list. Changes are taken if they start from the version at hand. Else
// the error is ErrOlder, ErrFork or ErrGap; ErrAbsent, ErrErased or ErrDamaged if there is
// no good list to change; ErrCount or ErrNoEntry if the changes are not what they should be;
// or what u.Changes said. If SQLite finds its file damaged, the gallery starts again with
// an empty one: all lists are ErrAbsent then.
func (g *Gallery) Apply(ctx context.Context, u Update) error {
	g.writing.Lock()
	defer g.writing.Unlock()
	if err := g.apply(ctx, u); err != nil {
		switch {
		case sqlite.IsCorrupt(err):
			err = errors.Join(err, g.startAgain(context.WithoutCancel(ctx)))
		case errors.Is(err, ErrDamaged):
			g.noteDamage(u.List)
		}
		return fmt.Errorf("apply list %s version %d: %w", u.List, u.Version, err)
	}
	return nil
}

func (g *Gallery) apply(ctx context.Context, u Update) error {
	if err := u.validate(); err != nil {
		return err
	}
	tx, err := g.database().write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	w, err := g.begin(ctx, tx, u)
	if err != nil {
		return err
	}
	defer w.close()
	if err := g.write(ctx, w, u); err != nil {
		g.abandonFingers(w.fingers)
		return err
	}
	g.applied(context.WithoutCancel(ctx), w)
	return nil
}

// write makes the changes and commits them.
func (g *Gallery) write(ctx context.Context, w *writer, u Update) error {
	if err := w.changes(ctx, u.Changes); err != nil {
		return err
	}
	if w.state.Entries != u.Entries {
		return ErrCount
	}
	if err := w.index.flush(ctx, w.insertBucket); err != nil {
		return err
	}
	if err := g.writeState(ctx, w.tx, w.state); err != nil {
		return err
	}
	if w.index.fresh {
		if err := g.sweep(ctx, w.tx); err != nil {
			return err
		}
	}
	g.fingers.announce(w.fingers)
	return w.tx.Commit()
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

// applied tidies up after the commit. What fails here is tried again after the next one.
func (g *Gallery) applied(ctx context.Context, w *writer) {
	list := w.state.Name
	g.mu.Lock()
	g.secrets[generationRef{list, w.state.Generation}] = w.secrets
	if w.index.fresh {
		delete(g.damaged, list)
	}
	g.mu.Unlock()
	g.showFingers(w.fingers, w.state)
	if !w.index.fresh {
		return
	}
	if err := g.dropSecrets(list, w.state.Generation); err != nil {
		g.log.Error("old key file could not be removed", "list", list, "err", err)
	}
	if _, err := g.database().write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		g.log.Warn("gallery was not checkpointed", "err", err)
	}
}

// writer changes one list within a transaction.
type writer struct {
	tx           *sql.Tx
	state        *state // as it will be
	secrets      *secrets
	index        *index
	fingers      *printChange
	insertEntry  *sql.Stmt
	insertBucket *sql.Stmt
}

func (g *Gallery) begin(ctx context.Context, tx *sql.Tx, u Update) (*writer, error) {
	current, err := g.state(ctx, tx, u.List)
	next, x, err := g.follow(ctx, tx, current, err, u)
	if err != nil {
		return nil, err
	}
	next.Info = Info{
		Name: u.List, System: u.System, Version: u.Version, Head: u.Head, Issued: u.Issued,
		Expires: u.Expires, SoftAge: u.SoftAge, Applied: g.now(), Entries: next.Entries, Fingers: next.Fingers,
	}
	w := &writer{tx: tx, state: next, secrets: x, fingers: g.fingers.change(next)}
	w.index = &index{tx: tx, secrets: x, state: next, fresh: u.Base == 0, buckets: map[uint32][]slot{}}
	if w.insertEntry, err = tx.PrepareContext(ctx, "INSERT INTO entries (number, sealed) VALUES (?, ?)"); err != nil {
		return nil, err
	}
	w.insertBucket, err = tx.PrepareContext(ctx, "INSERT OR REPLACE INTO buckets (number, sealed) VALUES (?, ?)")
	return w, err
}

// follow decides whether the update may follow the list at hand, and gives the state and
// the secrets to go on with: those at hand, or new ones for a whole list.
func (g *Gallery) follow(ctx context.Context, tx *sql.Tx, current *state, err error, u Update) (*state, *secrets, error) {
	unreadable := errors.Is(err, ErrDamaged) || errors.Is(err, ErrAbsent)
	switch {
	case err != nil && (u.Base != 0 || !unreadable):
		return nil, nil, err
	case err != nil: // nothing to compare a whole list with
	case u.Version < current.Version:
		return nil, nil, ErrOlder
	case u.Version == current.Version && u.Head != current.Head:
		return nil, nil, ErrFork
	case u.Base != 0 && current.Erased:
		return nil, nil, ErrErased // before a gap is spoken of
	case u.Base != 0 && u.Base != current.Version:
		return nil, nil, ErrGap
	case u.Base != 0 && u.BaseHead != current.Head:
		return nil, nil, ErrFork
	case u.Base != 0:
		x, err := g.askable(current)
		return current, x, err
	}
	generation, err := g.newGeneration(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	x, err := g.makeSecrets(u.List, generation)
	if err != nil {
		return nil, nil, err
	}
	return &state{Format: indexFormat, Generation: generation, Buckets: bucketsFor(u.Entries)}, x, nil
}

func (w *writer) close() {
	w.insertEntry.Close()
	w.insertBucket.Close()
}

func (w *writer) changes(ctx context.Context, changes iter.Seq2[Change, error]) error {
	for c, err := range changes {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = c.Validate()
		}
		if err == nil {
			err = w.change(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) change(ctx context.Context, c Change) error {
	if c.Put == nil {
		there, err := w.drop(ctx, c.Drop)
		if err == nil && !there {
			err = ErrNoEntry
		}
		return err
	}
	if _, err := w.drop(ctx, c.Put.ID); err != nil {
		return err
	}
	return w.put(ctx, c.Put)
}

func (w *writer) put(ctx context.Context, e *Entry) error {
	plaintext, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if w.state.Entries == MaxEntries || w.state.Next == 1<<32-1 {
		return fmt.Errorf("more than %d entries", MaxEntries)
	}
	n := w.state.Next
	w.state.Next++
	w.state.Entries++
	number := w.state.row(n)
	if _, err := w.insertEntry.ExecContext(ctx, number, seal(w.secrets.entries, w.secrets.list, number, plaintext)); err != nil {
		return err
	}
	for _, k := range keysOf(e) {
		if err := w.index.add(ctx, w.secrets.digest(k), n); err != nil {
			return err
		}
	}
	if len(e.Fingers) == 0 {
		return nil
	}
	w.state.Fingers++
	return w.fingers.add(n, e)
}

// drop removes the entry and all keys that find it, and reports whether it was there.
func (w *writer) drop(ctx context.Context, id string) (bool, error) {
	n, there, err := w.index.entry(ctx, w.secrets.digest(Key{kind: byID, text: id}))
	if err != nil || !there {
		return false, err
	}
	e, err := readEntry(ctx, w.tx, w.secrets, w.state.row(n))
	if err != nil {
		return false, err
	}
	for _, k := range keysOf(e) {
		if err := w.index.remove(ctx, w.secrets.digest(k), n); err != nil {
			return false, err
		}
	}
	if _, err := w.tx.ExecContext(ctx, "DELETE FROM entries WHERE number = ?", w.state.row(n)); err != nil {
		return false, err
	}
	w.state.Entries--
	if len(e.Fingers) > 0 {
		w.state.Fingers--
		w.fingers.drop(n)
	}
	return true, nil
}
