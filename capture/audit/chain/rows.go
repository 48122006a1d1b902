package chain

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"math"

	"boothd/internal/sqlite"
)

// rowsAtOnce limits what is read at once: a long chain is not one long transaction that
// keeps SQLite's write-ahead log from being emptied, nor does it fill the memory.
const rowsAtOnce = 100

// unreadable is an error of one row that is the row's own fault.
type unreadable struct{ seq uint64 }

func (u *unreadable) Error() string { return fmt.Sprintf("entry %d cannot be read", u.seq) }

// rows reads the entries from one number through another.
func (t Table) rows(ctx context.Context, q Querier, from, through uint64) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		after := int64(from) - 1
		for {
			rows, err := t.portion(ctx, q, after, through)
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
				after = int64(r.seq)
			}
			if sqlite.IsCorrupt(err) {
				err = &unreadable{uint64(after + 1)}
			}
			if err != nil {
				yield(row{}, err)
				return
			}
			if len(rows) < rowsAtOnce {
				return
			}
		}
	}
}

// portion reads the next entries after a number. Those read before an error are valid.
func (t Table) portion(ctx context.Context, q Querier, after int64, through uint64) ([]row, error) {
	rows, err := q.QueryContext(ctx, "SELECT seq, at, body_hash, hash, body FROM "+t.Name+
		" WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3", after, int64(min(through, math.MaxInt64)), rowsAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var got []row
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return got, err
		}
		got = append(got, r)
	}
	return got, rows.Err()
}

// scanRow reads a row that may be damaged: SQLite does not check on reading that a column
// holds what it should.
func scanRow(rows *sql.Rows) (row, error) {
	var seq, at, bodyHash, hash, body any
	if err := rows.Scan(&seq, &at, &bodyHash, &hash, &body); err != nil {
		return row{}, err
	}
	n, _ := seq.(int64)
	r := row{seq: uint64(n)}
	var ok [4]bool
	r.at, ok[0] = at.(int64)
	r.bodyHash, ok[1] = bodyHash.([]byte)
	r.hash, ok[2] = hash.([]byte)
	r.body, ok[3] = body.([]byte)
	if !ok[0] || !ok[1] || !ok[2] || (!ok[3] && body != nil) {
		return row{}, &unreadable{r.seq}
	}
	return r, nil
}
