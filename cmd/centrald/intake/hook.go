package intake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/store"
)

// MaxTries is how often a record is held up by a hook that fails before it is committed
// without the hook's effects.
const MaxTries = 5

// hookTimeout limits one hook's work on one record.
const hookTimeout = 10 * time.Second

// Hook is something that is done in the transaction that commits a record for the first
// time. It changes nothing but the database, and that only through tx, because it may run
// again. Its errors hold no personal data; they are kept for a person to read.
type Hook struct {
	Name string // known in the database
	Do   func(ctx context.Context, tx *sql.Tx, rec *capture.Record) error
}

// hookError is the failure of a hook for a record.
type hookError struct {
	booth, id, hook string
	err             error
}

func (e *hookError) Error() string {
	return fmt.Sprintf("hook %s for record %s: %v", e.hook, e.id, e.err)
}
func (e *hookError) Unwrap() error { return e.err }

func checkNames(opt *Options) error {
	seen := map[string]bool{}
	check := func(name string, there bool) error {
		if name == "" || plain(name) != name || seen[name] || !there {
			return fmt.Errorf("open intake: hook %q: no name of its own or nothing to do", name)
		}
		seen[name] = true
		return nil
	}
	for _, h := range opt.Hooks {
		if err := check(h.Name, h.Do != nil); err != nil {
			return err
		}
	}
	for _, a := range opt.After {
		if err := check(a.Name, a.Do != nil); err != nil {
			return err
		}
	}
	return nil
}

// insertWithHooks commits an item with all that hangs on it and reports false if it is there
// already. What a hook that fails has done is undone to a savepoint, so that the other items
// of the report can be committed.
func (in *Intake) insertWithHooks(ctx context.Context, tx *sql.Tx, d *delivered) (bool, error) {
	if len(in.opt.Hooks) == 0 {
		return in.insert(ctx, tx, d)
	}
	if _, err := tx.ExecContext(ctx, "SAVEPOINT intake_record"); err != nil {
		return false, err
	}
	if inserted, err := in.insert(ctx, tx, d); err != nil || !inserted {
		return false, err
	}
	failures, err := failuresOf(ctx, tx, d)
	if err != nil {
		return false, err
	}
	for {
		err := in.runHooks(ctx, tx, d.rec, failures)
		if err == nil {
			return true, forgetFailures(ctx, tx, d, failures)
		}
		var failed *hookError
		if !errors.As(err, &failed) || store.GaveWay(err) || ctx.Err() != nil {
			return false, err
		}
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT intake_record"); err != nil {
			return false, errors.Join(failed, err) // the transaction is lost; Commit counts the failure
		}
		if failures[failed.hook], err = in.countFailure(ctx, tx, failed); err != nil {
			return false, err
		}
		if failures[failed.hook] < MaxTries {
			d.fresh, d.held = false, failed.hook
			return true, nil
		}
		in.opt.Log.Error("record is committed without a hook's effects", "hook", failed.hook, "booth", d.Booth, "record", d.ID)
		if _, err := in.insert(ctx, tx, d); err != nil { // behind the same savepoint
			return false, err
		}
	}
}

// runHooks runs the hooks one after the other and lets go of the savepoint.
func (in *Intake) runHooks(ctx context.Context, tx *sql.Tx, rec *capture.Record, failures map[string]int) error {
	last := ""
	for _, h := range in.opt.Hooks {
		if failures[h.Name] >= MaxTries {
			continue
		}
		if err := h.run(ctx, tx, rec); err != nil {
			return &hookError{rec.Booth, rec.ID, h.Name, err}
		}
		last = h.Name
	}
	if _, err := tx.ExecContext(ctx, "RELEASE SAVEPOINT intake_record"); err != nil {
		if last == "" {
			return err
		}
		return &hookError{rec.Booth, rec.ID, last, err} // it kept an error of the database to itself
	}
	return nil
}

func (h *Hook) run(ctx context.Context, tx *sql.Tx, rec *capture.Record) (err error) {
	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	defer func() {
		if recover() != nil {
			err = errors.New("panic") // its value may hold anything
		}
	}()
	return h.Do(ctx, tx, rec)
}

