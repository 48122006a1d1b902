package identity

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"boothd/capture"
	"boothd/sync/grant"
	"boothd/sync/system"
)

// openCase is a row of identity_case that the officer may go on with.
type openCase struct {
	subject  string
	question []byte
	reply    string
}

// find returns the case of a step, or logs that it was refused. A case that is not there and
// one of somebody else take the same path.
func (c *Cases) find(ctx context.Context, s Step) (*openCase, error) {
	k := new(openCase)
	var expires, closed int64
	err := c.db.QueryRowContext(ctx, `SELECT subject, question, reply, expires, closed FROM identity_case
		WHERE id = $1 AND officer = $2 AND profile = $3`, s.Case, s.Officer, s.Profile).
		Scan(&k.subject, &k.question, &k.reply, &expires, &closed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, c.refuse(ctx, s, ErrNotYours)
	case err != nil:
		return nil, err
	case closed != 0:
		return nil, c.refuse(ctx, s, ErrClosed)
	case s.At.UnixNano() >= expires && (s.Deed == DeedRead || s.Deed == DeedAccess):
		return nil, c.refuse(ctx, s, ErrExpired)
	}
	return k, nil
}

// refuse logs that a step was refused and returns why.
func (c *Cases) refuse(ctx context.Context, s Step, why error) error {
	s.Refused = "the grant was not accepted" // its error may say more than the log is to hold
	for _, e := range []error{ErrNotYours, ErrExpired, ErrClosed, ErrPending, ErrNotFlagged, ErrDone} {
		if errors.Is(why, e) {
			s.Refused = e.Error()
		}
	}
	if err := c.log(ctx, s); err != nil {
		return err
	}
	return why
}

func (c *Cases) log(ctx context.Context, s Step) error {
	if err := c.o.Log(ctx, s); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	return nil
}

// Access uses the grant and asks a flagged system in full, with what the profile lets it be
// asked with. Of several that ask at once one gets the reply, the others ErrDone. If the
// system gives no answer, it may be asked again within the case under the grant that was used,
// unless that was revoked meanwhile; the text is not looked at then. A system that cannot be
// asked with what the case knows of the person is unavailable, and no grant is used. One that
// the profile may not use, any more, is not flagged.
func (c *Cases) Access(ctx context.Context, who Who, id, name, text string) (system.Reply, error) {
	step := Step{Who: who, Deed: DeedAccess, Case: id, System: name, At: c.o.Now()}
	reply, err := c.access(ctx, step, text)
	if err != nil {
		return system.Reply{}, fmt.Errorf("ask a flagged system: %w", err)
	}
	return reply, nil
}

func (c *Cases) access(ctx context.Context, step Step, text string) (system.Reply, error) {
	k, err := c.find(ctx, step)
	if err != nil {
		return system.Reply{}, err
	}
	fields, may := c.o.May(step.Profile, step.System)
	if !may {
		return system.Reply{}, c.refuse(ctx, step, ErrNotFlagged)
	}
	state, used, err := c.flag(ctx, step)
	if err != nil {
		return system.Reply{}, err
	}
	adapter := c.o.Systems[step.System]
	if adapter == nil {
		return system.Reply{}, errors.New("it is not configured")
	}
	q, err := k.ask(step, fields)
	if err != nil {
		return system.Reply{}, err
	}
	if !says(&q) {
		return c.cannotAsk(ctx, step)
	}
	if step.Grant, err = c.authorise(ctx, step, k, used, text); err != nil {
		return system.Reply{}, c.refuse(ctx, step, fmt.Errorf("use the grant: %w", err))
	}
	if err := c.claim(ctx, step, state); err != nil {
		if used == "" { // the grant of whoever was first is the case's
			err = errors.Join(err, c.o.Grants.GiveBack(context.WithoutCancel(ctx), text))
		}
		return system.Reply{}, err
	}
	q.Grant = step.Grant
	q.Keep(fields)
	q.Keep(system.Allowed(step.System))
	reply, err := c.ask(ctx, step, q, adapter)
	return c.settle(ctx, step, reply, err)
}

// authorise returns the grant under which the step's system is asked: the one that was used
// for it if it still counts, else that of the text, which it uses.
func (c *Cases) authorise(ctx context.Context, s Step, k *openCase, used, text string) (string, error) {
	if used != "" {
		return used, c.o.Grants.StillCounts(used)
	}
	want := grant.Want{Authority: c.o.Authority, Deed: grant.DeedAccess, System: s.System, Subject: k.subject}
	return c.o.Grants.Use(ctx, text, want)
}

// ask is the case's question as the step's system may be asked it under the profile.
func (k *openCase) ask(s Step, fields []system.Field) (system.Question, error) {
	var q system.Question
	if err := json.Unmarshal(k.question, &q); err != nil {
		return q, errors.New("the question cannot be read")
	}
	q.ID, q.System, q.Officer, q.At = rand.Text(), s.System, s.Officer, s.At
	q.Keep(fields)
	q.Keep(system.Allowed(s.System))
	return q, nil
}

