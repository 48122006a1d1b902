package identity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/store"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// People finds the persons of the repository by document, name and finger; a
// *register.Register of the system "CIR" is one. An entry's id is its file's.
type People interface {
	Find(ctx context.Context, q system.Question) ([]register.Match, capture.Rest, error)
	Put(ctx context.Context, entries ...gallery.Entry) error
	Remove(ctx context.Context, id string) (bool, error)
}

// Options are what a CIR may be told.
type Options struct {
	Links *Links           // are detected for each file that is put; nil for none
	Now   func() time.Time // time.Now if nil
}

// CIR is the common identity repository. It is safe for concurrent use.
type CIR struct {
	db     *store.DB
	people People
	links  *Links
	now    func() time.Time
}

var (
	_ system.Adapter = (*CIR)(nil)
	_ Holder         = (*CIR)(nil)
	_ People         = (*register.Register)(nil)
)

// ErrHeld is matched when an entry of a system belongs to another file already.
var ErrHeld = errors.New("an entry of a system belongs to another file")

// OpenCIR opens the repository whose persons are found through people.
func OpenCIR(ctx context.Context, db *store.DB, people People, o Options) (*CIR, error) {
	if err := migrate(ctx, db); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &CIR{db: db, people: people, links: o.Links, now: o.Now}, nil
}

// Put adds files, replacing those with the same ids, and detects their links. An error
// means that part of it may not be done: put the files again. Errors match ErrFile if a
// file is not valid, in which case none was put, and ErrHeld.
func (c *CIR) Put(ctx context.Context, files ...File) error {
	entries := make([]gallery.Entry, len(files))
	for i := range files {
		if err := files[i].validate(); err != nil {
			return fmt.Errorf("put file %d: %w", i, err)
		}
		entries[i] = files[i].entry()
	}
	err := c.db.Tx(ctx, func(tx *sql.Tx) error { return writeFiles(ctx, tx, files) })
	if store.IsUnique(err) {
		return fmt.Errorf("put files: %w", ErrHeld)
	}
	if err != nil {
		return fmt.Errorf("put files: %w", err)
	}
	if err := c.people.Put(ctx, entries...); err != nil {
		return fmt.Errorf("put files: index: %w", err)
	}
	if c.links == nil {
		return nil
	}
	for part := range slices.Chunk(files, 100) { // a short transaction, which others wait for
		if err := c.db.Tx(ctx, func(tx *sql.Tx) error { return c.detect(ctx, tx, part) }); err != nil {
			return fmt.Errorf("put files: detect links: %w", err)
		}
	}
	return nil
}

func (c *CIR) detect(ctx context.Context, tx *sql.Tx, files []File) error {
	for i := range files {
		records := files[i].Records()
		others, err := similar(ctx, tx, records)
		if err != nil {
			return err
		}
		if err := c.links.detect(ctx, tx, records, others); err != nil {
			return err
		}
	}
	return nil
}

// Get returns a file without its fingers; nil if it is not there.
func (c *CIR) Get(ctx context.Context, id string) (*File, error) {
	files, err := readFiles(ctx, c.db, []string{id})
	if err != nil || len(files) == 0 {
		return nil, err
	}
	return &files[0], nil
}

// Forget takes an entry that its system erases out of the file that holds it. A file is kept
// as long as a system holds data on its person (Regulation (EU) 2019/817 Art 23(2)): with
// its last entry it is removed. Links.Forget erases the entry's links.
func (c *CIR) Forget(ctx context.Context, system, entry string) error {
	var last string
	err := c.db.Tx(ctx, func(tx *sql.Tx) error {
		last = ""
		files, err := texts(ctx, tx, "DELETE FROM identity_holding WHERE system = $1 AND entry = $2 RETURNING file", system, entry)
		if err != nil || len(files) == 0 {
			return err
		}
		var left bool
		err = tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM identity_holding WHERE file = $1)", files[0]).Scan(&left)
		if !left {
			last = files[0]
		}
		return err
	})
	if err == nil && last != "" {
		_, err = c.Remove(ctx, last) // if it is not reached, Erase does it
	}
	if err != nil {
		return fmt.Errorf("forget an entry: %w", err)
	}
	return nil
}

