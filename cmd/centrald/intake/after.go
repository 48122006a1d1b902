package intake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"boothd/capture"
)

// After is something that is done once a record is committed, such as asking the systems
// again about a check that was made offline. It may be done more than once. Its errors hold
// no personal data; they are kept for a person to read.
type After struct {
	Name string // known in the database
	// Wants says for which records it is done; nil means for all.
	Wants func(rec *capture.Record) bool
	Do    func(ctx context.Context, rec *capture.Record) error
}

const (
	afterAtOnce  = 8                // pieces of work of one instance
	afterTimeout = time.Minute      // for one piece of work
	lease        = 90 * time.Second // for which nobody else takes it
	noteTimeout  = time.Second      // for noting how it went
	idle         = time.Second      // between looks for work
	maxBackOff   = time.Hour
)

// insertAfters notes the work that the record makes.
func (in *Intake) insertAfters(ctx context.Context, tx *sql.Tx, d *delivered) error {
	for i := range in.opt.After {
		a := &in.opt.After[i]
		if a.Wants != nil && !a.Wants(d.rec) {
			continue
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO intake_after (booth, id, name, due) VALUES ($1, $2, $3, $4)",
			d.Booth, d.ID, a.Name, d.at.UnixNano()); err != nil {
			return err
		}
	}
	return nil
}

// wakeUp tells this instance's Run that there is work.
func (in *Intake) wakeUp() {
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

// Run does the work that records make after their commit, beside other instances, until ctx
// ends. Work of an instance that was stopped is taken over when its lease has run out.
func (in *Intake) Run(ctx context.Context) error {
	tick := time.NewTicker(idle)
	defer tick.Stop()
	for {
		n, err := in.workOnce(ctx)
		if err != nil && ctx.Err() == nil {
			in.opt.Log.Error("work after commit", "err", err)
		}
		if n == afterAtOnce && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-in.wake:
		case <-tick.C:
		}
	}
}

// work is one piece of work after a commit.
type work struct {
	booth, id string
	after     *After
	tries     int // this one counted
}

// workOnce does some of the work that is due and returns how much.
func (in *Intake) workOnce(ctx context.Context) (int, error) {
	if len(in.opt.After) == 0 || ctx.Err() != nil {
		return 0, ctx.Err()
	}
	taken, err := in.takeWork(ctx)
	if err != nil {
		return 0, fmt.Errorf("take work: %w", err)
	}
	errs := make([]error, len(taken))
	var working sync.WaitGroup
	for i := range taken {
		working.Go(func() { errs[i] = in.do(ctx, &taken[i]) })
	}
	working.Wait()
	return len(taken), errors.Join(errs...)
}

// takeWork takes work for the time of a lease, so that no other instance does it meanwhile.
func (in *Intake) takeWork(ctx context.Context) (taken []work, err error) {
	now := in.now()
	args := []any{now.Add(lease).UnixNano(), now.UnixNano()}
	names := make([]string, len(in.opt.After))
	for i := range in.opt.After {
		args = append(args, in.opt.After[i].Name)
		names[i] = fmt.Sprintf("$%d", len(args))
	}
	args = append(args, afterAtOnce)
	statement := fmt.Sprintf(`UPDATE intake_after SET due = $1, tries = tries + 1 WHERE (booth, id, name) IN
		(SELECT booth, id, name FROM intake_after WHERE due <= $2
			AND name IN (%s) ORDER BY due LIMIT $%d)
		RETURNING booth, id, name, tries`, strings.Join(names, ", "), len(args))
	err = in.db.Tx(ctx, func(tx *sql.Tx) error {
		taken = taken[:0]
		rows, err := tx.QueryContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var w work
			var name string
			if err := rows.Scan(&w.booth, &w.id, &name, &w.tries); err != nil {
				return err
			}
			w.after = in.after(name)
			taken = append(taken, w)
		}
		return rows.Err()
	})
	return taken, err
}

func (in *Intake) after(name string) *After {
	for i := range in.opt.After {
		if in.opt.After[i].Name == name {
			return &in.opt.After[i]
		}
	}
	return nil // never: only these are taken
}

// do does one piece of work and notes how it went. The error is about noting.
func (in *Intake) do(ctx context.Context, w *work) error {
	rec, err := in.record(ctx, w.booth, w.id)
	if err == nil {
		err = w.after.run(ctx, rec)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout) // what was done is noted
	defer cancel()
	key := []any{w.booth, w.id, w.after.Name}
	if err == nil || errors.Is(err, ErrNotThere) {
		_, err = in.db.ExecContext(ctx, "DELETE FROM intake_after WHERE booth = $1 AND id = $2 AND name = $3", key...)
		return err
	}
	in.opt.Log.Warn("work after commit is tried again", "after", w.after.Name, "booth", w.booth, "record", w.id, "tries", w.tries)
	due := in.now().Add(backOff(w.tries))
	_, err = in.db.ExecContext(ctx, "UPDATE intake_after SET due = $1, error = $2 WHERE booth = $3 AND id = $4 AND name = $5",
		append([]any{due.UnixNano(), plain(err.Error())}, key...)...)
	return err
}

func (a *After) run(ctx context.Context, rec *capture.Record) (err error) {
	ctx, cancel := context.WithTimeout(ctx, afterTimeout)
	defer cancel()
	defer func() {
		if recover() != nil {
			err = errors.New("panic") // its value may hold anything
		}
	}()
	return a.Do(ctx, rec)
}

// backOff is how long work waits that has failed so often.
func backOff(tries int) time.Duration {
	return min(time.Second<<min(tries, 12), maxBackOff)
}
