package visa

import (
	"cmp"
	"context"
	"fmt"

	"boothd/capture"
	"boothd/cmd/centrald/border/person"
	"boothd/sync/system"
)

// Ask answers about the visa of the sticker, or of the holder found by document, name or
// finger. The package's doc says what the reply holds.
func (s *VIS) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	reply, err := s.ask(ctx, q)
	if err != nil {
		return system.Reply{}, fmt.Errorf("ask the VIS: %w", err)
	}
	reply.AsOf = s.clock.now()
	return reply, nil
}

func (s *VIS) ask(ctx context.Context, q system.Question) (system.Reply, error) {
	if q.VisaSticker != "" {
		return s.askSticker(ctx, q)
	}
	h, rest, err := person.Find(ctx, s.people, q)
	if err != nil {
		return system.Reply{}, err
	}
	nothing := system.Reply{State: rest.State, Reason: rest.Reason}
	if h.ID == "" {
		return nothing, nil
	}
	v, err := s.ofHolder(ctx, h.ID, s.clock.today())
	switch {
	case err != nil:
		return system.Reply{}, err
	case v == nil:
		return nothing, nil
	case !h.Sure():
		return s.perhaps(&h), nil
	}
	return s.about(ctx, &h, v, q.Finger)
}

func (s *VIS) askSticker(ctx context.Context, q system.Question) (system.Reply, error) {
	if !ValidSticker(q.VisaSticker) {
		return system.Reply{State: capture.StateUnavailable, Reason: "the number of the visa sticker cannot be read"}, nil
	}
	v, err := s.bySticker(ctx, q.VisaSticker)
	if err != nil {
		return system.Reply{}, err
	}
	if v == nil {
		return possible(capture.Finding{
			By: capture.ByDocumentNumber, Score: 1, Category: "unknown visa sticker", Action: "examine the sticker, refer to second line",
		}), nil
	}
	h, err := person.ByID(ctx, s.people, v.Holder, capture.ByDocumentNumber)
	if err != nil {
		return system.Reply{}, err
	}
	return s.about(ctx, &h, v, q.Finger)
}

// possible is a reply with one finding that a person must verify.
func possible(f capture.Finding) system.Reply {
	f.State = capture.StatePossible
	return system.Reply{State: capture.StatePossible, Findings: []capture.Finding{f}}
}

// perhaps says that somebody who may be the traveller holds a visa, and nothing of it.
func (s *VIS) perhaps(h *person.Found) system.Reply {
	f := s.finding(h, alert{capture.StatePossible, "perhaps this person's visa", actionIdentify})
	f.Explanation = h.Explain
	r := possible(f)
	r.Rest, r.Entries = h.Rest, []string{h.ID}
	return r
}

// finding is one about the holder.
func (s *VIS) finding(h *person.Found, a alert) capture.Finding {
	f := h.Finding(h.IsMinor(s.clock.here()))
	f.State, f.Category, f.Action = a.state, a.category, a.action
	return f
}

// about tells of a visa whose holder the traveller claims, or is found, to be.
func (s *VIS) about(ctx context.Context, h *person.Found, v *Visa, finger *capture.Finger) (system.Reply, error) {
	verdict, err := h.Verify(ctx, s.people, finger)
	if err != nil {
		return system.Reply{}, err
	}
	stands := v.standing(s.clock.today())
	r := system.Reply{State: capture.StateNoHit, Facts: facts(v, stands), Entries: []string{h.ID}}
	if h.ID != "" {
		r.Entries = []string{h.ID}
	}
	if finger != nil {
		r.Facts = append(r.Facts, verdict.Fact())
	}
	if verdict == person.Differs {
		f := s.finding(h, alert{capture.StatePossible, "fingers not the visa holder's", actionIdentify})
		f.By = capture.ByFinger
		r.State, r.Findings = f.State, append(r.Findings, f)
	}
	if a, ok := alerts[stands]; ok {
		f := s.finding(h, a)
		r.State, r.Findings = f.State, append([]capture.Finding{f}, r.Findings...)
	}
	if verdict == person.Unverifiable {
		notCompared(&r)
	}
	return r, nil
}

// notCompared notes that what the finger would tell is not known.
func notCompared(r *system.Reply) {
	const reason = "the finger cannot be compared with those of the visa's holder: take it again"
	if len(r.Findings) == 0 {
		r.State, r.Reason = capture.StateUnavailable, reason
		return
	}
	r.Rest = &capture.Rest{State: capture.StateUnavailable, Reason: reason}
}

func facts(v *Visa, stands standing) []capture.Fact {
	return []capture.Fact{
		{Code: capture.FactVisa, Value: string(stands)},
		{Code: capture.FactValidFrom, Value: v.From},
		{Code: capture.FactValidUntil, Value: v.Until},
		{Code: capture.FactTerritory, Value: cmp.Or(v.Territory, everywhere)},
		{Code: capture.FactEntries, Value: v.entries()},
	}
}

const (
	actionIdentify = "identify in second line"
	actionRefuse   = "refuse or refer"
	actionRefer    = "refer to second line"
)

// alert is what an officer must act on.
type alert struct {
	state            capture.State
	category, action string
}

var alerts = map[standing]alert{
	standingRevoked:     {capture.StateHit, "revoked visa", actionRefuse},
	standingAnnulled:    {capture.StateHit, "annulled visa", actionRefuse},
	standingExpired:     {capture.StatePossible, "expired visa", actionRefer},
	standingNotYetValid: {capture.StatePossible, "visa not yet valid", actionRefer},
	standingUsedUp:      {capture.StatePossible, "entries of the visa used up", actionRefer},
}
