package border

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"slices"
	"time"

	"boothd/capture"
	"boothd/localmatch/finger"
	"boothd/localmatch/gallery"
)

const (
	enrolEvery  = time.Second
	enrolWithin = time.Minute // after which another instance takes over
)

// Run enrols every second what was recorded, until ctx ends.
func (e *EES) Run(ctx context.Context) {
	tick := time.NewTicker(enrolEvery)
	defer tick.Stop()
	for {
		if _, err := e.Enrol(ctx); err != nil && ctx.Err() == nil {
			e.log.Error("files without their identity part", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Enrol gives the files that were recorded since their identity part: names, birth date and
// document by the earliest of the crossings recorded so far; a finger by the first entry at
// which one was taken. It returns how many files it has seen to. A file that fails is tried again
// after a minute and keeps no other from being enrolled. Several instances may enrol at once.
func (e *EES) Enrol(ctx context.Context) (int, error) {
	var errs []error
	for n := 0; ; {
		file, pending, err := e.claim(ctx)
		switch {
		case err != nil:
			return n, fmt.Errorf("find the files to enrol: %w", errors.Join(append(errs, err)...))
		case file == "":
			return n, errors.Join(errs...)
		}
		if err := e.enrolFile(ctx, file, pending); err != nil {
			errs = append(errs, fmt.Errorf("enrol file %s: %w", file, err))
			continue
		}
		n++
	}
}

// waiting is a record that is to complete an entry.
type waiting struct {
	booth, id string
	data      []byte // the crossing, in JSON
}

// claim takes for a minute a file that nobody else has taken, empty if there is none.
func (e *EES) claim(ctx context.Context) (file string, pending []waiting, err error) {
	now := e.now()
	err = e.db.Tx(ctx, func(tx *sql.Tx) error {
		file, pending = "", nil
		err := tx.QueryRowContext(ctx, `SELECT file FROM ees_pending p
			WHERE NOT EXISTS (SELECT 1 FROM ees_pending o WHERE o.file = p.file AND o.claimed > $1) ORDER BY file LIMIT 1`,
			now.UnixNano()).Scan(&file)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		pending, err = claimRows(ctx, tx, file, now.Add(enrolWithin))
		return err
	})
	return file, pending, err
}

func claimRows(ctx context.Context, tx *sql.Tx, file string, until time.Time) ([]waiting, error) {
	rows, err := tx.QueryContext(ctx, "UPDATE ees_pending SET claimed = $1 WHERE file = $2 RETURNING booth, id, data", until.UnixNano(), file)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var pending []waiting
	for rows.Next() {
		var w waiting
		if err := rows.Scan(&w.booth, &w.id, &w.data); err != nil {
			return nil, err
		}
		pending = append(pending, w)
	}
	return pending, rows.Err()
}

func (e *EES) enrolFile(ctx context.Context, file string, pending []waiting) error {
	crossings := make([]Crossing, len(pending))
	for i := range pending {
		if json.Unmarshal(pending[i].data, &crossings[i]) != nil { // the error would quote it
			return errors.New("a waiting record is damaged")
		}
	}
	slices.SortStableFunc(crossings, func(a, b Crossing) int { return a.At.Compare(b.At) })
	if err := e.identify(ctx, file, crossings); err != nil {
		return err
	}
	return e.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, w := range pending {
			if _, err := tx.ExecContext(ctx, "DELETE FROM ees_pending WHERE booth = $1 AND id = $2", w.booth, w.id); err != nil {
				return err
			}
		}
		return nil
	})
}

// identify completes the file's entry by the records.
func (e *EES) identify(ctx context.Context, file string, pending []Crossing) error {
	entry, err := e.people.Get(ctx, file)
	if err != nil {
		return err
	}
	changed := entry == nil
	if changed {
		entry = entryOf(file, &pending[0])
	}
	for i := range pending {
		if len(entry.Fingers) == 0 {
			entry.Fingers = e.templates(pending[i].Fingers)
			changed = changed || len(entry.Fingers) > 0
		}
	}
	if !changed {
		return nil
	}
	return e.put(ctx, entry)
}

// put enrols the entry; without its finger if that is what is refused, so that the file is
// found at all. The next entry may bring a better one.
func (e *EES) put(ctx context.Context, entry *gallery.Entry) error {
	err := e.enrol(ctx, *entry)
	if err == nil || len(entry.Fingers) == 0 || ctx.Err() != nil {
		return err
	}
	entry.Fingers = nil
	if again := e.enrol(ctx, *entry); again != nil {
		return again
	}
	e.log.Warn("finger not enrolled", "file", entry.ID, "error", err)
	return nil
}

// entryOf is the identity part of a new file. What no entry may hold is left out; there is
// always the document.
func entryOf(file string, c *Crossing) *gallery.Entry {
	entry := &gallery.Entry{ID: file, Documents: []gallery.DocumentNumber{c.Document}}
	try := func(set func(*gallery.Entry)) {
		with := *entry
		if set(&with); with.Validate() == nil {
			*entry = with
		}
	}
	if c.Name != "" {
		try(func(e *gallery.Entry) { e.Names = []string{c.Name} })
	}
	if c.BirthDate != "" {
		try(func(e *gallery.Entry) { e.BirthDates = []string{c.BirthDate} })
	}
	if c.Nationality != "" {
		try(func(e *gallery.Entry) { e.Nationalities = []string{c.Nationality} })
	}
	try(func(e *gallery.Entry) { e.Sex = c.Sex })
	return entry
}

// templates returns the fingers as an entry holds them, without those whose pictures show too
// little.
func (e *EES) templates(fingers []*capture.Finger) []gallery.FingerTemplate {
	var all []gallery.FingerTemplate
	for _, f := range fingers {
		data, err := extract(f)
		if err != nil {
			e.log.Warn("finger not enrolled", "reason", err)
			continue
		}
		all = append(all, gallery.FingerTemplate{Position: f.Position, Format: gallery.FormatBoothd, Data: data})
	}
	return all
}

// largestSide is that of a picture of the greatest resolution, in pixels.
const largestSide = finger.MaxSide * finger.MaxDPI / finger.DPI

func extract(f *capture.Finger) ([]byte, error) {
	size, err := png.DecodeConfig(bytes.NewReader(f.PNG))
	if err != nil || size.Width > largestSide || size.Height > largestSide {
		return nil, errPicture
	}
	picture, err := png.Decode(bytes.NewReader(f.PNG))
	if err != nil {
		return nil, errPicture
	}
	grey, ok := picture.(*image.Gray)
	if !ok {
		return nil, errPicture
	}
	t, err := finger.Extract(grey, f.DPI)
	if err != nil {
		return nil, err
	}
	return t.AppendBinary(nil)
}

var errPicture = errors.New("the picture cannot be read")
