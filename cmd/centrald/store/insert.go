package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// argsPerStatement is what serves both databases best: SQLite finds each argument by going
// through those before it.
const argsPerStatement = 500

// Insert runs "into VALUES (…), (…) end" for all rows, which are of one length:
//
//	store.Insert(ctx, tx, "INSERT INTO t (a, b)", "ON CONFLICT DO NOTHING", rows)
func Insert(ctx context.Context, tx *sql.Tx, into, end string, rows [][]any) error {
	for len(rows) > 0 {
		columns := len(rows[0])
		part := rows[:min(max(argsPerStatement/columns, 1), len(rows))]
		rows = rows[len(part):]
		args := make([]any, 0, len(part)*columns)
		for _, r := range part {
			args = append(args, r...)
		}
		if _, err := tx.ExecContext(ctx, into+" VALUES "+places(len(part), columns)+" "+end, args...); err != nil {
			return err
		}
	}
	return nil
}

// places is "($1, $2), ($3, $4)" for two rows of two columns.
func places(rows, columns int) string {
	var b strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	return b.String() + ")"
}

// LastOfKey keeps the last of the rows with the same key, a []byte that is their first column:
// no statement may replace a row twice. It works in place.
func LastOfKey(rows [][]any) [][]any {
	at := make(map[string]int, len(rows))
	kept := rows[:0]
	for _, r := range rows {
		key := string(r[0].([]byte))
		if i, there := at[key]; there {
			kept[i] = r
			continue
		}
		at[key] = len(kept)
		kept = append(kept, r)
	}
	return kept
}
