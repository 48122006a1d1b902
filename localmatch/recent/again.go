package recent

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"boothd/capture"
	"boothd/localmatch"
	"boothd/localmatch/finger"
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

// Remembered asks again about a check that is remembered just now the lists that have changed
// since they answered it: their updates came too early to find it. If that fails, such a list is
// to be asked again about every check.
func (w *Watch) Remembered(ctx context.Context, r *capture.Record) {
	for _, l := range w.Names {
		info, err := w.Lists.List(ctx, l.Name)
		if err != nil {
			continue // it cannot be asked, and will be when it can
		}
		changed := func(a capture.Answer) bool { return a.List == l.Name && a.Version != info.Version }
		if !slices.ContainsFunc(r.Answers, changed) {
			continue
		}
		if err = w.askAbout(ctx, l, 0, r.Check); err != nil {
			w.Log.Warn("check not looked up, the list is asked again", "list", l.Name, "check", r.Check, "err", err)
			err = w.Store.startAgain(ctx, l.Name)
			w.nudge()
		}
		if err != nil {
			w.Log.Error("check not looked up", "list", l.Name, "check", r.Check, "err", err)
		}
	}
}

// again asks a list about every check, if it was not looked up to its present version.
func (w *Watch) again(ctx context.Context, l localmatch.List) error {
	info, err := w.Lists.List(ctx, l.Name)
	if errors.Is(err, gallery.ErrAbsent) || err == nil && (info.Erased || info.Damaged || w.Store.now().After(info.Expires)) {
		return nil // there will be another version before it can be asked
	}
	if err != nil {
		return err
	}
	done, err := w.Store.lookedUp(ctx, l.Name)
	if err != nil || done == info.Version {
		return err
	}
	ids, err := w.Store.ids(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for id := range ids {
		err := w.askAbout(ctx, l, done, id)
		if ctx.Err() != nil || errors.Is(err, localmatch.ErrNotReady) || errors.Is(err, gallery.ErrNotReady) {
			return err
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("%d of %d checks: %w", len(errs), len(ids), errs[0])
	}
	return w.Store.advance(ctx, l.Name, done, info.Version)
}

// askAbout asks a list, for what came after a version, about one check and tells what the check
// did not find itself. A check
// that does not open is not asked about: it never will.
func (w *Watch) askAbout(ctx context.Context, l localmatch.List, since uint64, id string) error {
	c, err := w.Store.read(ctx, id)
	if err != nil && !errors.Is(err, errSealed) {
		return err
	}
	if c == nil || w.Store.now().Sub(c.At) > Keep {
		return nil
	}
	zone, print := c.Zone, c.print()
	if !c.may(l.System, capture.ModalityDocument) {
		zone = nil
	}
	if !c.may(l.System, capture.ModalityFinger) {
		print = nil
	}
	answers, err := w.Matcher.Again(ctx, l, since, zone, c.Position, print)
	for _, a := range answers {
		a.Findings = slices.DeleteFunc(a.Findings, func(f capture.Finding) bool { return c.saw(l.System, &f) })
		if len(a.Findings) == 0 {
			continue
		}
		if a.State = capture.StatePossible; slices.ContainsFunc(a.Findings, func(f capture.Finding) bool { return f.State == capture.StateHit }) {
			a.State = capture.StateHit
		}
		a.Source = "local"
		err = errors.Join(err, w.Found(Found{Check: c.ID, Booth: c.Booth, Profile: c.Profile, At: c.At, Answer: a}))
	}
	return err
}

// print is the finger of the check; nil if there is none.
func (c *Check) print() *finger.Template {
	var t finger.Template
	if len(c.Finger) == 0 || t.UnmarshalBinary(c.Finger) != nil {
		return nil
	}
	return &t
}

// lookedUp returns the version up to which a list was looked up; 0 if it never was.
func (s *Store) lookedUp(ctx context.Context, list string) (uint64, error) {
	var version int64
	err := s.db.QueryRowContext(ctx, "SELECT version FROM recent_list WHERE list = $1", list).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return uint64(version), err
}

// startAgain makes a list be asked again about every check.
func (s *Store) startAgain(ctx context.Context, list string) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM recent_list WHERE list = $1", list)
	return err
}

// advance remembers that a list was looked up to a version. It does nothing if it was not
// looked up to the version before: what lies between is still to be done.
func (s *Store) advance(ctx context.Context, list string, from, to uint64) error {
	if from == 0 {
		_, err := s.db.ExecContext(ctx, "INSERT INTO recent_list (list, version) VALUES ($1, $2) ON CONFLICT (list) DO NOTHING", list, int64(to))
		return err
	}
	_, err := s.db.ExecContext(ctx, "UPDATE recent_list SET version = $1 WHERE list = $2 AND version = $3", int64(to), list, int64(from))
	return err
}
