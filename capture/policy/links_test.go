package policy

import (
	"slices"
	"testing"
	"time"

	"boothd/capture"
)

func linked(a capture.Answer, links ...capture.Link) capture.Answer {
	a.Links = links
	return a
}

func withheld(a capture.Answer, kind string) capture.Answer {
	a.State, a.Reason = capture.StateUnavailable, NeedsGrant+kind
	return a
}

func TestLinksGrantsAndFacts(t *testing.T) {
	whole := []capture.Evidence{document(nil), finger(""), face()}
	ees := answer("EES", "portal", capture.StateNoHit)
	link := func(c capture.LinkColour, discreet bool) capture.Link {
		return capture.Link{ID: "l", Colour: c, Systems: []string{"EES", "VIS"}, Discreet: discreet}
	}
	needing := found(answer("Europol", "portal", capture.StatePossible), false)
	needing.Findings[0].Needs = "judicial"
	hidden := found(answer("Europol", "portal", capture.StateHit), true)
	hidden.Findings[0].Needs = "judicial"
	told := ees
	told.Facts = []capture.Fact{{Code: capture.FactDaysOver, Value: "12"}}
	fromEarlier := about("document-0", linked(ees, link(capture.LinkRed, false)))
	tests := []struct {
		name     string
		evidence []capture.Evidence
		answers  []capture.Answer
		want     capture.Outcome
		codes    []string // of all reasons
	}{
		{"a red link refers", whole, []capture.Answer{linked(ees, link(capture.LinkRed, false))}, capture.OutcomeRefer, []string{"link_red"}},
		{"a yellow link refers", whole, []capture.Answer{linked(ees, link(capture.LinkYellow, false))}, capture.OutcomeRefer, []string{"link_yellow"}},
		{"both colours are told", whole, []capture.Answer{linked(ees, link(capture.LinkYellow, false), link(capture.LinkRed, false))}, capture.OutcomeRefer, []string{"link_red", "link_yellow"}},
		{"several links of a colour are one reason", whole, []capture.Answer{linked(ees, link(capture.LinkRed, false), link(capture.LinkRed, false))}, capture.OutcomeRefer, []string{"link_red"}},
		{"a green link and a white one speak against nobody", whole, []capture.Answer{linked(ees, link(capture.LinkGreen, false), link(capture.LinkWhite, false))}, capture.OutcomeClear, []string{"nothing_found"}},
		{"a discreet link counts as absent", whole, []capture.Answer{linked(ees, link(capture.LinkRed, true), link(capture.LinkYellow, true))}, capture.OutcomeClear, []string{"nothing_found"}},
		{"a link does not soften a hit", whole, []capture.Answer{linked(found(answer("SIS", "portal", capture.StateHit), false), link(capture.LinkYellow, false))}, capture.OutcomeStop, []string{"system_hit", "link_yellow"}},
		{"a link found with an earlier reading counts", []capture.Evidence{{ID: "document-0", Document: &capture.Document{}}, document(nil), finger(""), face()}, []capture.Answer{fromEarlier, ees}, capture.OutcomeRefer, []string{"link_red"}},
		{"an answer withheld for want of a grant is only noted", whole, []capture.Answer{withheld(answer("Europol", "portal", ""), "judicial")}, capture.OutcomeClear, []string{"grant_needed"}},
		{"beside one that is down the system is not known", whole, []capture.Answer{withheld(answer("SIS", "portal", ""), "judicial"), answer("SIS", "local", capture.StateUnavailable)}, capture.OutcomeIncomplete, []string{"system_unavailable", "grant_needed"}},
		{"a finding that needs a grant counts as it is", whole, []capture.Answer{needing}, capture.OutcomeRefer, []string{"system_possible", "grant_needed"}},
		{"a discreet finding that needs a grant is not noticed", whole, []capture.Answer{hidden}, capture.OutcomeClear, []string{"nothing_found"}},
		{"facts decide nothing", whole, []capture.Answer{told}, capture.OutcomeClear, []string{"nothing_found"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Decide(Strict(), Facts{Now: now, Evidence: tt.evidence, Answers: tt.answers})
			var codes []string
			for _, r := range got.Reasons {
				codes = append(codes, r.Code)
			}
			if got.Outcome != tt.want || !slices.Equal(codes, tt.codes) {
				t.Errorf("Decide = %s because %v; want %s because %v", got.Outcome, codes, tt.want, tt.codes)
			}
		})
	}
}

