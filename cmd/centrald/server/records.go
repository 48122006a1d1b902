package server

import (
	"context"
	"crypto/hpke"
	"database/sql"
	"errors"
	"slices"

	"boothd/capture"
	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/border"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/intake"
	"boothd/cmd/centrald/search"
	"boothd/internal/keys"
	"boothd/localmatch/gallery"
	"boothd/localmatch/recent"
	"boothd/sync/portal"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// openIntake prepares the intake of records, with all that follows from one.
func (s *Server) openIntake(ctx context.Context) error {
	var opening []hpke.PrivateKey
	for _, path := range s.config.Keys.Opening {
		key, err := keys.ReadOpening(path)
		if err != nil {
			return err
		}
		opening = append(opening, key)
	}
	var err error
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

// recordCrossing enters into the entry/exit system what a booth's check led to. The outcome
// holds the evidence and the disposition what the officer decided; whichever comes second
// makes the crossing, which is recorded once however often it is made.
func (s *Server) recordCrossing(ctx context.Context, tx *sql.Tx, r *capture.Record) error {
	if s.EES == nil || !isOutcome(r) && r.Kind != capture.RecordDisposition {
		return nil
	}
	records, err := s.Intake.OfCheck(ctx, tx, r.Booth, r.Check)
	if err != nil {
		return err
	}
	for i := range records {
		if records[i].Kind != capture.RecordDisposition {
			continue
		}
		c, ok := s.crossingOf(records, &records[i])
		if !ok {
			continue
		}
		c.Uploaded = s.now()
		if err := s.EES.Record(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

// crossingOf makes a crossing of a disposition and the first outcome that it fits.
func (s *Server) crossingOf(records []capture.Record, disposition *capture.Record) (c border.Crossing, ok bool) {
	for i := range records {
		if isOutcome(&records[i]) {
			if c, ok = s.EES.CrossingOf(&records[i], disposition); ok {
				break
			}
		}
	}
	return c, ok
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
// asked. What they find becomes an alert at the booth. If a system does not answer, it is
// not known what it holds: the error lets the check be replayed once more, later.
func (s *Server) replay(ctx context.Context, r *capture.Record) error {
	p, err := s.Profiles.Get(r.Officer.Profile.Name, s.now())
	if err != nil {
		return err
	}
	var errs []error
	for i := range r.Evidence {
		ev := &r.Evidence[i]
		if ev.Chip != nil {
			continue // no system is asked about it
		}
		q := capture.Query{
			Check: r.Check, Booth: r.Booth, Officer: r.Officer, Evidence: *ev, Zone: capture.LastZone(r.Evidence), At: r.At,
		}
		req := search.Request{Query: q, Profile: p, Systems: q.Officer.Profile.Systems[ev.Modality()], Subjects: subjectsOf(&q)}
		errs = append(errs, s.replayOne(ctx, req, r.Answers))
	}
	return errors.Join(errs...)
}

var errSilent = errors.New("not every system has answered")

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
	req.Logged = query.ID()
	var states []accesslog.Answer
	var late []capture.Answer
	var silent error
	err = s.search.Search(ctx, req, func(a capture.Answer) {
		states = append(states, stateOf(a))
		if search.Silent(a) {
			silent = errSilent
		}
		if a = without(a, known); found(a) {
			late = append(late, a)
		}
	})
	if lerr := query.Answered(context.WithoutCancel(ctx), states); err == nil {
		err = lerr
	}
	if err != nil {
		return err
	}
	for _, a := range late {
		if err := s.raise(ctx, &req.Query, portal.CauseReplayed, a); err != nil {
			return err
		}
	}
	return silent
}

// found reports whether the answer has something to look at.
func found(a capture.Answer) bool {
	return a.State == capture.StateHit || a.State == capture.StatePossible
}

// without leaves out what the booth had found itself. Where the profile returns the state
// only, that is the same state of the same system.
func without(a capture.Answer, known []capture.Answer) capture.Answer {
	if len(a.Findings) == 0 {
		same := func(k capture.Answer) bool {
			return k.System == a.System && k.State == a.State && len(k.Findings) == 0
		}
		if found(a) && slices.ContainsFunc(known, same) {
			a.State = capture.StateNoHit
		}
		return a
	}
	var fresh []capture.Finding
	for _, f := range a.Findings {
		if !holds(known, a.System, &f) {
			fresh = append(fresh, f)
		}
	}
	if a.Findings = fresh; len(fresh) == 0 {
		a.State = capture.StateNoHit
	}
	return a
}

// holds reports whether the answers tell of the finding, and of no less than it says.
func holds(answers []capture.Answer, system string, f *capture.Finding) bool {
	for _, a := range answers {
		for _, known := range a.Findings {
			if a.System == system && known.Entry == f.Entry && (known.State == f.State || known.State == capture.StateHit) {
				return true
			}
		}
	}
	return false
}

// late takes an answer that found something after its deadline. Like any other it leaves
// central only when it is in the access log.
func (s *Server) late(ctx context.Context, req search.Request, a capture.Answer) {
	entry := entryOf(&req, []string{a.System})
	entry.Kind, entry.Query, entry.Answers = accesslog.KindAnswered, req.Logged, []accesslog.Answer{stateOf(a)}
	if _, err := s.Access.Append(ctx, entry); err != nil {
		s.log.Error("late finding not logged, hence not raised", "booth", req.Query.Booth, "system", a.System, "err", err)
		return
	}
	if err := s.raise(ctx, &req.Query, portal.CauseLateAnswer, a); err != nil {
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
		a, err := s.toldOf(ctx, f, &e)
		if err == nil {
			err = s.raise(ctx, &capture.Query{Booth: f.Booth, Check: f.Check, At: f.At}, portal.CauseListUpdate, a)
		}
		if err != nil {
			s.log.Error("finding not raised", "booth", f.Booth, "system", system, "err", err)
		}
	}
}

// toldOf is what the booth of a check is told of an entry that is new: what the system would
// say of it without a grant, less what the officer's profile, as it is now, does not return.
func (s *Server) toldOf(ctx context.Context, f recent.Found, e *gallery.Entry) (capture.Answer, error) {
	p, err := s.profileOfCheck(ctx, f.Booth, f.Check)
	if err != nil {
		return capture.Answer{}, err
	}
	a := f.Answer
	allowed, ok := p.May(a.System, a.Modality)
	if !ok {
		return capture.Answer{}, errors.New("the profile may not ask the system any more")
	}
	said := system.Reply{State: a.State, Rest: a.Rest}
	for _, one := range a.Findings {
		said.Findings = append(said.Findings, s.Registers[a.System].Told(one, e))
	}
	told := search.Minimise(said, p, &allowed)
	a.Reason, a.Source = "", search.Source
	a.State, a.Findings, a.Rest = told.State, told.Findings, told.Rest
	return a, nil
}

// profileOfCheck returns the signed profile under which a check was made.
func (s *Server) profileOfCheck(ctx context.Context, booth, check string) (*profile.Profile, error) {
	records, err := s.Intake.Record(ctx, booth, check)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, errors.New("the check's records are not there")
	}
	return s.Profiles.Get(records[0].Officer.Profile.Name, s.now())
}

// raise tells the booth of a check what was found late, unless nothing is left of it that the
// officer's profile returns.
func (s *Server) raise(ctx context.Context, q *capture.Query, cause portal.AlertCause, a capture.Answer) error {
	if !found(a) {
		return nil
	}
	a.Late = true
	_, err := s.Alerts.Raise(ctx, nil, portal.Alert{Booth: q.Booth, Check: q.Check, Cause: cause, At: s.now(), Checked: q.At, Answer: a})
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
