package register

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"boothd/cmd/centrald/store"
	"boothd/localmatch/gallery"
)

const (
	batch     = 2000 // entries written in one transaction
	maxIDs    = 500  // named in one statement
	maxFaults = 100  // entries that an error of Put speaks of
)

// Put adds entries or replaces those of the same id; of several with one id the last counts.
// All entries are judged before any is written: those that are not valid, or have a finger that
// does not pass the gate (ErrGate), and certificates (ErrCertificate), keep all out. The error then joins an *EntryError for each of
// them, up to 100. More than 2,000 entries are written in several transactions, so that others
// can write between them.
func (r *Register) Put(ctx context.Context, entries ...gallery.Entry) error {
	if err := r.judge(ctx, entries); err != nil {
		return fmt.Errorf("write register %s: %w", r.opt.System, err)
	}
	for some := range slices.Chunk(entries, batch) {
		rows, err := r.rowsOf(some)
		if err == nil {
			err = r.db.Tx(ctx, func(tx *sql.Tx) error { return r.write(ctx, tx, rows) })
		}
		if err != nil {
			return fmt.Errorf("write register %s: %w", r.opt.System, err)
		}
		for i := range some {
			r.opt.Changed(context.WithoutCancel(ctx), some[i])
		}
	}
	return nil
}

// ErrCertificate is matched by the errors of entries that are pieces of trust material.
var ErrCertificate = errors.New("a certificate, which belongs on a list of certificates and in no register of people")

// EntryError says which of the entries cannot be taken, and why.
type EntryError struct {
	Index  int
	Reason error
}

func (e *EntryError) Error() string { return fmt.Sprintf("entry %d: %v", e.Index, e.Reason) }

func (e *EntryError) Unwrap() error { return e.Reason }

func (r *Register) judge(ctx context.Context, entries []gallery.Entry) error {
	var faults []error
	for i := range entries {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		err := entries[i].Validate()
		if err == nil && entries[i].Certificate != nil {
			err = ErrCertificate
		}
		if err == nil {
			err = r.opt.Gate.judge(&entries[i])
		}
		if err != nil && len(faults) < maxFaults {
			faults = append(faults, &EntryError{Index: i, Reason: err})
		}
	}
	return errors.Join(faults...)
}

// row is an entry as it is written.
type row struct {
	id      string
	entry   []byte
	digests []int64
	print   bool
}

// rowsOf keeps the last entry of each id.
func (r *Register) rowsOf(entries []gallery.Entry) ([]row, error) {
	last := make(map[string]int, len(entries))
	for i := range entries {
		last[entries[i].ID] = i
	}
	rows := make([]row, 0, len(last))
	for i := range entries {
		e := &entries[i]
		if last[e.ID] != i {
			continue
		}
		b, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		w := row{id: e.ID, entry: b, print: len(e.Fingers) > 0}
		for _, k := range gallery.KeysOf(e) {
			w.digests = append(w.digests, r.digest(k))
		}
		rows = append(rows, w)
	}
	return rows, nil
}

// digest is what a key is kept as. Eight bytes tell keys apart well enough, since what is
// found is compared anyway.
func (r *Register) digest(k gallery.Key) int64 {
	d := k.Digest(r.opt.Secret)
	return int64(binary.BigEndian.Uint64(d[:8]))
}

func (r *Register) write(ctx context.Context, tx *sql.Tx, rows []row) error {
	ids := make([]string, len(rows))
	prints := 0
	for i := range rows {
		ids[i] = rows[i].id
		if rows[i].print {
			prints++
		}
	}
	if err := r.takeTurn(ctx, tx); err != nil {
		return err
	}
	gone, err := r.remove(ctx, tx, ids)
	if err != nil {
		return err
	}
	seq, err := r.advance(ctx, tx, len(rows), len(rows)-gone.entries, prints-len(gone.prints))
	if err != nil {
		return err
	}
	return errors.Join(r.insert(ctx, tx, rows, seq-int64(len(rows))), r.bury(ctx, tx, gone.prints, seq))
}

