package search

import (
	"boothd/capture"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// Minimise is the answer that the parts of the reply make which the profile lets through, as
// [profile.Profile.Minimise] tells. Where two fingers agree is no part of a reply.
func Minimise(r system.Reply, p *profile.Profile, allowed *profile.System) capture.Answer {
	a := p.Minimise(capture.Answer{
		System: allowed.Name, State: r.State, Reason: r.Reason, Findings: r.Findings, Rest: r.Rest,
		Facts: r.Facts, Links: r.Links, AsOf: r.AsOf,
	})
	for i := range a.Findings {
		a.Findings[i].Print = nil
	}
	return a
}