// says reports whether the question says anything to search by.
func says(q *system.Question) bool {
	return q.DocumentNumber+q.VisaSticker+q.Surname+q.GivenNames != "" ||
		q.Finger != nil && len(q.Finger.PNG) > 0 || q.Face != nil && len(q.Face.JPEG) > 0
}

// cannotAsk is the reply of a system that takes nothing of what the question holds.
func (c *Cases) cannotAsk(ctx context.Context, s Step) (system.Reply, error) {
	s.Refused = "the system cannot be asked with what the case knows of the person"
	if err := c.log(ctx, s); err != nil {
		return system.Reply{}, err
	}
	return system.Reply{State: capture.StateUnavailable, Reason: s.Refused, AsOf: s.At}, nil
}

// flag returns how far the step's system is, and the grant that was used for it. A system
// that nobody can ask now is ErrDone.
func (c *Cases) flag(ctx context.Context, s Step) (state, used string, err error) {
	var at int64
	err = c.db.QueryRowContext(ctx, "SELECT state, grant_id, at FROM identity_flag WHERE case_id = $1 AND system = $2", s.Case, s.System).
		Scan(&state, &used, &at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", "", c.refuse(ctx, s, ErrNotFlagged)
	case err != nil:
		return "", "", err
	case state == flagOpen, state == flagGranted, state == flagAsking && at < c.forgotten(s.At):
		return state, used, nil
	}
	return "", "", c.refuse(ctx, s, ErrDone)
}

// forgotten is the time before which whoever began to ask a system was cut off.
func (c *Cases) forgotten(now time.Time) int64 { return now.Add(-2 * c.o.Deadline).UnixNano() }

// claim makes this call the one that asks the system.
func (c *Cases) claim(ctx context.Context, s Step, state string) error {
	done, err := c.db.ExecContext(ctx, `UPDATE identity_flag SET state = $1, grant_id = $2, at = $3
		WHERE case_id = $4 AND system = $5 AND state = $6 AND (state <> $1 OR at < $7)`,
		flagAsking, s.Grant, s.At.UnixNano(), s.Case, s.System, state, c.forgotten(s.At))
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return c.refuse(ctx, s, ErrDone)
}

// ask logs the step and asks the system.
func (c *Cases) ask(ctx context.Context, s Step, q system.Question, adapter system.Adapter) (system.Reply, error) {
	if err := c.log(ctx, s); err != nil {
		return system.Reply{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Deadline)
	defer cancel()
	return adapter.Ask(ctx, q)
}

// settle writes whether the system has answered, also if the asker has gone meanwhile.
func (c *Cases) settle(ctx context.Context, s Step, reply system.Reply, asked error) (system.Reply, error) {
	state := flagAnswered
	if asked != nil || reply.State == capture.StateUnavailable {
		state = flagGranted
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.o.Deadline)
	defer cancel()
	done, err := c.db.ExecContext(ctx, "UPDATE identity_flag SET state = $1 WHERE case_id = $2 AND system = $3 AND state = $4 AND at = $5",
		state, s.Case, s.System, flagAsking, s.At.UnixNano())
	if err := errors.Join(asked, err); err != nil {
		return system.Reply{}, err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 { // it took so long that another one asked
		return system.Reply{}, errors.Join(err, ErrDone)
	}
	return reply, nil
}

// Decline records why a flagged system is not asked in full. It can be done after the flag
// has expired too. An empty name declines all systems that are left.
func (c *Cases) Decline(ctx context.Context, who Who, id, name, reason string) error {
	step := Step{Who: who, Deed: DeedDecline, Case: id, System: name, Reason: strings.TrimSpace(reason), At: c.o.Now()}
	if step.Reason == "" || len(step.Reason) > maxWhy {
		return fmt.Errorf("decline a flagged system: %w", ErrWhy)
	}
	_, err := c.find(ctx, step)
	if err == nil && name == "" {
		err = c.declineAll(ctx, step)
	} else if err == nil {
		err = c.decline(ctx, step)
	}
	if err != nil {
		return fmt.Errorf("decline a flagged system: %w", err)
	}
	return nil
}

func (c *Cases) declineAll(ctx context.Context, s Step) error {
	left, err := texts(ctx, c.db, "SELECT system FROM identity_flag WHERE case_id = $1 AND state NOT IN ($2, $3) ORDER BY system",
		s.Case, flagAnswered, flagDeclined)
	for _, name := range left {
		s.System = name
		err = errors.Join(err, c.decline(ctx, s))
	}
	return err
}

func (c *Cases) decline(ctx context.Context, s Step) error {
	if _, _, err := c.flag(ctx, s); err != nil {
		return err
	}
	if err := c.log(ctx, s); err != nil {
		return err
	}
	done, err := c.db.ExecContext(ctx, `UPDATE identity_flag SET state = $1, reason = $2, at = $3
		WHERE case_id = $4 AND system = $5 AND (state IN ($6, $7) OR state = $8 AND at < $9)`,
		flagDeclined, s.Reason, s.At.UnixNano(), s.Case, s.System, flagOpen, flagGranted, flagAsking, c.forgotten(s.At))
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return c.refuse(ctx, s, ErrDone)
}
