package identity

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/sync/system"
)

// LinkOptions are what Links may be told.
type LinkOptions struct {
	Due time.Duration    // until a yellow link with an EES entry is to be verified; 12 h if 0
	Now func() time.Time // time.Now if nil
}

// Links are the links of the multiple-identity detector. It is safe for concurrent use.
type Links struct {
	db  *store.DB
	due time.Duration
	now func() time.Time
}

// OpenLinks opens the links of the database.
func OpenLinks(ctx context.Context, db *store.DB, o LinkOptions) (*Links, error) {
	if err := migrate(ctx, db); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Links{db: db, due: cmp.Or(o.Due, 12*time.Hour), now: o.Now}, nil
}

// Detect judges a person's records among themselves and against others that may be of the
// same person, and makes, changes or takes back the links between each two. What a person
// verified stands until the records agree in another way than they did then; the link is
// yellow again from then on. Pairs that are not given keep their links.
func (l *Links) Detect(ctx context.Context, person []Record, others ...Record) error {
	for _, r := range slices.Concat(person, others) {
		if !r.Member.valid() {
			return errors.New("detect links: a record without system or entry")
		}
	}
	err := l.db.Tx(ctx, func(tx *sql.Tx) error { return l.detect(ctx, tx, person, others) })
	if err != nil {
		return fmt.Errorf("detect links: %w", err)
	}
	return nil
}

func (l *Links) detect(ctx context.Context, tx *sql.Tx, person, others []Record) error {
	for i, a := range person {
		if err := setDiscreet(ctx, tx, a.Member); err != nil {
			return err
		}
		for _, b := range slices.Concat(person[i+1:], others) {
			if err := l.judge(ctx, tx, a, b); err != nil {
				return err
			}
		}
	}
	return nil
}

func setDiscreet(ctx context.Context, tx *sql.Tx, m Member) error {
	_, err := tx.ExecContext(ctx, "UPDATE identity_member SET discreet = $1 WHERE system = $2 AND entry = $3 AND discreet <> $1",
		m.Discreet, m.System, m.Entry)
	return err
}

// judge brings the link of two records into line with what Judge says of them.
func (l *Links) judge(ctx context.Context, tx *sql.Tx, a, b Record) error {
	colour, found := Judge(a, b)
	k, err := findLink(ctx, tx, "members", membersKey(a.Member, b.Member))
	switch {
	case err != nil:
		return err
	case k == nil && colour == "":
		return nil
	case k == nil:
		return l.create(ctx, tx, colour, found, a.Member, b.Member)
	case k.found == found, k.verifiedBy != "" && colour == "":
		return nil
	case k.verifiedBy != "":
		colour = capture.LinkYellow
	}
	k.colour, k.found = colour, found
	k.verifiedBy, k.verifiedAt, k.why = "", 0, ""
	return l.change(ctx, tx, k, "")
}

func (l *Links) create(ctx context.Context, tx *sql.Tx, colour capture.LinkColour, found string, a, b Member) error {
	k := &link{id: rand.Text(), colour: colour, found: found}
	// ON CONFLICT lets PostgreSQL run the transaction again if another one made the link.
	_, err := tx.ExecContext(ctx, `INSERT INTO identity_link (id, members, colour, found, created, verified_by, verified_at, why)
		VALUES ($1, $2, $3, $4, $5, '', 0, '') ON CONFLICT (members) DO NOTHING`, k.id, membersKey(a, b), string(colour), found, l.now().UnixNano())
	if err != nil {
		return err
	}
	err = store.Insert(ctx, tx, "INSERT INTO identity_member (link, system, entry, discreet)", "",
		[][]any{{k.id, a.System, a.Entry, a.Discreet}, {k.id, b.System, b.Entry, b.Discreet}})
	if err != nil {
		return err
	}
	return l.change(ctx, tx, k, "")
}

// membersKey names the two entries, in whichever order they are given.
func membersKey(a, b Member) string {
	key := []string{fmt.Sprintf("%q %q", a.System, a.Entry), fmt.Sprintf("%q %q", b.System, b.Entry)}
	slices.Sort(key)
	sum := sha256.Sum256([]byte(key[0] + " " + key[1]))
	return hex.EncodeToString(sum[:])
}

// link is a row of identity_link. Its colour is empty if there is no link any more.
type link struct {
	id         string
	colour     capture.LinkColour
	found      string // the grounds on which Judge last saw it
	verifiedBy string // empty if no person did
	verifiedAt int64
	why        string
}

// findLink returns the link whose column has the value, or nil.
func findLink(ctx context.Context, tx *sql.Tx, column, value string) (*link, error) {
	k := new(link)
	err := tx.QueryRowContext(ctx, "SELECT id, colour, found, verified_by, verified_at, why FROM identity_link WHERE "+column+" = $1", value).
		Scan(&k.id, &k.colour, &k.found, &k.verifiedBy, &k.verifiedAt, &k.why)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return k, err
}

