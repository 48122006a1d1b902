// Package gallery keeps the local lists at rest: several lists side by side in one SQLite
// file, of which nobody can read a name, a number or an id without the key files.
//
// A list is replaced or changed in one transaction; a question that is being answered
// meanwhile sees the list as it was before or as it is after, never a mix, and waits for
// nothing.
//
// # What is on disk
//
// Each list has a key file of 32 random bytes. Entries are sealed with AES-256-GCM under a
// key derived from it (HKDF), bound to their list and place. Lookup keys are HMAC-SHA256,
// cut to 16 bytes; they lie in buckets that are sealed likewise. A whole list that is
// applied gets a new key file and the old one is removed, so that what is gone from a list
// stays gone; Erase removes the key file and thereby the list.
//
// A bucket is sealed and always there, even an empty one. So a lookup that finds nothing
// is proved: a damaged or missing row is noticed by every question that it could have
// answered, and such a question is told so (Found.Damaged). What the lists are, their
// versions and leases, is sealed under a key of the gallery's own.
//
// # Fingers
//
// The fingers of a list are searched in an index that is in memory only: nothing of it is on disk.
// A whole list that is applied has its index built beside, before the list counts; changes go
// into the one at hand. After a start, or when a lease that had ended is renewed, it is built
// from the sealed entries in the background; until then the list says that it is not ready
// (FoundFingers.NotReady). The index is dropped when the list is erased, replaced, or past its
// lease.
//
// The gallery can always be had again from central. A file that SQLite itself calls
// damaged is set aside, and an empty one takes its place.
package gallery

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"boothd/internal/keys"
	"boothd/internal/sqlite"
)

var schema = sqlite.Schema{ApplicationID: 0x62746c31, Migrations: []string{`
	CREATE TABLE lists (name TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
	CREATE TABLE entries (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
	CREATE TABLE buckets (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
`}}

// Options are what a gallery may be told. All may be left out.
type Options struct {
	Log *slog.Logger
	Now func() time.Time
}

// Gallery is the local lists. Its methods may be called from several goroutines.
type Gallery struct {
	path    string
	keysDir string
	log     *slog.Logger
	now     func() time.Time
	states  cipher.AEAD
	writing sync.Mutex // one Apply or Erase at a time

	mu      sync.Mutex
	files   *files // replaced by startAgain
	secrets map[generationRef]*secrets
	damaged map[string]bool // lists in which a question met damage

	fingers *shelf
	ctx     context.Context // of the builds; ends with Close
	cancel  context.CancelFunc
	builds  sync.WaitGroup
}

type generationRef struct {
	list       string
	generation uint32
}

// Open opens or creates the gallery in the file path, with its key files in keysDir. Both
// folders are made if they are missing.
func Open(ctx context.Context, path, keysDir string, o Options) (*Gallery, error) {
	for _, dir := range []string{filepath.Dir(path), keysDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	secret, err := keys.Secret(filepath.Join(keysDir, "gallery.key"), secretSize)
	if err != nil {
		return nil, err
	}
	g, err := newGallery(path, keysDir, secret, o)
	if err != nil {
		return nil, err
	}
	g.files, err = openFiles(ctx, path, g.log, g.now)
	if err != nil {
		return nil, err
	}
	if err := g.openFingers(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("read lists: %w", err), g.Close())
	}
	return g, nil
}

func newGallery(path, keysDir string, secret []byte, o Options) (*Gallery, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	states, err := deriveAEAD(secret, "states")
	if err != nil {
		return nil, err
	}
	g := &Gallery{
		path: path, keysDir: keysDir, log: o.Log, now: o.Now, states: states,
		secrets: map[generationRef]*secrets{}, damaged: map[string]bool{},
		fingers: newShelf(),
	}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	return g, nil
}

// Close ends what is being made ready and closes the file. Questions and updates must have
// ended.
func (g *Gallery) Close() error {
	g.cancel()
	g.builds.Wait()
	g.fingers.clear()
	return g.database().close()
}

func (g *Gallery) database() *files {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.files
}

