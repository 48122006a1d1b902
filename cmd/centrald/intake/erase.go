package intake

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// eraseAtOnce limits how many records one transaction erases: booths wait for it.
const eraseAtOnce = 500

// Erase removes the records that were committed before the time and what was copied from
// them, and the notes of items that were refused before it, and returns how many there were
// of both. What makes the records known stays, so that they are still taken once only. Work
// and failures that hang on them are dropped.
//
// In SQLite the records are overwritten where they are before they are removed. Either way
// they stay sealed to central's key wherever a copy may be left.
func (in *Intake) Erase(ctx context.Context, before time.Time) (int64, error) {
	var total int64
	for _, some := range []func(context.Context, *sql.Tx, time.Time) (int64, error){in.eraseSome, eraseRefused} {
		for n := int64(eraseAtOnce); n == eraseAtOnce; total += n {
			err := in.db.Tx(ctx, func(tx *sql.Tx) (err error) {
				n, err = some(ctx, tx, before)
				return err
			})
			if err != nil {
				return total, fmt.Errorf("erase records: %w", err)
			}
		}
	}
	return total, nil
}

func eraseRefused(ctx context.Context, tx *sql.Tx, before time.Time) (int64, error) {
	res, err := tx.ExecContext(ctx, `DELETE FROM intake_refused WHERE (booth, epoch, sequence, hash) IN
		(SELECT booth, epoch, sequence, hash FROM intake_refused WHERE at < $1 ORDER BY at LIMIT $2)`, before.UnixNano(), eraseAtOnce)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (in *Intake) eraseSome(ctx context.Context, tx *sql.Tx, before time.Time) (int64, error) {
	const these = ` (SELECT booth, id FROM intake_item WHERE sealed IS NOT NULL AND committed < $1 ORDER BY committed, booth, id LIMIT $2)`
	at, limit := before.UnixNano(), eraseAtOnce
	for _, part := range []string{"intake_after", "intake_failure"} {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+part+" WHERE (booth, id) IN"+these, at, limit); err != nil {
			return 0, err
		}
	}
	if !in.db.Postgres() {
		if _, err := tx.ExecContext(ctx, "UPDATE intake_item SET sealed = zeroblob(length(sealed)) WHERE (booth, id) IN"+these, at, limit); err != nil {
			return 0, err
		}
	}
	res, err := tx.ExecContext(ctx, "UPDATE intake_item SET sealed = NULL, check_id = '', outcome = '', decision = '' WHERE (booth, id) IN"+these, at, limit)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
