package intake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"boothd/capture"
	"boothd/sync/portal"
)

// Querier is a database, a connection or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Record opens the records of one check, in the order of their times. Who may see them is
// for the caller to decide. Records that were erased are left out.
func (in *Intake) Record(ctx context.Context, booth, check string) ([]capture.Record, error) {
	return in.OfCheck(ctx, in.db, booth, check)
}

// OfCheck is Record for hooks, which give their transaction: the record that is being
// committed is among those it returns.
func (in *Intake) OfCheck(ctx context.Context, q Querier, booth, check string) ([]capture.Record, error) {
	list, err := in.records(ctx, q, "booth = $1 AND check_id = $2 ORDER BY epoch, sequence", booth, check)
	if err != nil {
		return nil, fmt.Errorf("records of check %s: %w", check, err)
	}
	return list, nil
}

// record opens one record. Its error matches ErrNotThere if there is none.
func (in *Intake) record(ctx context.Context, booth, id string) (*capture.Record, error) {
	list, err := in.records(ctx, in.db, "booth = $1 AND id = $2", booth, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, ErrNotThere
	}
	return &list[0], nil
}

func (in *Intake) records(ctx context.Context, q Querier, where string, args ...any) ([]capture.Record, error) {
	rows, err := q.QueryContext(ctx, "SELECT booth, id, sealed FROM intake_item WHERE sealed IS NOT NULL AND "+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []capture.Record{}
	for rows.Next() {
		var booth, id string
		var sealed []byte
		if err := rows.Scan(&booth, &id, &sealed); err != nil {
			return nil, err
		}
		rec, err := in.open(booth, id, sealed)
		if err != nil {
			return nil, err
		}
		list = append(list, *rec)
	}
	return list, rows.Err()
}

// Received counts what central has received.
type Received struct {
	Records  int            `json:"records"`
	Kinds    map[string]int `json:"kinds"`
	Repeated int            `json:"repeated"` // deliveries of what was already there
	Doubled  int            `json:"doubled"`  // records that came under a second sequence
	Refused  int            `json:"refused"`  // items refused, the doubled ones among them
	Missing  int            `json:"missing"`  // sequences skipped so far
}

// Received counts what central has received.
func (in *Intake) Received(ctx context.Context) (Received, error) {
	r, err := in.received(ctx)
	if err != nil {
		return r, fmt.Errorf("count records: %w", err)
	}
	return r, nil
}

func (in *Intake) received(ctx context.Context) (Received, error) {
	r := Received{Kinds: make(map[string]int)}
	rows, err := in.db.QueryContext(ctx, "SELECT kind, count(*), CAST(sum(times - 1) AS BIGINT) FROM intake_item GROUP BY kind")
	if err != nil {
		return r, err
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		var n, again int
		if err := rows.Scan(&kind, &n, &again); err != nil {
			return r, err
		}
		r.Kinds[kind] = n
		r.Records += n
		r.Repeated += again
	}
	if err := rows.Err(); err != nil {
		return r, err
	}
	err = in.db.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM intake_refused),
		(SELECT count(*) FROM intake_refused WHERE reason = $1),
		(SELECT CAST(coalesce(sum(highest - n), 0) AS BIGINT) FROM
			(SELECT max(sequence) AS highest, count(*) AS n FROM intake_item GROUP BY booth, epoch) AS epochs)`,
		reasonDoubled).Scan(&r.Refused, &r.Doubled, &r.Missing)
	return r, err
}

// Summary is a received record without the traveller.
type Summary struct {
	Booth    string    `json:"booth"`
	Sequence uint64    `json:"sequence"`
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	Check    string    `json:"check"`
	Outcome  string    `json:"outcome,omitempty"`
	Decision string    `json:"decision,omitempty"`
	Offline  bool      `json:"offline,omitempty"`
	At       time.Time `json:"at"`
}

// Records lists the records received last, newest first.
func (in *Intake) Records(ctx context.Context, limit int) ([]Summary, error) {
	rows, err := in.db.QueryContext(ctx, `SELECT booth, sequence, id, kind, check_id, outcome, decision, offline, committed
		FROM intake_item ORDER BY committed DESC, sequence DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	defer rows.Close()
	list := []Summary{}
	for rows.Next() {
		var s Summary
		var at int64
		if err := rows.Scan(&s.Booth, &s.Sequence, &s.ID, &s.Kind, &s.Check, &s.Outcome, &s.Decision, &s.Offline, &at); err != nil {
			return nil, fmt.Errorf("list records: %w", err)
		}
		s.At = time.Unix(0, at).UTC()
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	return list, nil
}

// throughAtOnce limits how many sequences are read at once.
const throughAtOnce = 1000

// Through says, signed, up to which sequence of a booth's epoch everything is committed.
func (in *Intake) Through(ctx context.Context, booth, epoch string) (*portal.Through, error) {
	word := &portal.Through{Booth: booth, Epoch: epoch, Key: in.keyID}
	err := in.db.Tx(ctx, func(tx *sql.Tx) error {
		word.Sequence, word.Journal = 0, ""
		return in.advance(ctx, tx, word)
	})
	if err != nil {
		return nil, fmt.Errorf("find what is committed of an epoch: %w", err)
	}
	word.At = in.now()
	word.Sign(in.opt.Signing)
	return word, nil
}

// advance goes on from where it was left the last time to the first sequence that is not
// there.
func (in *Intake) advance(ctx context.Context, tx *sql.Tx, word *portal.Through) error {
	var known int64
	err := tx.QueryRowContext(ctx, "SELECT sequence FROM intake_through WHERE booth = $1 AND epoch = $2", word.Booth, word.Epoch).Scan(&known)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	through := known
	for {
		n, err := follow(ctx, tx, word, &through)
		if err != nil {
			return err
		}
		if n < throughAtOnce {
			break
		}
	}
	word.Sequence = uint64(through)
	if through == 0 {
		return nil
	}
	if err := tx.QueryRowContext(ctx, "SELECT journal FROM intake_item WHERE booth = $1 AND epoch = $2 AND sequence = $3",
		word.Booth, word.Epoch, through).Scan(&word.Journal); err != nil {
		return err
	}
	if through == known {
		return nil
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO intake_through (booth, epoch, sequence) VALUES ($1, $2, $3)
		ON CONFLICT (booth, epoch) DO UPDATE SET sequence = excluded.sequence`, word.Booth, word.Epoch, through)
	return err
}

// follow moves through along sequences without a gap and returns how many it took.
func follow(ctx context.Context, tx *sql.Tx, word *portal.Through, through *int64) (n int, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT sequence FROM intake_item WHERE booth = $1 AND epoch = $2 AND sequence > $3
		ORDER BY sequence LIMIT $4`, word.Booth, word.Epoch, *through, throughAtOnce)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var sequence int64
		if err := rows.Scan(&sequence); err != nil {
			return 0, err
		}
		if sequence != *through+1 {
			return 0, nil
		}
		*through = sequence
		n++
	}
	return n, rows.Err()
}
