package capture

import (
	"encoding/json"
	"testing"
)

// Whatever a source says, an officer without clearance must read an answer with discreet
// findings exactly as the answer without them.
func TestDiscreetFindingsLeaveNoTrace(t *testing.T) {
	discreet := Finding{Entry: "d", State: StateHit, Discreet: true}
	possible := Finding{Entry: "p", State: StatePossible}
	hit := Finding{Entry: "h", State: StateHit}
	tests := []struct {
		name          string
		with, without Answer
	}{
		{"a current list", Answer{State: StateHit, Findings: []Finding{discreet}}, Answer{State: StateNoHit}},
		{"an old list", Answer{State: StateHit, Findings: []Finding{discreet}, Rest: &Rest{StateStale, "the list is old"}}, Answer{State: StateStale, Reason: "the list is old"}},
		{"a damaged list", Answer{State: StateHit, Findings: []Finding{discreet}, Rest: &Rest{StateUnavailable, "the list is damaged"}}, Answer{State: StateUnavailable, Reason: "the list is damaged"}},
		{"a weaker open finding", Answer{State: StateHit, Findings: []Finding{discreet, possible}}, Answer{State: StatePossible, Findings: []Finding{possible}}},
		{"two open findings", Answer{State: StateHit, Findings: []Finding{possible, discreet, hit}}, Answer{State: StateHit, Findings: []Finding{possible, hit}}},
		{"an open finding in an old list", Answer{State: StateHit, Findings: []Finding{discreet, possible}, Rest: &Rest{StateStale, "old"}}, Answer{State: StatePossible, Findings: []Finding{possible}, Rest: &Rest{StateStale, "old"}}},
		{"nothing discreet", Answer{State: StateHit, Findings: []Finding{hit}}, Answer{State: StateHit, Findings: []Finding{hit}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, want := encode(t, tt.with.Shown(false)), encode(t, tt.without.Shown(false))
			if got != want {
				t.Errorf("shown %s, without the discreet finding %s", got, want)
			}
			if cleared := tt.with.Shown(true); cleared.State != tt.with.State || len(cleared.Findings) != len(tt.with.Findings) {
				t.Errorf("a cleared officer is shown %v", cleared)
			}
		})
	}
}

func encode(t *testing.T, a Answer) string {
	t.Helper()
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
