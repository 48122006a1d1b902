package recent

import (
	"context"
	"iter"
	"log/slog"
	"slices"

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

// maxNamed limits how many entries of one update are looked up by their digests, and as many
// by their fingers. Digests that are right by chance do not exist, so more than that is
// somebody's mistake.
const maxNamed = 10_000

// named are the entries of an update that may name a recent check.
type named struct {
	entries []gallery.Entry
	digests int // of them are named by a digest
	left    int // others would have been looked up by their fingers or digests, had there been fewer
}

// Apply applies the update. That somebody was found, or could not be looked up, does not
// change its result.
func (w *Watch) Apply(ctx context.Context, u gallery.Update) error {
	known, err := w.Store.known(ctx)
	if err != nil {
		w.Log.Error("recent checks cannot be read, nobody is looked up", "list", u.List, "err", err)
		return w.Applier.Apply(ctx, u)
	}
	var n named
	u.Changes = w.tee(u, known, &n)
	if err := w.Applier.Apply(ctx, u); err != nil {
		return err
	}
	if n.left > 0 {
		w.Log.Error("too many new entries to compare all with recent checks", "list", u.List, "version", u.Version, "left", n.left)
	}
	found, err := w.Store.Match(ctx, u.System, n.entries)
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
func (w *Watch) tee(u gallery.Update, known map[[32]byte]bool, n *named) iter.Seq2[gallery.Change, error] {
	return func(yield func(gallery.Change, error) bool) {
		*n = named{}
		for c, err := range u.Changes {
			if err == nil && c.Put != nil && len(known) > 0 {
				n.add(c.Put, w.names(c.Put, known), u.Base != 0)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// add keeps an entry that a digest names or, if fingers count, that has some. Entries with
// fingers take no named one's place.
func (n *named) add(e *gallery.Entry, digest, fingers bool) {
	switch {
	case digest && n.digests < maxNamed:
		n.digests++
		n.entries = append(n.entries, *e)
	case digest:
		n.left++
	case !fingers || len(e.Fingers) == 0:
	case len(n.entries)-n.digests < maxNamed:
		n.entries = append(n.entries, *e)
	default:
		n.left++
	}
}

// names reports whether a digest of the entry is one of those known.
func (w *Watch) names(e *gallery.Entry, known map[[32]byte]bool) bool {
	return slices.ContainsFunc(gallery.KeysOf(e), func(k gallery.Key) bool { return known[k.Digest(w.Store.secret)] })
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
