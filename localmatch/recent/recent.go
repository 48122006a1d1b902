// Package recent remembers the checks of the last 72 hours, so that somebody who gets onto
// a list after having passed is found all the same.
//
// Of each check it keeps all documents and fingers that were read, sealed. After [Keep] a check is
// erased. It finds whom an entry names in two ways:
//
// A booth has the lists. Its [Watch] asks a list again about each check, as a search does, for
// what came after the version that answered for that check. One rule says what is left to be
// done: a list counts as looked up for a check, to a version, only once it answered for all that
// was read without being unavailable, be it during the check or later. So nobody is forgotten who
// passed while a list was missing, past its lease, damaged or not ready yet, or whose alert could
// not be kept.
//
// Central's systems change by themselves, and central has no list to ask. [Store.Match] compares
// an entry with the checks that it may concern: those with a finger like one of its own, which an
// index in memory tells, and those with one of its keyed digests, of which the tables hold some
// for each document. A digest finds what is equal once folded: the number, look-alike characters
// taken for one; and the name in whatever order of its words, cut off as a document cuts it or
// whole, with the same year of birth. It does not find what a search of a list finds besides: a
// name in another spelling or script or with a part missing, nor another year of birth.
//
// What a check found itself is not found again, unless it was possible then and is a hit now.
// Apart from that a finding may be told more than once, lest one be lost when the power fails;
// whoever raises alerts raises each once.
package recent

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch"
)

// Keep is how long a check is remembered.
const Keep = 72 * time.Hour

// Schema makes the tables. It is SQL of SQLite; for PostgreSQL BLOB is BYTEA.
const Schema = `
CREATE TABLE recent_check (
	id     TEXT PRIMARY KEY,
	at     BIGINT NOT NULL, -- nanoseconds since 1970
	sealed BLOB NOT NULL
);
CREATE INDEX recent_check_at ON recent_check (at);
CREATE TABLE recent_key (
	digest   BLOB NOT NULL,
	check_id TEXT NOT NULL,
	PRIMARY KEY (digest, check_id)
);
CREATE INDEX recent_key_check ON recent_key (check_id);
`

// SchemaLists is what SchemaAsked changes, in the same SQL.
const SchemaLists = `
CREATE TABLE recent_list (
	list    TEXT PRIMARY KEY,
	version BIGINT NOT NULL -- about which nobody of the last hours is left to be found
);
`

// SchemaAsked makes the table of a [Watch], after Schema and SchemaLists, in SQL of SQLite.
const SchemaAsked = `
CREATE TABLE recent_asked (
	check_id TEXT NOT NULL REFERENCES recent_check (id) ON DELETE CASCADE,
	list     TEXT NOT NULL,
	version  BIGINT NOT NULL, -- to which the list was looked up for the check
	PRIMARY KEY (check_id, list)
);
INSERT INTO recent_asked (check_id, list, version) SELECT id, list, version FROM recent_check, recent_list;
DROP TABLE recent_list;
`

// Check is what is remembered of a check. Personal data.
type Check struct {
	ID      string     `json:"id"`
	Booth   string     `json:"booth"`
	Profile string     `json:"profile,omitempty"` // the name of the officer's
	At      time.Time  `json:"at"`
	Zones   []mrz.Zone `json:"zones,omitempty"`  // of the documents, in the order in which they were read
	Prints  []Print    `json:"prints,omitempty"` // likewise
	// Systems are those that the officer's profile may ask, by modality. Nothing is told of
	// others.
	Systems map[capture.Modality][]string `json:"systems"`
	Seen    []string                      `json:"seen,omitempty"` // what was found then, see seen
	// Asked are the lists at the booth that answered then for all that was read, with the
	// earliest version that did.
	Asked map[string]uint64 `json:"asked,omitempty"`
}

// Print is a finger that was read.
type Print struct {
	Position capture.FingerPosition `json:"position,omitempty"`
	Template []byte                 `json:"template"` // a finger.Template
}

// LogValue keeps the traveller out of logs.
func (c Check) LogValue() slog.Value { return slog.StringValue("check " + c.ID) }

// may reports whether the officer's profile may ask the system in this way.
func (c *Check) may(system string, m capture.Modality) bool {
	return slices.Contains(c.Systems[m], system)
}

// seen names a finding, or by no entry the state alone of a system whose findings the officer's
// profile does not return, so that it is not told again.
func seen(system, entry string, s capture.State) string {
	return system + "\x00" + entry + "\x00" + string(s)
}

