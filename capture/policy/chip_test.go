package policy

import (
	"slices"
	"testing"

	"boothd/capture"
	"boothd/capture/inspection"
)

func TestEachCheckOfTheChipIsAReasonByItsRule(t *testing.T) {
	chip := func(checks ...inspection.Check) capture.Evidence {
		return capture.Evidence{ID: "chip-1", Chip: &capture.Chip{Checks: checks}}
	}
	of := func(name string, s inspection.State) inspection.Check {
		return inspection.Check{Name: name, State: s, Text: name + " is " + string(s)}
	}
	rules := Rules{Checks: []CheckRule{
		{Check: "pa_signature", Failed: capture.OutcomeStop, Undetermined: capture.OutcomeRefer},
		{Check: "pa_revocation", Undetermined: capture.OutcomeClear, NotDone: capture.OutcomeClear},
	}}
	for _, tt := range []struct {
		name  string
		check inspection.Check
		want  capture.Outcome
	}{
		{"a check without a rule that failed refers", of("ef_com", inspection.Failed), capture.OutcomeRefer},
		{"and is no reason otherwise", of("ef_com", inspection.Undetermined), ""},
		{"what succeeded is no reason", of("pa_signature", inspection.Successful), ""},
		{"a rule may stop", of("pa_signature", inspection.Failed), capture.OutcomeStop},
		{"or refer what is open", of("pa_signature", inspection.Undetermined), capture.OutcomeRefer},
		{"or only tell", of("pa_revocation", inspection.NotDone), capture.OutcomeClear},
		{"what is not supported counts as not done", of("pa_revocation", inspection.NotSupported), capture.OutcomeClear},
		{"a rule may let a failure pass", of("pa_revocation", inspection.Failed), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := chipReasons(rules, []capture.Evidence{chip(of("ef_com", inspection.Failed)), chip(tt.check)})
			if tt.want == "" {
				if len(got) > 0 {
					t.Errorf("reasons %v, want none", got)
				}
				return
			}
			want := capture.Reason{Outcome: tt.want, Code: "chip_" + tt.check.Name, Modality: capture.ModalityChip, Text: tt.check.Text}
			if !slices.Equal(got, []capture.Reason{want}) {
				t.Errorf("reasons %v, want %v", got, want)
			}
		})
	}
}

func TestAChipThatIsRequiredAndMissingIsIncomplete(t *testing.T) {
	got := Decide(Rules{Require: []capture.Modality{capture.ModalityChip}}, Facts{})
	if got.Outcome != capture.OutcomeIncomplete || got.Reasons[0].Code != "chip_missing" {
		t.Errorf("%+v", got)
	}
	silent := capture.Evidence{Chip: capture.ChipMissing("", capture.MissingSilent)}
	if got = Decide(Rules{Require: []capture.Modality{capture.ModalityChip}}, Facts{Evidence: []capture.Evidence{silent}}); got.Outcome != capture.OutcomeRefer {
		t.Errorf("a silent chip: %+v", got)
	}
	none := capture.Evidence{Chip: capture.ChipMissing("", capture.MissingNoChip)}
	if got := evidenceReasons(Rules{Require: []capture.Modality{capture.ModalityChip}}, Facts{Evidence: []capture.Evidence{none}}); len(got) > 0 {
		t.Errorf("no chip: %+v", got)
	}
}
