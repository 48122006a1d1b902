package register

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"boothd/cmd/centrald/store"
	"boothd/localmatch/gallery"
)

// batch is how many entries are written in one transaction.
const batch = 2000

// Put adds entries or replaces those of the same id. All entries are judged before any is
// written: one that is not valid, or has a finger that does not pass the gate, keeps all
// out; the error is an *EntryError then. Many entries are written in several transactions.
func (r *Register) Put(ctx context.Context, entries ...gallery.Entry) error {
	for i := range entries {
		err := entries[i].Validate()
		if err == nil {
			err = gate(&entries[i])
		}
		if err != nil {
			return &EntryError{Index: i, Reason: err}
		}
	}
	for len(entries) > 0 {
		some := entries[:min(len(entries), batch)]
		entries = entries[len(some):]
		if err := r.db.Tx(ctx, func(tx *sql.Tx) error { return r.put(ctx, tx, some) }); err != nil {
			return fmt.Errorf("write register %s: %w", r.opt.System, err)
		}
		for i := range some {
			r.opt.Changed(ctx, some[i])
		}
	}
	return nil
}

// EntryError says which of the entries cannot be taken, and why.
type EntryError struct {
	Index  int
	Reason error
}

func (e *EntryError) Error() string { return fmt.Sprintf("entry %d: %v", e.Index, e.Reason) }

func (e *EntryError) Unwrap() error { return e.Reason }

func (r *Register) put(ctx context.Context, tx *sql.Tx, entries []gallery.Entry) error {
	entries = lastOfEachID(entries)
	nums, err := r.remove(ctx, tx, entries)
	if err != nil {
		return err
	}
	first, err := r.take(ctx, tx, "num", len(entries))
	if err != nil {
		return err
	}
	var rows, keys [][]any
	for i := range entries {
		num := first + int64(i)
		b, err := json.Marshal(&entries[i])
		if err != nil {
			return err
		}
		rows = append(rows, []any{num, entries[i].ID, b})
		for _, k := range gallery.KeysOf(&entries[i]) {
			keys = append(keys, []any{r.digest(k), num})
		}
		if len(entries[i].Fingers) > 0 {
			nums = append(nums, num)
		}
	}
	if err := store.Insert(ctx, tx, r.tables.sql("INSERT INTO @entry (num, id, entry)"), "", rows); err != nil {
		return err
	}
	if err := store.Insert(ctx, tx, r.tables.sql("INSERT INTO @key (digest, num)"), "ON CONFLICT DO NOTHING", keys); err != nil {
		return err
	}
	return r.announce(ctx, tx, nums)
}

// lastOfEachID keeps the last entry of each id.
func lastOfEachID(entries []gallery.Entry) []gallery.Entry {
	last := make(map[string]int, len(entries))
	for i := range entries {
		last[entries[i].ID] = i
	}
	if len(last) == len(entries) {
		return entries
	}
	kept := make([]gallery.Entry, 0, len(last))
	for i := range entries {
		if last[entries[i].ID] == i {
			kept = append(kept, entries[i])
		}
	}
	return kept
}

// digest is what a key is kept as: half of its HMAC is enough to tell keys apart.
func (r *Register) digest(k gallery.Key) []byte {
	d := k.Digest(r.opt.Secret)
	return d[:16]
}

// remove deletes the entries of these ids and returns the numbers of those that had
// fingers.
func (r *Register) remove(ctx context.Context, tx *sql.Tx, entries []gallery.Entry) ([]int64, error) {
	var gone []int64
	for len(entries) > 0 {
		some := entries[:min(len(entries), maxIDs)]
		entries = entries[len(some):]
		ids := make([]any, len(some))
		for i := range some {
			ids[i] = some[i].ID
		}
		rows, err := tx.QueryContext(ctx, r.tables.sql("SELECT num FROM @entry WHERE id IN "+places(1, len(ids))), ids...)
		if err != nil {
			return nil, err
		}
		var nums []any
		for rows.Next() {
			var num int64
			if err := rows.Scan(&num); err != nil {
				rows.Close()
				return nil, err
			}
			nums = append(nums, num)
			gone = append(gone, num)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
		if len(nums) == 0 {
			continue
		}
		in := places(1, len(nums))
		for _, text := range []string{"DELETE FROM @key WHERE num IN " + in, "DELETE FROM @entry WHERE num IN " + in} {
			if _, err := tx.ExecContext(ctx, r.tables.sql(text), nums...); err != nil {
				return nil, err
			}
		}
	}
	return gone, nil
}

const maxIDs = 500 // in one statement

// Remove takes an entry out and reports whether it was there.
func (r *Register) Remove(ctx context.Context, id string) (bool, error) {
	var was bool
	err := r.db.Tx(ctx, func(tx *sql.Tx) error {
		gone, err := r.remove(ctx, tx, []gallery.Entry{{ID: id}})
		if err != nil {
			return err
		}
		was = len(gone) > 0
		return r.announce(ctx, tx, gone)
	})
	if err != nil {
		return false, fmt.Errorf("write register %s: %w", r.opt.System, err)
	}
	return was, nil
}

// take returns the first of n numbers that nobody else gets.
func (r *Register) take(ctx context.Context, tx *sql.Tx, column string, n int) (first int64, err error) {
	text := strings.ReplaceAll("UPDATE @next SET # = # + $1 WHERE one = 1 RETURNING # - $2", "#", column)
	err = tx.QueryRowContext(ctx, r.tables.sql(text), n, n).Scan(&first)
	return first, err
}

// announce tells all instances that the entries of these numbers have come or gone.
func (r *Register) announce(ctx context.Context, tx *sql.Tx, nums []int64) error {
	if len(nums) == 0 {
		return nil
	}
	first, err := r.take(ctx, tx, "seq", len(nums))
	if err != nil {
		return err
	}
	var rows [][]any
	for i, num := range nums {
		rows = append(rows, []any{first + int64(i), num})
	}
	return store.Insert(ctx, tx, r.tables.sql("INSERT INTO @change (seq, num)"), "", rows)
}

// places is "($first,$first+1,…)".
func places(first, n int) string {
	b := []byte{'('}
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(first+i), 10)
	}
	return string(append(b, ')'))
}
