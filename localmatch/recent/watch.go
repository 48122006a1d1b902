package recent

import (
	"context"
	"iter"
	"log/slog"

	"boothd/localmatch/gallery"
)

// Applier applies list updates; *gallery.Gallery is one.
type Applier interface {
	Apply(ctx context.Context, u gallery.Update) error
}

// Watch applies list updates and then looks whom of the last hours they name.
//
// Of a whole list only what a document can find is looked up. Its fingers are not: most of
// them were there before, and comparing each with every recent check would take hours.
// Fingers are compared when they come as changes.
type Watch struct {
	Applier
	Store *Store
	Found func(Found) // is called for each check that is found
	Log   *slog.Logger
}

// maxNamed limits how many entries of one update are looked up; digests that are right by
// chance do not exist, so more than that is somebody's mistake.
const maxNamed = 10_000

// Apply applies the update. That somebody was found, or could not be looked up, does not
// change its result.
func (w *Watch) Apply(ctx context.Context, u gallery.Update) error {
	known, err := w.Store.known(ctx)
	if err != nil {
		w.Log.Error("recent checks cannot be read, nobody is looked up", "list", u.List, "err", err)
		return w.Applier.Apply(ctx, u)
	}
	var named []gallery.Entry
	u.Changes = w.tee(u, known, &named)
	if err := w.Applier.Apply(ctx, u); err != nil {
		return err
	}
	found, err := w.Store.Match(ctx, u.System, named)
	if err != nil {
		w.Log.Error("recent checks not all compared", "list", u.List, "version", u.Version, "err", err)
	}
	for _, f := range found {
		f.Answer.Source, f.Answer.List, f.Answer.Version, f.Answer.AsOf = "local", u.List, u.Version, u.Issued
		w.Found(f)
	}
	return nil
}

// tee hands the changes on and keeps the entries that may name a recent check.
func (w *Watch) tee(u gallery.Update, known map[[32]byte]bool, named *[]gallery.Entry) iter.Seq2[gallery.Change, error] {
	return func(yield func(gallery.Change, error) bool) {
		*named = nil
		for c, err := range u.Changes {
			if err == nil && c.Put != nil && len(*named) < maxNamed && w.mayName(c.Put, u.Base != 0, known) {
				*named = append(*named, *c.Put)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

func (w *Watch) mayName(e *gallery.Entry, fingers bool, known map[[32]byte]bool) bool {
	if len(known) == 0 {
		return false
	}
	if fingers && len(e.Fingers) > 0 {
		return true
	}
	for _, k := range gallery.KeysOf(e) {
		if known[k.Digest(w.Store.secret)] {
			return true
		}
	}
	return false
}

// known returns the digests of all checks, and a digest of nothing for those that have none.
func (s *Store) known(ctx context.Context) (map[[32]byte]bool, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT digest FROM recent_key UNION ALL SELECT NULL FROM recent_check")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[[32]byte]bool{}
	for rows.Next() {
		var d []byte
		if err := rows.Scan(&d); err != nil {
			return nil, err
		}
		var digest [32]byte
		copy(digest[:], d)
		known[digest] = true
	}
	return known, rows.Err()
}
