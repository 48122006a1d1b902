package release

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"boothd/cmd/centrald/store"
	"boothd/localmatch/gallery"
	"boothd/sync/exchange"
	"boothd/sync/grant"
)

// schema is the tables of this package.
var schema = []string{`
	CREATE TABLE release_log (
		id TEXT PRIMARY KEY, at BIGINT NOT NULL, officer TEXT NOT NULL, booth TEXT NOT NULL,
		recipient TEXT NOT NULL, kind TEXT NOT NULL, protocol TEXT NOT NULL,
		purpose TEXT NOT NULL, legal_basis TEXT NOT NULL, system TEXT NOT NULL, fields TEXT NOT NULL,
		minor BOOLEAN NOT NULL, permission TEXT NOT NULL, person TEXT NOT NULL, refused TEXT NOT NULL);
	CREATE INDEX release_log_person ON release_log (person);
	CREATE INDEX release_log_at ON release_log (at);
	CREATE TABLE release_uses (id TEXT PRIMARY KEY, at BIGINT NOT NULL)`,
}

// Options is what releases are decided with.
type Options struct {
	Secret    []byte          // key of the persons' digests, 32 bytes
	Protocols []Protocol      // those that are not valid are refused
	Verifier  *grant.Verifier // of the prosecutor's permissions
	Now       func() time.Time
}

// Releases decides and records. It is safe for concurrent use.
type Releases struct {
	db *store.DB
	o  Options
}

// secretSize is the length of Options.Secret.
const secretSize = 32

// Open makes the tables if they are not there.
func Open(ctx context.Context, db *store.DB, o Options) (*Releases, error) {
	if len(o.Secret) != secretSize || o.Verifier == nil || o.Now == nil {
		return nil, errors.New("release: a secret of 32 bytes, a verifier and a clock are needed")
	}
	for i := range o.Protocols {
		if err := o.Protocols[i].Validate(); err != nil {
			return nil, err
		}
	}
	if err := db.Migrate(ctx, "release", schema...); err != nil {
		return nil, err
	}
	return &Releases{db: db, o: o}, nil
}

// Release decides, records the decision and returns the entry with the released fields and
// nothing else, not even its id. An error that is a *[Refusal] was recorded as one. A
// request is recorded once: a second one with the same ID is an error. If the record cannot
// be written, nothing is released, and a permission that may be used once is given back.
func (r *Releases) Release(ctx context.Context, q Request) (gallery.Entry, Release, error) {
	if q.ID == "" {
		return gallery.Entry{}, Release{}, errors.New("release: the request has no id")
	}
	now := r.o.Now()
	used := false
	permission, failed := r.look(q.Permission)
	rel, err := Decide(&q, permission, r.o.Protocols, now)
	if err == nil && rel.Grant != "" {
		_, failed = r.o.Verifier.Use(ctx, q.Permission, wanted(&q.Entry, permission.Subject))
		used = failed == nil
		if failed != nil {
			err = &Refusal{ReasonMinor, failed}
		}
	}
	var refusal *Refusal
	if errors.As(err, &refusal) && refusal.Reason == ReasonMinor && refusal.Err == nil {
		refusal.Err = failed
	}
	if err := r.record(ctx, &q, rel, refusal, now); err != nil {
		if used {
			err = errors.Join(err, r.o.Verifier.GiveBack(context.WithoutCancel(ctx), q.Permission))
		}
		return gallery.Entry{}, Release{}, fmt.Errorf("record release: %w", err)
	}
	if err != nil {
		return gallery.Entry{}, Release{}, err
	}
	return minimise(&q.Entry, rel.Fields), rel, nil
}

// look verifies the permission that came along, if one did. It may not be needed.
func (r *Releases) look(text string) (*grant.Grant, error) {
	if text == "" {
		return nil, nil
	}
	return r.o.Verifier.Look(text)
}

// person is what the log calls whom an entry of a system is about.
func (r *Releases) person(system, entry string) string {
	mac := hmac.New(sha256.New, r.o.Secret)
	fmt.Fprintf(mac, "release %d:%s %s", len(system), system, entry)
	return hex.EncodeToString(mac.Sum(nil))
}

func (r *Releases) record(ctx context.Context, q *Request, rel Release, refusal *Refusal, now time.Time) error {
	var refused Reason
	if refusal != nil {
		refused, rel.Fields, rel.Grant = refusal.Reason, nil, ""
	}
	ctx = context.WithoutCancel(ctx) // a permission may have been used by now
	_, err := r.db.ExecContext(ctx, `INSERT INTO release_log (id, at, officer, booth, recipient, kind, protocol, purpose,
		legal_basis, system, fields, minor, permission, person, refused)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		q.ID, now.UnixNano(), q.Officer, q.Booth, q.To, string(q.Kind), q.Protocol, q.Purpose, q.LegalBasis, q.System,
		joinFields(rel.Fields), rel.Minor, rel.Grant, r.person(q.System, q.Entry.ID), string(refused))
	if store.IsUnique(err) {
		return errors.New("a request with this id was recorded before")
	}
	return err
}

func joinFields(fields []Field) string {
	var words []string
	for _, f := range fields {
		words = append(words, string(f))
	}
	return strings.Join(words, " ")
}

// Logged is one decision in the log. It does not tell about whom.
type Logged struct {
	ID         string
	At         time.Time
	Officer    string
	Booth      string
	To         string
	Kind       exchange.Recipient
	Protocol   string
	Purpose    string
	LegalBasis string
	System     string
	Fields     []Field // released
	Minor      bool
	Grant      string // id
	Refused    Reason // empty if it was released
}

const columns = "id, at, officer, booth, recipient, kind, protocol, purpose, legal_basis, system, fields, minor, permission, refused"

// Of returns the decisions about the entry of a system in their order, for the person's
// right to know.
func (r *Releases) Of(ctx context.Context, system, entry string) ([]Logged, error) {
	return r.list(ctx, "SELECT "+columns+" FROM release_log WHERE person = $1 ORDER BY at, id", r.person(system, entry))
}

// Between returns the decisions from one time to before another, in their order, for the
// supervisory authority.
func (r *Releases) Between(ctx context.Context, from, to time.Time) ([]Logged, error) {
	return r.list(ctx, "SELECT "+columns+" FROM release_log WHERE at >= $1 AND at < $2 ORDER BY at, id", from.UnixNano(), to.UnixNano())
}

// Erase erases the decisions before the time and returns how many there were.
func (r *Releases) Erase(ctx context.Context, before time.Time) (int64, error) {
	done, err := r.db.ExecContext(ctx, "DELETE FROM release_log WHERE at < $1", before.UnixNano())
	if err != nil {
		return 0, fmt.Errorf("erase releases: %w", err)
	}
	return done.RowsAffected()
}

func (r *Releases) list(ctx context.Context, query string, args ...any) ([]Logged, error) {
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read releases: %w", err)
	}
	defer rows.Close()
	var found []Logged
	for rows.Next() {
		l, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read releases: %w", err)
		}
		found = append(found, l)
	}
	return found, rows.Err()
}

func scan(rows *sql.Rows) (Logged, error) {
	var l Logged
	var at int64
	var fields string
	err := rows.Scan(&l.ID, &at, &l.Officer, &l.Booth, &l.To, &l.Kind, &l.Protocol, &l.Purpose, &l.LegalBasis,
		&l.System, &fields, &l.Minor, &l.Grant, &l.Refused)
	l.At = time.Unix(0, at).UTC()
	for _, word := range strings.Fields(fields) {
		l.Fields = append(l.Fields, Field(word))
	}
	return l, err
}
