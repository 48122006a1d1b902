package audit

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"boothd/capture/audit/chain"
)

// Expired returns the last of the entries not yet erased that are all older than before, 0
// if there is none, and whether any of them still has its body.
//
// Clocks err. An entry counts as written at the latest time that it or one before it
// bears, so that a clock set back does not erase early; times later than now are not
// believed, so that a clock set forward does not keep entries for ever.
func Expired(ctx context.Context, q Querier, before, now time.Time) (through uint64, due bool, err error) {
	through, due, err = journal.Expired(ctx, q, before, now)
	if err != nil {
		return 0, false, fmt.Errorf("read journal: %w", err)
	}
	return through, due, nil
}

// Erase removes the bodies of the entries through the given number and appends an entry
// that says so, with kind, time and booth taken from e. At most limit bodies are removed at
// once; it returns how many were. The chain still proves what is left.
//
// The bodies are gone from the file if the journal was always written with PRAGMA
// secure_delete at FAST or ON, and from the write-ahead log after a checkpoint that
// truncates it.
func Erase(ctx context.Context, tx *sql.Tx, through uint64, before time.Time, limit int, e Entry) (int64, error) {
	n, err := journal.Erase(ctx, tx, through, limit)
	if err != nil {
		return 0, fmt.Errorf("erase journal: %w", err)
	}
	if n == 0 {
		return 0, nil
	}
	e.Kind = KindErasure
	e.Detail = chain.ErasureDetail(through, before, n)
	if _, err := Append(ctx, tx, e); err != nil {
		return 0, err
	}
	return n, nil
}
