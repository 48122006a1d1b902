// Package audit keeps the journal: who asked what, when, why, in whose name, and what was
// answered.
//
// The journal tells of every check and of every event that bears on it: lists applied and
// refused, records put in quarantine, journals exported and erased, the clock set. It holds
// no personal data of travellers. The record itself, with the traveller's data, is sealed
// for central; the journal holds only a commitment to it, so that whoever has the record
// can prove that it is the one that was journalled, and nobody else learns anything.
//
// The entries are chained so that nobody can change, remove, insert or reorder them
// unnoticed; package chain says how. [Verify] proves the journal. Whoever can write the file
// can write a new chain or cut its tail off; that is found with an [Anchor]: a hash of the
// chain that somebody else has signed, as central does when it acknowledges a record.
package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"boothd/capture"
	"boothd/capture/audit/chain"
)

// Schema makes the journal's tables; it is the first migration of a database that holds a
// journal.
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
const MaxBody = chain.MaxBody

// journal is where the journal is kept.
var journal = chain.Table{Name: "journal", Label: "boothd journal v1", Overwrite: true}

// Kind says what an entry tells of. The entries of a check have the kind of its record.
type Kind string

// The kinds, each with the keys of its Detail.
const (
	KindOutcome     = Kind(capture.RecordOutcome)
	KindDisposition = Kind(capture.RecordDisposition)
	KindLateAnswer  = Kind(capture.RecordLateAnswer)
	KindAbandoned   = Kind(capture.RecordAbandoned)

	KindBegun       Kind = "begun"           // the journal's first: epoch; set_aside, head, head_seq if it follows a damaged file
	KindSalvage     Kind = "salvage"         // after that: set_aside, records, unreadable
	KindOpened      Kind = "opened"          // the daemon has started: epoch; epoch_before, booth_before if a new one begins
	KindListApplied Kind = "list_applied"    // list, version, source
	KindListRefused Kind = "list_refused"    // document, list, version, reason
	KindListErased  Kind = "list_erased"     // list; version, or the order that central gave
	KindQuarantine  Kind = "quarantine"      // epoch and sequence if they can be read, reason
	KindExport      Kind = "export"          // of the journal: from, to, recipient
	KindErasure     Kind = chain.KindErasure // through, before, entries
	KindClockJump   Kind = "clock_jump"      // by
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

// The chain's words.
type (
	Link    = chain.Link
	Anchor  = chain.Anchor
	Report  = chain.Report
	Break   = chain.Break
	What    = chain.What
	Querier = chain.Querier
)

// The breaks.
const (
	Changed    = chain.Changed
	Missing    = chain.Missing
	Inserted   = chain.Inserted
	Reordered  = chain.Reordered
	CutOff     = chain.CutOff
	Rewritten  = chain.Rewritten
	Erased     = chain.Erased
	Unreadable = chain.Unreadable
)

// ErrNotExport is matched when what VerifyExport reads is not an export.
var ErrNotExport = chain.ErrNotExport

// Append writes an entry at the end of the journal, in the caller's transaction, which
// must hold the database's write lock.
func Append(ctx context.Context, tx *sql.Tx, e Entry) (Link, error) {
	if e.Kind == "" {
		return Link{}, errors.New("append to journal: entry without a kind")
	}
	e.At = e.At.UTC()
	links, err := journal.Append(ctx, tx, chain.Entry{At: e.At, Content: e})
	if err != nil {
		return Link{}, fmt.Errorf("append to journal: %w", err)
	}
	return links[0], nil
}

// Head returns the journal's last link, with Seq 0 while it is empty.
func Head(ctx context.Context, q Querier) (Link, error) {
	link, err := journal.Head(ctx, q)
	if err != nil {
		return Link{}, fmt.Errorf("read journal: %w", err)
	}
	return link, nil
}

// Verify walks the whole journal and tells the first break, if there is one. The error is
// about reading, never about the chain.
func Verify(ctx context.Context, q Querier, anchors ...Anchor) (*Report, error) {
	report, err := journal.Verify(ctx, q, anchors...)
	if err != nil {
		return nil, fmt.Errorf("verify journal: %w", err)
	}
	return report, nil
}

// Export writes the entries from one number through another, 0 meaning the last, as JSON
// Lines: a line that says what follows, then one for each entry with its hashes.
// VerifyExport proves such an export without the journal. Damaged entries are exported as
// they are.
func Export(ctx context.Context, q Querier, w io.Writer, from, to uint64) error {
	if err := journal.Export(ctx, q, w, from, to); err != nil {
		return fmt.Errorf("export journal: %w", err)
	}
	return nil
}

// VerifyExport is Verify for what Export wrote. Anchors must lie in what was exported.
// Spaces between the parts of a line do not matter; everything else does.
func VerifyExport(r io.Reader, anchors ...Anchor) (*Report, error) {
	report, err := journal.VerifyExport(r, anchors...)
	if err != nil {
		return nil, fmt.Errorf("verify export: %w", err)
	}
	return report, nil
}
