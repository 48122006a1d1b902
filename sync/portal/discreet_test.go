package portal

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture"
)

// received is the portal's answer as the booth hands it on.
func received(t *testing.T, a capture.Answer) capture.Answer {
	t.Helper()
	line, err := json.Marshal(LookReply{Answer: &a})
	if err != nil {
		t.Fatal(err)
	}
	r := replies{asked: []string{"SIS"}, evidence: "document-1", modality: capture.ModalityDocument, source: "portal",
		now: func() time.Time { return time.Unix(1_800_000_000, 0).UTC() }}
	var got []capture.Answer
	if err := r.read(strings.NewReader(string(line)+"\n"+end), func(a capture.Answer) { got = append(got, a) }); err != nil || len(got) != 1 {
		t.Fatalf("%d answers, %v", len(got), err)
	}
	return got[0]
}

func several(n int, f capture.Finding) []capture.Finding {
	return slices.Repeat([]capture.Finding{f}, n)
}

func TestDiscreetFindingsLeaveNoTraceInWhatThePortalAnswered(t *testing.T) {
	discreet := capture.Finding{Entry: "d", By: capture.ByName, State: capture.StateHit, Score: 1, Discreet: true}
	possible := capture.Finding{Entry: "p", By: capture.ByName, State: capture.StatePossible, Score: 0.5}
	hit := capture.Finding{Entry: "h", By: capture.ByName, State: capture.StateHit, Score: 0.5}
	old := &capture.Rest{State: capture.StateStale, Reason: "old"}
	down := &capture.Rest{State: capture.StateUnavailable, Reason: "half of it is down"}
	shown := capture.Link{ID: "l", Colour: capture.LinkYellow, Systems: []string{"SIS", "VIS"}}
	hidden := capture.Link{ID: "m", Colour: capture.LinkRed, Systems: []string{"SIS", "VIS"}, Discreet: true}
	days := []capture.Fact{{Code: capture.FactDaysLeft, Value: "12"}}
	for _, test := range []struct {
		name          string
		with, without capture.Answer
	}{
		{"alone", capture.Answer{State: "hit", Findings: several(1, discreet)}, capture.Answer{State: "no_hit"}},
		{"alone in old data", capture.Answer{State: "hit", Findings: several(1, discreet), Rest: old}, capture.Answer{State: "stale", Reason: "old"}},
		{"alone in half of the data", capture.Answer{State: "hit", Findings: several(1, discreet), Rest: down}, capture.Answer{State: "unavailable", Reason: "half of it is down"}},
		{"beside one to verify", capture.Answer{State: "hit", Findings: []capture.Finding{discreet, possible}}, capture.Answer{State: "possible", Findings: several(1, possible)}},
		{"beside a hit in old data", capture.Answer{State: "hit", Findings: []capture.Finding{hit, discreet}, Rest: old}, capture.Answer{State: "hit", Findings: several(1, hit), Rest: old}},
		{"more than are taken", capture.Answer{State: "hit", Findings: several(MaxFindings+5, discreet)}, capture.Answer{State: "no_hit"}},
		{"more than are taken, before an open one", capture.Answer{State: "hit", Findings: append(several(MaxFindings+5, discreet), possible)},
			capture.Answer{State: "possible", Findings: several(1, possible)}},
		{"before as many open ones as are taken", capture.Answer{State: "hit", Findings: append(several(5, discreet), several(MaxFindings, possible)...)},
			capture.Answer{State: "possible", Findings: several(MaxFindings, possible)}},
		{"after more open ones than are taken", capture.Answer{State: "hit", Findings: append(several(MaxFindings+2, possible), discreet)},
			capture.Answer{State: "possible", Findings: several(MaxFindings+2, possible)}},
		{"spoken of in the portal's reason", capture.Answer{State: "hit", Reason: "2 found", Findings: []capture.Finding{discreet, hit}},
			capture.Answer{State: "hit", Reason: "1 found", Findings: several(1, hit)}},
		{"with a discreet link", capture.Answer{State: "hit", Findings: several(1, discreet), Links: []capture.Link{hidden, shown}}, capture.Answer{State: "no_hit", Links: []capture.Link{shown}}},
		{"with a discreet link that cannot be", capture.Answer{State: "hit", Findings: several(1, discreet), Links: []capture.Link{{Colour: "blue", Discreet: true}, shown}}, capture.Answer{State: "no_hit", Links: []capture.Link{shown}}},
		{"with more discreet links than are taken", capture.Answer{State: "hit", Findings: several(1, discreet), Links: append(slices.Repeat([]capture.Link{hidden}, MaxLinks+3), slices.Repeat([]capture.Link{shown}, MaxLinks)...)},
			capture.Answer{State: "no_hit", Links: slices.Repeat([]capture.Link{shown}, MaxLinks)}},
		{"beside facts while half of the data is down", capture.Answer{State: "hit", Findings: several(1, discreet), Rest: down, Facts: days}, capture.Answer{State: "unavailable", Reason: "half of it is down", Facts: days}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.with.System, test.without.System = "SIS", "SIS"
			got := received(t, test.with)
			a, _ := json.Marshal(got.Shown(false))
			b, _ := json.Marshal(received(t, test.without).Shown(false))
			if string(a) != string(b) {
				t.Errorf("shown %s\nwithout the discreet findings %s", a, b)
			}
			if cleared := got.Shown(true); cleared.State != capture.StateHit || !slices.ContainsFunc(cleared.Findings, func(f capture.Finding) bool { return f.Discreet }) {
				t.Errorf("a cleared officer is shown %s with %d findings", cleared.State, len(cleared.Findings))
			}
		})
	}
}

