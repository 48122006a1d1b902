package identity

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/sync/grant"
	"boothd/sync/system"
)

// flaggable are the systems that a flag can name, in the order in which it does.
var flaggable = []string{system.EES, system.VIS, system.ETIAS, system.Eurodac}

// Holder says which of the systems hold data on a person; *CIR is one.
type Holder interface {
	Holds(ctx context.Context, q system.Question, systems []string) ([]string, capture.Rest, error)
}

// Grants verifies signed grants and marks them used.
type Grants interface {
	// Use verifies that the grant permits what is wanted, uses it, and returns its id.
	Use(ctx context.Context, text string, want grant.Want) (id string, err error)
	// GiveBack takes back a use that the caller made, since nothing came of it.
	GiveBack(ctx context.Context, text string) error
	// StillCounts says of a grant that was used whether it still counts.
	StillCounts(id string) error
}

// CaseOptions are what Cases may be told. Holder, Grants, Systems, May and Log must be given.
type CaseOptions struct {
	Holder  Holder
	Grants  Grants
	Systems map[string]system.Adapter // those that can be asked in full, by name
	// May tells what the profile, as it is now, lets a system be asked with; false if it may
	// not use the system.
	May func(profile, system string) ([]system.Field, bool)
	// Log is told each step before its answer is given. If it returns an error there is no
	// answer.
	Log       func(context.Context, Step) error
	Authority grant.Authority  // that gives access; grant.Judicial if empty
	Expires   time.Duration    // how long a flag can be read and used; 72 h if 0
	Deadline  time.Duration    // of a system that is asked in full; 30 s if 0
	Now       func() time.Time // time.Now if nil
}

// Cases are the questions of law enforcement. They are safe for concurrent use.
type Cases struct {
	db *store.DB
	o  CaseOptions
}

// What can stand in the way of a step. ErrNotYours is the same for a case that does not
// exist and for one of another officer or profile.
var (
	ErrNotYours   = errors.New("no such case")
	ErrIncomplete = errors.New("the case lacks something")
	ErrExpired    = errors.New("the flag has expired: what is left can only be declined")
	ErrClosed     = errors.New("the case is closed")
	ErrPending    = errors.New("a flagged system was neither asked nor declined")
	ErrNotFlagged = errors.New("the case does not flag this system")
	ErrDone       = errors.New("the system was asked or declined already, or is being asked")
)

// Who is who takes a step.
type Who struct {
	Officer string
	Profile string
}

// Aim is what a case is to do about an offence.
type Aim string

// The aims.
const (
	AimPrevention    Aim = "prevention"
	AimDetection     Aim = "detection"
	AimInvestigation Aim = "investigation"
)

// Offence is what a case is about.
type Offence string

// The offences.
const (
	OffenceTerrorist Offence = "terrorist"
	OffenceSerious   Offence = "serious"
)

// Opening is a case to be opened. Personal data.
type Opening struct {
	Who
	Aim     Aim
	Offence Offence
	File    string // reference of the case file, at most 256 bytes
	Subject string // of the grants that give access, as grant.Grant has it; must be the question's person
	// Question is what the officer's profile lets the systems be asked with. It is kept, to
	// ask a flagged system in full, until the case is closed or Erase finds it expired.
	Question system.Question
}

// LogValue keeps the person out of logs.
func (o Opening) LogValue() slog.Value { return slog.StringValue("opening of a case") }

// Deed is what a step does.
type Deed string

// The deeds.
const (
	DeedOpen    Deed = "open"    // ask for the flag
	DeedRead    Deed = "read"    // read the flag again
	DeedAccess  Deed = "access"  // ask a flagged system in full
	DeedDecline Deed = "decline" // not ask it
	DeedClose   Deed = "close"
)

// Step is a step of a case for the log. It holds nothing of the person.
type Step struct {
	Who
	Deed    Deed
	Case    string // as the officer named it; there may be none such
	Aim     Aim    // of an opening
	Offence Offence
	File    string
	System  string
	Grant   string // id of the grant used
	Reason  string // why a system is declined
	Refused string // why the step was refused; empty if it was not
	At      time.Time
}

