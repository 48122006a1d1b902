// Package audit keeps the journal: who asked what, when, why, in whose name, and what was
// answered.
//
// The journal tells of every check and of every event that bears on it: lists applied and
// refused, records put in quarantine, journals exported and erased, the clock set. It holds
// no personal data of travellers. The record itself, with the traveller's data, is sealed
// for central; the journal holds only a commitment to it, so that whoever has the record
// can prove that it is the one that was journalled, and nobody else learns anything.
//
// # The chain
//
// Each entry is chained to the one before it. Its hash is the SHA-256 over
//
//	"boothd journal v1\n" ‖ hash before ‖ number (8 bytes) ‖ time (8 bytes, ms) ‖ SHA-256(body)
//
// with big-endian numbers, entries counted from 1 and thirty-two zero bytes before the
// first. The body is the entry in JSON as it is stored, with its number, the hash before and
// a salt. Since the chain runs over the body's hash, a body can be erased when its time has come and the
// chain still proves everything else; the salt keeps the hash from telling what was erased.
//
// [Verify] finds whatever was changed, removed, inserted or reordered. Nobody who can write
// the file can be kept from writing a new chain from some entry on, or from cutting its
// tail off; that is found with an [Anchor]: a hash of the chain that somebody else has
// signed, as central does when it acknowledges a record.
package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"boothd/capture"
)

// Schema makes the journal's tables; it is the first migration of a database that holds a
// journal. The head repeats the last entry's number and hash, so that a tail that was lost
// is missed.
const Schema = `
CREATE TABLE journal (
	seq       INTEGER PRIMARY KEY,
	at        INTEGER NOT NULL, -- Unix time in milliseconds
	body_hash BLOB NOT NULL,
	hash      BLOB NOT NULL,
	body      BLOB              -- NULL once erased
) STRICT;
CREATE TABLE journal_head (
	one  INTEGER PRIMARY KEY CHECK (one = 1),
	seq  INTEGER NOT NULL,
	hash BLOB NOT NULL
) STRICT;
INSERT INTO journal_head VALUES (1, 0, zeroblob(32));
`

// MaxBody limits an entry, in bytes of JSON.
const MaxBody = 256 << 10

// Kind says what an entry tells of. The entries of a check have the kind of its record.
type Kind string

// The kinds, each with the keys of its Detail.
const (
	KindOutcome     = Kind(capture.RecordOutcome)
	KindDisposition = Kind(capture.RecordDisposition)
	KindLateAnswer  = Kind(capture.RecordLateAnswer)
	KindAbandoned   = Kind(capture.RecordAbandoned)

	KindBegun       Kind = "begun"        // the journal's first: epoch; set_aside, head, head_seq if it follows a damaged file
	KindSalvage     Kind = "salvage"      // after that: set_aside, records, unreadable
	KindOpened      Kind = "opened"       // the daemon has started: epoch; epoch_before, booth_before if a new one begins
	KindListApplied Kind = "list_applied" // list, version
	KindListRefused Kind = "list_refused" // list, version, reason
	KindQuarantine  Kind = "quarantine"   // epoch and sequence if they can be read, reason
	KindExport      Kind = "export"       // of the journal: from, to, recipient
	KindErasure     Kind = "erasure"      // through, before, entries
	KindClockJump   Kind = "clock_jump"   // by
)

// Entry is one entry of the journal. It has no room for a traveller's data.
type Entry struct {
	Kind       Kind              `json:"kind"`
	At         time.Time         `json:"at"`
	Booth      string            `json:"booth"`
	Record     string            `json:"record,omitempty"` // the record's id
	Check      string            `json:"check,omitempty"`  // the check's id
	Officer    string            `json:"officer,omitempty"`
	Category   string            `json:"category,omitempty"` // of user
	Profile    string            `json:"profile,omitempty"`
	Purpose    string            `json:"purpose,omitempty"`
	LegalBasis string            `json:"legal_basis,omitempty"`
	Evidence   []Evidence        `json:"evidence,omitempty"`
	Asked      []Asked           `json:"asked,omitempty"`
	Answers    []Answer          `json:"answers,omitempty"`
	Outcome    capture.Outcome   `json:"outcome,omitempty"` // recommended
	Reasons    []Reason          `json:"reasons,omitempty"`
	Decision   capture.Outcome   `json:"decision,omitempty"` // the officer's
	DecidedBy  string            `json:"decided_by,omitempty"`
	Offline    bool              `json:"offline,omitempty"`
	Commitment string            `json:"commitment,omitempty"` // Commit of the record's plaintext
	Detail     map[string]string `json:"detail,omitempty"`
}

// Evidence says which data was sent, not what it said.
type Evidence struct {
	ID       string           `json:"id"`
	Modality capture.Modality `json:"modality"`
	Missing  capture.Missing  `json:"missing,omitempty"`
	By       string           `json:"by,omitempty"` // the officer who added it by hand
	At       time.Time        `json:"at"`
}

