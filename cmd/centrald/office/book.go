package office

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/sync/drill"
)

// schema is the tables of the book.
var schema = []string{`
	CREATE TABLE office_booth (id TEXT PRIMARY KEY, place TEXT NOT NULL, heard BIGINT NOT NULL);
	CREATE TABLE office_drill (
		id TEXT PRIMARY KEY, booth TEXT NOT NULL, target TEXT NOT NULL, minutes BIGINT NOT NULL,
		officer TEXT NOT NULL, issued BIGINT NOT NULL, expires BIGINT NOT NULL, report TEXT NOT NULL, reported BIGINT NOT NULL);
	CREATE INDEX office_drill_issued ON office_drill (issued);
	CREATE TABLE office_case (
		id TEXT PRIMARY KEY, officer TEXT NOT NULL, profile TEXT NOT NULL, file TEXT NOT NULL,
		opened BIGINT NOT NULL, closed BIGINT NOT NULL);
	CREATE INDEX office_case_officer ON office_case (officer, profile);
	CREATE TABLE office_session (id TEXT PRIMARY KEY, ends BIGINT NOT NULL, sealed BLOB NOT NULL)`,
}

// Book keeps what no other part of central does. It is safe for concurrent use.
type Book struct {
	db  *store.DB
	now func() time.Time
}

// OpenBook makes the tables if they are not there. now tells the time; nil means time.Now.
func OpenBook(ctx context.Context, db *store.DB, now func() time.Time) (*Book, error) {
	if err := db.Migrate(ctx, "office", schema...); err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	return &Book{db: db, now: now}, nil
}

const (
	maxReport  = 16 << 10        // bytes of a drill's report
	hearsEvery = time.Minute     // how exactly the book knows when a booth was heard of
	listed     = 200             // of a list's lines that are shown, the newest
	ordersLast = 1 * time.Hour   // for so long a booth may begin a drill that was ordered
	maxPlace   = 128             // bytes of a place's name
	waitsFor   = 5 * time.Minute // for a report, after the drill must be over
)

// idPattern is what ids and the names of booths look like.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Record notes that the booth of a record was heard of, and keeps the report of a drill. It
// is called for every record that central commits, in the committing transaction.
func (b *Book) Record(ctx context.Context, tx *sql.Tx, r *capture.Record) error {
	if !idPattern.MatchString(r.Booth) {
		return nil
	}
	place := r.Place
	if len(place) > maxPlace {
		place = ""
	}
	now := b.now()
	_, err := tx.ExecContext(ctx, `INSERT INTO office_booth (id, place, heard) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET place = excluded.place, heard = excluded.heard WHERE office_booth.heard < $4`,
		r.Booth, place, now.UnixNano(), now.Add(-hearsEvery).UnixNano())
	if err != nil {
		return fmt.Errorf("note a booth: %w", err)
	}
	if r.Kind != capture.RecordDrill || r.Drill == nil || !idPattern.MatchString(r.Drill.Order) {
		return nil
	}
	if err := b.report(ctx, tx, r, now); err != nil {
		return fmt.Errorf("keep the report of a drill: %w", err)
	}
	return nil
}

// report keeps a report beside its order. One of an order that is not in the book, because
// another part gave it, is kept by itself.
func (b *Book) report(ctx context.Context, tx *sql.Tx, r *capture.Record, now time.Time) error {
	text, err := json.Marshal(r.Drill)
	if err != nil {
		return err
	}
	if len(text) > maxReport || !isTarget(r.Drill.Target) {
		return nil
	}
	done, err := tx.ExecContext(ctx, "UPDATE office_drill SET report = $1, reported = $2 WHERE id = $3 AND booth = $4",
		string(text), now.UnixNano(), r.Drill.Order, r.Booth)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO office_drill (id, booth, target, minutes, officer, issued, expires, report, reported)
		VALUES ($1, $2, $3, 0, '', $4, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
		r.Drill.Order, r.Booth, r.Drill.Target, r.Drill.Began.UnixNano(), string(text), now.UnixNano())
	return err
}

// Erase erases the drills and cases that began before the time, and sessions that are over.
func (b *Book) Erase(ctx context.Context, before time.Time) error {
	_, err1 := b.db.ExecContext(ctx, "DELETE FROM office_drill WHERE issued < $1", before.UnixNano())
	_, err2 := b.db.ExecContext(ctx, "DELETE FROM office_case WHERE opened < $1", before.UnixNano())
	_, err3 := b.db.ExecContext(ctx, "DELETE FROM office_session WHERE ends <= $1", b.now().UnixNano())
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("erase the office's book: %w", err)
	}
	return nil
}

// Booth is a booth that central has heard of.
type Booth struct {
	ID    string    `json:"id"`
	Place string    `json:"place,omitempty"`
	Heard time.Time `json:"heard"` // when a record of it was last received, to the minute
}

