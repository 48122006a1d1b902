package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"boothd/cmd/centrald/store"
)

// MaxCopyAge is how old a technical copy may be (Regulation (EU) 2018/1862 Art 56).
const MaxCopyAge = 48 * time.Hour

// Copy is one technical copy that somebody holds of a list.
type Copy struct {
	Holder   string `json:"booth"`
	List     string `json:"list"`
	System   string `json:"system"`
	Version  uint64 `json:"version"`
	Manifest string `json:"manifest"` // hash of what is held, in hexadecimal
	Entries  int    `json:"entries"`
	// Taken is when the data was taken from the system. It tells the copy's age, which neither
	// applying nor telling of it changes.
	Taken   time.Time `json:"taken"`
	Expires time.Time `json:"expires"` // the end of the copy's life
	Told    time.Time `json:"told"`    // when the holder last spoke of it, by central's clock
}

// Overdue reports whether the copy's life has ended, so that it must have been replaced or
// erased.
func (k *Copy) Overdue(now time.Time) bool { return !now.Before(k.Expires) }

// Copies is the inventory of technical copies. What a holder has told stays until it tells
// otherwise: a laptop that is silent still holds what it held.
type Copies struct{ db *store.DB }

// OpenCopies opens the inventory.
func OpenCopies(ctx context.Context, db *store.DB) (*Copies, error) {
	return &Copies{db}, db.Migrate(ctx, "copies",
		`CREATE TABLE copies (
			holder  TEXT NOT NULL,
			list    TEXT NOT NULL,
			version BIGINT NOT NULL,
			taken   BIGINT NOT NULL,
			expires BIGINT NOT NULL,
			PRIMARY KEY (holder, list)
		)`,
		// Nothing has ever filled the first table.
		`DROP TABLE copies;
		CREATE TABLE copies (
			holder   TEXT NOT NULL,
			list     TEXT NOT NULL,
			system   TEXT NOT NULL,
			version  BIGINT NOT NULL,
			manifest TEXT NOT NULL,
			entries  BIGINT NOT NULL,
			taken    BIGINT NOT NULL,
			expires  BIGINT NOT NULL,
			told     BIGINT NOT NULL,
			PRIMARY KEY (holder, list)
		)`)
}

var errCopy = errors.New("a copy lacks what list it is or when it was taken")

// Hold notes that these are all the copies that a holder has now; each list may be named
// once. Holder and Told are filled in here. A copy's life ends MaxCopyAge after it was taken
// at the latest; a copy that was known before does not become younger, and none is younger
// than now.
func (c *Copies) Hold(ctx context.Context, holder string, now time.Time, copies []Copy) error {
	for i := range copies {
		if copies[i].List == "" || copies[i].Taken.Unix() < 0 {
			return errCopy
		}
	}
	err := c.db.Tx(ctx, func(tx *sql.Tx) error { return hold(ctx, tx, holder, now, copies) })
	if err != nil {
		return fmt.Errorf("note copies: %w", err)
	}
	return nil
}

func hold(ctx context.Context, tx *sql.Tx, holder string, now time.Time, copies []Copy) error {
	all, err := readCopies(ctx, tx, "WHERE holder = $1", holder)
	if err != nil {
		return err
	}
	known := make(map[string]Copy, len(all))
	for _, k := range all {
		known[k.List] = k
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM copies WHERE holder = $1", holder); err != nil {
		return err
	}
	for _, k := range copies {
		if k.Taken.After(now) {
			k.Taken = now
		}
		if was, ok := known[k.List]; ok && was.Version == k.Version && was.Manifest == k.Manifest && was.Taken.Before(k.Taken) {
			k.Taken = was.Taken
		}
		if latest := k.Taken.Add(MaxCopyAge); k.Expires.IsZero() || k.Expires.After(latest) {
			k.Expires = latest
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO copies (holder, list, system, version, manifest, entries, taken, expires, told)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			holder, k.List, k.System, int64(k.Version), k.Manifest, k.Entries, k.Taken.UnixNano(), k.Expires.UnixNano(), now.UnixNano())
		if err != nil {
			return err
		}
	}
	return nil
}

// List lists all copies by holder and list.
func (c *Copies) List(ctx context.Context) ([]Copy, error) {
	all, err := readCopies(ctx, c.db, "")
	if err != nil {
		return nil, fmt.Errorf("list copies: %w", err)
	}
	return all, nil
}

func readCopies(ctx context.Context, q querier, where string, args ...any) ([]Copy, error) {
	rows, err := q.QueryContext(ctx, "SELECT holder, list, system, version, manifest, entries, taken, expires, told FROM copies "+
		where+" ORDER BY holder, list", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []Copy{}
	for rows.Next() {
		var k Copy
		var taken, expires, told int64
		if err := rows.Scan(&k.Holder, &k.List, &k.System, &k.Version, &k.Manifest, &k.Entries, &taken, &expires, &told); err != nil {
			return nil, err
		}
		k.Taken, k.Expires, k.Told = time.Unix(0, taken).UTC(), time.Unix(0, expires).UTC(), time.Unix(0, told).UTC()
		all = append(all, k)
	}
	return all, rows.Err()
}
