package outbox

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"boothd/capture/audit"
	"boothd/internal/sqlite"
	"boothd/sync/portal"
)

// Reader looks at an outbox without changing it, also while the daemon runs.
type Reader struct{ db *sql.DB }

// OpenReader opens the database at path for reading.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	db, err := sqlite.OpenReadOnly(ctx, path, schema())
	if err != nil {
		return nil, err
	}
	return &Reader{db}, nil
}

// Close closes the database.
func (r *Reader) Close() error { return r.db.Close() }

// View gives f a reader of the store's own database, valid until f returns. The f must
// neither write to the store nor close it.
func (s *Store) View(f func(*Reader) error) error {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.db == nil {
		return ErrClosed
	}
	return f(&Reader{s.db})
}

// Listed is an item in a list.
type Listed struct {
	Epoch       string    `json:"epoch,omitempty"`
	Sequence    uint64    `json:"sequence,omitempty"`
	ID          string    `json:"id,omitempty"`
	Bytes       int       `json:"bytes"`
	At          time.Time `json:"at,omitzero"`
	Quarantined bool      `json:"quarantined,omitempty"`
	// Reason is why it is in quarantine, or "damaged" if it will be.
	Reason string `json:"reason,omitempty"`
}

// List gives the items in the order of sending, then those in quarantine. It ends with an
// error if the file cannot be read further.
func (r *Reader) List(ctx context.Context) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		for _, table := range []string{"item", "quarantine"} {
			for raw, err := range r.rows(ctx, table) {
				l := Listed{Quarantined: table == "quarantine"}
				if err == nil {
					err = r.describe(ctx, &l, &raw)
				}
				if !yield(l, err) || err != nil {
					return
				}
			}
		}
	}
}

func (r *Reader) describe(ctx context.Context, l *Listed, raw *numbered) error {
	sealed, _ := raw.raw[8].([]byte)
	l.Bytes = len(sealed)
	if q, err := raw.raw.item(); err == nil {
		l.Epoch, l.Sequence, l.ID, l.At = q.item.Epoch, q.item.Sequence, q.item.ID, q.at
	} else {
		l.Reason = reasonDamaged
	}
	if !l.Quarantined {
		return nil
	}
	return r.db.QueryRowContext(ctx, "SELECT CAST(reason AS TEXT) FROM quarantine WHERE n = ?", raw.n).Scan(&l.Reason)
}

type numbered struct {
	n   int64
	raw rawItem
}

const rowsAtOnce = 100

// rows gives the rows of a table one by one.
func (r *Reader) rows(ctx context.Context, table string) iter.Seq2[numbered, error] {
	return func(yield func(numbered, error) bool) {
		after := int64(-1 << 62)
		for {
			ns, err := numbers(ctx, r.db, table, after, rowsAtOnce)
			if err != nil {
				yield(numbered{}, err)
				return
			}
			for _, n := range ns {
				raw, err := readRaw(ctx, r.db, table, n)
				if errors.Is(err, sql.ErrNoRows) {
					continue // delivered meanwhile
				}
				if !yield(numbered{n, raw}, err) || err != nil {
					return
				}
				after = n
			}
			if len(ns) < rowsAtOnce {
				return
			}
		}
	}
}

// Report is what Verify found.
type Report struct {
	Items       int           `json:"items"` // that wait
	Quarantined int           `json:"quarantined"`
	Journal     *audit.Report `json:"journal"`
	// Faults tells in words what is wrong besides the journal's break.
	Faults []string `json:"faults,omitempty"`
}

// Whole reports whether nothing was found.
func (r *Report) Whole() bool { return r.Journal.Whole() && len(r.Faults) == 0 }

const maxFaults = 100

func (r *Report) fault(format string, args ...any) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	}
}

// Verify checks every item that waits, its number and its entry in the journal, and the
// journal itself, with central's public keys against the latest acknowledgement kept and
// against others that the caller has from central.
func (r *Reader) Verify(ctx context.Context, keys []ed25519.PublicKey, acks ...portal.Ack) (*Report, error) {
	report := &Report{}
	if err := r.verifyItems(ctx, report); sqlite.IsCorrupt(err) {
		report.fault("the file is damaged: it cannot be read beyond item %d", report.Items)
	} else if err != nil {
		return nil, fmt.Errorf("verify outbox: %w", err)
	}
	anchors, err := r.anchors(ctx, report, keys, acks)
	if err != nil {
		return nil, fmt.Errorf("verify outbox: %w", err)
	}
	report.Journal, err = audit.Verify(ctx, r.db, anchors...)
	return report, err
}

func (r *Reader) verifyItems(ctx context.Context, report *Report) error {
	if err := r.db.QueryRowContext(ctx, "SELECT count(*) FROM quarantine").Scan(&report.Quarantined); err != nil {
		return err
	}
	var before *queued
	for row, err := range r.rows(ctx, "item") {
		if err != nil {
			return err
		}
		report.Items++
		q, err := row.raw.item()
		if err != nil {
			report.fault("the item in row %d is damaged", row.n)
			continue
		}
		if before != nil && before.item.Epoch == q.item.Epoch && q.item.Sequence <= before.item.Sequence {
			report.fault("item %d stands behind item %d", q.item.Sequence, before.item.Sequence)
		}
		if err := r.verifyLink(ctx, report, &q); err != nil {
			return err
		}
		before = &q
	}
	return r.verifyCount(ctx, report)
}