func TestStatesOfFindingsAndOfTheRestAreChecked(t *testing.T) {
	finding := func(s capture.State) capture.Finding {
		return capture.Finding{Entry: "e", By: capture.ByName, State: s, Score: 1}
	}
	for _, test := range []struct {
		name     string
		sent     capture.Answer
		state    capture.State
		findings []capture.State
		rest     *capture.Rest
	}{
		{"good ones are kept", capture.Answer{State: "hit", Findings: []capture.Finding{finding("hit"), finding("possible")}, Rest: &capture.Rest{State: "stale", Reason: "old"}},
			"hit", []capture.State{"hit", "possible"}, &capture.Rest{State: "stale", Reason: "old"}},
		{"a finding without a state has the answer's", capture.Answer{State: "possible", Findings: []capture.Finding{finding("")}}, "possible", []capture.State{"possible"}, nil},
		{"a finding that says no_hit has the answer's", capture.Answer{State: "hit", Findings: []capture.Finding{finding("no_hit"), finding("possible")}}, "hit", []capture.State{"hit", "possible"}, nil},
		{"a finding that is a hit makes the answer one", capture.Answer{State: "possible", Findings: []capture.Finding{finding("possible"), finding("hit")}}, "hit", []capture.State{"possible", "hit"}, nil},
		{"a rest of no_hit is none", capture.Answer{State: "hit", Findings: []capture.Finding{finding("hit")}, Rest: &capture.Rest{State: "no_hit", Reason: "x"}}, "hit", []capture.State{"hit"}, nil},
		{"a rest that is a hit is not known", capture.Answer{State: "hit", Findings: []capture.Finding{finding("hit")}, Rest: &capture.Rest{State: "hit", Reason: "x"}}, "hit", []capture.State{"hit"},
			&capture.Rest{State: "unavailable", Reason: reasonOf(ErrRefused)}},
		{"a long rest is cut", capture.Answer{State: "hit", Findings: []capture.Finding{finding("hit")}, Rest: &capture.Rest{State: "unavailable", Reason: "\x07" + strings.Repeat("x", 2*MaxText)}}, "hit", []capture.State{"hit"},
			&capture.Rest{State: "unavailable", Reason: strings.Repeat("x", MaxText-1)}},
		{"a rest beside nothing is dropped", capture.Answer{State: "no_hit", Rest: &capture.Rest{State: "stale"}}, "no_hit", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.sent.System = "SIS"
			got := received(t, test.sent)
			var findings []capture.State
			for _, f := range got.Findings {
				findings = append(findings, f.State)
			}
			if got.State != test.state || !slices.Equal(findings, test.findings) {
				t.Errorf("%s with findings %v, want %s with %v", got.State, findings, test.state, test.findings)
			}
			if (got.Rest == nil) != (test.rest == nil) || got.Rest != nil && *got.Rest != *test.rest {
				t.Errorf("rest %+v, want %+v", got.Rest, test.rest)
			}
		})
	}
}
