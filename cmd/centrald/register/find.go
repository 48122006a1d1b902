package register

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"boothd/localmatch"
	"boothd/localmatch/finger/index"
	"boothd/localmatch/gallery"
)

// finder makes a register what localmatch looks lists up in.
type finder struct{ *Register }

var _ localmatch.Finder = finder{}

// info says that the system's data is current: it is asked itself.
func (f finder) info() gallery.Info {
	now := f.opt.Now()
	return gallery.Info{Name: f.opt.System, System: f.opt.System, Issued: now, Expires: now.Add(time.Hour)}
}

// Find looks the keys up, all in one statement.
func (f finder) Find(ctx context.Context, _ string, keys []gallery.Key) (gallery.Found, error) {
	found := gallery.Found{Info: f.info()}
	if len(keys) == 0 {
		return found, nil
	}
	digests := make([]any, len(keys))
	for i, k := range keys {
		digests[i] = f.digest(k)
	}
	text := f.tables.sql(`SELECT entry FROM @entry WHERE num IN
		(SELECT num FROM @key WHERE digest IN ` + places(1, len(digests)) + `) ORDER BY num LIMIT 257`) // gallery.MaxFound and one
	rows, err := f.db.QueryContext(ctx, text, digests...)
	if err != nil {
		return found, err
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return found, err
		}
		e, err := f.decode(b)
		if err != nil {
			found.Damaged++
			continue
		}
		if len(found.Entries) == gallery.MaxFound {
			found.More = true
			break
		}
		found.Entries = append(found.Entries, e)
	}
	return found, rows.Err()
}

// HoldsFingers is true of every system that is asked with a finger: it answers that it
// found nothing, even if it has no fingers at all.
func (f finder) HoldsFingers(string) bool { return true }

// FindFingers searches the index and reads the entries that it names.
func (f finder) FindFingers(ctx context.Context, _ string, probes []index.Probe, least func(int) float64) (gallery.FoundFingers, error) {
	found := gallery.FoundFingers{Info: f.info()}
	if err := f.catchUp(ctx); err != nil {
		return found, err
	}
	persons := f.prints.persons()
	found.Info.Fingers = max(persons, 1) // a system without fingers was searched too
	candidates, err := f.prints.index.Search(ctx, probes, index.Options{MinScore: least(persons)})
	if err != nil {
		return found, err
	}
	for _, c := range candidates {
		e, err := f.byNumber(ctx, int64(c.Key))
		switch {
		case errors.Is(err, sql.ErrNoRows): // gone at this very moment
		case err != nil:
			return found, err
		default:
			found.People = append(found.People, gallery.Person{Entry: e, Candidate: c})
		}
	}
	return found, nil
}

func (r *Register) byNumber(ctx context.Context, num int64) (*gallery.Entry, error) {
	var b []byte
	if err := r.db.QueryRowContext(ctx, r.tables.sql("SELECT entry FROM @entry WHERE num = $1"), num).Scan(&b); err != nil {
		return nil, err
	}
	return r.decode(b)
}
