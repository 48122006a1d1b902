package identity

import (
	"context"
	"database/sql"
	"strconv"

	"boothd/cmd/centrald/store"
)

const filesSchema = `
CREATE TABLE identity_file (
	id          TEXT PRIMARY KEY,
	surname     TEXT NOT NULL,
	given_names TEXT NOT NULL,
	birth_date  TEXT NOT NULL,
	sex         TEXT NOT NULL,
	nationality TEXT NOT NULL,
	name_key    TEXT NOT NULL,
	birth_year  BIGINT NOT NULL
);
CREATE INDEX identity_file_alike ON identity_file (name_key, birth_year);
CREATE TABLE identity_document (
	file   TEXT NOT NULL REFERENCES identity_file (id) ON DELETE CASCADE,
	place  BIGINT NOT NULL,
	type   TEXT NOT NULL,
	issuer TEXT NOT NULL,
	number TEXT NOT NULL,
	PRIMARY KEY (file, place)
);
CREATE INDEX identity_document_number ON identity_document (number, issuer);
CREATE TABLE identity_biometric (
	file      TEXT NOT NULL REFERENCES identity_file (id) ON DELETE CASCADE,
	place     BIGINT NOT NULL,
	kind      TEXT NOT NULL,
	reference TEXT NOT NULL,
	PRIMARY KEY (file, place)
);
CREATE INDEX identity_biometric_reference ON identity_biometric (reference, kind);
CREATE TABLE identity_holding (
	system   TEXT NOT NULL,
	entry    TEXT NOT NULL,
	file     TEXT NOT NULL REFERENCES identity_file (id) ON DELETE CASCADE,
	place    BIGINT NOT NULL,
	discreet BOOLEAN NOT NULL,
	PRIMARY KEY (system, entry)
);
CREATE INDEX identity_holding_file ON identity_holding (file);
`

const linksSchema = `
CREATE TABLE identity_link (
	id          TEXT PRIMARY KEY,
	members     TEXT NOT NULL UNIQUE,
	colour      TEXT NOT NULL,
	found       TEXT NOT NULL,
	created     BIGINT NOT NULL,
	verified_by TEXT NOT NULL,
	verified_at BIGINT NOT NULL,
	why         TEXT NOT NULL
);
CREATE TABLE identity_member (
	link     TEXT NOT NULL REFERENCES identity_link (id),
	system   TEXT NOT NULL,
	entry    TEXT NOT NULL,
	discreet BOOLEAN NOT NULL,
	PRIMARY KEY (link, system, entry)
);
CREATE INDEX identity_member_entry ON identity_member (system, entry);
CREATE TABLE identity_link_history (
	link   TEXT NOT NULL REFERENCES identity_link (id),
	n      BIGINT NOT NULL,
	at     BIGINT NOT NULL,
	colour TEXT NOT NULL,
	officer TEXT NOT NULL,
	why    TEXT NOT NULL,
	found  TEXT NOT NULL,
	PRIMARY KEY (link, n)
);
CREATE TABLE identity_work (
	id      TEXT PRIMARY KEY,
	link    TEXT NOT NULL REFERENCES identity_link (id),
	created BIGINT NOT NULL,
	due     BIGINT NOT NULL,
	officer TEXT NOT NULL,
	closed  BIGINT NOT NULL
);
CREATE INDEX identity_work_link ON identity_work (link, closed);
CREATE INDEX identity_work_due ON identity_work (closed, due);
`

const casesSchema = `
CREATE TABLE identity_case (
	id       TEXT PRIMARY KEY,
	officer  TEXT NOT NULL,
	profile  TEXT NOT NULL,
	aim      TEXT NOT NULL,
	offence  TEXT NOT NULL,
	file     TEXT NOT NULL,
	subject  TEXT NOT NULL,
	question BLOB,
	reply    TEXT NOT NULL,
	opened   BIGINT NOT NULL,
	expires  BIGINT NOT NULL,
	closed   BIGINT NOT NULL
);
CREATE INDEX identity_case_expires ON identity_case (expires);
CREATE TABLE identity_flag (
	case_id TEXT NOT NULL REFERENCES identity_case (id),
	system  TEXT NOT NULL,
	state   TEXT NOT NULL,
	grant_id TEXT NOT NULL,
	reason  TEXT NOT NULL,
	at      BIGINT NOT NULL,
	PRIMARY KEY (case_id, system)
);
`

// migrate makes the tables of the whole package, whichever part is opened first.
func migrate(ctx context.Context, db *store.DB) error {
	return db.Migrate(ctx, "identity", filesSchema, linksSchema, casesSchema)
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// maxArgs is how many arguments one statement is given at most. The databases take more,
// but SQLite looks each one up among all before it.
const maxArgs = 500

// places writes n places for arguments in brackets, the first of them $from.
func places(from, n int) string {
	b := []byte{'('}
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, '$'), int64(from+i), 10)
	}
	return string(append(b, ')'))
}

// texts runs a query of one column of text.
func texts(ctx context.Context, q querier, query string, args ...any) ([]string, error) {
	var all []string
	err := each(ctx, q, query, args, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		all = append(all, s)
		return err
	})
	return all, err
}

// each calls f for each row that the query finds.
func each(ctx context.Context, q querier, query string, args []any, f func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// anys makes arguments of texts.
func anys(s []string) []any {
	all := make([]any, len(s))
	for i, v := range s {
		all[i] = v
	}
	return all
}
