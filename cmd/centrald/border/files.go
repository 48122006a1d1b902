package border

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"boothd/cmd/centrald/store"
	"boothd/localmatch/gallery"
)

// schema holds no name and no document number but in ees_pending, whose rows are gone
// within moments.
const schema = `
CREATE TABLE ees_file (
	id      TEXT PRIMARY KEY,
	created BIGINT NOT NULL
);
CREATE TABLE ees_document (
	digest BLOB PRIMARY KEY,
	file   TEXT NOT NULL
);
CREATE TABLE ees_crossing (
	booth      TEXT NOT NULL,
	id         TEXT NOT NULL,
	file       TEXT NOT NULL,
	kind       TEXT NOT NULL,
	at         BIGINT NOT NULL,
	place      TEXT NOT NULL,
	authorised BIGINT NOT NULL,
	reason     TEXT NOT NULL,
	fallback   BOOLEAN NOT NULL,
	uploaded   BIGINT NOT NULL,
	PRIMARY KEY (booth, id)
);
CREATE INDEX ees_crossing_file ON ees_crossing (file, at);
CREATE TABLE ees_pending (
	booth   TEXT NOT NULL,
	id      TEXT NOT NULL,
	file    TEXT NOT NULL,
	claimed BIGINT NOT NULL DEFAULT 0,
	data    BLOB NOT NULL,
	PRIMARY KEY (booth, id)
);
CREATE INDEX ees_pending_file ON ees_pending (file);`

// Record keeps a crossing in the file of the traveller's document, inside the transaction.
// A record that is there already, by booth and id, is left as it is. The first record
// creates the file; Enrol gives it its identity part once the transaction is committed.
// Records may come late and in any order; one from the future, by a booth's clock that is
// ahead, counts for when it was reported. An error holds no personal data; one that
// matches ErrInvalid comes again however often it is tried.
func (e *EES) Record(ctx context.Context, tx *sql.Tx, c Crossing) error {
	if err := cmp.Or(c.validate(), validateDocument(c.Document)); err != nil {
		return fmt.Errorf("record a crossing: %w: %w", ErrInvalid, err)
	}
	if c.Uploaded.IsZero() {
		c.Uploaded = e.now()
	}
	if c.At.After(c.Uploaded) {
		c.At = c.Uploaded
	}
	if err := e.record(ctx, tx, &c); err != nil {
		return fmt.Errorf("record a crossing: %w", err)
	}
	return nil
}

// ErrInvalid says that a crossing or file cannot be recorded as it is.
var ErrInvalid = errors.New("not valid")

func (e *EES) record(ctx context.Context, tx *sql.Tx, c *Crossing) error {
	var there bool
	err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM ees_crossing WHERE booth = $1 AND id = $2)", c.Booth, c.ID).Scan(&there)
	if err != nil || there {
		return err
	}
	file, created, err := e.fileOf(ctx, tx, c.Document)
	if err != nil {
		return err
	}
	if err := store.Insert(ctx, tx, insertCrossing, onceOnly, [][]any{e.row(file, c)}); err != nil {
		return err
	}
	if created || c.Kind == KindEntry && len(c.Fingers) > 0 {
		return queue(ctx, tx, file, c)
	}
	return nil
}

// fileOf returns the file of the document, which it creates if there is none.
func (e *EES) fileOf(ctx context.Context, tx *sql.Tx, d gallery.DocumentNumber) (file string, created bool, err error) {
	digest := e.digests.OfDocument(d.Number, d.Issuer)
	err = tx.QueryRowContext(ctx, "SELECT file FROM ees_document WHERE digest = $1", digest).Scan(&file)
	if !errors.Is(err, sql.ErrNoRows) {
		return file, false, err
	}
	file = rand.Text()
	// With "ON CONFLICT" another instance that creates it at this moment lets the transaction
	// run again; without, it would fail for good.
	if _, err := tx.ExecContext(ctx, "INSERT INTO ees_document (digest, file) VALUES ($1, $2) ON CONFLICT DO NOTHING", digest, file); err != nil {
		return "", false, err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO ees_file (id, created) VALUES ($1, $2)", file, e.now().UnixNano())
	return file, true, err
}

const (
	insertCrossing = "INSERT INTO ees_crossing (booth, id, file, kind, at, place, authorised, reason, fallback, uploaded)"
	onceOnly       = "ON CONFLICT DO NOTHING"
)

// row is the crossing as insertCrossing takes it.
func (e *EES) row(file string, c *Crossing) []any {
	uploaded := c.Uploaded
	if uploaded.IsZero() {
		uploaded = e.now()
	}
	return []any{
		c.Booth, c.ID, file, string(c.Kind), c.At.UnixNano(), c.Place, int64(c.AuthorisedUntil), string(c.Reason), c.Fallback, uploaded.UnixNano(),
	}
}

// queue keeps what Enrol needs.
func queue(ctx context.Context, tx *sql.Tx, file string, c *Crossing) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO ees_pending (booth, id, file, data) VALUES ($1, $2, $3, $4)", c.Booth, c.ID, file, data)
	return err
}

// fileByDocument returns the id of the document's file, empty if there is none.
func (e *EES) fileByDocument(ctx context.Context, number, issuer string) (file string, err error) {
	err = e.db.QueryRowContext(ctx, "SELECT file FROM ees_document WHERE digest = $1", e.digests.OfDocument(number, issuer)).Scan(&file)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return file, err
}

// Records returns the records of a file in the order in which they happened, without the
// identity part.
func (e *EES) Records(ctx context.Context, file string) ([]Crossing, error) {
	records, err := records(ctx, e.db, file)
	if err != nil {
		return nil, fmt.Errorf("read the records of a file: %w", err)
	}
	return records, nil
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func records(ctx context.Context, q querier, file string) ([]Crossing, error) {
	rows, err := q.QueryContext(ctx, `SELECT booth, id, kind, at, place, authorised, reason, fallback, uploaded
		FROM ees_crossing WHERE file = $1 ORDER BY at, booth, id`, file)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var records []Crossing
	for rows.Next() {
		var c Crossing
		var at, uploaded int64
		if err := rows.Scan(&c.Booth, &c.ID, &c.Kind, &at, &c.Place, &c.AuthorisedUntil, &c.Reason, &c.Fallback, &uploaded); err != nil {
			return nil, err
		}
		c.At, c.Uploaded = time.Unix(0, at).UTC(), time.Unix(0, uploaded).UTC()
		records = append(records, c)
	}
	return records, rows.Err()
}
