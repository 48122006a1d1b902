// Package store is the database of the central search: SQLite in a file, which needs no
// server, or PostgreSQL, which several instances share.
//
// Both are spoken to in the same SQL. Arguments are $1, $2, … and must stand in the text
// for the first time in that order. Schemas are written with the types TEXT, BIGINT, BLOB
// and BOOLEAN; BLOB becomes BYTEA for PostgreSQL. "ON CONFLICT" and "RETURNING" work in
// both. Times are kept as BIGINT, nanoseconds since 1970.
//
// A transaction of SQLite takes the write lock when it begins. One of PostgreSQL is
// serializable, and may therefore have to be run again: [DB.Tx] does so.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"boothd/internal/sqlite"
)

// DB is an open database.
type DB struct {
	*sql.DB
	postgres bool
}

// applicationID marks SQLite files of centrald.
const applicationID = 0x424f4345

// versions holds the number of migrations that each part has seen.
const versions = "CREATE TABLE IF NOT EXISTS schema_version (part TEXT PRIMARY KEY, version BIGINT NOT NULL)"

// Open opens the database: "postgres://…" as PostgreSQL's libraries write it, everything
// else is the path of an SQLite file, made if it is not there.
func Open(ctx context.Context, url string) (*DB, error) {
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		db, err := sqlite.Open(ctx, url, sqlite.Schema{ApplicationID: applicationID, Migrations: []string{versions}, Cache: cache})
		if err != nil {
			return nil, err
		}
		db.SetMaxIdleConns(idle)
		return &DB{DB: db}, nil
	}
	db, err := sql.Open("pgx", url)
	if err == nil {
		err = db.PingContext(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", withoutPassword(err))
	}
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &DB{DB: db, postgres: true}, nil
}

const (
	maxConns = 32       // to PostgreSQL, of each instance
	cache    = 32 << 10 // KiB of each connection to SQLite; keys of a million people lie all over the file
	idle     = 16       // connections to SQLite that are kept
)

// withoutPassword drops an error's text if it may quote the address.
func withoutPassword(err error) error {
	var e *pgconn.ParseConfigError
	if errors.As(err, &e) {
		return errors.New("the address cannot be read")
	}
	return err
}

// Postgres reports whether the database is PostgreSQL.
func (db *DB) Postgres() bool { return db.postgres }

// Migrate brings the tables of one part, known by its name, to their latest version. Each
// migration is one transaction. Never change one that was released: append.
func (db *DB) Migrate(ctx context.Context, part string, migrations ...string) error {
	// At PostgreSQL's default level, so that what another instance did is seen once the lock is
	// had; a serializable transaction would see the database as it was before it waited.
	err := db.tx(ctx, sql.LevelDefault, func(tx *sql.Tx) error {
		if db.postgres { // CREATE TABLE IF NOT EXISTS is not safe beside another instance
			if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(applicationID)); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, versions)
		return err
	})
	for i := 0; err == nil && i < len(migrations); i++ {
		err = db.tx(ctx, sql.LevelDefault, func(tx *sql.Tx) error { return db.migrateTo(ctx, tx, part, i, migrations[i]) })
	}
	if err != nil {
		return fmt.Errorf("migrate %s: %w", part, err)
	}
	return nil
}

// migrateTo applies migration number i if it is the next one.
func (db *DB) migrateTo(ctx context.Context, tx *sql.Tx, part string, i int, text string) error {
	if db.postgres {
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(applicationID)); err != nil {
			return err
		}
		text = blob.Replace(text)
	}
	var version int
	err := tx.QueryRowContext(ctx, "SELECT version FROM schema_version WHERE part = $1", part).Scan(&version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if version != i {
		return nil // applied before
	}
	if _, err := tx.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("step %d: %w", i+1, err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO schema_version (part, version) VALUES ($1, $2)
		ON CONFLICT (part) DO UPDATE SET version = excluded.version`, part, i+1)
	return err
}

var blob = strings.NewReplacer(" BLOB", " BYTEA")

// maxTries is how often a transaction is run that others stand in the way of.
const maxTries = 20

// Tx runs f in a transaction and commits it; an error of f rolls it back. f runs again if
// another transaction stood in the way, so it must not change anything else.
func (db *DB) Tx(ctx context.Context, f func(*sql.Tx) error) error {
	for try := 1; ; try++ {
		err := db.tx(ctx, sql.LevelSerializable, f)
		if err == nil || try == maxTries || !GaveWay(err) {
			return err
		}
		pause := time.NewTimer(rand.N(time.Duration(try) * 5 * time.Millisecond))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return errors.Join(err, ctx.Err())
		}
	}
}

func (db *DB) tx(ctx context.Context, level sql.IsolationLevel, f func(*sql.Tx) error) error {
	opt := &sql.TxOptions{}
	if db.postgres { // SQLite has one level only
		opt.Isolation = level
	}
	tx, err := db.BeginTx(ctx, opt)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// GaveWay reports whether PostgreSQL gave the transaction up for the sake of another (class
// 40, transaction rollback). It may be run again.
func GaveWay(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && strings.HasPrefix(e.Code, "40")
}

// IsUnique reports whether err says that a row with the same key is there already.
func IsUnique(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code == "23505"
	}
	return sqlite.IsUnique(err)
}