// failuresOf returns how often each hook has failed for the record.
func failuresOf(ctx context.Context, tx *sql.Tx, d *delivered) (map[string]int, error) {
	failures := make(map[string]int)
	rows, err := tx.QueryContext(ctx, "SELECT hook, tries FROM intake_failure WHERE booth = $1 AND id = $2", d.Booth, d.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var hook string
		var tries int
		if err := rows.Scan(&hook, &tries); err != nil {
			return nil, err
		}
		failures[hook] = tries
	}
	return failures, rows.Err()
}

// forgetFailures drops those of hooks that have succeeded in the end.
func forgetFailures(ctx context.Context, tx *sql.Tx, d *delivered, failures map[string]int) error {
	if len(failures) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM intake_failure WHERE booth = $1 AND id = $2 AND tries < $3", d.Booth, d.ID, MaxTries)
	return err
}

// countFailure notes a failure and returns how many there were.
func (in *Intake) countFailure(ctx context.Context, tx *sql.Tx, f *hookError) (tries int, err error) {
	err = tx.QueryRowContext(ctx, `INSERT INTO intake_failure (booth, id, hook, tries, error, at) VALUES ($1, $2, $3, 1, $4, $5)
		ON CONFLICT (booth, id, hook) DO UPDATE SET tries = intake_failure.tries + 1, error = excluded.error, at = excluded.at
		RETURNING tries`, f.booth, f.id, f.hook, plain(f.err.Error()), in.now().UnixNano()).Scan(&tries)
	return tries, err
}

// Failure is something that a person has to look at: a record that was committed without the
// effects of a hook, or work after the commit that does not succeed.
type Failure struct {
	Booth string    `json:"booth"`
	ID    string    `json:"id"` // the record's
	Hook  string    `json:"hook"`
	Tries int       `json:"tries"`
	Error string    `json:"error"`
	At    time.Time `json:"at"` // the last time; for work after the commit, when it is tried again
}

// Failures lists what failed at least MaxTries times, hooks first.
func (in *Intake) Failures(ctx context.Context, limit int) ([]Failure, error) {
	rows, err := in.db.QueryContext(ctx, `SELECT booth, id, hook, tries, error, at FROM intake_failure WHERE tries >= $1
		UNION ALL SELECT booth, id, name, tries, error, due FROM intake_after WHERE tries >= $1 AND error <> '' LIMIT $2`, MaxTries, limit)
	if err != nil {
		return nil, fmt.Errorf("list failures: %w", err)
	}
	defer rows.Close()
	list := []Failure{}
	for rows.Next() {
		var f Failure
		var at int64
		if err := rows.Scan(&f.Booth, &f.ID, &f.Hook, &f.Tries, &f.Error, &at); err != nil {
			return nil, fmt.Errorf("list failures: %w", err)
		}
		f.At = time.Unix(0, at).UTC()
		list = append(list, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list failures: %w", err)
	}
	return list, nil
}

// ErrNotThere is matched if there is no such record, or no more.
var ErrNotThere = errors.New("record is not there")

// Retry runs the hooks that were given up for a committed record, and forgets their failures
// if they succeed. Either all of them do or nothing is changed.
func (in *Intake) Retry(ctx context.Context, booth, id string) error {
	rec, err := in.record(ctx, booth, id)
	if err == nil {
		err = in.db.Tx(ctx, func(tx *sql.Tx) error { return in.retry(ctx, tx, rec) })
	}
	if err != nil {
		return fmt.Errorf("retry record %s: %w", id, err)
	}
	return nil
}

func (in *Intake) retry(ctx context.Context, tx *sql.Tx, rec *capture.Record) error {
	for i := range in.opt.Hooks {
		h := &in.opt.Hooks[i]
		res, err := tx.ExecContext(ctx, "DELETE FROM intake_failure WHERE booth = $1 AND id = $2 AND hook = $3 AND tries >= $4",
			rec.Booth, rec.ID, h.Name, MaxTries)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			if err != nil {
				return err
			}
			continue
		}
		if err := h.run(ctx, tx, rec); err != nil {
			return &hookError{rec.Booth, rec.ID, h.Name, err}
		}
	}
	return nil
}
