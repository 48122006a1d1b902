package portal

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"boothd/capture"
	"boothd/sync/system"
)

// codePattern is what facts are called.
var codePattern = regexp.MustCompile(`^[a-z][a-z_]{0,31}$`)

// Named reports of a system whether the profile names it, with whichever modality.
func Named(p *capture.Profile) func(system string) bool {
	return func(system string) bool {
		for _, systems := range p.Systems {
			if slices.Contains(systems, system) {
				return true
			}
		}
		return false
	}
}

// checkParts looks for what cannot be and must not be passed over in silence.
func checkParts(a *capture.Answer) error {
	for i := range a.Findings {
		if s := a.Findings[i].Score; !(s >= 0 && s <= 1) {
			return errors.New(a.System + " has a score outside 0 to 1")
		}
	}
	for _, l := range a.Links {
		if !l.Colour.Valid() && !l.Discreet {
			return errors.New(a.System + " has a link of a colour that is not known")
		}
	}
	return nil
}

// limited keeps an answer within the limits. Links that name a system which the profile does
// not name are dropped: the officer would learn of it. So are discreet links that cannot be,
// because refusing the answer for them would show.
func limited(a capture.Answer, named func(string) bool) capture.Answer {
	if a.AsOf.After(a.At) {
		a.AsOf = a.At
	}
	a.List = system.Clip(a.List, MaxText)
	a.Reason = system.Clip(a.Reason, MaxText)
	switch a.State {
	case capture.StateHit, capture.StatePossible:
		a = ownFindings(a)
	default:
		a.Rest = nil
	}
	a.Facts = limitFacts(a.Facts)
	a.Links = limitLinks(a.Links, named)
	return a
}

// limitFacts keeps the facts whose code is one.
func limitFacts(all []capture.Fact) []capture.Fact {
	var facts []capture.Fact
	for _, f := range all {
		if len(facts) < MaxFacts && codePattern.MatchString(string(f.Code)) {
			facts = append(facts, capture.Fact{Code: f.Code, Value: system.Clip(f.Value, MaxText)})
		}
	}
	return facts
}

// limitLinks keeps the links that the officer may know of. Discreet ones take no open one's
// place.
func limitLinks(all []capture.Link, named func(string) bool) []capture.Link {
	var links []capture.Link
	kept := map[bool]int{} // by whether they are discreet
	for _, l := range all {
		foreign := named != nil && slices.ContainsFunc(l.Systems, func(s string) bool { return !named(s) })
		if !l.Colour.Valid() || foreign || len(l.Systems) > maxSystems || kept[l.Discreet] >= MaxLinks {
			continue
		}
		kept[l.Discreet]++
		l.ID, l.Work, l.Systems = system.Clip(l.ID, MaxText), system.Clip(l.Work, MaxText), slices.Clone(l.Systems)
		for i := range l.Systems {
			l.Systems[i] = system.Clip(l.Systems[i], MaxText)
		}
		links = append(links, l)
	}
	return links
}

// ownFindings keeps the findings within the limits. What an officer without clearance is
// left with of the answer must be the same with discreet findings as without: these take no
// open finding's place, and the portal's reason, which could speak of them, is not taken.
func ownFindings(a capture.Answer) capture.Answer {
	a.Rest = ownRest(a.Rest)
	a.Reason = ""
	kept := map[bool]int{} // by whether they are discreet
	all := a.Findings
	a.Findings = nil
	for _, f := range all {
		if f.State != capture.StateHit && f.State != capture.StatePossible {
			f.State = a.State
		}
		if kept[f.Discreet]++; kept[f.Discreet] <= MaxFindings {
			limitFinding(&f)
			a.Findings = append(a.Findings, f)
		}
	}
	if slices.ContainsFunc(a.Findings, func(f capture.Finding) bool { return f.State == capture.StateHit }) {
		a.State = capture.StateHit
	}
	if more := kept[false] - MaxFindings; more > 0 {
		a.Reason = fmt.Sprintf("%d more findings at central", more)
	}
	return a
}

// ownRest keeps the rest within the limits. One that is not understood is not known.
func ownRest(r *capture.Rest) *capture.Rest {
	if r == nil {
		return nil
	}
	switch r.State {
	case capture.StateNoHit:
		return nil
	case capture.StateStale, capture.StateUnavailable:
		return &capture.Rest{State: r.State, Reason: system.Clip(r.Reason, MaxText)}
	}
	return &capture.Rest{State: capture.StateUnavailable, Reason: reasonOf(ErrRefused)}
}

func limitFinding(f *capture.Finding) {
	f.By = capture.By(system.Clip(string(f.By), MaxText))
	for _, s := range []*string{&f.Entry, &f.Category, &f.Action, &f.Name, &f.Needs} {
		*s = system.Clip(*s, MaxText)
	}
	if len(f.Explanation) > MaxParts {
		f.Explanation = f.Explanation[:MaxParts]
	}
	for i := range f.Explanation {
		p := &f.Explanation[i]
		for _, s := range []*string{&p.What, &p.Asked, &p.Found, &p.Note} {
			*s = system.Clip(*s, MaxText)
		}
	}
}
