package console

import (
	"slices"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/policy"
	"boothd/sync/portal"
)

// shown returns the desk's view as the officer may see it: without discreet findings
// unless cleared, and without the systems that the officer's profile does not name, which
// matters when one officer looks at another's check. Where a line had to go, so does the
// recommendation that rests on it.
func (s *Server) shown(o capture.Officer) check.View {
	v := s.cfg.Desk.View(o.Profile.Cleared)
	v.Alerts = slices.DeleteFunc(orEmpty(slices.Clone(v.Alerts)), func(a check.Alert) bool {
		return !o.Profile.May(a.Answer.System, a.Answer.Modality)
	})
	for i := range v.Alerts {
		v.Alerts[i].Answer = within(v.Alerts[i].Answer, &o.Profile)
	}
	if v.Check == nil {
		return v
	}
	c := *v.Check
	v.Check = &c
	c.Wanted = orEmpty(c.Wanted)
	c.Guidance = orEmpty(c.Guidance)
	c.Evidence = orEmpty(c.Evidence)
	if hidesPart(&c, &o.Profile) {
		c.Recommendation, c.Disposition = nil, nil
	}
	c.Lines = slices.DeleteFunc(orEmpty(slices.Clone(c.Lines)), func(l check.Line) bool {
		return !o.Profile.May(l.System, l.Modality)
	})
	for i := range c.Lines {
		l := &c.Lines[i]
		l.Answer = within(l.Answer, &o.Profile)
		l.Links = slices.DeleteFunc(slices.Clone(l.Links), func(v check.LinkView) bool { return foreign(v.Link, &o.Profile) })
	}
	c.Unknown = shownUnknown(c.Unknown, &o.Profile)
	return v
}

// within leaves out what the answer says of systems that the profile does not name.
func within(a capture.Answer, p *capture.Profile) capture.Answer {
	a.Links = slices.DeleteFunc(slices.Clone(a.Links), func(l capture.Link) bool { return foreign(l, p) })
	a.Facts = slices.DeleteFunc(slices.Clone(a.Facts), func(f capture.Fact) bool {
		return f.Code == capture.FactHolds && !portal.Named(p)(f.Value)
	})
	return a
}

func foreign(l capture.Link, p *capture.Profile) bool {
	named := portal.Named(p)
	return slices.ContainsFunc(l.Systems, func(system string) bool { return !named(system) })
}

// shownUnknown keeps the systems that the profile names, with the modality if there is one.
func shownUnknown(all []policy.Unknown, p *capture.Profile) []policy.Unknown {
	named := portal.Named(p)
	return slices.DeleteFunc(orEmpty(slices.Clone(all)), func(u policy.Unknown) bool {
		return u.Modality == "" && !named(u.System) || u.Modality != "" && !p.May(u.System, u.Modality)
	})
}

// hidesPart reports whether the check speaks of a system that the profile does not name.
// A closed check has no lines any more, but its reasons still name systems.
func hidesPart(c *check.CheckView, p *capture.Profile) bool {
	if slices.ContainsFunc(c.Lines, func(l check.Line) bool { return !p.May(l.System, l.Modality) }) {
		return true
	}
	return c.Recommendation != nil && slices.ContainsFunc(c.Recommendation.Reasons, func(r capture.Reason) bool {
		return r.System != "" && !p.May(r.System, r.Modality)
	})
}

// seesWhole reports whether nothing of the check is kept from the officer for want of a
// profile, so that the officer may decide on it.
func (s *Server) seesWhole(o capture.Officer) bool {
	v := s.cfg.Desk.View(o.Profile.Cleared)
	return v.Check == nil || !hidesPart(v.Check, &o.Profile)
}

// orEmpty makes nil lists read [] in JSON, as the OpenAPI document promises.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
