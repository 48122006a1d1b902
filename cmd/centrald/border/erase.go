package border

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// schemaErase serves Erase. A file that is gone has nothing left but its identity part, which
// is not in this transaction's reach.
const schemaErase = `
ALTER TABLE ees_file ADD COLUMN gone BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX ees_file_gone ON ees_file (id) WHERE gone;
CREATE INDEX ees_document_file ON ees_document (file);
CREATE INDEX ees_crossing_at ON ees_crossing (at);`

// eraseAtOnce limits how many files one transaction looks at: booths wait for it.
const eraseAtOnce = 100

// Until is up to when records have had their time.
type Until struct {
	Closed   time.Time // for exits, with their entries, and for refusals
	Overstay time.Time // for the last lawful day of stays without an exit
}

// Erase erases the records and files whose time has come and returns how many files lost
// something. A file goes a day after the last of its records had its time (Regulation (EU)
// 2017/2226 Art 34(2)), one without records when its making lies as long back. It may be cut
// off anywhere: the next one goes on.
func (e *EES) Erase(ctx context.Context, until Until) (int, error) {
	if e.remove == nil {
		return 0, errors.New("erase files: the system was opened without Remove")
	}
	n, err := e.eraseOld(ctx, until)
	if err == nil {
		err = e.removeGone(ctx)
	}
	if err != nil {
		return n, fmt.Errorf("erase files: %w", err)
	}
	return n, nil
}

func (e *EES) eraseOld(ctx context.Context, until Until) (n int, err error) {
	latest := until.Closed
	if until.Overstay.After(latest) {
		latest = until.Overstay
	}
	for after := ""; ; {
		files, err := fileIDs(ctx, e.db, "SELECT DISTINCT file FROM ees_crossing WHERE at < $1 AND file > $2 ORDER BY file LIMIT $3",
			latest.UnixNano(), after, eraseAtOnce)
		if err != nil {
			return n, err
		}
		changed, err := e.eraseSome(ctx, files, until)
		if n += changed; err != nil {
			return n, err
		}
		if len(files) < eraseAtOnce {
			break
		}
		after = files[len(files)-1]
	}
	empty, err := e.eraseEmpty(ctx, until)
	return n + empty, err
}

// eraseSome looks at the files before it keeps others from writing.
func (e *EES) eraseSome(ctx context.Context, files []string, until Until) (n int, err error) {
	var due []string
	for _, file := range files {
		old, _, err := e.old(ctx, e.db, file, until)
		if err != nil {
			return 0, err
		}
		if len(old) > 0 {
			due = append(due, file)
		}
	}
	if len(due) == 0 {
		return 0, nil
	}
	err = e.db.Tx(ctx, func(tx *sql.Tx) error {
		n = 0
		for _, file := range due {
			old, whole, err := e.old(ctx, tx, file, until)
			if err == nil && whole {
				err = bury(ctx, tx, file)
			} else if err == nil {
				err = drop(ctx, tx, old)
			}
			if err != nil {
				return err
			}
			n += min(len(old), 1)
		}
		return nil
	})
	return n, err
}

// eraseEmpty erases the files that were put without any record.
func (e *EES) eraseEmpty(ctx context.Context, until Until) (n int, err error) {
	for {
		var files []string
		err = e.db.Tx(ctx, func(tx *sql.Tx) (err error) {
			files, err = fileIDs(ctx, tx, `SELECT id FROM ees_file f WHERE NOT gone AND created < $1
				AND NOT EXISTS (SELECT 1 FROM ees_crossing c WHERE c.file = f.id) ORDER BY id LIMIT $2`,
				until.Closed.AddDate(0, 0, -1).UnixNano(), eraseAtOnce)
			for _, file := range files {
				if err == nil {
					err = bury(ctx, tx, file)
				}
			}
			return err
		})
		if n += len(files); err != nil || len(files) < eraseAtOnce {
			return n, err
		}
	}
}

// old returns the records of a file that have had their time, and whether the file has.
func (e *EES) old(ctx context.Context, q querier, file string, until Until) (gone []Crossing, whole bool, err error) {
	all, err := records(ctx, q, file)
	if err != nil {
		return nil, false, err
	}
	closed, overstay := DayOf(until.Closed.In(e.location)), DayOf(until.Overstay.In(e.location))
	whole = len(all) > 0
	for i := range all {
		day, exit := end(all, i, e.location)
		limit := overstay
		if exit {
			limit = closed
		}
		if day < limit {
			gone = append(gone, all[i])
		}
		whole = whole && day+1 < limit
	}
	if len(gone) == len(all) && !whole { // the last go with the file, a day later
		gone = nil
	}
	return gone, whole, nil
}

// end is the day from which a record's time runs: that of the refusal, of the exit that ends
// the stay, or, where none does, the last lawful day.
func end(records []Crossing, i int, l *time.Location) (day Day, exit bool) {
	on := func(i int) Day { return DayOf(records[i].At.In(l)) }
	if records[i].Kind != KindEntry {
		return on(i), true
	}
	for j := i + 1; j < len(records); j++ {
		switch {
		case records[j].Kind == KindExit:
			return on(j), true
		case records[j].Kind == KindEntry && on(j) != on(i):
			return unended(records[:i+1], l), false
		}
	}
	return unended(records[:i+1], l), false
}

// unended is the last lawful day of a stay that the last of the records begins.
func unended(records []Crossing, l *time.Location) Day {
	h := read(records, l)
	return h.stays.LawfulUntil()
}

func drop(ctx context.Context, tx *sql.Tx, records []Crossing) error {
	for i := range records {
		if _, err := tx.ExecContext(ctx, "DELETE FROM ees_crossing WHERE booth = $1 AND id = $2", records[i].Booth, records[i].ID); err != nil {
			return err
		}
	}
	return nil
}

// bury erases all of a file but its identity part.
func bury(ctx context.Context, tx *sql.Tx, file string) error {
	for _, text := range []string{
		"DELETE FROM ees_crossing WHERE file = $1", "DELETE FROM ees_document WHERE file = $1",
		"DELETE FROM ees_pending WHERE file = $1", "UPDATE ees_file SET gone = TRUE WHERE id = $1",
	} {
		if _, err := tx.ExecContext(ctx, text, file); err != nil {
			return err
		}
	}
	return nil
}

// removeGone erases the identity parts of the files that are gone.
func (e *EES) removeGone(ctx context.Context) error {
	for {
		files, err := fileIDs(ctx, e.db, "SELECT id FROM ees_file WHERE gone ORDER BY id LIMIT $1", eraseAtOnce)
		if err != nil {
			return err
		}
		for _, file := range files {
			if _, err := e.remove(ctx, file); err != nil {
				return err
			}
			if _, err := e.db.ExecContext(ctx, "DELETE FROM ees_file WHERE id = $1 AND gone", file); err != nil {
				return err
			}
		}
		if len(files) < eraseAtOnce {
			return nil
		}
	}
}

func fileIDs(ctx context.Context, q querier, text string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
