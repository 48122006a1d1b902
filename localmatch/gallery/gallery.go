// Package gallery keeps the local lists at rest: several lists side by side, of which nobody
// can read a name, a number or an id without the key files.
//
// A list is searched in memory. An update is made ready beside what counts and takes its
// place at once: a question that is being answered meanwhile sees the list as it was before
// or as it is after, never a mix, and waits for nothing.
//
// # What is on disk
//
// A list is a row of segments. The first holds the whole list as it was received, each later
// one the changes of an update: entries that are new or different, and ids of entries that
// are no longer in the list; the later one counts. A segment is written once (package
// segment): a file of sealed records, and a cache of the indexes derived from them, which is
// sealed too and made again if it is missing, damaged or of another format. Each segment has
// a key file of 32 random bytes in another folder.
//
// What the lists are, which segments they are made of, their versions and leases, is sealed in
// rows of an SQLite file. One transaction there puts an update in force; before it, what the
// update brought is durable and counts for nothing.
//
// In the background segments are merged: a later one never stays longer than half as many
// records as all behind it. What is gone from a list is gone from the disk with its segment's
// key, then or when a whole list is received; Erase removes all keys of a list at once.
//
// # What a stolen disk tells
//
// Whoever has the disk without the key files, or with key files that are wrapped (package rest)
// and without what opens them, can read: the names of the lists, how many segments each is made
// of and how many there have been, how many records each segment has and how long each is (one
// with a face or fingers is longer than one without), how large the indexes are, and when all
// that was written. What the records say, which versions and leases the lists have, and by what
// names and numbers they are searched cannot be told, nor whether somebody is in a list.
// Whoever has the key files in the open as well has everything.
//
// # Damage
//
// Whatever is read from the disk is sealed to its place. A record that is damaged is noticed
// by every question that it could have answered, and such a question is told so
// (Found.Damaged). The gallery can always be had again from central. A file that SQLite itself
// calls damaged is set aside, and an empty one takes its place.
//
// # Fingers
//
// The fingers of a list are searched in an index that is in memory only: nothing of it is on
// disk. After a start, or when a lease that had ended is renewed, it is built from the sealed
// entries in the background; until then the list says that it is not ready
// (FoundFingers.NotReady). The index is dropped when the list is erased, replaced, or past its
// lease.
//
// # Time
//
// Everything that central signs tells a time. The latest is kept (Info.Seen): a clock that is
// behind it was set back.
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

	"boothd/internal/keys/rest"
	"boothd/internal/sqlite"
)

var schema = sqlite.Schema{ApplicationID: 0x62746c31, Migrations: []string{`
	CREATE TABLE lists (name TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
	CREATE TABLE entries (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
	CREATE TABLE buckets (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
`, `
	DROP TABLE entries;
	DROP TABLE buckets;
	DELETE FROM lists;
	CREATE TABLE seen (one INTEGER PRIMARY KEY CHECK (one = 1), time BLOB NOT NULL);
`}}

// Options are what a gallery may be told. All may be left out.
type Options struct {
	Log *slog.Logger
	Now func() time.Time
	// Keys keeps the key files; plain files if left out.
	Keys *rest.Keeper
}

// Gallery is the local lists. Its methods may be called from several goroutines.
type Gallery struct {
	path        string
	keysDir     string
	keys        *rest.Keeper
	segmentsDir string
	log         *slog.Logger
	now         func() time.Time
	states      cipher.AEAD

	mu    sync.Mutex
	files *files // replaced by startAgain
	lists map[string]*list
	seen  time.Time

	committing sync.Mutex // by one at a time, lest the latest time go back

	ctx    context.Context // of what is made ready in the background; ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// Open opens or creates the gallery whose SQLite file is path; the segments are in a folder
// beside it, their key files in keysDir. Folders are made if they are missing. The lists are
// made ready in the background: see Wait.
func Open(ctx context.Context, path, keysDir string, o Options) (*Gallery, error) {
	for _, dir := range []string{filepath.Dir(path), keysDir, segmentsDir(path)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	secret, err := o.Keys.Secret(filepath.Join(keysDir, "gallery.key"), secretSize)
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
	if err := g.openLists(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("read lists: %w", err), g.Close())
	}
	return g, nil
}

func segmentsDir(path string) string { return filepath.Join(filepath.Dir(path), "segments") }

func newGallery(path, keysDir string, secret []byte, o Options) (*Gallery, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	states, err := statesAEAD(secret)
	if err != nil {
		return nil, err
	}
	g := &Gallery{
		path: path, keysDir: keysDir, keys: o.Keys, segmentsDir: segmentsDir(path), log: o.Log, now: o.Now, states: states,
		lists: map[string]*list{},
	}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	return g, nil
}

// Close ends what is being made ready and closes the files. Questions and updates must have
// ended.
func (g *Gallery) Close() error {
	g.cancel()
	g.work.Wait()
	g.mu.Lock()
	lists := g.lists
	g.lists = map[string]*list{}
	g.mu.Unlock()
	for _, l := range lists {
		l.end(ErrNotReady)
	}
	return g.database().close()
}

func (g *Gallery) database() *files {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.files
}

// list returns what is in memory of a list; nil if it was never received.
func (g *Gallery) list(name string) *list {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lists[name]
}

// obtain returns what is in memory of a list, made for it if need be.
func (g *Gallery) obtain(name string) *list {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lists[name]
	if l == nil {
		l = newList(name, ErrAbsent)
		close(l.loaded)
		g.lists[name] = l
	}
	return l
}

// Wait waits until all lists that there were when the gallery was opened are ready, or proved
// damaged.
func (g *Gallery) Wait(ctx context.Context) error {
	g.mu.Lock()
	lists := make([]*list, 0, len(g.lists))
	for _, l := range g.lists {
		lists = append(lists, l)
	}
	g.mu.Unlock()
	for _, l := range lists {
		select {
		case <-l.loaded:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Lists tells of every list that was ever received, by name.
func (g *Gallery) Lists(ctx context.Context) ([]Info, error) {
	all, err := readStates(ctx, g.database().read, g.states)
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
	s, err := readState(ctx, g.database().read, g.states, name)
	if err != nil {
		return Info{}, err
	}
	return g.info(s), nil
}

// info adds what is not in the state itself: whether damage was met, and the latest time.
func (g *Gallery) info(s *state) Info {
	info := s.Info
	l := g.list(s.Name)
	info.Damaged = info.Damaged || !info.Erased && (s.Format != stateFormat || l != nil && l.isDamaged())
	info.Seen = g.latest()
	return info
}

// Inspect tells of the lists in a gallery that a running daemon may have open. It changes
// nothing.
func Inspect(ctx context.Context, path, keysDir string, k *rest.Keeper) ([]Info, error) {
	g, err := openReadOnly(ctx, path, keysDir, k)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	return g.Lists(ctx)
}

func openReadOnly(ctx context.Context, path, keysDir string, k *rest.Keeper) (*Gallery, error) {
	secret, err := k.Read(filepath.Join(keysDir, "gallery.key"), secretSize)
	if err != nil {
		return nil, err
	}
	g, err := newGallery(path, keysDir, secret, Options{Keys: k})
	if err != nil {
		return nil, err
	}
	read, err := sqlite.OpenReadOnly(ctx, path, schema)
	g.files = &files{read: read}
	return g, err
}
