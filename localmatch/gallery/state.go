package gallery

import (
	"context"
	"crypto/cipher"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Hash is a SHA-256, written in hexadecimal.
type Hash [32]byte

// String returns the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero reports whether the hash is that of nothing.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText writes the hash in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return errors.New("not a hash of 64 hexadecimal digits")
	}
	if _, err := hex.Decode(h[:], b); err != nil {
		return errors.New("not a hash of 64 hexadecimal digits")
	}
	return nil
}

// Info tells what a list is and how old.
type Info struct {
	Name    string        `json:"name"`
	System  string        `json:"system"`
	Version uint64        `json:"version"`
	Head    Hash          `json:"head"`    // of the version's manifest
	Issued  time.Time     `json:"issued"`  // how old the data is
	Expires time.Time     `json:"expires"` // the end of the lease
	SoftAge time.Duration `json:"soft_age"`
	Applied time.Time     `json:"applied"` // by this booth's clock
	Entries int           `json:"entries"`
	// Fingers is how many entries can be found by a finger.
	Fingers int `json:"fingers,omitempty"`
	// Erased is set after Erase until the next whole list is applied.
	Erased bool `json:"erased,omitempty"`
	// Damaged is set when the list, or a part of it, cannot be read. Only applying the
	// whole list again helps.
	Damaged bool `json:"damaged,omitempty"`
	// Seen is the latest time that anything signed by central has told this booth: a clock
	// that is behind it was set back.
	Seen time.Time `json:"seen"`
}

// stateFormat is raised when the state or what lies in segments changes. A list of another
// format counts as damaged until it was received again.
const stateFormat = 3

// state is the one row that a list has in the table of lists.
type state struct {
	Info
	Format   int            `json:"format"`
	Segments []segmentState `json:"segments"` // the oldest first
	Next     uint32         `json:"next"`     // serial of the next segment
}

// segmentState is one of the sets of records that make up a list: a whole list, or the changes of
// one update or several.
type segmentState struct {
	Serial  uint32 `json:"serial"`  // names its files and its key
	Version uint64 `json:"version"` // the last whose changes it holds
	Records int    `json:"records"`
}

// What stands in a list's way of being asked.
var (
	ErrAbsent   = errors.New("list was never received")
	ErrErased   = errors.New("list was erased")
	ErrDamaged  = errors.New("list is damaged")
	ErrNotReady = errors.New("list is being made ready")
)

// querier is a database or a transaction on it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func readState(ctx context.Context, q querier, a cipher.AEAD, list string) (*state, error) {
	var box []byte
	err := q.QueryRowContext(ctx, "SELECT state FROM lists WHERE name = ?", list).Scan(&box)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrAbsent
	case err != nil:
		return nil, fmt.Errorf("read list %s: %w", list, err)
	}
	return openState(a, list, box)
}

func openState(a cipher.AEAD, list string, box []byte) (*state, error) {
	plaintext, err := open(a, "list "+list, box)
	if err != nil {
		return nil, fmt.Errorf("state of list %s: %w", list, ErrDamaged)
	}
	var s state
	if err := json.Unmarshal(plaintext, &s); err != nil || s.Name != list {
		return nil, fmt.Errorf("state of list %s: %w", list, ErrDamaged)
	}
	return &s, nil
}

func (g *Gallery) writeState(ctx context.Context, tx *sql.Tx, s *state) error {
	plaintext, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO lists (name, state) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state",
		s.Name, seal(g.states, "list "+s.Name, plaintext))
	return err
}

// readStates reads all lists. One whose state does not open is returned as damaged.
func readStates(ctx context.Context, q querier, a cipher.AEAD) ([]*state, error) {
	rows, err := q.QueryContext(ctx, "SELECT name, state FROM lists ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*state
	for rows.Next() {
		var name string
		var box []byte
		if err := rows.Scan(&name, &box); err != nil {
			return nil, err
		}
		s, err := openState(a, name, box)
		if err != nil {
			s = &state{Info: Info{Name: name, Damaged: true}}
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// clone returns a state that can be changed.
func (s *state) clone() *state {
	c := *s
	c.Segments = slices.Clone(s.Segments)
	return &c
}