func TestNotKnown(t *testing.T) {
	earlier := now.Add(-72 * time.Hour)
	at := func(a capture.Answer, asOf time.Time, reason string) capture.Answer {
		a.AsOf, a.At, a.Reason = asOf, now, reason
		return a
	}
	profile := capture.Profile{Systems: map[capture.Modality][]string{capture.ModalityDocument: {"SIS", "CIR"}, capture.ModalityFinger: {"EES"}}}
	whole := []capture.Evidence{document(nil), finger("")}
	doc := capture.ModalityDocument
	tests := []struct {
		name     string
		evidence []capture.Evidence
		answers  []capture.Answer
		want     []Unknown
	}{
		{"nothing was captured", nil, nil, nil},
		{"a system of the profile was not asked, and the repository needs no asking", whole, nil, []Unknown{{System: "SIS", Modality: doc, Why: "it was not asked"}}},
		{"a system that answered is known", whole, []capture.Answer{answer("SIS", "portal", capture.StateNoHit)}, nil},
		{"a system that found something is known", whole, []capture.Answer{found(answer("SIS", "portal", capture.StateHit), false), answer("SIS", "local", capture.StateUnavailable)}, nil},
		{"the current local copy makes the system known", whole, []capture.Answer{answer("SIS", "portal", capture.StateUnavailable), answer("SIS", "local", capture.StateNoHit)}, nil},
		{"a system is down", whole, []capture.Answer{at(answer("SIS", "portal", capture.StateUnavailable), time.Time{}, "no answer in time")}, []Unknown{{"SIS", doc, "no answer in time", now}}},
		{"only an old copy answered", whole, []capture.Answer{at(answer("SIS", "portal", capture.StateUnavailable), time.Time{}, "down"), at(answer("SIS", "local", capture.StateStale), earlier, "")}, []Unknown{{"SIS", doc, "only an old copy was asked", earlier}}},
		{"an authorisation is missing", whole, []capture.Answer{at(answer("SIS", "portal", capture.StateUnavailable), now, NeedsGrant+"judicial")}, []Unknown{{"SIS", doc, "it needs an authorisation (of a court)", now}}},
		{"a discreet hit leaves the system as unknown as without it", whole, []capture.Answer{func() capture.Answer {
			a := at(found(answer("SIS", "local", capture.StateHit), true), earlier, "")
			a.Rest = &capture.Rest{State: capture.StateStale, Reason: "old"}
			return a
		}()}, []Unknown{{"SIS", doc, "old", earlier}}},
		{"what was open of an earlier reading is not told", []capture.Evidence{{ID: "document-0", Document: &capture.Document{}}, document(nil)},
			[]capture.Answer{about("document-0", answer("SIS", "portal", capture.StateUnavailable)), answer("SIS", "portal", capture.StateNoHit)}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := NotKnown(Facts{Now: now, Profile: profile, Evidence: tt.evidence, Answers: tt.answers}); !slices.Equal(got, tt.want) {
				t.Errorf("NotKnown = %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestTheIdentityRepositoryIsNotMissedWhenNobodyAsksIt(t *testing.T) {
	profile := capture.Profile{Systems: map[capture.Modality][]string{capture.ModalityDocument: {"SIS", Identity}}}
	got := Decide(Strict(), Facts{Now: now, Profile: profile, Evidence: []capture.Evidence{document(nil), finger(""), face()},
		Answers: []capture.Answer{answer("SIS", "local", capture.StateNoHit)}})
	if got.Outcome != capture.OutcomeClear {
		t.Errorf("Decide = %v", got)
	}
}
