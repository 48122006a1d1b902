package server

import (
	"context"
	"database/sql"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/intake"
	"boothd/cmd/centrald/search"
	"boothd/internal/keys"
	"boothd/localmatch/gallery"
	"boothd/localmatch/recent"
	"boothd/sync/portal"
)

// openIntake prepares the intake of records, with all that follows from one.
func (s *Server) openIntake(ctx context.Context) error {
	opening, err := keys.ReadOpening(s.config.Keys.Opening)
	if err != nil {
		return err
	}
	s.Intake, err = intake.Open(ctx, intake.Options{
		DB: s.DB, Opening: opening, Signing: s.Signing, Log: s.log, Now: s.now,
		Hooks: []intake.Hook{
			{Name: "flow", Do: s.Flow.Record},
			{Name: "crossing", Do: s.recordCrossing},
			{Name: "office", Do: s.Book.Record},
		},
		After: []intake.After{
			{Name: "remember", Wants: isOutcome, Do: s.remember},
			{Name: "replay", Wants: wasOffline, Do: s.replay},
		},
	})
	return err
}

func isOutcome(r *capture.Record) bool { return r.Kind == capture.RecordOutcome }

func wasOffline(r *capture.Record) bool { return isOutcome(r) && r.Offline }

// recordCrossing enters into the entry/exit system what a booth's check led to. It comes
// with the disposition; the outcome, which holds the evidence, came before.
func (s *Server) recordCrossing(ctx context.Context, tx *sql.Tx, r *capture.Record) error {
	if s.EES == nil || r.Kind != capture.RecordDisposition {
		return nil
	}
	records, err := s.Intake.OfCheck(ctx, tx, r.Booth, r.Check)
	if err != nil {
		return err
	}
	for i := range records {
		if records[i].Kind != capture.RecordOutcome {
			continue
		}
		if c, ok := s.EES.CrossingOf(&records[i], r); ok {
			c.Uploaded = s.now()
			return s.EES.Record(ctx, tx, c)
		}
	}
	return nil
}

// remember keeps the check for 72 hours, so that an entry that comes later finds it. What the
// officer may be told of is for the signed profile to say.
func (s *Server) remember(ctx context.Context, r *capture.Record) error {
	p, err := s.Profiles.Get(r.Officer.Profile.Name, s.now())
	if err != nil {
		return err
	}
	c := recent.CheckOf(r)
	c.Systems = p.Booth().Systems
	return s.Recent.Add(ctx, c)
}

