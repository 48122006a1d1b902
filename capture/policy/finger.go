package policy

import (
	"fmt"
	"slices"
	"strings"

	"boothd/capture"
)

// fingerReasons speak of the fingers that are not there.
func fingerReasons(r Rules, f Facts) []capture.Reason {
	exempt := slices.ContainsFunc(f.Evidence, func(e capture.Evidence) bool {
		return e.Finger != nil && e.Finger.Missing == capture.MissingNotApplicable
	})
	if !r.Fingers.Many() || exempt {
		if reason, ok := fingerReason(r, f); ok {
			return []capture.Reason{reason}
		}
		return nil
	}
	if !capture.Has(f.Evidence, capture.ModalityFinger) {
		return nil // that is told of every kind of evidence
	}
	return stepReasons(r, r.Fingers.Steps(f.Evidence))
}

// stepReasons speak of the fingers of a plan of several.
func stepReasons(r Rules, steps []capture.FingerStep) []capture.Reason {
	var reasons []capture.Reason
	add := func(o capture.Outcome, code, text string) {
		reasons = append(reasons, capture.Reason{Outcome: o, Code: code, Modality: capture.ModalityFinger, Text: text})
	}
	if instead := steps[min(len(r.Fingers.Fingers), len(steps)):]; slices.ContainsFunc(instead, taken) {
		add(capture.OutcomeClear, "finger_other_hand", fmt.Sprintf("No %s can be taken, so others are taken instead; why is recorded.", nameFingers(steps[:len(steps)-len(instead)], "or")))
		steps = instead
	}
	by := map[capture.Missing][]capture.FingerStep{}
	awaited := 0
	for _, s := range steps {
		switch s.State {
		case capture.FingerAwaited:
			awaited++
		case capture.FingerMissing:
			by[s.Missing] = append(by[s.Missing], s)
		}
	}
	if awaited > 0 && slices.Contains(r.Require, capture.ModalityFinger) {
		add(capture.OutcomeIncomplete, "finger_missing", fmt.Sprintf("%d of %d fingers were not taken and no reason was given.", awaited, len(steps)))
	}
	if all := by[capture.MissingTemporary]; len(all) > 0 {
		add(capture.OutcomeRefer, "finger_temporary", fmt.Sprintf("Not taken this time: %s. Temporary impossibility, recorded.", nameFingers(all, "and")))
	}
	if all := by[capture.MissingPermanent]; len(all) > 0 {
		add(capture.OutcomeClear, "finger_permanent", fmt.Sprintf("Not taken: %s. Permanent impossibility, recorded.", nameFingers(all, "and")))
	}
	return reasons
}

func taken(s capture.FingerStep) bool { return s.State == capture.FingerTaken }

// nameFingers names fingers in words.
func nameFingers(steps []capture.FingerStep, last string) string {
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.Position.String()
	}
	if n := len(names) - 1; n > 0 {
		return strings.Join(names[:n], ", ") + " " + last + " " + names[n]
	}
	return names[0]
}

// fingerReason speaks of the finger that was taken, or stated to be missing, last.
func fingerReason(r Rules, f Facts) (capture.Reason, bool) {
	reason := capture.Reason{Modality: capture.ModalityFinger}
	i := lastOf(f.Evidence, capture.ModalityFinger)
	if i < 0 || f.Evidence[i].Finger.Missing == "" {
		return reason, false
	}
	missing := f.Evidence[i].Finger.Missing
	reason.Code = "finger_" + string(missing)
	switch {
	case missing == capture.MissingNotApplicable && !r.FingersExempt(capture.LastZone(f.Evidence), f.Now):
		reason.Outcome, reason.Code = capture.OutcomeIncomplete, "finger_missing"
		reason.Text = missingText(capture.ModalityFinger)
	case missing == capture.MissingNotApplicable:
		reason.Outcome = capture.OutcomeClear
		reason.Text = fmt.Sprintf("No fingerprints are taken of children under %d.", r.FingersFrom)
	case missing == capture.MissingPermanent:
		reason.Outcome = capture.OutcomeClear
		reason.Text = "The finger cannot be taken: permanent impossibility, recorded."
	default:
		reason.Outcome = capture.OutcomeRefer
		reason.Text = "The finger could not be taken this time: temporary impossibility, recorded."
	}
	return reason, true
}

// lastOf returns the index of the last piece of evidence of the modality, or -1.
func lastOf(evidence []capture.Evidence, m capture.Modality) int {
	for i := range slices.Backward(evidence) {
		if evidence[i].Modality() == m {
			return i
		}
	}
	return -1
}
