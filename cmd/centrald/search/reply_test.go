package search

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"boothd/capture"
	"boothd/sync/profile"
	"boothd/sync/system"
)

// rich is a reply with something in every part.
func rich() system.Reply {
	return system.Reply{
		State: capture.StateHit,
		Findings: []capture.Finding{
			{
				Entry: "e1", By: capture.ByName, State: capture.StatePossible, Score: 0.9, Category: "c", Action: "a", Name: "n",
				Needs: "judicial", Minor: true,
				Explanation: []capture.Part{{What: "surname", Asked: "A", Found: "B", Note: "N", Weight: 0.5}},
				Print:       &capture.PrintMatch{Entry: "e1"},
			},
			{Entry: "e2", By: capture.ByFinger, State: capture.StateHit, Score: 1, Name: "n2", Discreet: true},
		},
		Facts: []capture.Fact{{Code: capture.FactDaysLeft, Value: "23"}, {Code: capture.FactHolds, Value: "EES"}, {Code: capture.FactHolds, Value: "Eurodac"}},
		Links: []capture.Link{
			{ID: "l1", Colour: capture.LinkYellow, Systems: []string{"SIS", "EES"}},
			{ID: "l2", Colour: capture.LinkRed, Systems: []string{"SIS", "Eurodac"}},
			{ID: "l3", Colour: capture.LinkRed, Systems: []string{"EES"}, Discreet: true},
		},
		Rest: &capture.Rest{State: capture.StateStale, Reason: "old"},
		AsOf: time.Unix(1_700_000_000, 0).UTC(),
	}
}

func TestOnlyThePartsThatTheProfileNamesAreHandedOn(t *testing.T) {
	shown := rich().Findings
	shown[0].Print = nil
	with := func(change func(f *capture.Finding)) []capture.Finding {
		fs := slices.Clone(shown)
		for i := range fs {
			fs[i].Explanation = slices.Clone(fs[i].Explanation)
			change(&fs[i])
		}
		return fs
	}
	bare := with(func(f *capture.Finding) { f.Category, f.Action, f.Name, f.Explanation = "", "", "", nil })
	rest := rich().Rest
	for _, test := range []struct {
		name    string
		parts   []profile.Part
		cleared bool
		want    capture.Answer
	}{
		{"nothing but the state, and not that of a discreet finding, which would show to all", nil, true, capture.Answer{State: capture.StatePossible}},
		{"the same without clearance", nil, false, capture.Answer{State: capture.StatePossible}},
		{"that something was found", []profile.Part{profile.PartFindings}, false, capture.Answer{State: capture.StateHit, Findings: bare, Rest: rest}},
		{"action without name", []profile.Part{profile.PartFindings, profile.PartAction, profile.PartExplanation}, false,
			capture.Answer{State: capture.StateHit, Rest: rest, Findings: with(func(f *capture.Finding) {
				f.Name = ""
				for i := range f.Explanation {
					f.Explanation[i].Found, f.Explanation[i].Note = "", ""
				}
			})}},
		{"name without action", []profile.Part{profile.PartFindings, profile.PartName, profile.PartExplanation}, false,
			capture.Answer{State: capture.StateHit, Rest: rest, Findings: with(func(f *capture.Finding) { f.Category, f.Action = "", "" })}},
		{"parts of findings without findings", []profile.Part{profile.PartAction, profile.PartName, profile.PartExplanation}, true, capture.Answer{State: capture.StatePossible}},
		{"facts that name no forbidden system", []profile.Part{profile.PartFacts}, true, capture.Answer{State: capture.StatePossible,
			Facts: []capture.Fact{{Code: capture.FactDaysLeft, Value: "23"}, {Code: capture.FactHolds, Value: "EES"}}}},
		{"links that name no forbidden system", []profile.Part{profile.PartLinks}, true, capture.Answer{State: capture.StatePossible,
			Links: []capture.Link{rich().Links[0], rich().Links[2]}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := everything("SIS", "EES")
			p.Cleared, p.Systems[0].Reply = test.cleared, test.parts
			got := one(t, searcher(t, Options{Systems: []System{{Name: "SIS", Adapter: replying(rich())}}}), documentRequest(p, "SIS"))
			want := test.want
			want.Evidence, want.Modality, want.System, want.Source, want.AsOf, want.At = "document-1", capture.ModalityDocument, "SIS", "portal", rich().AsOf, got.At
			if !reflect.DeepEqual(got, want) {
				t.Errorf("answer\n%+v, want\n%+v", got, want)
			}
		})
	}
}

func TestAStateAloneDoesNotGiveADiscreetFindingAway(t *testing.T) {
	for name, rest := range map[string]*capture.Rest{
		"nothing else": nil,
		"an old copy":  {State: capture.StateStale, Reason: "old"},
	} {
		with := system.Reply{State: capture.StateHit, Rest: rest, Findings: []capture.Finding{{State: capture.StateHit, Score: 1, Discreet: true}}}
		without := noHit
		if rest != nil {
			without = system.Reply{State: rest.State, Reason: rest.Reason}
		}
		p := everything("SIS")
		p.Systems[0].Reply = nil
		now := time.Now()
		ask := func(r system.Reply) capture.Answer {
			s := searcher(t, Options{Systems: []System{{Name: "SIS", Adapter: replying(r)}}, Now: func() time.Time { return now }})
			return one(t, s, documentRequest(p, "SIS"))
		}
		if a, b := ask(with), ask(without); !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %+v with the finding, %+v without", name, a, b)
		}
	}
}

func TestTheAdaptersReplyIsLeftAsItIs(t *testing.T) {
	r := rich()
	p := everything("SIS", "EES")
	p.Systems[0].Reply = []profile.Part{profile.PartFindings, profile.PartExplanation, profile.PartFacts, profile.PartLinks}
	one(t, searcher(t, Options{Systems: []System{{Name: "SIS", Adapter: replying(r)}}}), documentRequest(p, "SIS"))
	if !reflect.DeepEqual(r, rich()) {
		t.Error("the reply was changed in the adapter's hands")
	}
}

func TestDataWithoutATimeIsCurrent(t *testing.T) {
	a := one(t, searcher(t, Options{Systems: []System{{Name: "SIS", Adapter: replying(noHit)}}}), documentRequest(everything("SIS"), "SIS"))
	if a.AsOf.IsZero() || !a.AsOf.Equal(a.At) {
		t.Errorf("as of %s, at %s", a.AsOf, a.At)
	}
}