// replay asks the systems again about a check that was made while central could not be
// asked. What they find becomes an alert at the booth.
func (s *Server) replay(ctx context.Context, r *capture.Record) error {
	p, err := s.Profiles.Get(r.Officer.Profile.Name, s.now())
	if err != nil {
		return err
	}
	for i := range r.Evidence {
		ev := &r.Evidence[i]
		q := capture.Query{
			Check: r.Check, Booth: r.Booth, Officer: r.Officer, Evidence: *ev, Zone: capture.LastZone(r.Evidence), At: r.At,
		}
		req := search.Request{Query: q, Profile: p, Systems: q.Officer.Profile.Systems[ev.Modality()], Subjects: subjectsOf(&q)}
		if err := s.replayOne(ctx, req, r.Answers); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) replayOne(ctx context.Context, req search.Request, known []capture.Answer) error {
	systems, err := s.search.Systems(req)
	if err != nil || len(systems) == 0 {
		return err
	}
	entry := entryOf(&req, systems)
	entry.Detail = map[string]string{"replayed": "check made while central could not be asked"}
	query := s.Access.Ask(entry)
	if err := query.Durable(ctx); err != nil {
		return err
	}
	var states []accesslog.Answer
	var found []capture.Answer
	err = s.search.Search(ctx, req, func(a capture.Answer) {
		states = append(states, accesslog.Answer{System: a.System, State: a.State})
		if a = without(a, known); len(a.Findings) > 0 {
			found = append(found, a)
		}
	})
	if lerr := query.Answered(context.WithoutCancel(ctx), states); err == nil {
		err = lerr
	}
	if err != nil {
		return err
	}
	for _, a := range found {
		if err := s.raise(ctx, req.Query.Booth, req.Query.Check, portal.CauseReplayed, a); err != nil {
			return err
		}
	}
	return nil
}

// without leaves out what the booth had found itself.
func without(a capture.Answer, known []capture.Answer) capture.Answer {
	var fresh []capture.Finding
	for _, f := range a.Findings {
		if !holds(known, a.System, f.Entry) {
			fresh = append(fresh, f)
		}
	}
	a.Findings = fresh
	return a
}

func holds(answers []capture.Answer, system, entry string) bool {
	for _, a := range answers {
		for _, f := range a.Findings {
			if a.System == system && f.Entry == entry {
				return true
			}
		}
	}
	return false
}

// late takes an answer that found something after its deadline.
func (s *Server) late(ctx context.Context, req search.Request, a capture.Answer) {
	if err := s.raise(ctx, req.Query.Booth, req.Query.Check, portal.CauseLateAnswer, a); err != nil {
		s.log.Error("late finding not raised", "booth", req.Query.Booth, "system", a.System, "err", err)
	}
}

// entryChanged looks whom of the last hours an entry names that is new in a system.
func (s *Server) entryChanged(ctx context.Context, system string, e gallery.Entry) {
	found, err := s.Recent.Match(ctx, system, []gallery.Entry{e})
	if err != nil {
		s.log.Error("recent checks not all compared", "system", system, "err", err)
	}
	for _, f := range found {
		f.Answer.Source = search.Source
		if err := s.raise(ctx, f.Booth, f.Check, portal.CauseListUpdate, f.Answer); err != nil {
			s.log.Error("finding not raised", "booth", f.Booth, "system", system, "err", err)
		}
	}
}

func (s *Server) raise(ctx context.Context, booth, check string, cause portal.AlertCause, a capture.Answer) error {
	a.Late = true
	_, err := s.Alerts.Raise(ctx, nil, portal.Alert{Booth: booth, Check: check, Cause: cause, At: s.now(), Answer: a})
	return err
}

// kindCase is an access log entry about a step of a law enforcement case.
const kindCase accesslog.Kind = "case"

// logStep writes a step of a law enforcement case into the access log.
func (s *Server) logStep(ctx context.Context, step identity.Step) error {
	e := accesslog.Entry{
		Kind: kindCase, At: step.At, Officer: step.Officer, Profile: step.Profile, Case: step.Case, Grant: step.Grant,
		Detail: map[string]string{"deed": string(step.Deed), "refused": step.Refused, "reason": step.Reason, "file": step.File},
	}
	if step.System != "" {
		e.Asked = []accesslog.Asked{{System: step.System}}
	}
	_, err := s.Access.Append(ctx, e)
	return err
}

const upkeepEvery = 10 * time.Minute

// upkeep erases what its time has come for and reads again what others have signed.
func (s *Server) upkeep(ctx context.Context) error {
	tick := time.NewTicker(upkeepEvery)
	defer tick.Stop()
	for {
		s.eraseOld(ctx)
		if err := s.readDocuments(); err != nil {
			s.log.Error("signed documents not read again", "err", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Server) eraseOld(ctx context.Context) {
	r, now := &s.config.Retention, s.now()
	for part, erase := range map[string]func() error{
		"records":       func() error { _, err := s.Intake.Erase(ctx, now.Add(-time.Duration(r.Records))); return err },
		"access log":    func() error { _, err := s.Access.Erase(ctx, now.Add(-time.Duration(r.AccessLog))); return err },
		"alerts":        func() error { _, err := s.Alerts.Erase(ctx, now.Add(-time.Duration(r.Alerts))); return err },
		"flow":          func() error { return s.Flow.Erase(ctx, now.Add(-time.Duration(r.Flow))) },
		"recent checks": func() error { _, err := s.Recent.Erase(ctx); return err },
		"office": func() error { return s.Book.Erase(ctx, now.Add(-time.Duration(r.AccessLog))) },
		"cases": func() error {
			if s.Cases == nil {
				return nil
			}
			_, err := s.Cases.Erase(ctx)
			return err
		},
	} {
		if err := erase(); err != nil && ctx.Err() == nil {
			s.log.Error("not erased", "part", part, "err", err)
		}
	}
}
