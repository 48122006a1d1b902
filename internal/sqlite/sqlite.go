// Package sqlite opens the booth's databases: durable, one writer, migrated.
//
// Durable means WAL with synchronous=FULL: a transaction that was committed survives a
// power cut. With synchronous=NORMAL it does not. A connection that runs a transaction
// takes the write lock at BEGIN, so that two writers wait for each other instead of
// failing half-way.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	driver "github.com/mattn/go-sqlite3"
)

// Schema is what a database file is for and how its tables came to be.
type Schema struct {
	// ApplicationID marks the file (PRAGMA application_id); a file with another mark is
	// refused.
	ApplicationID int32
	// Migrations are applied in order, each in its own transaction. The number applied is
	// kept in PRAGMA user_version. Never change one that was released: append.
	Migrations []string
	// Cache is how much of the file each connection keeps in memory, in KiB; SQLite's own 2,000
	// if 0.
	Cache int
	// Scrub overwrites what is deleted. The write-ahead log holds what was until it is
	// written over or emptied by PRAGMA wal_checkpoint(TRUNCATE).
	Scrub bool
}

// What opening a file can say of it.
var (
	// ErrNewer is matched when the file was written by a newer version of boothd.
	ErrNewer = errors.New("written by a newer version")
	// ErrOtherKind is matched when the file holds something else.
	ErrOtherKind = errors.New("not a database of this kind")
)

// maxAhead is how many migrations a newer version may have more than this one. A number
// beyond it was never written by any version.
const maxAhead = 1000

// Open opens or creates the database at path, readable by its owner only, and brings it
// to the schema's latest version. The folder must exist.
func Open(ctx context.Context, path string, s Schema) (*sql.DB, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	f.Close()
	db, err := sql.Open("sqlite3", dsn(path, "rwc", s.Cache, s.Scrub))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := migrate(ctx, db, s); err != nil {
		db.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return db, nil
}

// OpenReadOnly opens an existing database without changing or migrating it, as the
// command line tools do beside a running daemon.
func OpenReadOnly(ctx context.Context, path string, s Schema) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite3", dsn(path, "ro", 0, false))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	var mark int32
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&mark); err != nil {
		db.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if mark != s.ApplicationID {
		db.Close()
		return nil, fmt.Errorf("open %s: %w", path, ErrOtherKind)
	}
	return db, nil
}

// OpenUnchecked opens a file read-only to save from it what can be read, whatever its kind
// and version.
func OpenUnchecked(path string) (*sql.DB, error) {
	return sql.Open("sqlite3", dsn(path, "ro", 0, false))
}

// IsFull reports whether err says that the disk, or the space allowed to the database, is
// full.
func IsFull(err error) bool {
	var e driver.Error
	return errors.As(err, &e) && e.Code == driver.ErrFull
}

// IsCorrupt reports whether err says that the file is damaged.
func IsCorrupt(err error) bool {
	var e driver.Error
	return errors.As(err, &e) && (e.Code == driver.ErrCorrupt || e.Code == driver.ErrNotADB)
}

// IsIO reports whether err says that the system could not read, write or open the file.
func IsIO(err error) bool {
	var e driver.Error
	return errors.As(err, &e) && (e.Code == driver.ErrIoErr || e.Code == driver.ErrCantOpen)
}

// IsUnusable reports whether err, met while opening a file, says that its content cannot be
// used: it is damaged or of another kind. It is false for what lies around the file, such
// as a full disk, missing permission or another program's lock.
func IsUnusable(err error) bool {
	if errors.Is(err, ErrOtherKind) {
		return true
	}
	var e driver.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case driver.ErrPerm, driver.ErrAbort, driver.ErrBusy, driver.ErrLocked, driver.ErrNomem,
		driver.ErrInterrupt, driver.ErrIoErr, driver.ErrFull, driver.ErrCantOpen,
		driver.ErrProtocol, driver.ErrNoLFS, driver.ErrAuth:
		return false
	}
	return true
}

func dsn(path, mode string, cache int, scrub bool) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	q := url.Values{
		"mode":          {mode},
		"_busy_timeout": {"10000"},
		"_foreign_keys": {"1"},
		"_txlock":       {"immediate"},
		// Statements that come again are not parsed again.
		"_stmt_cache_size": {"32"},
	}
	if mode != "ro" {
		q.Set("_synchronous", "FULL")
	}
	if scrub {
		q.Set("_secure_delete", "true")
	}
	if cache > 0 {
		q.Set("_cache_size", strconv.Itoa(-cache)) // negative: KiB
	}
	return "file:" + (&url.URL{Path: abs}).EscapedPath() + "?" + q.Encode()
}

func migrate(ctx context.Context, db *sql.DB, s Schema) error {
	var mark int32
	var version, tables int
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&mark); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	if mark != s.ApplicationID && (mark != 0 || tables != 0) {
		return ErrOtherKind
	}
	if version < 0 || version > len(s.Migrations)+maxAhead {
		return fmt.Errorf("schema %d: %w", version, ErrOtherKind)
	}
	if version > len(s.Migrations) {
		return fmt.Errorf("schema %d, known %d: %w", version, len(s.Migrations), ErrNewer)
	}
	if err := layOut(ctx, db, tables == 0); err != nil {
		return err
	}
	for i := version; i < len(s.Migrations); i++ {
		if err := migrateOne(ctx, db, s, i); err != nil {
			return fmt.Errorf("migration %d: %w", i+1, err)
		}
	}
	return nil
}

// layOut makes the file write ahead and, if it is new, able to give freed pages back by
// PRAGMA incremental_vacuum. Both then hold for good. Asked for in each connection's name
// instead, they would make a new connection wait for whoever is writing.
func layOut(ctx context.Context, db *sql.DB, fresh bool) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if fresh {
		if _, err := conn.ExecContext(ctx, "PRAGMA auto_vacuum = incremental"); err != nil {
			return err
		}
	}
	var mode string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("journal mode %q, want wal", mode)
	}
	return nil
}

func migrateOne(ctx context.Context, db *sql.DB, s Schema, i int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, stmt := range []string{
		strings.TrimSpace(s.Migrations[i]),
		fmt.Sprintf("PRAGMA application_id = %d", s.ApplicationID),
		fmt.Sprintf("PRAGMA user_version = %d", i+1),
	} {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// IsUnique reports whether err says that a row with the same key is there already.
func IsUnique(err error) bool {
	var e driver.Error
	return errors.As(err, &e) && (e.ExtendedCode == driver.ErrConstraintUnique || e.ExtendedCode == driver.ErrConstraintPrimaryKey)
}
