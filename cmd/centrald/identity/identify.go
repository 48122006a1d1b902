package identity

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"boothd/capture"
	"boothd/cmd/centrald/register"
	"boothd/sync/system"
)

// The reasons for which nobody is identified.
const (
	reasonGround  = "identification needs a stated reason"
	reasonChild   = "a child under 12 is identified only if it is stated why that serves the child"
	reasonTooMany = "too many files resemble this person to identify anybody"
)

// minBestInterests is how many characters it takes at least to say why identifying a child
// serves it.
const minBestInterests = 10

// maxFiles is how many files an identification may find.
const maxFiles = 16

// Ask identifies somebody, if the question gives a ground on which the law allows it. Every
// finding is possible: a person compares. The facts are, for each finding in their order,
// the file's identity and then its documents. Which systems hold data is not told.
func (c *CIR) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	now := c.now()
	if q.Identify == nil || !q.Identify.Ground.Valid() {
		return refused(reasonGround, now), nil
	}
	childToo := utf8.RuneCountInString(strings.TrimSpace(q.Identify.BestInterests)) >= minBestInterests
	if mayBeChild(q.BirthDate, now) && !childToo {
		return refused(reasonChild, now), nil
	}
	matches, rest, err := c.people.Find(ctx, q)
	if err != nil {
		return system.Reply{}, fmt.Errorf("find files: %w", err)
	}
	ids := filesOf(matches)
	if len(ids) > maxFiles {
		return refused(reasonTooMany, now), nil
	}
	files, err := readFiles(ctx, c.db, ids)
	if err != nil {
		return system.Reply{}, fmt.Errorf("read files: %w", err)
	}
	if len(files) != len(ids) {
		return system.Reply{}, fmt.Errorf("read files: %d of %d are there", len(files), len(ids))
	}
	child := func(f File) bool { return mayBeChild(f.BirthDate, now) }
	if slices.ContainsFunc(files, child) && !childToo {
		return refused(reasonChild, now), nil
	}
	return identified(matches, files, rest, now), nil
}

func refused(reason string, now time.Time) system.Reply {
	return system.Reply{State: capture.StateUnavailable, Reason: reason, AsOf: now}
}

// filesOf returns the ids of the files found, each once, in the order of the matches.
func filesOf(matches []register.Match) []string {
	var ids []string
	for _, m := range matches {
		if !slices.Contains(ids, m.Entry.ID) {
			ids = append(ids, m.Entry.ID)
		}
	}
	return ids
}

// identified is the reply that the files are.
func identified(matches []register.Match, files []File, rest capture.Rest, now time.Time) system.Reply {
	if rest.State == "" {
		rest.State = capture.StateNoHit
	}
	reply := system.Reply{State: rest.State, Reason: rest.Reason, AsOf: now}
	if len(matches) == 0 {
		return reply
	}
	reply.State, reply.Reason = capture.StatePossible, ""
	if rest.State != capture.StateNoHit {
		reply.Rest = &rest
	}
	for _, m := range matches {
		f := m.Finding
		f.State = capture.StatePossible
		reply.Findings = append(reply.Findings, f)
	}
	for _, f := range files {
		reply.Facts = append(reply.Facts, capture.Fact{Code: capture.FactIdentity, Value: f.Identity.text()})
		for _, d := range f.Documents {
			reply.Facts = append(reply.Facts, capture.Fact{Code: capture.FactDocument, Value: d.text()})
		}
	}
	return reply
}

// text is the value of capture.FactIdentity, with "?" for what is not known.
func (i Identity) text() string {
	return strings.Join([]string{known(i.Surname), known(i.GivenNames), known(i.BirthDate), known(i.Nationality)}, ", ")
}

// text is the value of capture.FactDocument.
func (d Document) text() string {
	return strings.Join([]string{known(d.Type), known(d.Issuer), known(d.Number)}, " ")
}

func known(s string) string {
	if s == "" {
		return "?"
	}
	return s
}

// Holds returns which of the given systems hold data on the person whom the question
// describes, in their order, and what is to be said if none does. It is the first step of
// Art 22 and for Cases alone.
func (c *CIR) Holds(ctx context.Context, q system.Question, systems []string) ([]string, capture.Rest, error) {
	matches, rest, err := c.people.Find(ctx, q)
	if err != nil {
		return nil, rest, fmt.Errorf("find files: %w", err)
	}
	held := map[string]bool{}
	for part := range slices.Chunk(filesOf(matches), maxArgs) {
		err := each(ctx, c.db, "SELECT DISTINCT system FROM identity_holding WHERE file IN "+places(1, len(part)), anys(part),
			func(rows *sql.Rows) error {
				var s string
				err := rows.Scan(&s)
				held[s] = true
				return err
			})
		if err != nil {
			return nil, rest, fmt.Errorf("read holdings: %w", err)
		}
	}
	var flagged []string
	for _, s := range systems {
		if held[s] {
			flagged = append(flagged, s)
		}
	}
	return flagged, rest, nil
}
