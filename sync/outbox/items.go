package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"boothd/capture/audit"
	"boothd/internal/sqlite"
	"boothd/sync/portal"
)

const itemColumns = "booth, epoch, sequence, id, journal, journal_seq, at, hash, sealed"

// rawItem is a row of item or quarantine as it is found, damaged or not, in the order of
// itemColumns. SQLite does not check on reading that a column holds what it should.
type rawItem [9]any

// queued is an item that waits.
type queued struct {
	n          int64
	journalSeq uint64
	at         time.Time
	item       portal.Item
}

var errDamaged = errors.New("item is damaged")

// item returns the item if it is whole.
func (r *rawItem) item() (queued, error) {
	var q queued
	ok := true
	text := func(i int) string {
		v, is := r[i].(string)
		ok = ok && is
		return v
	}
	number := func(i int) int64 {
		v, is := r[i].(int64)
		ok = ok && is && v >= 0
		return v
	}
	q.item = portal.Item{Booth: text(0), Epoch: text(1), Sequence: uint64(number(2)), ID: text(3), Journal: text(4), Hash: text(7)}
	q.journalSeq, q.at = uint64(number(5)), time.UnixMilli(number(6)).UTC()
	sealed, is := r[8].([]byte)
	q.item.Sealed = sealed
	if !ok || !is || portal.HashItem(&q.item) != q.item.Hash {
		return queued{}, errDamaged
	}
	return q, nil
}

// readRaw reads one row of a table.
func readRaw(ctx context.Context, q audit.Querier, table string, n int64) (rawItem, error) {
	var r rawItem
	rows, err := q.QueryContext(ctx, "SELECT "+itemColumns+" FROM "+table+" WHERE n = ?", n)
	if err != nil {
		return r, err
	}
	defer rows.Close()
	if !rows.Next() {
		return r, errors.Join(rows.Err(), sql.ErrNoRows)
	}
	to := make([]any, len(r))
	for i := range r {
		to[i] = &r[i]
	}
	return r, rows.Scan(to...)
}

// numbers lists up to limit of a table's rows after one, in their order.
func numbers(ctx context.Context, q audit.Querier, table string, after int64, limit int) ([]int64, error) {
	rows, err := q.QueryContext(ctx, "SELECT n FROM "+table+" WHERE n > ? ORDER BY n LIMIT ?", after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ns []int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return ns, err
		}
		ns = append(ns, n)
	}
	return ns, rows.Err()
}

// next returns the first items that wait, all of one epoch, at least one if there are any.
// Damaged ones are put in quarantine on the way.
func (s *Store) next(ctx context.Context, maxItems int, maxBytes int64) ([]queued, error) {
	for {
		got, damaged, err := s.read(ctx, maxItems, maxBytes)
		if sqlite.IsCorrupt(err) {
			err = s.exclusive(func() error { return s.renew(ctx, err) })
			if err == nil {
				continue
			}
		}
		if err != nil {
			return nil, fmt.Errorf("read outbox: %w", err)
		}
		for _, n := range damaged {
			if err := s.settle(ctx, []settled{{n: n, reason: reasonDamaged}}); err != nil {
				return nil, err
			}
		}
		if len(got) > 0 || len(damaged) == 0 {
			return got, nil
		}
	}
}

func (s *Store) read(ctx context.Context, maxItems int, maxBytes int64) (got []queued, damaged []int64, err error) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.db == nil {
		return nil, nil, ErrClosed
	}
	ns, err := numbers(ctx, s.db, "item", -1<<62, maxItems)
	if err != nil {
		return nil, nil, err
	}
	var bytes int64
	for _, n := range ns {
		raw, err := readRaw(ctx, s.db, "item", n)
		if err != nil {
			return nil, nil, err
		}
		q, err := raw.item()
		if err != nil {
			damaged = append(damaged, n)
			continue
		}
		q.n = n
		bytes += int64(len(q.item.Sealed))
		if len(got) > 0 && (bytes > maxBytes || !follows(&got[len(got)-1].item, &q.item)) {
			break
		}
		got = append(got, q)
	}
	return got, damaged, nil
}

