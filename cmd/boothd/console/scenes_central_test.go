package console_test

import (
	"slices"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/policy"
	"boothd/cmd/boothd/console"
)

// The scenes of a booth that asks central: what systems say besides findings, links, what is
// withheld, what is not known. All of it is invented.

func fact(code capture.FactCode, value string) capture.Fact {
	return capture.Fact{Code: code, Value: value}
}

// date is so many days from now.
func date(days int) string { return time.Now().AddDate(0, 0, days).Format("2006-01-02") }

// withLinks puts links on a line as the desk does.
func withLinks(l *check.Line, links ...capture.Link) {
	l.Answer.Links, l.Links = links, nil
	for _, k := range links {
		l.Links = append(l.Links, check.LinkView{Link: k, Meaning: k.Colour.Meaning()})
	}
}

// stamped says that the traveller has been inside, with a visa and without needing an
// authorisation; each system has answered more than once.
func stamped() check.View {
	v := decided(capture.OutcomeClear)
	stay := []capture.Fact{fact(capture.FactPresence, "inside"), fact(capture.FactEntered, date(-67)),
		fact(capture.FactDaysLeft, "23"), fact(capture.FactLeaveBy, date(23))}
	visa := []capture.Fact{fact(capture.FactVisa, "valid"), fact(capture.FactValidFrom, date(-200)), fact(capture.FactValidUntil, date(465)),
		fact(capture.FactTerritory, "Schengen"), fact(capture.FactEntries, "multiple")}
	for i := range v.Check.Lines {
		l := &v.Check.Lines[i]
		switch {
		case l.System == "EES" && l.Modality == doc:
			l.Facts = append([]capture.Fact{fact(capture.FactFile, "not_verified")}, stay...)
		case l.System == "EES":
			l.Facts = append([]capture.Fact{fact(capture.FactFile, "verified")}, stay...)
		case l.System == "VIS":
			l.Facts = visa
		case l.System == "ETIAS":
			l.Facts = []capture.Fact{fact(capture.FactAuthorised, "not_required")}
		}
	}
	sis := answer(doc, "SIS", "direct", "", capture.StateNoHit, time.Second)
	v.Check.Lines = slices.Insert(v.Check.Lines, 7, sis)
	return v
}

// overstayed has a hit in EES, a visa that is used up and no authorisation.
func overstayed() check.View {
	v := stamped()
	v.Check.Recommendation = &capture.Recommendation{Outcome: capture.OutcomeRefer, Reasons: []capture.Reason{
		{Outcome: capture.OutcomeRefer, Code: "system_hit", System: "EES", Modality: fing, Text: "EES has a hit on the finger."}}}
	for i := range v.Check.Lines {
		l := &v.Check.Lines[i]
		switch {
		case l.System == "EES" && l.Modality == fing:
			l.State, l.Action = capture.StateHit, "refer to second line"
			l.Findings = []capture.Finding{{Entry: "EES-7781", By: capture.ByFinger, State: capture.StateHit, Score: .93, Category: "overstay",
				Action: l.Action, Explanation: []capture.Part{{What: "authorised stay", Found: "ended " + date(-12), Note: "12 days"}}}}
			fallthrough
		case l.System == "EES":
			l.Facts = []capture.Fact{l.Facts[0], fact(capture.FactPresence, "inside"), fact(capture.FactEntered, date(-102)),
				fact(capture.FactDaysLeft, "0"), fact(capture.FactDaysOver, "12"), fact(capture.FactLeaveBy, date(-12)), fact(capture.FactFallback, "1")}
		case l.System == "VIS":
			l.Facts = []capture.Fact{fact(capture.FactVisa, "used_up"), fact(capture.FactValidUntil, date(40)), fact(capture.FactEntries, "1"), fact(capture.FactTerritory, "ESP, PRT")}
		case l.System == "ETIAS":
			l.Facts = []capture.Fact{fact(capture.FactAuthorised, "none")}
		}
	}
	return v
}

