package identity

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"boothd/capture"
)

// Item is work for the second line: a yellow link to be verified.
type Item struct {
	ID      string
	Link    capture.Link
	Created time.Time
	Due     time.Time
	Overdue bool
	Officer string // who has taken it; empty if nobody
}

// What can stand in the way of the second line's work. A link or item that the officer may
// not see is not there.
var (
	ErrNoLink   = errors.New("no such link")
	ErrNoItem   = errors.New("no such work item")
	ErrTaken    = errors.New("another officer has taken the work item")
	ErrVerified = errors.New("the link was verified otherwise: reopen it first")
	ErrColour   = errors.New("a link is verified as green, red or white")
	ErrOfficer  = errors.New("no officer is named")
	ErrWhy      = errors.New("the reason is missing, too short or too long")
)

// The limits of what an officer writes.
const (
	minRedWhy = 20   // characters it takes to say why a link is red
	maxWhy    = 2000 // bytes
)

// openWork opens a work item for a link with an EES entry, if none is open.
func (l *Links) openWork(ctx context.Context, tx *sql.Tx, id string) error {
	ees, err := isEES(ctx, tx, id)
	if err != nil || !ees {
		return err
	}
	now := l.now()
	_, err = tx.ExecContext(ctx, `INSERT INTO identity_work (id, link, created, due, officer, closed)
		SELECT $1, $2, $3, $4, '', 0 WHERE NOT EXISTS (SELECT 1 FROM identity_work WHERE link = $2 AND closed = 0)`,
		rand.Text(), id, now.UnixNano(), now.Add(l.due).UnixNano())
	return err
}

func (l *Links) closeWork(ctx context.Context, tx *sql.Tx, id string) error {
	_, err := tx.ExecContext(ctx, "UPDATE identity_work SET closed = $1 WHERE link = $2 AND closed = 0", l.now().UnixNano(), id)
	return err
}

// Open returns the work that is to be done, as far as the officer sees the links: what is
// overdue, then what is due first.
func (l *Links) Open(ctx context.Context, s Sight) ([]Item, error) {
	items, err := readItems(ctx, l.db)
	if err != nil {
		return nil, fmt.Errorf("list work: %w", err)
	}
	links, err := readLinks(ctx, l.db, "WHERE w.id IS NOT NULL")
	if err != nil {
		return nil, fmt.Errorf("list work: %w", err)
	}
	byWork := map[string]capture.Link{}
	for _, k := range links {
		byWork[k.Work] = k
	}
	now := l.now()
	var seen []Item
	for _, it := range items {
		k, ok := byWork[it.ID] // not if it was closed meanwhile
		if !ok || !s.sees(k) {
			continue
		}
		it.Link, it.Overdue = k, now.After(it.Due)
		seen = append(seen, it)
	}
	return seen, nil
}

// readItems returns all open items without their links, what is due first at the head.
func readItems(ctx context.Context, q querier) ([]Item, error) {
	var items []Item
	err := each(ctx, q, "SELECT id, created, due, officer FROM identity_work WHERE closed = 0 ORDER BY due, id", nil,
		func(rows *sql.Rows) error {
			var it Item
			var created, due int64
			err := rows.Scan(&it.ID, &created, &due, &it.Officer)
			it.Created, it.Due = time.Unix(0, created).UTC(), time.Unix(0, due).UTC()
			items = append(items, it)
			return err
		})
	return items, err
}

// Take gives an open work item to the officer, unless another one has it: ErrTaken. Giving
// it to the same one again changes nothing.
func (l *Links) Take(ctx context.Context, s Sight, item, officer string) error {
	if !plain(officer, maxReference) {
		return fmt.Errorf("take a work item: %w", ErrOfficer)
	}
	return l.assign(ctx, s, item, officer, officer)
}

// Return gives back a work item that the officer has, for another one to take.
func (l *Links) Return(ctx context.Context, s Sight, item, officer string) error {
	return l.assign(ctx, s, item, officer, "")
}

// assign writes who has the item, which nobody but the officer may have now.
func (l *Links) assign(ctx context.Context, s Sight, item, officer, to string) error {
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		links, err := readLinks(ctx, tx, "WHERE w.id = $1", item)
		if err != nil {
			return err
		}
		if len(links) == 0 || !s.sees(links[0]) {
			return ErrNoItem
		}
		done, err := tx.ExecContext(ctx, "UPDATE identity_work SET officer = $1 WHERE id = $2 AND officer IN ('', $3)", to, item, officer)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrTaken)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("assign a work item: %w", err)
	}
	return nil
}

// Verification is what an officer of the second line found out about a link.
type Verification struct {
	Link    string
	Colour  capture.LinkColour // green, red or white
	Officer string
	Why     string // at least 20 characters for red
	Sight          // the officer's
}

// Verify records the verification and closes the link's work. The same one again changes
// nothing; another one is refused with ErrVerified until the link is reopened.
func (l *Links) Verify(ctx context.Context, v Verification) error {
	v.Why = strings.TrimSpace(v.Why)
	if err := v.validate(); err != nil {
		return fmt.Errorf("verify a link: %w", err)
	}
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		k, err := seenLink(ctx, tx, v.Link, v.Sight)
		switch {
		case err != nil:
			return err
		case k.verifiedBy == v.Officer && k.colour == v.Colour && k.why == v.Why:
			return nil
		case k.verifiedBy != "":
			return ErrVerified
		}
		k.colour, k.verifiedBy, k.verifiedAt, k.why = v.Colour, v.Officer, l.now().UnixNano(), v.Why
		return l.change(ctx, tx, k, v.Officer)
	})
	if err != nil {
		return fmt.Errorf("verify a link: %w", err)
	}
	return nil
}

func (v *Verification) validate() error {
	switch {
	case !v.Colour.Valid() || v.Colour == capture.LinkYellow:
		return ErrColour
	case !plain(v.Officer, maxReference):
		return ErrOfficer
	case v.Why == "" || len(v.Why) > maxWhy, v.Colour == capture.LinkRed && utf8.RuneCountInString(v.Why) < minRedWhy:
		return ErrWhy
	}
	return nil
}

// Reopen makes a link yellow again, so that it can be verified anew. One that is yellow
// stays as it is.
func (l *Links) Reopen(ctx context.Context, id, officer, why string, s Sight) error {
	why = strings.TrimSpace(why)
	switch {
	case why == "" || len(why) > maxWhy:
		return fmt.Errorf("reopen a link: %w", ErrWhy)
	case !plain(officer, maxReference):
		return fmt.Errorf("reopen a link: %w", ErrOfficer)
	}
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		k, err := seenLink(ctx, tx, id, s)
		if err != nil || k.colour == capture.LinkYellow {
			return err
		}
		k.colour, k.verifiedBy, k.verifiedAt, k.why = capture.LinkYellow, "", 0, why
		return l.change(ctx, tx, k, officer)
	})
	if err != nil {
		return fmt.Errorf("reopen a link: %w", err)
	}
	return nil
}

// seenLink returns a link that the officer sees, or ErrNoLink.
func seenLink(ctx context.Context, tx *sql.Tx, id string, s Sight) (*link, error) {
	k, err := findLink(ctx, tx, "id", id)
	if err != nil {
		return nil, err
	}
	links, err := readLinks(ctx, tx, "WHERE k.id = $1", id)
	if err != nil {
		return nil, err
	}
	if k == nil || k.colour == "" || len(links) == 0 || !s.sees(links[0]) {
		return nil, ErrNoLink
	}
	return k, nil
}