// Lists tells of every list that was ever received, by name.
func (g *Gallery) Lists(ctx context.Context) ([]Info, error) {
	all, err := g.allStates(ctx, g.database().read)
	if err != nil {
		return nil, fmt.Errorf("read lists: %w", err)
	}
	infos := make([]Info, len(all))
	for i, s := range all {
		infos[i] = g.info(s)
	}
	return infos, nil
}

// List tells of one list. The error is ErrAbsent or ErrDamaged if there is nothing to tell.
func (g *Gallery) List(ctx context.Context, name string) (Info, error) {
	s, err := g.state(ctx, g.database().read, name)
	if err != nil {
		return Info{}, err
	}
	return g.info(s), nil
}

// info adds what is not in the state itself: whether damage was met.
func (g *Gallery) info(s *state) Info {
	info := s.Info
	if info.Damaged || info.Erased {
		return info
	}
	if _, err := g.askable(s); err != nil {
		info.Damaged = true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	info.Damaged = info.Damaged || g.damaged[s.Name]
	return info
}

// askable returns the secrets of a list that can be asked; else ErrErased or ErrDamaged.
func (g *Gallery) askable(s *state) (*secrets, error) {
	switch {
	case s.Erased:
		return nil, ErrErased
	case s.Format != indexFormat:
		return nil, fmt.Errorf("%w: indexed by another version", ErrDamaged)
	}
	x, err := g.readSecrets(s.Name, s.Generation)
	if err != nil {
		return nil, errSecretsGone
	}
	return x, nil
}

func (g *Gallery) noteDamage(list string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.damaged[list] {
		g.damaged[list] = true
		g.log.Error("list is damaged: it must be received again", "list", list)
	}
}

// Inspect tells of the lists in a gallery that a running daemon may have open. It changes
// nothing.
func Inspect(ctx context.Context, path, keysDir string) ([]Info, error) {
	g, err := openReadOnly(ctx, path, keysDir)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	return g.Lists(ctx)
}

// Examine checks every row of every list in a gallery that a running daemon may have open,
// as Check does, by list. It changes nothing. Lists that cannot be asked at all have one
// damaged row; erased ones are left out.
func Examine(ctx context.Context, path, keysDir string) (map[string]Health, error) {
	g, err := openReadOnly(ctx, path, keysDir)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	infos, err := g.Lists(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string]Health{}
	for _, info := range infos {
		h, err := g.Check(ctx, info.Name)
		switch {
		case errors.Is(err, ErrErased):
			continue
		case errors.Is(err, ErrDamaged):
			h.Damaged++
		case err != nil:
			return nil, err
		}
		all[info.Name] = h
	}
	return all, nil
}

func openReadOnly(ctx context.Context, path, keysDir string) (*Gallery, error) {
	secret, err := os.ReadFile(filepath.Join(keysDir, "gallery.key"))
	if err != nil {
		return nil, err
	}
	g, err := newGallery(path, keysDir, secret, Options{})
	if err != nil {
		return nil, err
	}
	read, err := sqlite.OpenReadOnly(ctx, path, schema)
	g.files = &files{read: read}
	return g, err
}

// Erase makes the list unreadable for ever by removing its key file, then its rows. Its
// version is remembered, so that an older one is still refused.
func (g *Gallery) Erase(ctx context.Context, list string) error {
	g.writing.Lock()
	defer g.writing.Unlock()
	if err := g.erase(context.WithoutCancel(ctx), list); err != nil {
		return fmt.Errorf("erase list %s: %w", list, err)
	}
	return nil
}

func (g *Gallery) erase(ctx context.Context, list string) error {
	if !ValidListName(list) {
		return errListName
	}
	g.fingers.forget(list)
	if err := g.dropSecrets(list, 0); err != nil {
		return err
	}
	tx, err := g.database().write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	s, err := g.state(ctx, tx, list)
	if err != nil {
		return err
	}
	s.Erased, s.Entries, s.Fingers, s.Buckets, s.Next = true, 0, 0, 0, 0
	if err := g.writeState(ctx, tx, s); err != nil {
		return err
	}
	if err := deleteGeneration(ctx, tx, s.Generation); err != nil {
		return err
	}
	return tx.Commit()
}