// doubled has links of every colour, one of them discreet, and a system that withholds what it
// holds.
func doubled() check.View {
	v := stamped()
	due := time.Now().Add(12 * time.Hour)
	yellow := capture.Link{ID: "L1", Colour: capture.LinkYellow, Systems: []string{"EES", "VIS"}, Work: "W-318", Due: due}
	withLinks(&v.Check.Lines[0], yellow, capture.Link{ID: "L3", Colour: capture.LinkGreen, Systems: []string{"EES", "Eurodac"}})
	withLinks(&v.Check.Lines[4], capture.Link{ID: "L2", Colour: capture.LinkRed, Systems: []string{"SIS", "VIS"}, Discreet: true})
	for i := range v.Check.Lines {
		if v.Check.Lines[i].System == "VIS" {
			withLinks(&v.Check.Lines[i], yellow)
		}
	}
	eurodac := answer(fing, "Eurodac", "portal", "", capture.StateUnavailable, time.Second)
	eurodac.Reason, eurodac.Needs = policy.NeedsGrant+"judicial", "judicial"
	v.Check.Lines = append(v.Check.Lines, eurodac)
	v.Check.Unknown = []policy.Unknown{{System: "Eurodac", Modality: fing, Why: "it needs an authorisation (of a court)", Since: time.Now()}}
	v.Check.Recommendation = &capture.Recommendation{Outcome: capture.OutcomeRefer, Reasons: []capture.Reason{
		{Outcome: capture.OutcomeRefer, Code: "link_yellow", System: "EES", Modality: doc, Text: "EES has a yellow link; may be one person with several identities: not verified yet."}}}
	return v
}

// identified is a check in which the common identity repository was asked.
func identified() check.View {
	v := decided(capture.OutcomeRefer)
	l := answer(fing, "CIR", "portal", "", capture.StatePossible, time.Second)
	l.Findings = []capture.Finding{{Entry: "CIR-204", By: capture.ByFinger, State: capture.StatePossible, Score: .88,
		Category: "identity", Action: "Compare with the person before you"}}
	l.Facts = []capture.Fact{fact(capture.FactIdentity, "ERIKSEN, ANNE MARIE, 1974-08-12, UTO"), fact(capture.FactDocument, "P UTO L898902C3"),
		fact(capture.FactDocument, "I UTO 4471190")}
	v.Check.Lines = append([]check.Line{l}, v.Check.Lines...)
	v.Check.Recommendation.Reasons[0] = capture.Reason{Outcome: capture.OutcomeRefer, Code: "system_possible", System: "CIR", Modality: fing,
		Text: "CIR has a possible hit on the finger: a person must verify."}
	return v
}

// unknowing is the check of a booth whose portal is down: some systems did not answer, one was
// not asked at all.
func unknowing() check.View {
	v := incomplete()
	c := v.Check
	c.Lines = slices.DeleteFunc(c.Lines, func(l check.Line) bool { return l.System == "ETIAS" })
	since := time.Now().Add(-12 * time.Minute)
	c.Unknown = []policy.Unknown{
		{System: "EES", Modality: doc, Why: "no answer in time", Since: since},
		{System: "ETIAS", Modality: doc, Why: "it was not asked"},
		{System: "SLTD", Modality: doc, Why: "the list is old", Since: time.Now().Add(-72 * time.Hour)},
		{System: "VIS", Modality: doc, Why: "no answer in time", Since: since},
	}
	return v
}

// toldLater is an alert that central raised about an earlier check.
func toldLater(v check.View, cause check.Cause) check.View {
	v = alerted(v)
	v.Alerts[0].Cause, v.Alerts[0].Check = cause, "C0"
	return v
}

func nationalDownStatus() console.BoothStatus {
	st := cutStatus()
	st.Link.State = console.LinkNationalDown
	for _, system := range []string{"EES", "ETIAS", "VIS"} {
		st.Unknown = append(st.Unknown, policy.Unknown{System: system, Why: "the portal does not answer", Since: st.Link.Since})
	}
	return st
}

func drillStatus() console.BoothStatus {
	st := calmStatus()
	st.Drill = &console.Drill{Order: "D-12", Target: "VIS", Until: time.Now().Add(20 * time.Minute)}
	return st
}

// ofAChild is a check of somebody who is seven years old.
func ofAChild() check.View {
	v := decided(capture.OutcomeClear)
	z := *v.Check.Zone
	z.BirthDate.Year = time.Now().Year() - 7
	v.Check.Zone = &z
	return v
}
