package profile

import (
	"slices"

	"boothd/capture"
)

// Minimise leaves in an answer of the system the parts that the profile lets through: what
// the officer is shown and what a record keeps of it, whoever was asked. The answer in the
// caller's hands is left as it is.
//
// What protects somebody is in PartFindings and always goes with them: that a finding is
// discreet, about a minor, or needs a grant. Without PartName an explanation does not say
// what was found, which may be a name; the picture of two fingers that agree goes with the
// explanation. Links, and facts that name a system, are left out if the profile may not ask
// every system they name.
func (p *Profile) Minimise(a capture.Answer) capture.Answer {
	var parts []Part
	for _, s := range p.Systems {
		if s.Name == a.System {
			parts = s.Reply
		}
	}
	facts, links := a.Facts, a.Links
	a.Facts, a.Links = nil, nil
	if slices.Contains(parts, PartFindings) {
		a.Findings = minimised(a.Findings, parts)
	} else {
		// Without the findings nobody could take a discreet one out again.
		a = a.Shown(false)
		if len(a.Findings) > 0 {
			a.Reason = "" // it counts them
		}
		a.Findings, a.Rest = nil, nil
	}
	if slices.Contains(parts, PartFacts) {
		a.Facts = slices.DeleteFunc(slices.Clone(facts), func(f capture.Fact) bool {
			return f.Code == capture.FactHolds && !p.names(f.Value)
		})
	}
	if slices.Contains(parts, PartLinks) {
		a.Links = slices.DeleteFunc(slices.Clone(links), func(l capture.Link) bool {
			return slices.ContainsFunc(l.Systems, func(s string) bool { return !p.names(s) })
		})
	}
	return a
}

func minimised(findings []capture.Finding, parts []Part) []capture.Finding {
	findings = slices.Clone(findings)
	for i := range findings {
		f := &findings[i]
		if !slices.Contains(parts, PartAction) {
			f.Category, f.Action = "", ""
		}
		if !slices.Contains(parts, PartExplanation) {
			f.Explanation, f.Print = nil, nil
		}
		if slices.Contains(parts, PartName) {
			continue
		}
		f.Name, f.Explanation = "", slices.Clone(f.Explanation)
		for j := range f.Explanation {
			f.Explanation[j].Found, f.Explanation[j].Note = "", ""
		}
	}
	return findings
}

// names reports whether the profile may ask the system with any modality.
func (p *Profile) names(name string) bool {
	return slices.ContainsFunc(p.Systems, func(s System) bool {
		return s.Name == name && len(s.Modalities) > 0
	})
}
