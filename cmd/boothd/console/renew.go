package console

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"boothd/capture"
	"boothd/sync/signin"
)

const (
	renewTick  = 5 * time.Second  // between looks at which sessions are due
	renewRetry = 15 * time.Second // while the issuer does not answer
)

// signed is what a session of an issuer's token has besides. Its times bear the monotonic
// clock, so that a wall clock that is set back prolongs nothing.
type signed struct {
	refresh string    // empty if the session cannot be renewed
	renew   time.Time // when it is next tried
	expires time.Time // when the token has expired
	limit   time.Time // beyond which no renewal prolongs the session
	offline bool      // the issuer did not answer when it was last tried
}

// newSession makes the session of an officer with a token that was accepted now.
func newSession(o capture.Officer, t signin.Tokens, limit time.Time) session {
	now := time.Now()
	left := t.Identity.Expires.Sub(now)
	return session{
		officer: o,
		ends:    earlier(limit, now.Add(t.Identity.Until.Sub(now))),
		signed: &signed{
			refresh: t.Refresh,
			renew:   now.Add(left * 2 / 3),
			expires: now.Add(left),
			limit:   limit,
			offline: t.Identity.Grace,
		},
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// past reports whether the time has come by either clock: the monotonic one stands still
// while a laptop sleeps, the wall clock may be set.
func past(now, t time.Time) bool {
	return !now.Before(t) || !now.Round(0).Before(t.Round(0))
}

// dueSession is a session about which the issuer is to be asked.
type dueSession struct {
	key [sha256.Size]byte
	session
	signed signed
}

// due returns the sessions whose token is to be renewed, or has expired and cannot be.
func (s *sessions) due(now time.Time) (due []dueSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, one := range s.byKey {
		g := one.signed
		if g == nil {
			continue
		}
		at := g.expires
		if g.refresh != "" {
			at = g.renew
		}
		if past(now, at) {
			due = append(due, dueSession{key: key, session: one, signed: *g})
		}
	}
	return due
}

// replace puts a session in the place of one that has not been closed meanwhile.
func (s *sessions) replace(key [sha256.Size]byte, one session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byKey[key]; ok {
		s.byKey[key] = one
	}
}

func (s *sessions) drop(key [sha256.Size]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byKey, key)
}

// offline reports whether a session of the officer could not be renewed because the issuer
// did not answer.
func (s *sessions) offline(officer string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.byKey {
		if one.officer.ID == officer && one.signed != nil && one.signed.offline {
			return true
		}
	}
	return false
}

// renewSessions renews the sessions of officers who signed in at the issuer until ctx ends.
func (s *Server) renewSessions(ctx context.Context) {
	if s.cfg.SignIn == nil {
		return
	}
	tick := time.NewTicker(renewTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.renewDue(ctx, time.Now())
		}
	}
}

func (s *Server) renewDue(ctx context.Context, now time.Time) {
	silent := false
	for _, d := range s.sessions.due(now) {
		err := signin.ErrUnreachable
		if d.signed.refresh != "" && !silent {
			err = s.renew(ctx, d)
			silent = errors.Is(err, signin.ErrUnreachable) // for the others of this round too
		}
		if errors.Is(err, signin.ErrUnreachable) {
			err = s.goOn(ctx, d, now)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.sessions.drop(d.key)
			s.cfg.Log.WarnContext(ctx, "session ended: not renewed", "officer", d.officer.ID, "error", err)
		}
	}
}

// renew gets a session its next token. Its error matches signin.ErrUnreachable if the issuer
// does not answer; with any other the session is over.
func (s *Server) renew(ctx context.Context, d dueSession) error {
	t, err := s.cfg.SignIn.Flow.Refresh(ctx, d.signed.refresh, d.officer.ID)
	if err != nil {
		return err
	}
	o, err := s.known(t.Identity, t.ID, d.officer.Profile.Name)
	if err != nil {
		return err
	}
	s.sessions.replace(d.key, newSession(o, t, d.signed.limit))
	return nil
}

// goOn lets a session live that was not renewed. With a refresh token that is because the
// issuer does not answer, and its token counts for the grace longer; without one the token
// is judged again.
func (s *Server) goOn(ctx context.Context, d dueSession, now time.Time) error {
	next := d.signed
	one := session{officer: d.officer, ends: d.ends, signed: &next}
	switch {
	case next.refresh != "":
		next.renew = now.Add(renewRetry)
		next.offline = true
		if grace := earlier(next.limit, next.expires.Add(s.cfg.SignIn.Flow.OfflineGrace())); one.ends.Before(grace) {
			one.ends = grace
		}
		if past(now, one.ends) {
			return signin.ErrExpired
		}
	default:
		id, err := s.cfg.SignIn.Flow.Verify(ctx, d.officer.Token)
		if err != nil {
			return err
		}
		next.offline = id.Grace
		one.ends = earlier(next.limit, now.Add(id.Until.Sub(now)))
	}
	s.sessions.replace(d.key, one)
	return nil
}

// statusFor is the booth's status as the officer may see it, with what concerns the
// officer's own session.
func (s *Server) statusFor(st BoothStatus, o capture.Officer) BoothStatus {
	st = shownStatus(st, o)
	if s.sessions.offline(o.ID) {
		st.Warnings = append([]string{"Your sign-in cannot be renewed: the sign-in service does not answer. " +
			"You stay signed in until your time without it is over."}, st.Warnings...)
	}
	return st
}