// Erase removes the files that hold no entry any more, because Forget was cut off, and
// returns how many there were.
func (c *CIR) Erase(ctx context.Context) (int, error) {
	for n := 0; ; {
		ids, err := texts(ctx, c.db, `SELECT id FROM identity_file f
			WHERE NOT EXISTS (SELECT 1 FROM identity_holding h WHERE h.file = f.id) ORDER BY id LIMIT $1`, eraseAtOnce)
		for _, id := range ids {
			if err == nil {
				_, err = c.Remove(ctx, id)
				n++
			}
		}
		if err != nil || len(ids) < eraseAtOnce {
			return n, err
		}
	}
}

// Remove removes a file and reports whether it was there. The links of its entries stay:
// Links.Forget erases them when a system erases the entry.
func (c *CIR) Remove(ctx context.Context, id string) (bool, error) {
	if _, err := c.people.Remove(ctx, id); err != nil {
		return false, fmt.Errorf("remove file: %w", err)
	}
	done, err := c.db.ExecContext(ctx, "DELETE FROM identity_file WHERE id = $1", id)
	if err != nil {
		return false, fmt.Errorf("remove file: %w", err)
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// Similar returns the records of the repository that links with the given ones could be
// about: of files with the same name and year of birth, with the same biometric data or
// travel document, and of those linked already. The given records may be of any system;
// they are not returned themselves.
func (c *CIR) Similar(ctx context.Context, records ...Record) ([]Record, error) {
	others, err := similar(ctx, c.db, records)
	if err != nil {
		return nil, fmt.Errorf("find similar files: %w", err)
	}
	return others, nil
}

func similar(ctx context.Context, q querier, records []Record) ([]Record, error) {
	ids := map[string]bool{}
	for _, search := range searches(records) {
		found, err := texts(ctx, q, search.query, search.args...)
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			ids[id] = true
		}
	}
	files, err := readFiles(ctx, q, sorted(ids))
	if err != nil {
		return nil, err
	}
	given := map[Member]bool{}
	for _, r := range records {
		given[r.key()] = true
	}
	var others []Record
	for i := range files {
		for _, r := range files[i].Records() {
			if !given[r.key()] {
				others = append(others, r)
			}
		}
	}
	return others, nil
}

// Records returns what the file says of each entry that it holds.
func (f *File) Records() []Record {
	records := make([]Record, len(f.Holdings))
	for i, h := range f.Holdings {
		records[i] = Record{Member: h, Identity: f.Identity, Documents: f.Documents, Biometrics: f.Biometrics}
	}
	return records
}

// search is a query for ids of files.
type search struct {
	query string
	args  []any
}

// searches are the queries that find what may be linked with the records, each once.
func searches(records []Record) []search {
	var all []search
	seen := map[string]bool{}
	add := func(query string, args ...any) {
		if key := fmt.Sprintf("%s %q", query, args); !seen[key] {
			seen[key] = true
			all = append(all, search{query, args})
		}
	}
	for _, r := range records {
		if name, year := r.nameKey(), r.birthYear(); name != "" && year != 0 {
			add("SELECT id FROM identity_file WHERE name_key = $1 AND birth_year = $2", name, year)
		}
		for _, b := range r.Biometrics {
			add("SELECT file FROM identity_biometric WHERE reference = $1 AND kind = $2", b.Reference, string(b.Kind))
		}
		for _, d := range r.Documents {
			d = d.normal()
			add("SELECT file FROM identity_document WHERE number = $1 AND issuer = $2", d.Number, d.Issuer)
		}
		add(`SELECT h.file FROM identity_member m JOIN identity_member o ON o.link = m.link
			JOIN identity_holding h ON h.system = o.system AND h.entry = o.entry
			WHERE m.system = $1 AND m.entry = $2`, r.System, r.Entry)
	}
	return all
}