// verifyCount compares what was counted as it was written with what is there.
func (r *Reader) verifyCount(ctx context.Context, report *Report) error {
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	l, err := readLife(ctx, tx)
	if err != nil {
		return err
	}
	var there int64
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM item").Scan(&there); err != nil {
		return err
	}
	if there != l.depth {
		report.fault("%d items should wait and %d are there", l.depth, there)
	}
	return nil
}

// verifyLink checks that the journal has the item's entry. An item that was carried over
// from a damaged file has it there.
func (r *Reader) verifyLink(ctx context.Context, report *Report, q *queued) error {
	if q.journalSeq == 0 {
		return nil
	}
	var hash string
	err := r.db.QueryRowContext(ctx, "SELECT lower(hex(hash)) FROM journal WHERE seq = ?", int64(q.journalSeq)).Scan(&hash)
	if err == nil && hash == q.item.Journal {
		return nil
	}
	if err != nil && err != sql.ErrNoRows && !sqlite.IsCorrupt(err) {
		return err
	}
	report.fault("the journal does not have the entry of item %d where it should be, as number %d", q.item.Sequence, q.journalSeq)
	return nil
}

// anchors verifies the acknowledgements. One that is not central's is a fault.
func (r *Reader) anchors(ctx context.Context, report *Report, keys []ed25519.PublicKey, acks []portal.Ack) ([]audit.Anchor, error) {
	kept, seq, err := readAnchor(ctx, r.db)
	if err != nil && !sqlite.IsCorrupt(err) {
		return nil, err
	}
	var anchors []audit.Anchor
	if seq != 0 {
		if signed(keys, &kept) {
			anchors = append(anchors, audit.Anchor{Seq: seq, Hash: kept.Journal})
		} else {
			report.fault("the acknowledgement kept is not signed by central")
		}
	}
	for i := range acks {
		if signed(keys, &acks[i]) {
			anchors = append(anchors, audit.Anchor{Hash: acks[i].Journal})
		} else {
			report.fault("acknowledgement %d is not signed by central", i+1)
		}
	}
	return anchors, nil
}

func signed(keys []ed25519.PublicKey, ack *portal.Ack) bool {
	for _, key := range keys {
		if ack.VerifySignature(key) == nil {
			return true
		}
	}
	return false
}

// Head returns the journal's last link, with Seq 0 while it is empty.
func (r *Reader) Head(ctx context.Context) (audit.Link, error) { return audit.Head(ctx, r.db) }

// ExportJournal is audit.Export. The caller journals that it was exported.
func (r *Reader) ExportJournal(ctx context.Context, w io.Writer, from, to uint64) error {
	return audit.Export(ctx, r.db, w, from, to)
}

// Export writes the items that wait, sealed as they are, as JSON Lines of portal.Item, so
// that they can be carried to central. It returns how many it wrote; damaged ones are left
// out.
func (r *Reader) Export(ctx context.Context, w io.Writer) (int, error) {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	n := 0
	for row, err := range r.rows(ctx, "item") {
		if err != nil {
			return n, errors.Join(fmt.Errorf("export outbox: %w", err), out.Flush())
		}
		q, err := row.raw.item()
		if err != nil {
			continue
		}
		if err := enc.Encode(&q.item); err != nil {
			return n, fmt.Errorf("export outbox: %w", err)
		}
		n++
	}
	if err := out.Flush(); err != nil {
		return n, fmt.Errorf("export outbox: %w", err)
	}
	return n, nil
}

// ErrNotItem is matched when what ReadExport reads is not an item.
var ErrNotItem = errors.New("not an item of an outbox")

// maxItemLine limits a line of an export, in bytes.
const maxItemLine = MaxRecord*3/2 + 4096

// ReadExport reads what Export wrote. It ends at the first line that is not an item whose
// hash is right.
func ReadExport(r io.Reader) iter.Seq2[portal.Item, error] {
	return func(yield func(portal.Item, error) bool) {
		in := bufio.NewScanner(r)
		in.Buffer(nil, maxItemLine)
		for line := 1; in.Scan(); line++ {
			var it portal.Item
			err := json.Unmarshal(in.Bytes(), &it)
			if err != nil || it.Sequence == 0 || it.Hash != portal.HashItem(&it) {
				yield(portal.Item{}, fmt.Errorf("line %d: %w", line, ErrNotItem))
				return
			}
			if !yield(it, nil) {
				return
			}
		}
		if err := in.Err(); err != nil {
			yield(portal.Item{}, fmt.Errorf("read items: %w", err))
		}
	}
}

// Journal writes an entry into the journal of the database at path, also while the daemon
// runs: what a command line tool has done there.
func Journal(ctx context.Context, path string, e audit.Entry) error {
	db, err := sqlite.Open(ctx, path, schema())
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := audit.Append(ctx, tx, e); err != nil {
		return err
	}
	return tx.Commit()
}
