package policy

import (
	"fmt"
	"strings"
	"testing"

	"boothd/capture"
)

// hand reads "2 3:temporary": fingers that were taken, and those that are missing with the reason.
func hand(text string) []capture.Evidence {
	all := []capture.Evidence{document(nil), face()}
	for i, word := range strings.Fields(text) {
		f := &capture.Finger{}
		position, missing, _ := strings.Cut(word, ":")
		fmt.Sscan(position, &f.Position)
		if f.Missing = capture.Missing(missing); missing == "" {
			f.PNG = []byte("png")
		}
		all = append(all, capture.Evidence{ID: fmt.Sprintf("finger-%d", i+1), Finger: f})
	}
	return all
}

func TestDecideOnSeveralFingers(t *testing.T) {
	const gone = "2:permanent 3:permanent 4:permanent 5:temporary"
	tests := []struct {
		name  string
		hand  string
		want  capture.Outcome
		code  string // of each reason
		text  string // in the gravest
		count int    // of the plan
	}{
		{"all there", "2 3 4 5", capture.OutcomeClear, "nothing_found", "", 4},
		{"none", "", capture.OutcomeIncomplete, "finger_missing", "No finger was taken", 4},
		{"one not there", "2 3 4", capture.OutcomeIncomplete, "finger_missing", "1 of 4 fingers", 4},
		{"one bandaged", "2 3:temporary 4 5", capture.OutcomeRefer, "finger_temporary", "right middle finger. Temporary", 4},
		{"two gone", "2 3:permanent 4:permanent 5", capture.OutcomeClear, "finger_permanent", "right middle finger and right ring finger", 4},
		{"one gone, one bandaged, one not there", "2:permanent 3:temporary 4", capture.OutcomeRefer, "finger_temporary finger_missing finger_permanent", "", 4},
		{"the other hand instead", gone + " 7 8 9 10", capture.OutcomeClear, "finger_other_hand", "No right index finger, right middle finger, right ring finger or right little finger", 4},
		{"a part of the other hand instead", gone + " 7 8", capture.OutcomeIncomplete, "finger_missing finger_other_hand", "2 of 4 fingers", 4},
		{"neither hand", gone + " 7:permanent 8:permanent 9:permanent 10:permanent", capture.OutcomeRefer, "finger_temporary finger_permanent", "right little finger. Temporary", 4},
		{"a finger taken after all", "2:temporary 3 4 5 2", capture.OutcomeClear, "nothing_found", "", 4},
		{"ten", "2 3 4 5 7 8 9 10 1 6", capture.OutcomeClear, "nothing_found", "", 10},
		{"nine of ten", "2 3 4 5 7 8 9 10 1", capture.OutcomeIncomplete, "finger_missing", "1 of 10", 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rules := Strict()
			rules.Fingers, _ = capture.NewFingerPlan(tt.count, 0)
			got := Decide(rules, Facts{Now: now, Evidence: hand(tt.hand), Answers: []capture.Answer{answer("SIS", "local", capture.StateNoHit)}})
			var codes []string
			for _, r := range got.Reasons {
				codes = append(codes, r.Code)
			}
			if got.Outcome != tt.want || strings.Join(codes, " ") != tt.code || !strings.Contains(got.Reasons[0].Text, tt.text) {
				t.Errorf("%s for %s: %s", got.Outcome, codes, got.Reasons[0].Text)
			}
		})
	}
}

func TestWhatIsNotKnownOfEachFingerCounts(t *testing.T) {
	rules := Strict()
	rules.Fingers, _ = capture.NewFingerPlan(4, 0)
	said := func(evidence string, s capture.State) capture.Answer {
		return capture.Answer{System: "EES", Source: "portal", Modality: capture.ModalityFinger, Evidence: evidence, State: s}
	}
	all := []capture.Answer{said("finger-1", capture.StateUnavailable), said("finger-2", capture.StateUnavailable), said("finger-3", capture.StateNoHit), said("finger-4", capture.StateNoHit)}
	facts := Facts{Now: now, Evidence: hand("2 3 4 5"), Answers: all}
	if got := Decide(rules, facts); got.Outcome != capture.OutcomeIncomplete || len(got.Reasons) != 1 {
		t.Errorf("two fingers unknown: %+v", got)
	}
	if got := NotKnown(facts); len(got) != 1 || got[0].System != "EES" {
		t.Errorf("not known: %+v", got)
	}
	facts.Evidence = hand("2 3 4 5 2 3")
	facts.Answers = append(all, said("finger-5", capture.StateNoHit), said("finger-6", capture.StateNoHit))
	if got := Decide(rules, facts); got.Outcome != capture.OutcomeClear || len(NotKnown(facts)) != 0 {
		t.Errorf("both taken again: %+v", got)
	}
}
