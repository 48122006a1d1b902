// Package register is an information system's own people in central's database.
//
// Each system has tables of its own, and an index of fingers of its own in memory: what one
// system holds, no other finds. People are entries as lists hold them (gallery.Entry), and
// are compared by the same engine: a Register looks entries up for localmatch and turns the
// question into what localmatch asks with. It is no second matcher.
//
// # What is on disk
//
// Lookup keys are HMACs under the system's secret, so that the table of keys tells nothing by
// itself. Entries are JSON in clear: the database is to be guarded like the system itself. A
// register that is opened with another secret would find nobody and call that no_hit; it
// therefore refuses to open ([ErrSecret]).
//
// # What is not known
//
// No_hit is said only if everything was searched with that the question holds, but for a
// question with the picture of a finger, which is compared alone. A question with a face, with a
// name in letters that cannot be searched by, or with a birth date that is none is answered
// with what the rest of it finds; otherwise it is unavailable, and so is a question without
// any person data.
//
// # Discretion
//
// A question costs the same statements whether it finds nobody, somebody, or somebody of whom
// nothing must be noticed: one for a document; two for a finger, and more only for what was
// changed since the last search.
//
// # Several instances
//
// Instances on one database hear of each other's changes before each search by a finger: they
// compare one number and take over what has come and gone since. Each keeps all
// fingers of the system in memory, some 6 KB a print, and reads them when it opens.
//
// A finger enters only through a gate ([Gate]): a template that shows too little would be
// found by nobody, or by everybody.
package register

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"boothd/cmd/centrald/store"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// Options are what a Register is opened with. All but System and Secret may be left out.
type Options struct {
	System string // 1 to 64 of A-Z, a-z, 0-9, dot, hyphen and underscore
	Secret []byte // keys the lookup digests; at least 16 bytes
	// Gate is what a finger must show to enter; DefaultGate if it is left out.
	Gate Gate
	// Needs says which kind of grant must be shown before more is told of an entry than
	// that there is one; empty if none.
	Needs func(e *gallery.Entry) string
	// Changed is called after each entry that was put, for those who look back. Its ctx
	// outlives the caller's.
	Changed func(ctx context.Context, e gallery.Entry)
	// Removing is called before an entry is taken out by Remove, for those who know of it; if
	// it fails, the entry stays.
	Removing func(ctx context.Context, id string) error
	Log      *slog.Logger
	Now      func() time.Time
}

// ErrSecret says that the tables were written with another secret.
var ErrSecret = errors.New("the secret is not the one that the tables were written with")

// Register is one system's people. It is a system.Adapter. Its methods may be called by
// several goroutines.
type Register struct {
	opt    Options
	db     *store.DB
	tables tables
	prints *prints
}

var _ system.Adapter = (*Register)(nil)

const leastSecret = 16 // bytes

// Open opens the system's tables, makes them if they are not there, and reads the fingers.
func Open(ctx context.Context, db *store.DB, o Options) (*Register, error) {
	if !systemName.MatchString(o.System) {
		return nil, errors.New("open register: the system's name is no name")
	}
	if len(o.Secret) < leastSecret {
		return nil, fmt.Errorf("open register %s: secret of %d bytes, want %d", o.System, len(o.Secret), leastSecret)
	}
	r := &Register{opt: withDefaults(o), db: db, tables: tablesOf(o.System), prints: newPrints()}
	if err := db.Migrate(ctx, r.tables.prefix, r.tables.sql(schema)); err != nil {
		return nil, fmt.Errorf("open register %s: %w", o.System, err)
	}
	if err := r.checkSecret(ctx); err != nil {
		return nil, fmt.Errorf("open register %s: %w", o.System, err)
	}
	if _, err := r.catchUp(ctx); err != nil {
		return nil, fmt.Errorf("open register %s: %w", o.System, err)
	}
	return r, nil
}

func withDefaults(o Options) Options {
	if o.Gate == (Gate{}) {
		o.Gate = DefaultGate
	}
	if o.Needs == nil {
		o.Needs = func(*gallery.Entry) string { return "" }
	}
	if o.Changed == nil {
		o.Changed = func(context.Context, gallery.Entry) {}
	}
	if o.Removing == nil {
		o.Removing = func(context.Context, string) error { return nil }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// checkSecret leaves the secret's mark in a new register and compares it in an old one.
func (r *Register) checkSecret(ctx context.Context) error {
	h := hmac.New(sha256.New, r.opt.Secret)
	h.Write([]byte("boothd register mark v1 " + r.opt.System))
	mark := h.Sum(nil)
	_, err := r.db.ExecContext(ctx, r.tables.sql(`INSERT INTO @state (one, seq, entries, prints, mark)
		VALUES (1, 0, 0, 0, $1) ON CONFLICT DO NOTHING`), mark)
	if err != nil {
		return err
	}
	var there []byte
	if err := r.db.QueryRowContext(ctx, r.tables.sql("SELECT mark FROM @state WHERE one = 1")).Scan(&there); err != nil {
		return err
	}
	if !hmac.Equal(mark, there) {
		return ErrSecret
	}
	return nil
}

// System is whose people these are.
func (r *Register) System() string { return r.opt.System }

// Get returns the entry, nil if it is not there.
func (r *Register) Get(ctx context.Context, id string) (*gallery.Entry, error) {
	var b []byte
	err := r.db.QueryRowContext(ctx, r.tables.sql("SELECT entry FROM @entry WHERE id = $1"), id).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	var e *gallery.Entry
	if err == nil {
		e, err = decode(b)
	}
	if err != nil {
		return nil, fmt.Errorf("read register %s: %w", r.opt.System, err)
	}
	return e, nil
}

var errDamaged = errors.New("entry is damaged")

func decode(b []byte) (*gallery.Entry, error) {
	var e gallery.Entry
	if json.Unmarshal(b, &e) != nil {
		return nil, errDamaged
	}
	return &e, nil
}

// Count is how many entries there are.
func (r *Register) Count(ctx context.Context) (n int, err error) {
	err = r.db.QueryRowContext(ctx, r.tables.sql("SELECT entries FROM @state WHERE one = 1")).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count register %s: %w", r.opt.System, err)
	}
	return n, nil
}
