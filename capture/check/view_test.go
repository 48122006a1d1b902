package check

import (
	"encoding/json"
	"strings"
	"testing"

	"boothd/capture"
)

// The minutiae of a match are shown with the findings that are shown, and are in no record.
func TestPrintsAreShownWithTheirFindingsAndNeverRecorded(t *testing.T) {
	finding := func(entry string, discreet bool) capture.Finding {
		m := capture.Minutia{X: 7, Y: 8, Direction: 90}
		return capture.Finding{Entry: entry, By: capture.ByFinger, State: capture.StateHit, Discreet: discreet,
			Print: &capture.PrintMatch{Entry: entry, Pairs: []capture.PrintPair{{Asked: m, Found: m}}}}
	}
	byNumber := capture.Finding{Entry: "number", By: capture.ByDocumentNumber, State: capture.StateHit}
	q := &question{answers: []capture.Answer{
		{System: "SIS", State: capture.StateHit, Findings: []capture.Finding{finding("hidden", true), finding("open", false), byNumber}},
	}}
	for cleared, want := range map[bool][]string{false: {"open"}, true: {"hidden", "open"}} {
		prints := q.lines(cleared)[0].Prints
		if len(prints) != len(want) {
			t.Fatalf("cleared %t: %d prints, want %v", cleared, len(prints), want)
		}
		for i, p := range prints {
			if p.Entry != want[i] || len(p.Pairs) != 1 {
				t.Errorf("cleared %t: print of %s, want %s", cleared, p.Entry, want[i])
			}
		}
	}
	shown, err := json.Marshal(q.lines(true))
	if err != nil || !strings.Contains(string(shown), `"direction":90`) {
		t.Errorf("shown %s, %v", shown, err)
	}
	record, err := json.Marshal(capture.Record{Answers: q.answers})
	if err != nil || strings.Contains(string(record), "direction") || strings.Contains(string(record), "pairs") {
		t.Errorf("record %s, %v", record, err)
	}
}
