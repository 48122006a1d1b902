package recent

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"boothd/capture"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
)

// againEvery is how often Run looks for lists that were not looked up to the end.
const againEvery = time.Minute

// Run asks lists again about the checks of the last hours, at once, after each update that
// wants it, and once a minute for what could not be done, until ctx ends; it returns nil.
func (w *Watch) Run(ctx context.Context) error {
	tick := time.NewTicker(againEvery)
	defer tick.Stop()
	for {
		for _, l := range w.Names {
			if err := w.again(ctx, l); err != nil && ctx.Err() == nil {
				w.Log.Warn("recent checks not all looked up, tried again", "list", l.Name, "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-w.wake:
		case <-tick.C:
		}
	}
}

func (w *Watch) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Remembered makes Run ask the lists about a check that is remembered just now, if they have changed
// since they answered it or did not answer: their updates came too early to find it.
func (w *Watch) Remembered() { w.nudge() }

// again asks a list about every check for which it was not looked up to its present version.
func (w *Watch) again(ctx context.Context, l localmatch.List) error {
	info, err := w.askable(ctx, l)
	if err != nil || info.Version == 0 {
		return err
	}
	left, err := w.Store.left(ctx, l.Name, info.Version)
	if err != nil {
		return err
	}
	var done []lookedUp
	var errs []error
	for _, c := range left {
		to, err := w.askAbout(ctx, l, c, info.Version)
		if err == nil {
			done = append(done, lookedUp{c.check, to})
			continue
		}
		errs = append(errs, err)
		if w.futile(ctx, l, err) {
			break
		}
	}
	err = w.Store.remember(context.WithoutCancel(ctx), l.Name, done)
	if err == nil && len(errs) > 0 {
		err = fmt.Errorf("%d of %d checks left: %w", len(left)-len(done), len(left), errs[0])
	}
	return err
}

// askable returns what there is to be said of a list; nothing if it cannot be asked before an
// update comes, which wakes Run.
func (w *Watch) askable(ctx context.Context, l localmatch.List) (gallery.Info, error) {
	info, err := w.Lists.List(ctx, l.Name)
	switch {
	case errors.Is(err, gallery.ErrAbsent), errors.Is(err, gallery.ErrDamaged):
		return gallery.Info{}, nil
	case err != nil:
		return gallery.Info{}, err
	case info.Erased || info.Damaged || localmatch.Unusable(l, info, w.Store.now()):
		return gallery.Info{}, nil
	}
	return info, nil
}

// futile reports whether, after this error about one check, the others would only meet the same.
func (w *Watch) futile(ctx context.Context, l localmatch.List, err error) bool {
	if ctx.Err() != nil || errors.Is(err, localmatch.ErrNotReady) || errors.Is(err, gallery.ErrNotReady) {
		return true
	}
	info, err := w.askable(ctx, l)
	return err != nil || info.Version == 0
}

// askAbout asks a list that is at a version about one check, for what came after the version to
// which it was looked up, and tells what the check did not find itself. It returns to which
// version the list is looked up now. A check that does not open is not asked about: it never
// will.
func (w *Watch) askAbout(ctx context.Context, l localmatch.List, was lookedUp, version uint64) (uint64, error) {
	c, err := w.Store.read(ctx, was.check)
	if err != nil && !errors.Is(err, errSealed) {
		return 0, err
	}
	if c == nil || w.Store.now().Sub(c.At) > Keep {
		return version, nil
	}
	since := cmp.Or(was.version, c.Asked[l.Name])
	switch {
	case since == version:
		return version, nil
	case since > version:
		since = 0 // the list began anew
	}
	prints, _ := c.printsFor(l.System) // one that cannot be read never will
	answers, err := w.Matcher.Again(ctx, l, since, c.zonesFor(l.System), prints)
	errs := []error{err}
	for _, a := range answers {
		if err == nil {
			version = min(version, a.Version)
		}
		errs = append(errs, w.tell(c, a))
	}
	return version, errors.Join(errs...)
}

// tell tells of an answer what the check did not find itself, and what was not told before.
func (w *Watch) tell(c *Check, a capture.Answer) error {
	a.Findings = slices.DeleteFunc(a.Findings, func(f capture.Finding) bool { return c.saw(a.System, &f) })
	if len(a.Findings) == 0 {
		return nil
	}
	a.State = capture.StatePossible
	for _, f := range a.Findings {
		if f.State == capture.StateHit {
			a.State = capture.StateHit
		}
		c.Seen = append(c.Seen, seen(a.System, f.Entry, f.State)) // another document may find it too
	}
	return w.Found(Found{Check: c.ID, Booth: c.Booth, Profile: c.Profile, At: c.At, Answer: a})
}

// lookedUp is to which version a list was looked up for a check; 0 if it is not known.
type lookedUp struct {
	check   string
	version uint64
}

// left returns the checks for which a list was not looked up to the version, the latest first.
func (s *Store) left(ctx context.Context, list string, version uint64) ([]lookedUp, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT c.id, COALESCE(a.version, 0) FROM recent_check c
		LEFT JOIN recent_asked a ON a.check_id = c.id AND a.list = $1
		WHERE COALESCE(a.version, 0) <> $2 ORDER BY c.at DESC`, list, int64(version))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []lookedUp
	for rows.Next() {
		var check string
		var version int64
		if err := rows.Scan(&check, &version); err != nil {
			return nil, err
		}
		all = append(all, lookedUp{check, uint64(version)})
	}
	return all, rows.Err()
}

// remember notes for which checks a list was looked up. Those that were erased meanwhile are left
// out.
func (s *Store) remember(ctx context.Context, list string, done []lookedUp) error {
	if len(done) == 0 {
		return nil
	}
	return s.inTx(ctx, func(tx *sql.Tx) error {
		put, err := tx.PrepareContext(ctx, `INSERT INTO recent_asked (check_id, list, version) SELECT id, $1, $2 FROM recent_check WHERE id = $3
			ON CONFLICT (check_id, list) DO UPDATE SET version = excluded.version`)
		if err != nil {
			return err
		}
		defer put.Close()
		for _, d := range done {
			if _, err := put.ExecContext(ctx, list, int64(d.version), d.check); err != nil {
				return err
			}
		}
		return nil
	})
}
