package policy

import (
	"slices"

	"boothd/capture"
	"boothd/capture/inspection"
)

// chipReasons speaks of the chip that was inspected last: one reason for each check whose rule
// gives one.
func chipReasons(r Rules, evidence []capture.Evidence) []capture.Reason {
	i := lastOf(evidence, capture.ModalityChip)
	if i < 0 {
		return nil
	}
	var reasons []capture.Reason
	for _, c := range evidence[i].Chip.Checks {
		if o := r.ofCheck(c); o != "" {
			reasons = append(reasons, capture.Reason{Outcome: o, Code: "chip_" + c.Name, Modality: capture.ModalityChip, Text: c.Text})
		}
	}
	return reasons
}

// ofCheck is what a check of the chip recommends; empty if it is no reason.
func (r Rules) ofCheck(c inspection.Check) capture.Outcome {
	rule := CheckRule{Failed: capture.OutcomeRefer}
	if i := slices.IndexFunc(r.Checks, func(x CheckRule) bool { return x.Check == c.Name }); i >= 0 {
		rule = r.Checks[i]
	}
	switch c.State {
	case inspection.Failed:
		return rule.Failed
	case inspection.Undetermined:
		return rule.Undetermined
	case inspection.NotDone, inspection.NotSupported:
		return rule.NotDone
	}
	return ""
}