// insert writes the rows under the numbers that follow after.
func (r *Register) insert(ctx context.Context, tx *sql.Tx, rows []row, after int64) error {
	var entries, keys, prints [][]any
	for i, w := range rows {
		num := after + 1 + int64(i)
		entries = append(entries, []any{num, w.id, w.entry})
		for _, d := range w.digests {
			keys = append(keys, []any{num, d})
		}
		if w.print {
			prints = append(prints, []any{num})
		}
	}
	// Side by side in the index, they touch fewer of its pages.
	slices.SortFunc(keys, func(a, b []any) int { return cmp.Compare(a[1].(int64), b[1].(int64)) })
	for _, into := range []struct {
		text string
		rows [][]any
	}{
		{"INSERT INTO @entry (num, id, entry)", entries},
		{"INSERT INTO @key (num, digest)", keys},
		{"INSERT INTO @print (num)", prints},
	} {
		if err := store.Insert(ctx, tx, r.tables.sql(into.text), "ON CONFLICT DO NOTHING", into.rows); err != nil {
			return err
		}
	}
	return nil
}

// Remove takes an entry out and reports whether it was there.
func (r *Register) Remove(ctx context.Context, id string) (bool, error) {
	if err := r.opt.Removing(ctx, id); err != nil {
		return false, fmt.Errorf("remove from register %s: %w", r.opt.System, err)
	}
	var was bool
	err := r.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := r.takeTurn(ctx, tx); err != nil {
			return err
		}
		gone, err := r.remove(ctx, tx, []string{id})
		was = gone.entries > 0
		if err != nil || !was {
			return err
		}
		seq, err := r.advance(ctx, tx, 1, -gone.entries, -len(gone.prints))
		if err != nil {
			return err
		}
		return r.bury(ctx, tx, gone.prints, seq)
	})
	if err != nil {
		return false, fmt.Errorf("write register %s: %w", r.opt.System, err)
	}
	return was, nil
}

// takeTurn lets one writer in at a time, so that numbers rise in the order of commits. SQLite
// does so of itself. PostgreSQL must be told before the transaction's first look, or the
// transaction that waited is given up when it sees what the other wrote.
func (r *Register) takeTurn(ctx context.Context, tx *sql.Tx) error {
	if !r.db.Postgres() {
		return nil
	}
	_, err := tx.ExecContext(ctx, r.tables.sql("LOCK TABLE @state IN EXCLUSIVE MODE"))
	return err
}

// removed is what was taken out.
type removed struct {
	entries int
	prints  []int64 // the numbers of those that had fingers
}

func (r *Register) remove(ctx context.Context, tx *sql.Tx, ids []string) (removed, error) {
	var gone removed
	for some := range slices.Chunk(ids, maxIDs) {
		nums, err := rowNumbers(ctx, tx, r.tables.sql("DELETE FROM @entry WHERE id IN "+list(len(some))+" RETURNING num"), anys(some))
		if err != nil {
			return gone, err
		}
		if len(nums) == 0 {
			continue
		}
		gone.entries += len(nums)
		in := list(len(nums))
		if _, err := tx.ExecContext(ctx, r.tables.sql("DELETE FROM @key WHERE num IN "+in), anys(nums)...); err != nil {
			return gone, err
		}
		prints, err := rowNumbers(ctx, tx, r.tables.sql("DELETE FROM @print WHERE num IN "+in+" RETURNING num"), anys(nums))
		if err != nil {
			return gone, err
		}
		gone.prints = append(gone.prints, prints...)
	}
	return gone, nil
}

// advance counts a change and returns the number of its end.
func (r *Register) advance(ctx context.Context, tx *sql.Tx, steps, entries, prints int) (seq int64, err error) {
	err = tx.QueryRowContext(ctx, r.tables.sql(`UPDATE @state SET seq = seq + $1, entries = entries + $2, prints = prints + $3
		WHERE one = 1 RETURNING seq`), steps, entries, prints).Scan(&seq)
	return seq, err
}

// bury tells all instances that these entries' fingers are gone, and forgets what was told
// long ago.
func (r *Register) bury(ctx context.Context, tx *sql.Tx, nums []int64, seq int64) error {
	if len(nums) == 0 {
		return nil
	}
	rows := make([][]any, len(nums))
	for i, num := range nums {
		rows[i] = []any{num, seq}
	}
	if err := store.Insert(ctx, tx, r.tables.sql("INSERT INTO @gone (num, seq)"), "", rows); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, r.tables.sql("DELETE FROM @gone WHERE seq <= $1"), seq-r.prints.memory)
	return err
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// rowNumbers runs a statement that gives one number a row.
func rowNumbers(ctx context.Context, q querier, text string, args []any) ([]int64, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var nums []int64
	for rows.Next() {
		var num int64
		if err := rows.Scan(&num); err != nil {
			return nil, err
		}
		nums = append(nums, num)
	}
	return nums, rows.Err()
}

func anys[T any](values []T) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}