// saw reports whether the check itself told of the finding, and of no less than it says now.
func (c *Check) saw(system string, f *capture.Finding) bool {
	return slices.ContainsFunc(c.Seen, func(s string) bool {
		return s == seen(system, f.Entry, f.State) || s == seen(system, f.Entry, capture.StateHit) || s == seen(system, "", f.State)
	})
}

// Store keeps the checks. Its methods may be called by several goroutines.
type Store struct {
	db     *sql.DB
	secret []byte
	box    cipher.AEAD
	now    func() time.Time
	prints prints
}

// MinSecret is the least length of a Store's secret, in bytes.
const MinSecret = 32

// New returns a Store in a database that has the tables of Schema. Of the secret are made
// the key of the digests and that of the boxes.
func New(db *sql.DB, secret []byte, now func() time.Time) (*Store, error) {
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("recent checks: secret of %d bytes, want %d", len(secret), MinSecret)
	}
	digests, err := hkdf.Key(sha256.New, secret, nil, "boothd recent digests v1", sha256.Size)
	if err != nil {
		return nil, err
	}
	sealing, err := hkdf.Key(sha256.New, secret, nil, "boothd recent evidence v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, err
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Store{db: db, secret: digests, box: box, now: now, prints: newPrints()}, nil
}

// digests are those that an entry must share to be compared with the check's documents.
func (s *Store) digests(c *Check) [][]byte {
	var all [][]byte
	for i := range c.Zones {
		q := localmatch.Question(&c.Zones[i])
		for _, k := range q.Keys() {
			d := k.Digest(s.secret)
			all = append(all, d[:])
		}
	}
	return all
}

// Add remembers a check, durably. A check that is there is replaced.
func (s *Store) Add(ctx context.Context, c Check) error {
	if s.now().Sub(c.At) > Keep {
		return nil
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return err
	}
	sealed := s.box.Seal(nil, nil, plain, []byte(c.ID))
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"recent_key WHERE check_id", "recent_check WHERE id"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" = $1", c.ID); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO recent_check (id, at, sealed) VALUES ($1, $2, $3)", c.ID, c.At.UnixNano(), sealed)
		if err != nil {
			return err
		}
		for _, d := range s.digests(&c) {
			_, err := tx.ExecContext(ctx, "INSERT INTO recent_key (digest, check_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", d, c.ID)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remember check: %w", err)
	}
	s.prints.forget(c.ID)
	return nil
}

func (s *Store) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// Erase forgets the checks that are older than Keep, those that another instance erased too,
// and returns how many it erased itself. Those from this clock's future are forgotten when it
// has passed them by.
func (s *Store) Erase(ctx context.Context) (int64, error) {
	before := s.now().Add(-Keep).UnixNano()
	var n int64
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM recent_key WHERE check_id IN (SELECT id FROM recent_check WHERE at < $1)", before)
		if err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM recent_check WHERE at < $1", before)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("erase recent checks: %w", err)
	}
	s.prints.mu.Lock()
	defer s.prints.mu.Unlock()
	there, err := s.ids(ctx)
	if err != nil {
		return n, fmt.Errorf("erase recent fingers: %w", err)
	}
	s.prints.keep(there)
	return n, nil
}

// Count is how many checks are remembered.
func (s *Store) Count(ctx context.Context) (n int, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT count(*) FROM recent_check").Scan(&n)
	return n, err
}

// errSealed says that a row does not open: it was damaged, or the secret is another.
var errSealed = errors.New("check does not open")

// read opens a check; nil if it is not there any more.
func (s *Store) read(ctx context.Context, id string) (*Check, error) {
	var sealed []byte
	err := s.db.QueryRowContext(ctx, "SELECT sealed FROM recent_check WHERE id = $1", id).Scan(&sealed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return s.open(id, sealed)
}

func (s *Store) open(id string, sealed []byte) (*Check, error) {
	plain, err := s.box.Open(nil, nil, sealed, []byte(id))
	if err != nil {
		return nil, errSealed
	}
	var c struct {
		Check
		former
	}
	if err := json.Unmarshal(plain, &c); err != nil {
		return nil, errSealed
	}
	if c.Zone != nil {
		c.Zones = append(c.Zones, *c.Zone)
	}
	if len(c.Finger) > 0 {
		c.Prints = append(c.Prints, Print{c.Position, c.Finger})
	}
	return &c.Check, nil
}

// former is how a check of one document and one finger was sealed.
type former struct {
	Zone     *mrz.Zone              `json:"zone"`
	Position capture.FingerPosition `json:"position"`
	Finger   []byte                 `json:"finger"`
}