// follows reports whether b may stand behind a in one report.
func follows(a, b *portal.Item) bool {
	return a.Booth == b.Booth && a.Epoch == b.Epoch && a.Sequence < b.Sequence
}

// exclusive runs f while nobody else writes.
func (s *Store) exclusive(f func() error) error {
	s.turn <- struct{}{}
	defer s.release()
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return ErrClosed
	}
	return f()
}

// settled is an item with which the sender has done: acknowledged if ack is set, else for
// quarantine.
type settled struct {
	n      int64
	queued *queued     // nil if it cannot be read
	ack    *portal.Ack // verified
	reason string
	note   string // central's words; kept, not journalled
}

const (
	reasonDamaged = "damaged"
	reasonRefused = "refused by central"
)

// settle deletes the acknowledged items and puts the others in quarantine, and keeps the
// latest acknowledgement as the journal's anchor.
func (s *Store) settle(ctx context.Context, done []settled) error {
	return s.exclusive(func() error {
		var st Stats
		err := s.transact(0, func(ctx context.Context, tx *sql.Tx) error {
			for i := range done {
				if err := s.settleOne(ctx, tx, &done[i]); err != nil {
					return err
				}
			}
			if err := keepAnchor(ctx, tx, done); err != nil {
				return err
			}
			var err error
			st, err = recount(ctx, tx)
			return err
		})
		if err != nil {
			return fmt.Errorf("settle items: %w", err)
		}
		s.recounted(st)
		nudge(s.dirty)
		return nil
	})
}

func (s *Store) settleOne(ctx context.Context, tx *sql.Tx, d *settled) error {
	if d.ack == nil {
		if err := s.moveAside(ctx, tx, d); err != nil {
			return err
		}
	}
	var size int64
	err := tx.QueryRowContext(ctx, "DELETE FROM item WHERE n = ?1 AND (?2 = '' OR hash = ?2) RETURNING coalesce(length(sealed), 0)",
		d.n, d.hash()).Scan(&size)
	if err == sql.ErrNoRows {
		return nil // it has moved into a new file meanwhile, and will be sent again
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE life SET depth = max(0, depth - 1),
		bytes = CASE WHEN depth > 1 THEN max(0, bytes - ?) ELSE 0 END`, size)
	return err
}

// hash guards against settling another item under the same number.
func (d *settled) hash() string {
	if d.queued == nil {
		return ""
	}
	return d.queued.item.Hash
}

func (s *Store) moveAside(ctx context.Context, tx *sql.Tx, d *settled) error {
	reason := d.reason
	if d.note != "" {
		reason += ": " + d.note
	}
	res, err := tx.ExecContext(ctx, "INSERT INTO quarantine ("+itemColumns+", reason, since) SELECT "+itemColumns+
		", ?3, ?4 FROM item WHERE n = ?1 AND (?2 = '' OR hash = ?2)", d.n, d.hash(), reason, s.clock.UnixMilli())
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); n == 0 {
		return err
	}
	detail := map[string]string{"reason": d.reason}
	if d.queued != nil {
		detail["sequence"] = strconv.FormatUint(d.queued.item.Sequence, 10)
		detail["epoch"] = d.queued.item.Epoch
	}
	s.opt.Log.Error("record put in quarantine", "reason", d.reason, "sequence", detail["sequence"])
	_, err = audit.Append(ctx, tx, audit.Entry{Kind: audit.KindQuarantine, At: s.clock, Booth: s.opt.Booth, Detail: detail})
	return err
}

// keepAnchor keeps the acknowledgement of the latest entry of the journal.
func keepAnchor(ctx context.Context, tx *sql.Tx, done []settled) error {
	var latest *settled
	for i := range done {
		d := &done[i]
		if d.ack != nil && d.queued.journalSeq != 0 && (latest == nil || d.queued.journalSeq > latest.queued.journalSeq) {
			latest = d
		}
	}
	if latest == nil {
		return nil
	}
	ack, err := json.Marshal(latest.ack)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO anchor (one, journal_seq, ack) VALUES (1, ?1, ?2)
		ON CONFLICT (one) DO UPDATE SET journal_seq = ?1, ack = ?2 WHERE journal_seq < ?1`, int64(latest.queued.journalSeq), string(ack))
	return err
}
