package search

import (
	"slices"

	"boothd/capture"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// Minimise is the answer that the parts of the reply make which the profile lets through.
//
// What protects somebody is in PartFindings and always goes with them: that a finding is
// discreet, about a minor, or needs a grant. Without PartName an explanation does not say
// what was found, which may be a name. Links, and facts that name a system, are left out if
// the profile may not ask every system they name.
func Minimise(r system.Reply, p *profile.Profile, allowed *profile.System) capture.Answer {
	parts := allowed.Reply
	a := capture.Answer{
		State:    r.State,
		Reason:   r.Reason,
		Findings: r.Findings,
		Rest:     r.Rest,
		AsOf:     r.AsOf,
	}
	if slices.Contains(parts, profile.PartFindings) {
		minimiseFindings(a.Findings, parts)
	} else {
		// Without the findings nobody could take a discreet one out again.
		a = a.Shown(false)
		if len(a.Findings) > 0 {
			a.Reason = "" // it counts them
		}
		a.Findings, a.Rest = nil, nil
	}
	if slices.Contains(parts, profile.PartFacts) {
		a.Facts = slices.DeleteFunc(r.Facts, func(f capture.Fact) bool {
			return f.Code == capture.FactHolds && !names(p, f.Value)
		})
	}
	if slices.Contains(parts, profile.PartLinks) {
		a.Links = slices.DeleteFunc(r.Links, func(l capture.Link) bool {
			return slices.ContainsFunc(l.Systems, func(s string) bool { return !names(p, s) })
		})
	}
	return a
}

func minimiseFindings(findings []capture.Finding, parts []profile.Part) {
	for i := range findings {
		f := &findings[i]
		f.Print = nil
		if !slices.Contains(parts, profile.PartAction) {
			f.Category, f.Action = "", ""
		}
		if !slices.Contains(parts, profile.PartExplanation) {
			f.Explanation = nil
		}
		if slices.Contains(parts, profile.PartName) {
			continue
		}
		f.Name = ""
		for j := range f.Explanation {
			f.Explanation[j].Found, f.Explanation[j].Note = "", ""
		}
	}
}

// names reports whether the profile may ask the system with any modality.
func names(p *profile.Profile, name string) bool {
	return slices.ContainsFunc(p.Systems, func(s profile.System) bool {
		return s.Name == name && len(s.Modalities) > 0
	})
}