// change writes the link and its history, and opens or closes its work. The officer is
// empty if the detector changed it.
func (l *Links) change(ctx context.Context, tx *sql.Tx, k *link, officer string) error {
	_, err := tx.ExecContext(ctx, `UPDATE identity_link SET colour = $1, found = $2, verified_by = $3, verified_at = $4, why = $5
		WHERE id = $6`, string(k.colour), k.found, k.verifiedBy, k.verifiedAt, k.why, k.id)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO identity_link_history (link, n, at, colour, officer, why, found)
		SELECT $1, count(*) + 1, $2, $3, $4, $5, $6 FROM identity_link_history WHERE link = $1`,
		k.id, l.now().UnixNano(), string(k.colour), officer, k.why, k.found)
	if err != nil {
		return err
	}
	if k.colour == capture.LinkYellow {
		return l.openWork(ctx, tx, k.id)
	}
	return l.closeWork(ctx, tx, k.id)
}

// Event is one line of a link's history.
type Event struct {
	At      time.Time
	Colour  capture.LinkColour // empty if the link was taken back
	Officer string             // empty if the detector did it
	Why     string             // as the officer said
	Grounds string             // as Judge says
}

// History returns everything that ever happened to a link, the oldest first. It is for
// supervision: it does not ask who wants to know.
func (l *Links) History(ctx context.Context, id string) ([]Event, error) {
	var all []Event
	err := each(ctx, l.db, "SELECT at, colour, officer, why, found FROM identity_link_history WHERE link = $1 ORDER BY n", []any{id},
		func(rows *sql.Rows) error {
			var e Event
			var at int64
			err := rows.Scan(&at, &e.Colour, &e.Officer, &e.Why, &e.Grounds)
			e.At = time.Unix(0, at)
			all = append(all, e)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read a link's history: %w", err)
	}
	return all, nil
}

// Forget erases the links of an entry with their work and history when its system erases it:
// a link is kept as long as two systems hold what it joins (Regulation (EU) 2019/817 Art
// 35).
func (l *Links) Forget(ctx context.Context, system, entry string) error {
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		ids, err := texts(ctx, tx, "SELECT link FROM identity_member WHERE system = $1 AND entry = $2", system, entry)
		if err != nil {
			return err
		}
		for _, id := range ids {
			for _, rows := range []string{"identity_work WHERE link", "identity_link_history WHERE link", "identity_member WHERE link", "identity_link WHERE id"} {
				if _, err := tx.ExecContext(ctx, "DELETE FROM "+rows+" = $1", id); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget an entry's links: %w", err)
	}
	return nil
}

// Of returns the links of an entry all of whose systems are among those that the officer's
// profile allows, the oldest first. Of the others nothing is told.
func (l *Links) Of(ctx context.Context, system, entry string, allowed []string) ([]capture.Link, error) {
	found, err := readLinks(ctx, l.db, `WHERE k.colour <> '' AND k.id IN
		(SELECT link FROM identity_member WHERE system = $1 AND entry = $2)`, system, entry)
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	sight := Sight{Systems: allowed, Cleared: true} // capture.Answer.Shown keeps the discreet ones back
	return slices.DeleteFunc(found, func(k capture.Link) bool { return !sight.sees(k) }), nil
}

// Sight is what an officer may see of links; the zero value sees none.
type Sight struct {
	Systems []string // that the officer's profile may ask
	Cleared bool     // for discreet findings
}

func (s Sight) sees(k capture.Link) bool {
	unseen := func(system string) bool { return !slices.Contains(s.Systems, system) }
	return !slices.ContainsFunc(k.Systems, unseen) && (s.Cleared || !k.Discreet)
}

// readLinks returns the links that the condition selects; it speaks of identity_link k and
// of the open work w.
func readLinks(ctx context.Context, q querier, where string, args ...any) ([]capture.Link, error) {
	var all []capture.Link
	err := each(ctx, q, `SELECT k.id, k.colour, m.system, m.discreet, coalesce(w.id, ''), coalesce(w.due, 0)
		FROM identity_link k JOIN identity_member m ON m.link = k.id
		LEFT JOIN identity_work w ON w.link = k.id AND w.closed = 0 `+where+`
		ORDER BY k.created, k.id, m.system, m.entry`, args,
		func(rows *sql.Rows) error {
			var k capture.Link
			var name string
			var due int64
			if err := rows.Scan(&k.ID, &k.Colour, &name, &k.Discreet, &k.Work, &due); err != nil {
				return err
			}
			if due != 0 {
				k.Due = time.Unix(0, due).UTC()
			}
			if n := len(all); n == 0 || all[n-1].ID != k.ID {
				all = append(all, k)
			}
			last := &all[len(all)-1]
			last.Discreet = last.Discreet || k.Discreet
			if !slices.Contains(last.Systems, name) {
				last.Systems = append(last.Systems, name)
			}
			return nil
		})
	return all, err
}

// isEES reports whether the link has an entry of the EES.
func isEES(ctx context.Context, tx *sql.Tx, id string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM identity_member WHERE link = $1 AND system = $2", id, system.EES).Scan(&n)
	return n > 0, err
}
