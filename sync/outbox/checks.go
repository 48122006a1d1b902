package outbox

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Checks tells how many of the items that wait are outcomes and dispositions of checks, and
// when the first of them was queued; zero if there is none. Unlike [Stats] it does not depend
// on what was found late, so that it may be told to those who must not notice a discreet
// alert. An item counts too if the journal does not tell its kind any more: one that was
// carried over from a damaged file, or of an entry that was erased.
func (s *Store) Checks(ctx context.Context) (n int, oldest time.Time, err error) {
	err = s.View(func(r *Reader) error {
		n, oldest, err = r.checks(ctx)
		return err
	})
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("count the checks that wait: %w", err)
	}
	return n, oldest, nil
}

func (r *Reader) checks(ctx context.Context) (n int, oldest time.Time, err error) {
	var at sql.NullInt64
	err = r.db.QueryRowContext(ctx, `SELECT count(*), min(item.at) FROM item LEFT JOIN journal ON journal.seq = item.journal_seq
		WHERE CASE WHEN json_valid(CAST(journal.body AS TEXT)) THEN
			json_extract(CAST(journal.body AS TEXT), '$.kind') IN ('outcome', 'disposition', 'abandoned') ELSE true END`).Scan(&n, &at)
	if err == nil && at.Valid {
		oldest = time.UnixMilli(at.Int64).UTC()
	}
	return n, oldest, err
}