// Asked is a question that was put.
type Asked struct {
	Evidence string    `json:"evidence"`
	Source   string    `json:"source"`
	Systems  []string  `json:"systems"`
	At       time.Time `json:"at"`
}

// Answer is what a system said about one piece of evidence, without what it found.
type Answer struct {
	Evidence string           `json:"evidence"`
	Modality capture.Modality `json:"modality"`
	System   string           `json:"system"`
	Source   string           `json:"source"`
	List     string           `json:"list,omitempty"`
	Version  uint64           `json:"version,omitempty"`
	State    capture.State    `json:"state"`
	AsOf     time.Time        `json:"as_of"`
	At       time.Time        `json:"at"`
	Late     bool             `json:"late,omitempty"`
}

// Reason is why an outcome was recommended.
type Reason struct {
	Outcome capture.Outcome `json:"outcome"`
	Code    string          `json:"code"`
	System  string          `json:"system,omitempty"`
}

// Link is an entry's place in the chain.
type Link struct {
	Seq  uint64 // from 1
	Hash string // hexadecimal
}

// Append writes an entry at the end of the journal, in the caller's transaction, which
// must hold the database's write lock.
func Append(ctx context.Context, tx *sql.Tx, e Entry) (Link, error) {
	prev, err := head(ctx, tx)
	if err != nil {
		return Link{}, fmt.Errorf("append to journal: %w", err)
	}
	r, err := newRow(prev, e)
	if err != nil {
		return Link{}, fmt.Errorf("append to journal: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO journal (seq, at, body_hash, hash, body) VALUES (?, ?, ?, ?, ?)",
		int64(r.seq), r.at, r.bodyHash, r.hash, r.body); err != nil {
		return Link{}, fmt.Errorf("append to journal: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO journal_head (one, seq, hash) VALUES (1, ?, ?)",
		int64(r.seq), r.hash); err != nil {
		return Link{}, fmt.Errorf("append to journal: %w", err)
	}
	return Link{Seq: r.seq, Hash: hex.EncodeToString(r.hash)}, nil
}

// Head returns the journal's last link, with Seq 0 while it is empty.
func Head(ctx context.Context, q Querier) (Link, error) {
	r, err := head(ctx, q)
	if err != nil {
		return Link{}, fmt.Errorf("read journal: %w", err)
	}
	return Link{Seq: r.seq, Hash: hex.EncodeToString(r.hash)}, nil
}

// Querier is a database, a connection or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// row is an entry as it is stored.
type row struct {
	seq            uint64
	at             int64
	bodyHash, hash []byte
	body           []byte // nil once erased
}

// stored is the JSON of a body.
type stored struct {
	Seq  uint64 `json:"seq"`
	Prev string `json:"prev"` // tells, of two entries that do not fit, which was changed
	Salt string `json:"salt"`
	Entry
}

func newRow(prev row, e Entry) (row, error) {
	if e.Kind == "" {
		return row{}, errors.New("entry without a kind")
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	e.At = e.At.UTC()
	body, err := json.Marshal(stored{prev.seq + 1, hex.EncodeToString(prev.hash), base64.RawStdEncoding.EncodeToString(salt), e})
	if err != nil {
		return row{}, err
	}
	if len(body) > MaxBody {
		return row{}, fmt.Errorf("entry of %d bytes, at most %d", len(body), MaxBody)
	}
	digest := sha256.Sum256(body)
	r := row{seq: prev.seq + 1, at: e.At.UnixMilli(), bodyHash: digest[:], body: body}
	r.hash = r.link(prev.hash)
	return r, nil
}

// link is the hash of the row behind an entry with the hash prev.
func (r *row) link(prev []byte) []byte {
	h := sha256.New()
	h.Write([]byte("boothd journal v1\n"))
	h.Write(prev)
	var n [16]byte
	binary.BigEndian.PutUint64(n[:], r.seq)
	binary.BigEndian.PutUint64(n[8:], uint64(r.at))
	h.Write(n[:])
	h.Write(r.bodyHash)
	return h.Sum(nil)
}

// maxLost is how far the head may be ahead of the last entry and still be believed.
const maxLost = 1 << 32

// head returns what the next entry is chained to. The head's word stands above the last
// entry's, so that an entry exchanged at the end shows for ever as a break; but a damaged
// head does not keep the journal from going on.
func head(ctx context.Context, q Querier) (row, error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, hash FROM
		(SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1)
		UNION ALL SELECT seq, hash FROM journal_head`)
	if err != nil {
		return row{}, err
	}
	defer rows.Close()
	best := row{hash: make([]byte, sha256.Size)}
	for first := true; rows.Next(); first = false {
		var seq, hash any
		if err := rows.Scan(&seq, &hash); err != nil {
			return row{}, err
		}
		n, _ := seq.(int64)
		h, _ := hash.([]byte)
		believable := len(h) == sha256.Size && n >= 0 && (first || n < int64(best.seq)+maxLost)
		if believable && uint64(n) >= best.seq {
			best = row{seq: uint64(n), hash: h}
		}
	}
	return best, rows.Err()
}
