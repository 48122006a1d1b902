// Package chain keeps entries that nobody can change, remove, insert or reorder unnoticed,
// in a table of an SQL database: the construction of a booth's journal and of central's
// access log.
//
// Each entry is chained to the one before it. Its hash is the SHA-256 over
//
//	label "\n" ‖ hash before ‖ number (8 bytes) ‖ time (8 bytes, ms) ‖ SHA-256(body)
//
// with big-endian numbers, entries counted from 1 and thirty-two zero bytes before the
// first. The body is the entry in JSON as it is stored, with its number, the hash before
// and a salt. Since the chain runs over the body's hash, a body can be erased when its time
// has come and the chain still proves everything else; the salt keeps the hash from telling
// what was erased. Bodies that are gone must be accounted for by a later entry whose kind is
// [KindErasure].
//
// [Table.Verify] finds whatever was changed, removed, inserted or reordered. Nobody who can
// write the table can be kept from writing a new chain from some entry on, or from cutting
// its tail off; that is found with an [Anchor]: a hash of the chain that somebody else
// vouches for.
//
// # Tables
//
// The entries are in a table with the columns
//
//	seq       64-bit integer, primary key
//	at        64-bit integer, Unix time in milliseconds
//	body_hash bytes
//	hash      bytes
//	body      bytes, NULL once erased
//
// and the head, which repeats the last entry's number and hash so that a tail that was lost
// is missed, in one named after it with "_head" behind, with the columns one (primary key,
// always 1), seq and hash. The statements are understood by SQLite and PostgreSQL.
package chain

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
	"strings"
	"time"
)

// Table is where a chain is kept.
type Table struct {
	Name  string // of the SQL table
	Label string // keeps one sort of chain from passing for another: "boothd journal v1"
	// Overwrite makes Erase overwrite bodies before it removes them; see there. It needs
	// SQLite.
	Overwrite bool
}

// MaxBody limits an entry, in bytes of JSON.
const MaxBody = 256 << 10

// Entry is an entry that is to be appended.
type Entry struct {
	At time.Time
	// Content becomes a JSON object, which must not have the fields seq, prev and salt.
	Content any
}

// Link is an entry's place in the chain.
type Link struct {
	Seq  uint64 // from 1
	Hash string // hexadecimal
}

// Querier is a database, a connection or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Append writes entries at the end of the chain, in the caller's transaction, which must
// keep others from appending at the same time.
func (t Table) Append(ctx context.Context, tx *sql.Tx, entries ...Entry) ([]Link, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	last, err := t.head(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows := make([]row, len(entries))
	links := make([]Link, len(entries))
	for i, e := range entries {
		if rows[i], err = t.newRow(last, e); err != nil {
			return nil, err
		}
		last = rows[i]
		links[i] = Link{Seq: last.seq, Hash: hex.EncodeToString(last.hash)}
	}
	for len(rows) > 0 {
		n := insertAtOnce(len(rows))
		if err := t.insert(ctx, tx, rows[:n]); err != nil {
			return nil, err
		}
		rows = rows[n:]
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO "+t.Name+`_head (one, seq, hash) VALUES (1, $1, $2)
		ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`, int64(last.seq), last.hash)
	return links, err
}

// Head returns the chain's last link, with Seq 0 while it is empty.
func (t Table) Head(ctx context.Context, q Querier) (Link, error) {
	r, err := t.head(ctx, q)
	return Link{Seq: r.seq, Hash: hex.EncodeToString(r.hash)}, err
}

// insertAtOnce is how many of n rows one statement inserts. Few different numbers make few
// different statements, which the drivers keep prepared.
func insertAtOnce(n int) int {
	switch {
	case n >= 64:
		return 64
	case n >= 8:
		return 8
	}
	return 1
}

func (t Table) insert(ctx context.Context, tx *sql.Tx, rows []row) error {
	var text strings.Builder
	text.WriteString("INSERT INTO " + t.Name + " (seq, at, body_hash, hash, body) VALUES ")
	args := make([]any, 0, 5*len(rows))
	for i, r := range rows {
		if i > 0 {
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "($%d, $%d, $%d, $%d, $%d)", 5*i+1, 5*i+2, 5*i+3, 5*i+4, 5*i+5)
		args = append(args, int64(r.seq), r.at, r.bodyHash, r.hash, r.body)
	}
	_, err := tx.ExecContext(ctx, text.String(), args...)
	return err
}

// row is an entry as it is stored.
type row struct {
	seq            uint64
	at             int64
	bodyHash, hash []byte
	body           []byte // nil once erased
}

// place is what a body says of its own.
type place struct {
	Seq  uint64 `json:"seq"`
	Prev string `json:"prev"` // tells, of two entries that do not fit, which was changed
	Salt string `json:"salt"`
}

func (t Table) newRow(prev row, e Entry) (row, error) {
	content, err := json.Marshal(e.Content)
	if err != nil {
		return row{}, err
	}
	if len(content) < 3 || content[0] != '{' {
		return row{}, errors.New("entry without content")
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	body, err := json.Marshal(place{prev.seq + 1, hex.EncodeToString(prev.hash), base64.RawStdEncoding.EncodeToString(salt)})
	if err != nil {
		return row{}, err
	}
	body = append(body[:len(body)-1], ',')
	body = append(body, content[1:]...)
	if len(body) > MaxBody {
		return row{}, fmt.Errorf("entry of %d bytes, at most %d", len(body), MaxBody)
	}
	digest := sha256.Sum256(body)
	r := row{seq: prev.seq + 1, at: e.At.UnixMilli(), bodyHash: digest[:], body: body}
	r.hash = t.link(&r, prev.hash)
	return r, nil
}

// link is the hash of the row behind an entry with the hash prev.
func (t Table) link(r *row, prev []byte) []byte {
	h := sha256.New()
	h.Write([]byte(t.Label + "\n"))
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
// head does not keep the chain from going on.
func (t Table) head(ctx context.Context, q Querier) (row, error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, hash FROM
		(SELECT seq, hash FROM `+t.Name+` ORDER BY seq DESC LIMIT 1) AS newest
		UNION ALL SELECT seq, hash FROM `+t.Name+"_head")
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
