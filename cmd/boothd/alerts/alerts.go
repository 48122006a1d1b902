// Package alerts keeps the booth's alerts until an officer has dismissed them, and how far the
// booth has followed what central tells it.
//
// It is one SQLite file. What an alert says is personal data and sealed under a key of this
// booth (AES-256-GCM); beside it stand marks of what was told, so that nothing is told twice,
// from which nobody learns anything. A dismissed alert is erased at once, the marks after
// thirty days. A file that cannot be used is set aside: central tells again what the booth
// does not know.
package alerts

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"boothd/capture/check"
	"boothd/internal/keys/rest"
	"boothd/internal/sqlite"
)

var schema = sqlite.Schema{
	ApplicationID: 0x424f414c, // "BOAL"
	Scrub:         true,
	Migrations: []string{`
CREATE TABLE alert (
	n      INTEGER PRIMARY KEY,
	id     TEXT NOT NULL UNIQUE,
	at     INTEGER NOT NULL, -- Unix time in milliseconds when it was kept or dismissed
	sealed BLOB              -- NULL once dismissed
) STRICT;
CREATE TABLE told (
	mark TEXT PRIMARY KEY,
	at   INTEGER NOT NULL
) STRICT;
CREATE TABLE followed (
	one  INTEGER PRIMARY KEY CHECK (one = 1),
	last INTEGER NOT NULL -- number of central's last event that was made durable
) STRICT;
INSERT INTO followed VALUES (1, 0);
`},
}

// retention is how long marks are kept.
const retention = 30 * 24 * time.Hour

// Options configure a Box. KeyFile is required; it is made if it is not there.
type Options struct {
	KeyFile string
	Keys    *rest.Keeper // of the key file; a plain file if nil
	// Dismissed records that an officer has dismissed the alert; empty if it made room. It is
	// called before the alert is erased.
	Dismissed func(ctx context.Context, a check.Alert, officer string) error
	Log       *slog.Logger
	Now       func() time.Time // time.Now if nil
}

// Box keeps alerts. Its methods may be called by several goroutines.
type Box struct {
	opt  Options
	db   *sql.DB
	seal cipher.AEAD
}

var _ check.AlertKeeper = (*Box)(nil)

