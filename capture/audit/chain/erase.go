package chain

import (
	"context"
	"database/sql"
	"strconv"
	"time"
)

// KindErasure is the value of the field "kind" of an entry that tells of erased bodies. Its
// field "detail" is what ErasureDetail returns.
const KindErasure = "erasure"

const detailThrough = "through"

// ErasureDetail is what an entry tells of bodies that were erased: through which entry,
// because they were older than before, and how many.
func ErasureDetail(through uint64, before time.Time, erased int64) map[string]string {
	return map[string]string{
		detailThrough: strconv.FormatUint(through, 10),
		"before":      before.UTC().Format(time.RFC3339),
		"entries":     strconv.FormatInt(erased, 10),
	}
}

// Expired returns the last of the entries from the first one on that still has its body
// that are all older than before, 0 if there is none, and whether any of them has its body.
//
// Clocks err. An entry counts as written at the latest time that it or one before it
// bears, so that a clock set back does not erase early; times later than now are not
// believed, so that a clock set forward does not keep entries for ever.
func (t Table) Expired(ctx context.Context, q Querier, before, now time.Time) (through uint64, due bool, err error) {
	rows, err := q.QueryContext(ctx, "SELECT seq, at, body IS NULL FROM "+t.Name+
		" WHERE seq >= (SELECT coalesce(min(seq), 1) FROM "+t.Name+" WHERE body IS NOT NULL) ORDER BY seq")
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	latest := int64(-1 << 63)
	for rows.Next() {
		var seq, at int64
		var erased bool
		if err := rows.Scan(&seq, &at, &erased); err != nil {
			return 0, false, err
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
	return through, due, rows.Err()
}

// Erase removes the bodies of the entries through the given number, at most limit at once,
// and returns how many were. If it is not 0, the caller appends an entry in the same
// transaction that accounts for them.
//
// With Overwrite, bodies are overwritten where they are before they are removed: SQLite
// moves rows when they shrink and may leave copies behind. They are gone from the file if
// the table was always written with PRAGMA secure_delete at FAST or ON, and from the
// write-ahead log after a checkpoint that truncates it. PostgreSQL drops them with VACUUM.
func (t Table) Erase(ctx context.Context, tx *sql.Tx, through uint64, limit int) (int64, error) {
	these := " WHERE seq IN (SELECT seq FROM " + t.Name + " WHERE seq <= $1 AND body IS NOT NULL ORDER BY seq LIMIT $2)"
	if t.Overwrite {
		if _, err := tx.ExecContext(ctx, "UPDATE "+t.Name+" SET body = zeroblob(length(body))"+these, int64(through), limit); err != nil {
			return 0, err
		}
	}
	res, err := tx.ExecContext(ctx, "UPDATE "+t.Name+" SET body = NULL"+these, int64(through), limit)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
