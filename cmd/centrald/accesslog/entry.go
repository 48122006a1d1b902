package accesslog

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"boothd/capture"
	"boothd/capture/audit/chain"
	"boothd/sync/system"
)

// maxContent limits an entry, in bytes of JSON; number, hash and salt come on top.
const maxContent = 64 << 10

// Kind says what an entry tells of.
type Kind string

// The kinds. Other parts may have kinds of their own.
const (
	KindQuery    Kind = "query"           // somebody asks
	KindAnswered Kind = "answered"        // the systems have answered, or not
	KindExport   Kind = "export"          // of the log; Detail: from, to, recipient
	KindErasure  Kind = chain.KindErasure // Detail: through, before, entries
)

// Entry is one entry. It has no room for the person who was asked about.
type Entry struct {
	Kind       Kind             `json:"kind"`
	At         time.Time        `json:"at"`
	Query      string           `json:"query,omitempty"` // its id, drawn by Ask
	Officer    string           `json:"officer,omitempty"`
	Booth      string           `json:"booth,omitempty"`
	Check      string           `json:"check,omitempty"`
	Category   string           `json:"category,omitempty"` // of user
	Profile    string           `json:"profile,omitempty"`
	Purpose    string           `json:"purpose,omitempty"`
	LegalBasis string           `json:"legal_basis,omitempty"`
	Modality   capture.Modality `json:"modality,omitempty"`
	Asked      []Asked          `json:"asked,omitempty"`
	Answers    []Answer         `json:"answers,omitempty"`
	Grant      string           `json:"grant,omitempty"`  // the id of the grant that was used in a case
	Ground     capture.Ground   `json:"ground,omitempty"` // of an identification, Regulation (EU) 2019/817 Art 20
	Case       string           `json:"case,omitempty"`   // the id of the case, Art 22
	// Detail is what a kind has to say besides; never anything of a traveller.
	Detail map[string]string `json:"detail,omitempty"`
}

// Asked is a system that is asked, and the fields that it is asked with, without their
// values.
type Asked struct {
	System string         `json:"system"`
	Fields []system.Field `json:"fields,omitempty"`
}

// Answer is in what state a system answered.
type Answer struct {
	System string        `json:"system"`
	State  capture.State `json:"state"`
	At     time.Time     `json:"at"`
	Late   bool          `json:"late,omitempty"`  // after the others; it goes to the booth as an alert
	Grant  string        `json:"grant,omitempty"` // the id of the grant under which it was asked
}

// Query is a query that is being logged.
type Query struct {
	log   *Log
	entry Entry
	first *entering
}

// Ask begins to log a query and returns at once. Kind, At and Query of the entry are filled
// in.
func (l *Log) Ask(e Entry) *Query {
	e.Kind, e.At, e.Query = KindQuery, l.now(), rand.Text()
	return &Query{log: l, entry: e, first: l.enter(e)}
}

// ID is the query's id in the log.
func (q *Query) ID() string { return q.entry.Query }

// Durable returns once the query's entry is durable. Until then, and after an error, nothing
// may be answered.
func (q *Query) Durable(ctx context.Context) error {
	_, err := q.first.wait(ctx)
	return err
}

// Answered logs in what states the systems answered.
func (q *Query) Answered(ctx context.Context, answers []Answer) error {
	_, err := q.log.Append(ctx, Entry{
		Kind: KindAnswered, Query: q.entry.Query, Booth: q.entry.Booth, Check: q.entry.Check, Answers: answers,
	})
	return err
}

// Recent lists the entries written last, newest first. Those that were erased are left out.
func (l *Log) Recent(ctx context.Context, limit int) ([]Entry, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT body FROM accesslog WHERE body IS NOT NULL ORDER BY seq DESC LIMIT $1", limit)
	if err != nil {
		return nil, fmt.Errorf("list access log: %w", err)
	}
	defer rows.Close()
	list := []Entry{}
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("list access log: %w", err)
		}
		var e Entry
		if json.Unmarshal(body, &e) != nil {
			continue // Verify tells of it
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list access log: %w", err)
	}
	return list, nil
}