// Open opens or creates the file at path. One that is damaged or of another kind is renamed
// and a new one begun.
func Open(ctx context.Context, path string, opt Options) (*Box, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	secret, err := opt.Keys.Secret(opt.KeyFile, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	b := &Box{opt: opt}
	if b.seal, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	b.db, err = open(ctx, path, opt.Now())
	if sqlite.IsUnusable(err) && !errors.Is(err, sqlite.ErrNewer) {
		opt.Log.Error("database of alerts set aside", "error", err)
		if err = setAside(path, opt.Now()); err == nil {
			b.db, err = open(ctx, path, opt.Now())
		}
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// open opens the file and erases what is too old, which shows whether it can be used.
func open(ctx context.Context, path string, now time.Time) (*sql.DB, error) {
	db, err := sqlite.Open(ctx, path, schema)
	if err != nil {
		return nil, err
	}
	if err := eraseOld(ctx, db, now); err != nil {
		db.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return db, nil
}

// eraseOld erases the marks, and what is left of dismissed alerts, that are too old.
func eraseOld(ctx context.Context, db interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
}, now time.Time) error {
	before := now.Add(-retention).UnixMilli()
	for _, statement := range []string{"DELETE FROM told WHERE at < ?", "DELETE FROM alert WHERE sealed IS NULL AND at < ?"} {
		if _, err := db.ExecContext(ctx, statement, before); err != nil {
			return err
		}
	}
	return nil
}

func setAside(path string, now time.Time) error {
	aside := path + ".damaged-" + strconv.FormatInt(now.UnixMilli(), 10)
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return os.Rename(path, aside)
}

// Close closes the file.
func (b *Box) Close() error { return b.db.Close() }

// Kept returns the alerts that nobody has dismissed, the oldest first, and the marks of what
// was told. An alert that cannot be read is reported to the log and left out.
func (b *Box) Kept(ctx context.Context) ([]check.Alert, []string, error) {
	var alerts []check.Alert
	var marks []string
	err := b.each(ctx, "SELECT id, sealed FROM alert WHERE sealed IS NOT NULL ORDER BY n", func(rows *sql.Rows) error {
		var id string
		var sealed []byte
		if err := rows.Scan(&id, &sealed); err != nil {
			return err
		}
		a, err := b.open(id, sealed)
		if err != nil {
			b.opt.Log.Error("alert that was kept cannot be read", "error", err)
			return nil
		}
		alerts = append(alerts, a)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	err = b.each(ctx, "SELECT mark FROM told", func(rows *sql.Rows) error {
		var mark string
		err := rows.Scan(&mark)
		marks = append(marks, mark)
		return err
	})
	return alerts, marks, err
}

func (b *Box) each(ctx context.Context, query string, read func(*sql.Rows) error) error {
	rows, err := b.db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (b *Box) open(id string, sealed []byte) (check.Alert, error) {
	var a check.Alert
	n := b.seal.NonceSize()
	if len(sealed) < n {
		return a, errors.New("too short")
	}
	plain, err := b.seal.Open(nil, sealed[:n], sealed[n:], []byte(id))
	if err != nil {
		return a, errors.New("does not open")
	}
	if json.Unmarshal(plain, &a) != nil {
		return a, errors.New("is no alert")
	}
	return a, nil
}

// Keep makes alerts and their marks durable, and erases marks that are too old.
func (b *Box) Keep(ctx context.Context, alerts []check.Alert, marks []string) error {
	now := b.opt.Now()
	return b.inTx(ctx, func(tx *sql.Tx) error {
		for i := range alerts {
			sealed, err := b.sealed(&alerts[i])
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT INTO alert (id, at, sealed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", alerts[i].ID, now.UnixMilli(), sealed)
			if err != nil {
				return err
			}
		}
		for _, mark := range marks {
			if _, err := tx.ExecContext(ctx, "INSERT INTO told VALUES (?, ?) ON CONFLICT DO NOTHING", mark, now.UnixMilli()); err != nil {
				return err
			}
		}
		return eraseOld(ctx, tx, now)
	})
}

func (b *Box) sealed(a *check.Alert) ([]byte, error) {
	plain, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, b.seal.NonceSize())
	rand.Read(nonce)
	return b.seal.Seal(nonce, nonce, plain, []byte(a.ID)), nil
}

// Dismiss records who has dismissed the alert, then erases it.
func (b *Box) Dismiss(ctx context.Context, a check.Alert, officer string) error {
	if err := b.opt.Dismissed(ctx, a, officer); err != nil {
		return err
	}
	_, err := b.db.ExecContext(ctx, `INSERT INTO alert (id, at, sealed) VALUES (?, ?, NULL)
		ON CONFLICT (id) DO UPDATE SET sealed = NULL, at = excluded.at`, a.ID, b.opt.Now().UnixMilli())
	if err != nil {
		return err
	}
	if _, err := b.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil { // it was dismissed all the same
		b.opt.Log.Warn("dismissed alert stays in the write-ahead log for a while", "error", err)
	}
	return nil
}

// Followed is the number of central's last event that was made durable; 0 if there is none.
func (b *Box) Followed(ctx context.Context) (uint64, error) {
	var last int64
	err := b.db.QueryRowContext(ctx, "SELECT last FROM followed").Scan(&last)
	return uint64(last), err
}

// Follow makes it durable that central's events up to the number last were taken.
func (b *Box) Follow(ctx context.Context, last uint64) error {
	_, err := b.db.ExecContext(ctx, "UPDATE followed SET last = max(last, ?)", int64(last))
	return err
}

func (b *Box) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}