// OpenCases opens the cases of the database.
func OpenCases(ctx context.Context, db *store.DB, o CaseOptions) (*Cases, error) {
	if o.Holder == nil || o.Grants == nil || o.May == nil || o.Log == nil {
		return nil, errors.New("open cases: holder, grants, profiles or log is missing")
	}
	if err := migrate(ctx, db); err != nil {
		return nil, err
	}
	o.Authority = cmp.Or(o.Authority, grant.Judicial)
	o.Expires = cmp.Or(o.Expires, 72*time.Hour)
	o.Deadline = cmp.Or(o.Deadline, 30*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Cases{db: db, o: o}, nil
}

// Open opens a case and returns its id and the flag: a fact "holds" for each system that the
// profile may use and that holds data on the person. An opening that lacks something matches ErrIncomplete, and
// nothing is looked up.
func (c *Cases) Open(ctx context.Context, o Opening) (id string, flag system.Reply, err error) {
	step := Step{Who: o.Who, Deed: DeedOpen, Aim: o.Aim, Offence: o.Offence, File: o.File, At: c.o.Now()}
	if err := o.validate(); err != nil {
		return "", system.Reply{}, fmt.Errorf("open a case: %w", err)
	}
	step.Case = rand.Text()
	if err := c.log(ctx, step); err != nil {
		return "", system.Reply{}, fmt.Errorf("open a case: %w", err)
	}
	q := o.Question
	q.System = system.CIR
	q.Keep(system.Allowed(system.CIR))
	held, rest, err := c.o.Holder.Holds(ctx, q, c.flaggable(o.Profile))
	if err != nil {
		return "", system.Reply{}, fmt.Errorf("open a case: %w", err)
	}
	flag = flagOf(held, rest, step.At)
	if err := c.insert(ctx, step, o, held, flag); err != nil {
		return "", system.Reply{}, fmt.Errorf("open a case: %w", err)
	}
	return step.Case, flag, nil
}

// flaggable are the systems that a flag under the profile can name.
func (c *Cases) flaggable(profile string) []string {
	var systems []string
	for _, name := range flaggable {
		if _, ok := c.o.May(profile, name); ok {
			systems = append(systems, name)
		}
	}
	return systems
}

func (o *Opening) validate() error {
	lacks := func(what string) error { return fmt.Errorf("%w: %s", ErrIncomplete, what) }
	switch {
	case !plain(o.Officer, maxReference):
		return lacks("officer")
	case !plain(o.Profile, maxReference):
		return lacks("profile")
	case o.Aim != AimPrevention && o.Aim != AimDetection && o.Aim != AimInvestigation:
		return lacks("aim")
	case o.Offence != OffenceTerrorist && o.Offence != OffenceSerious:
		return lacks("offence")
	case !plain(o.File, 256):
		return lacks("reference of the case file")
	case !plain(o.Subject, maxReference):
		return lacks("subject")
	}
	return nil
}

// flagOf is the reply that names the systems. It is made of their names and the time alone,
// so that it tells nothing else; what the repository could not do has a fixed sentence.
func flagOf(held []string, rest capture.Rest, now time.Time) system.Reply {
	flag := system.Reply{State: capture.StateNoHit, AsOf: now.UTC()}
	switch {
	case len(held) > 0:
		flag.State = capture.StatePossible
	case rest.State == capture.StateUnavailable:
		flag.State, flag.Reason = capture.StateUnavailable, "the identity repository cannot say"
	case rest.State == capture.StateStale:
		flag.State, flag.Reason = capture.StateStale, "the identity repository's data is old"
	}
	for _, s := range held {
		flag.Facts = append(flag.Facts, capture.Fact{Code: capture.FactHolds, Value: s})
	}
	return flag
}

// The states of a flag.
const (
	flagOpen     = "open"     // neither asked nor declined
	flagAsking   = "asking"   // an instance is asking the system since at
	flagGranted  = "granted"  // may be asked, but gave no answer yet
	flagAnswered = "answered" //
	flagDeclined = "declined" //
)

// insert writes the case. Question and subject are kept to ask the flagged systems with; where
// none is flagged nothing of the person is.
func (c *Cases) insert(ctx context.Context, s Step, o Opening, held []string, flag system.Reply) error {
	var question []byte
	var subject string
	reply, err := json.Marshal(flag)
	if err == nil && len(held) > 0 {
		subject = o.Subject
		question, err = json.Marshal(o.Question)
	}
	if err != nil {
		return err
	}
	return c.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO identity_case
			(id, officer, profile, aim, offence, file, subject, question, reply, opened, expires, closed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)`,
			s.Case, o.Officer, o.Profile, string(o.Aim), string(o.Offence), o.File, subject,
			question, string(reply), s.At.UnixNano(), s.At.Add(c.o.Expires).UnixNano())
		if err != nil {
			return err
		}
		var rows [][]any
		for _, name := range held {
			rows = append(rows, []any{s.Case, name, flagOpen, "", "", s.At.UnixNano()})
		}
		return store.Insert(ctx, tx, "INSERT INTO identity_flag (case_id, system, state, grant_id, reason, at)", "", rows)
	})
}

// Read returns the flag again, to the officer who opened the case and until it expires,
// without systems that the profile may not use any more.
func (c *Cases) Read(ctx context.Context, who Who, id string) (system.Reply, error) {
	step := Step{Who: who, Deed: DeedRead, Case: id, At: c.o.Now()}
	var flag system.Reply
	k, err := c.find(ctx, step)
	if err == nil {
		err = c.log(ctx, step)
	}
	if err == nil {
		err = json.Unmarshal([]byte(k.reply), &flag)
	}
	if err != nil {
		return system.Reply{}, fmt.Errorf("read a flag: %w", err)
	}
	return c.narrowed(flag, who.Profile), nil
}

// narrowed leaves out of a flag what the profile, as it is now, may not use.
func (c *Cases) narrowed(flag system.Reply, profile string) system.Reply {
	may := c.flaggable(profile)
	flag.Facts = slices.DeleteFunc(flag.Facts, func(f capture.Fact) bool { return !slices.Contains(may, f.Value) })
	if len(flag.Facts) == 0 && flag.State == capture.StatePossible {
		flag.State = capture.StateNoHit
	}
	return flag
}

// Close closes a case once every flagged system was asked or declined (else ErrPending),
// and erases the question. A closed one is refused with ErrClosed.
func (c *Cases) Close(ctx context.Context, who Who, id string) error {
	step := Step{Who: who, Deed: DeedClose, Case: id, At: c.o.Now()}
	_, err := c.find(ctx, step)
	if err == nil {
		err = c.close(ctx, step)
	}
	if err != nil {
		return fmt.Errorf("close a case: %w", err)
	}
	return nil
}

// close relies on it that a system which was asked or declined remains so.
func (c *Cases) close(ctx context.Context, s Step) error {
	left, err := texts(ctx, c.db, "SELECT system FROM identity_flag WHERE case_id = $1 AND state NOT IN ($2, $3)",
		s.Case, flagAnswered, flagDeclined)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return c.refuse(ctx, s, ErrPending)
	}
	if err := c.log(ctx, s); err != nil {
		return err
	}
	_, err = c.db.ExecContext(ctx, "UPDATE identity_case SET closed = $1, question = NULL, subject = '' WHERE id = $2 AND closed = 0",
		s.At.UnixNano(), s.Case)
	return err
}

// EraseQuestions erases the questions and subjects of cases that have expired, which cannot be
// asked any more, and returns how many there were.
func (c *Cases) EraseQuestions(ctx context.Context) (int, error) {
	done, err := c.db.ExecContext(ctx, `UPDATE identity_case SET question = NULL, subject = ''
		WHERE expires <= $1 AND (question IS NOT NULL OR subject <> '')`, c.o.Now().UnixNano())
	if err != nil {
		return 0, fmt.Errorf("erase questions of cases: %w", err)
	}
	n, err := done.RowsAffected()
	return int(n), err
}

// eraseAtOnce limits how much one transaction erases: officers wait for it.
const eraseAtOnce = 500

// Erase erases the cases that were closed before the time, or expired before it, with their
// flags, and returns how many there were.
func (c *Cases) Erase(ctx context.Context, before time.Time) (int, error) {
	for total := 0; ; {
		var ids []string
		err := c.db.Tx(ctx, func(tx *sql.Tx) (err error) {
			ids, err = texts(ctx, tx, `SELECT id FROM identity_case WHERE closed > 0 AND closed < $1 OR closed = 0 AND expires < $1
				ORDER BY id LIMIT $2`, before.UnixNano(), eraseAtOnce)
			if err != nil || len(ids) == 0 {
				return err
			}
			for _, rows := range []string{"identity_flag WHERE case_id", "identity_case WHERE id"} {
				if _, err := tx.ExecContext(ctx, "DELETE FROM "+rows+" IN "+places(1, len(ids)), anys(ids)...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return total, fmt.Errorf("erase cases: %w", err)
		}
		total += len(ids)
		if len(ids) < eraseAtOnce {
			return total, nil
		}
	}
}
