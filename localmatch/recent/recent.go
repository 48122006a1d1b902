// Package recent remembers the checks of the last 72 hours, so that somebody who gets onto
// a list after having passed is found all the same.
//
// Of each check it keeps the keyed digests under which lists would find the traveller, and
// the evidence itself, sealed. An entry that is new is looked up by its own digests; only
// what agrees is opened and compared, exactly as a search of the list compares. Fingers
// are compared through an index in memory. Where a whole list is new, the list is asked again
// about each check. After [Keep] a check is erased.
//
// What a check found itself is not found again. Apart from that a finding may be told more than
// once, lest one be lost when the power fails; whoever raises alerts raises each once.
//
// The same package serves booths, which watch their list updates with a [Watch], and
// central, whose systems change by themselves.
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

// SchemaLists makes the table of a [Watch], in the same SQL.
const SchemaLists = `
CREATE TABLE recent_list (
	list    TEXT PRIMARY KEY,
	version BIGINT NOT NULL -- about which nobody of the last hours is left to be found
);
`

// Check is what is remembered of a check. Personal data.
type Check struct {
	ID       string                 `json:"id"`
	Booth    string                 `json:"booth"`
	Profile  string                 `json:"profile,omitempty"` // the name of the officer's
	At       time.Time              `json:"at"`
	Zone     *mrz.Zone              `json:"zone,omitempty"`
	Position capture.FingerPosition `json:"position,omitempty"`
	Finger   []byte                 `json:"finger,omitempty"` // a finger.Template
	// Systems are those that the officer's profile may ask, by modality. Nothing is told of
	// others.
	Systems map[capture.Modality][]string `json:"systems"`
	Seen    []string                      `json:"seen,omitempty"` // what was found then, see seen
}

// LogValue keeps the traveller out of logs.
func (c Check) LogValue() slog.Value { return slog.StringValue("check " + c.ID) }

// may reports whether the officer's profile may ask the system in this way.
func (c *Check) may(system string, m capture.Modality) bool {
	return slices.Contains(c.Systems[m], system)
}

// seen names a finding, so that it is not told again.
func seen(system, entry string) string { return system + "\x00" + entry }

// seenState names a state of which no finding was told, because the officer's profile returns
// none.
func seenState(system string, s capture.State) string { return seen(system, "\x00"+string(s)) }

// saw reports whether the check itself told of the finding.
func (c *Check) saw(system string, f *capture.Finding) bool {
	return slices.Contains(c.Seen, seen(system, f.Entry)) || slices.Contains(c.Seen, seenState(system, f.State))
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

// digests are those under which lists would find the check's traveller.
func (s *Store) digests(c *Check) [][]byte {
	if c.Zone == nil {
		return nil
	}
	var all [][]byte
	q := localmatch.Question(c.Zone)
	for _, k := range q.Keys() {
		d := k.Digest(s.secret)
		all = append(all, d[:])
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
		_, err := tx.ExecContext(ctx, `INSERT INTO recent_check (id, at, sealed) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET at = excluded.at, sealed = excluded.sealed`, c.ID, c.At.UnixNano(), sealed)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM recent_key WHERE check_id = $1", c.ID); err != nil {
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
	var c Check
	if err := json.Unmarshal(plain, &c); err != nil {
		return nil, errSealed
	}
	return &c, nil
}
