package audit

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"
)

const (
	detailThrough = "through"
	detailBefore  = "before"
	detailEntries = "entries"
)

// Expired returns the last of the entries from the beginning that are all older than
// before, 0 if there is none, and whether any of them still has its body.
//
// Clocks err. An entry counts as written at the latest time that it or one before it
// bears, so that a clock set back does not erase early; times later than now are not
// believed, so that a clock set forward does not keep entries for ever.
func Expired(ctx context.Context, q Querier, before, now time.Time) (through uint64, due bool, err error) {
	rows, err := q.QueryContext(ctx, "SELECT seq, at, body IS NULL FROM journal ORDER BY seq")
	if err != nil {
		return 0, false, fmt.Errorf("read journal: %w", err)
	}
	defer rows.Close()
	latest := int64(-1 << 63)
	for rows.Next() {
		var seq, at int64
		var erased bool
		if err := rows.Scan(&seq, &at, &erased); err != nil {
			return 0, false, fmt.Errorf("read journal: %w", err)
		}
		if at <= now.UnixMilli() {
			latest = max(latest, at)
		}
		if latest >= before.UnixMilli() {
			break
		}
		through = uint64(seq)
		due = due || !erased
	}
	if err := rows.Err(); err != nil {
		return 0, false, fmt.Errorf("read journal: %w", err)
	}
	return through, due, nil
}

// Erase removes the bodies of the entries through the given number and appends an entry
// that says so, with kind, time and booth taken from e. At most limit bodies are removed at
// once; it returns how many were. The chain still proves what is left.
//
// The bodies are overwritten where they are before they are removed: SQLite moves rows when
// they shrink and may leave copies behind. They are gone from the file if the journal was
// always written with PRAGMA secure_delete at FAST or ON, and from the write-ahead log
// after a checkpoint that truncates it.
func Erase(ctx context.Context, tx *sql.Tx, through uint64, before time.Time, limit int, e Entry) (int64, error) {
	const these = ` WHERE seq IN (SELECT seq FROM journal WHERE seq <= ? AND body IS NOT NULL ORDER BY seq LIMIT ?)`
	if _, err := tx.ExecContext(ctx, "UPDATE journal SET body = zeroblob(length(body))"+these, int64(through), limit); err != nil {
		return 0, fmt.Errorf("erase journal: %w", err)
	}
	res, err := tx.ExecContext(ctx, "UPDATE journal SET body = NULL"+these, int64(through), limit)
	if err != nil {
		return 0, fmt.Errorf("erase journal: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return 0, err
	}
	e.Kind = KindErasure
	e.Detail = map[string]string{
		detailThrough: strconv.FormatUint(through, 10),
		detailBefore:  before.UTC().Format(time.RFC3339),
		detailEntries: strconv.FormatInt(n, 10),
	}
	if _, err := Append(ctx, tx, e); err != nil {
		return 0, err
	}
	return n, nil
}
