package visa

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"boothd/cmd/centrald/store"
)

// ErrInvalid says that a visa or an authorisation cannot be kept as it is.
var ErrInvalid = errors.New("not valid")

// validDate reports whether s is a day as "2006-01-02" from 1900 to 2200. Such texts are in
// the order of their days.
func validDate(s string) bool {
	t, err := time.Parse(time.DateOnly, s)
	return err == nil && len(s) == len(time.DateOnly) && t.Year() >= 1900 && t.Year() <= 2200
}

const rowsPerTransaction = 10_000

// replace puts the rows into a table, where the last of each key counts.
func replace(ctx context.Context, db *store.DB, into, end string, rows [][]any) error {
	rows = store.LastOfKey(rows)
	for len(rows) > 0 {
		part := rows[:min(rowsPerTransaction, len(rows))]
		rows = rows[len(part):]
		if err := db.Tx(ctx, func(tx *sql.Tx) error { return store.Insert(ctx, tx, into, end, part) }); err != nil {
			return err
		}
	}
	return nil
}
