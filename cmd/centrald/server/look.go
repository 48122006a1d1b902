package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"

	"boothd/capture"
	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/search"
	"boothd/sync/grant"
	"boothd/sync/portal"
	"boothd/sync/profile"
)

// isBooth reports whether the certificate of the client is that of the booth.
func isBooth(r *http.Request, booth string) bool {
	return booth != "" && portal.Caller(r) == booth
}

// look answers a booth's question: every system that the officer's profile allows is asked
// at the same time, and each answer is sent as soon as it is there and the query is in the
// access log.
func (s *Server) look(w http.ResponseWriter, r *http.Request) {
	req, err := portal.ReadLook(w, r)
	if err != nil {
		s.log.Warn("look refused", "err", err)
		http.Error(w, err.Error(), portal.ReplyStatus(err))
		return
	}
	if !isBooth(r, req.Query.Booth) {
		http.Error(w, "not the booth of the certificate", http.StatusForbidden)
		return
	}
	p, err := s.profileOf(r.Context(), req.Token, req.Query.Officer.ID, req.Query.Officer.Profile.Name)
	if err != nil {
		s.log.Warn("officer refused", "booth", req.Query.Booth, "err", err)
		http.Error(w, "the officer may not ask", http.StatusForbidden)
		return
	}
	asked := search.Request{Query: req.Query, Profile: p, Systems: req.Systems, Subjects: subjectsOf(&req.Query)}
	if err := s.answer(r.Context(), asked, portal.NewReplyWriter(newHurried(w))); err != nil {
		s.log.Warn("look not answered to the end", "booth", req.Query.Booth, "err", err)
	}
}

// errOfficer refuses an officer who is not who the query says, or not in that capacity.
var errOfficer = errors.New("token is not that officer's in that capacity")

// profileOf returns the signed profile under which an officer asks. With an issuer the
// officer's token is proof; without one the booth, which has proved itself, vouches.
func (s *Server) profileOf(ctx context.Context, token, officer, name string) (*profile.Profile, error) {
	if s.Officers != nil && (token != "" || !s.config.SignIn.Vouch) {
		id, err := s.Officers.Verify(ctx, token)
		if err != nil {
			return nil, err
		}
		if id.Officer != officer || !slices.Contains(id.Profiles, name) {
			return nil, errOfficer
		}
	}
	return s.Profiles.Get(name, s.now())
}

// subjectsOf names the traveller as grants may.
func subjectsOf(q *capture.Query) []string {
	z := q.Zone
	if q.Evidence.Document != nil {
		z = &q.Evidence.Document.Zone
	}
	if z == nil {
		return nil
	}
	var all []string
	if z.DocumentNumber != "" {
		all = append(all, grant.SubjectOf(z.DocumentNumber, z.Issuer))
	}
	if z.Surname != "" && z.BirthDate.ISO() != "" {
		all = append(all, grant.SubjectOfPerson(z.Surname, z.GivenNames, z.BirthDate.ISO()))
	}
	return all
}

// answer searches and writes the reply. Nothing is written before the query is durable in
// the access log; if it cannot be logged, every system is unavailable.
func (s *Server) answer(ctx context.Context, req search.Request, reply *portal.ReplyWriter) error {
	systems, err := s.search.Systems(req)
	if err != nil {
		return errors.Join(err, reply.End())
	}
	if len(systems) == 0 {
		return reply.End()
	}
	query := s.Access.Ask(entryOf(&req, systems))
	var used grants
	req.Logged, req.Granted = query.ID(), used.note
	var states []accesslog.Answer
	var logging sync.Once
	var notLogged error
	err = s.search.Search(ctx, req, func(a capture.Answer) {
		logging.Do(func() { notLogged = query.Durable(ctx) })
		if notLogged != nil {
			a = capture.Answer{
				Evidence: a.Evidence, Modality: a.Modality, System: a.System, Source: a.Source, At: a.At,
				State: capture.StateUnavailable, Reason: "central could not keep its record of the query",
			}
		}
		if werr := reply.Answer(a); errors.Is(werr, portal.ErrTooLarge) {
			s.log.Error("answer is too long to be sent", "system", a.System)
			a.State = capture.StateUnavailable // as the booth takes it
		}
		states = append(states, stateOf(a))
	})
	logged := query.Answered(context.WithoutCancel(ctx), used.in(states))
	return errors.Join(err, notLogged, logged, reply.End())
}

// entryOf is the query as the access log tells it, without the traveller.
func entryOf(req *search.Request, systems []string) accesslog.Entry {
	q, p := &req.Query, req.Profile
	e := accesslog.Entry{
		Kind: accesslog.KindQuery, Officer: q.Officer.ID, Booth: q.Booth, Check: q.Check,
		Category: p.Category, Profile: p.Name, Purpose: p.Purpose, LegalBasis: p.LegalBasis, Modality: q.Evidence.Modality(),
	}
	if q.Identify != nil {
		e.Ground = q.Identify.Ground
	}
	for _, name := range systems {
		if allowed, ok := p.May(name, q.Evidence.Modality()); ok {
			e.Asked = append(e.Asked, accesslog.Asked{System: name, Fields: search.Fields(&allowed)})
		}
	}
	return e
}

// stateOf is an answer as the access log tells it.
func stateOf(a capture.Answer) accesslog.Answer {
	return accesslog.Answer{System: a.System, State: a.State, At: a.At.UTC(), Late: a.Late}
}

// grants are the ids of those under which the systems of one query are asked.
type grants struct {
	mu sync.Mutex
	of map[string]string // by system
}

func (g *grants) note(system, grant string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of == nil {
		g.of = map[string]string{}
	}
	g.of[system] = grant
}

// in fills them into the states.
func (g *grants) in(states []accesslog.Answer) []accesslog.Answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range states {
		states[i].Grant = g.of[states[i].System]
	}
	return states
}