// booths lists the booths by name.
func (b *Book) booths(ctx context.Context) ([]Booth, error) {
	all := []Booth{}
	err := b.each(ctx, "SELECT id, place, heard FROM office_booth ORDER BY id", nil, func(rows *sql.Rows) error {
		var one Booth
		var heard int64
		err := rows.Scan(&one.ID, &one.Place, &heard)
		one.Heard = time.Unix(0, heard).UTC()
		all = append(all, one)
		return err
	})
	return all, err
}

// Drill is a drill that was ordered, with what came of it.
type Drill struct {
	ID      string               `json:"id"`
	Booth   string               `json:"booth"`
	Target  string               `json:"target"`
	Minutes int                  `json:"minutes"`
	By      string               `json:"by"` // the officer who ordered it
	Issued  time.Time            `json:"issued"`
	Expires time.Time            `json:"expires"` // the booth must have begun by then
	State   DrillState           `json:"state"`
	Report  *capture.DrillReport `json:"report,omitempty"`
}

// DrillState is how far a drill is.
type DrillState string

// The states of drills.
const (
	DrillOrdered  DrillState = "ordered"
	DrillSilent   DrillState = "silent" // it must be over, and no report has come
	DrillReported DrillState = "reported"
	DrillAborted  DrillState = "aborted" // reported, and the booth was stopped meanwhile
)

// drills lists the latest drills, the newest first.
func (b *Book) drills(ctx context.Context) ([]Drill, error) {
	all := []Drill{}
	err := b.each(ctx, `SELECT id, booth, target, minutes, officer, issued, expires, report FROM office_drill
		ORDER BY issued DESC, id LIMIT $1`, []any{listed}, func(rows *sql.Rows) error {
		d, err := b.scanDrill(rows)
		all = append(all, d)
		return err
	})
	return all, err
}

func (b *Book) scanDrill(rows *sql.Rows) (Drill, error) {
	var d Drill
	var issued, expires int64
	var report string
	if err := rows.Scan(&d.ID, &d.Booth, &d.Target, &d.Minutes, &d.By, &issued, &expires, &report); err != nil {
		return d, err
	}
	d.Issued, d.Expires = time.Unix(0, issued).UTC(), time.Unix(0, expires).UTC()
	over := d.Expires.Add(time.Duration(d.Minutes)*time.Minute + waitsFor)
	switch {
	case report != "":
		d.State, d.Report = DrillReported, new(capture.DrillReport)
		if err := json.Unmarshal([]byte(report), d.Report); err != nil {
			return d, errors.New("a report cannot be read")
		}
		if d.Report.Aborted {
			d.State = DrillAborted
		}
	case b.now().After(over):
		d.State = DrillSilent
	default:
		d.State = DrillOrdered
	}
	return d, nil
}

// addDrill writes an order down before it is sent.
func (b *Book) addDrill(ctx context.Context, o *drill.Order) error {
	_, err := b.db.ExecContext(ctx, `INSERT INTO office_drill (id, booth, target, minutes, officer, issued, expires, report, reported)
		VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0)`,
		o.ID, o.Booth, o.Target, o.Minutes, o.By, o.Issued.UnixNano(), o.Expires.UnixNano())
	return err
}

// dropDrill takes an order out that was not sent.
func (b *Book) dropDrill(ctx context.Context, id string) error {
	_, err := b.db.ExecContext(ctx, "DELETE FROM office_drill WHERE id = $1 AND report = ''", id)
	return err
}

// Case is a case of law enforcement as its officer's list shows it: nothing of the person
// and nothing of the flag.
type Case struct {
	ID     string    `json:"id"`
	File   string    `json:"file"`
	Opened time.Time `json:"opened"`
	Closed bool      `json:"closed"`
}

// cases lists the officer's cases under a profile, the newest first.
func (b *Book) cases(ctx context.Context, officer, profile string) ([]Case, error) {
	all := []Case{}
	err := b.each(ctx, `SELECT id, file, opened, closed FROM office_case WHERE officer = $1 AND profile = $2
		ORDER BY opened DESC, id LIMIT $3`, []any{officer, profile, listed}, func(rows *sql.Rows) error {
		var c Case
		var opened, closed int64
		err := rows.Scan(&c.ID, &c.File, &opened, &closed)
		c.Opened, c.Closed = time.Unix(0, opened).UTC(), closed != 0
		all = append(all, c)
		return err
	})
	return all, err
}

func (b *Book) addCase(ctx context.Context, id, officer, profile, file string) error {
	_, err := b.db.ExecContext(ctx, "INSERT INTO office_case (id, officer, profile, file, opened, closed) VALUES ($1, $2, $3, $4, $5, 0)",
		id, officer, profile, file, b.now().UnixNano())
	return err
}

func (b *Book) closeCase(ctx context.Context, id, officer string) error {
	_, err := b.db.ExecContext(ctx, "UPDATE office_case SET closed = $1 WHERE id = $2 AND officer = $3", b.now().UnixNano(), id, officer)
	return err
}

func (b *Book) each(ctx context.Context, query string, args []any, do func(*sql.Rows) error) error {
	rows, err := b.db.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read the office's book: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return fmt.Errorf("read the office's book: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the office's book: %w", err)
	}
	return nil
}
