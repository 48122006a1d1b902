package policy

import (
	"slices"
	"testing"

	"boothd/capture"
	"boothd/capture/chip"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
)

func chipWith(checks ...inspection.Check) capture.Evidence {
	return capture.Evidence{ID: "chip-1", Chip: &capture.Chip{Document: "document-1", Checks: checks}}
}

func chipCheck(name string, s inspection.State, reason string) inspection.Check {
	return inspection.Check{Name: name, State: s, Reason: reason, Text: name + " is " + string(s)}
}

func kind(t *testing.T, text string) Kind {
	t.Helper()
	k, err := ParseKind(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestEachCheckOfTheChipIsAReasonByItsRule(t *testing.T) {
	rules := Rules{Checks: []CheckRule{
		{Check: "pa_revocation", Reason: "list_missing", Documents: []Kind{kind(t, "D/P")}, NotDone: Refer},
		{Check: "pa_revocation", Reason: "list_missing", NotDone: Note, Failed: Pass},
		{Check: "pa_revocation", Undetermined: Incomplete},
		{Check: "pa_signature", Failed: Stop, Undetermined: Refer},
		{Check: "pa_chain", Reason: "trust_expired", Undetermined: Pass},
		{Check: "pa_chain", Undetermined: Note},
	}}
	german := document(func(z *mrz.Zone) { z.Issuer, z.DocumentCode = "D", "P" })
	for _, tt := range []struct {
		name  string
		check inspection.Check
		of    capture.Evidence
		want  capture.Outcome
	}{
		{"a check without a rule that failed refers", chipCheck("ef_com", inspection.Failed, ""), german, capture.OutcomeRefer},
		{"and is no reason otherwise", chipCheck("ef_com", inspection.Undetermined, ""), german, ""},
		{"what succeeded is no reason", chipCheck("pa_signature", inspection.Successful, ""), german, ""},
		{"a rule may stop", chipCheck("pa_signature", inspection.Failed, "signature_wrong"), german, capture.OutcomeStop},
		{"or refer what is open", chipCheck("pa_signature", inspection.Undetermined, ""), german, capture.OutcomeRefer},
		{"a rule of one state's documents counts for those", chipCheck("pa_revocation", inspection.NotDone, "list_missing"), german, capture.OutcomeRefer},
		{"and the next for others, which only tells", chipCheck("pa_revocation", inspection.NotDone, "list_missing"), document(nil), capture.OutcomeClear},
		{"what is not supported counts as not done", chipCheck("pa_revocation", inspection.NotSupported, "list_missing"), document(nil), capture.OutcomeClear},
		{"a rule of a reason does not count for another", chipCheck("pa_revocation", inspection.NotDone, "no_chain"), document(nil), ""},
		{"a rule that says nothing of a state leaves it to the next", chipCheck("pa_revocation", inspection.Undetermined, "list_missing"), german, capture.OutcomeIncomplete},
		{"a rule may let a failure pass", chipCheck("pa_revocation", inspection.Failed, "list_missing"), german, ""},
		{"but not one for another reason", chipCheck("pa_revocation", inspection.Failed, "revoked"), german, capture.OutcomeRefer},
		{"an old list refers, unless the booth says otherwise", chipCheck("pa_chain", inspection.Undetermined, "trust_stale"), german, capture.OutcomeClear},
		{"as it may", chipCheck("pa_chain", inspection.Undetermined, "trust_expired"), german, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := chipReasons(rules, []capture.Evidence{tt.of, chipWith(chipCheck("ef_com", inspection.Failed, "")), chipWith(tt.check)})
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

func TestARuleByStateGoesByThePageThatTheChipBelongsTo(t *testing.T) {
	rules := Rules{Checks: []CheckRule{{Check: "ef_com", Documents: []Kind{kind(t, "D/*")}, Failed: Stop}}}
	first := document(func(z *mrz.Zone) { z.Issuer = "D" })
	second := document(func(z *mrz.Zone) { z.Issuer = "FRA" })
	second.ID = "document-2"
	its := chipWith(chipCheck("ef_com", inspection.Failed, ""))
	its.Chip.Opened = "BAC"
	got := chipReasons(rules, []capture.Evidence{first, its, second})
	if len(got) != 1 || got[0].Outcome != capture.OutcomeStop {
		t.Errorf("the chip of the German document: %v", got)
	}
}

// What nobody has configured errs on the side of not knowing.
func TestWithoutRulesOfItsOwnABoothDoesNotTakeForGoodWhatIsNotKnown(t *testing.T) {
	for _, tt := range []struct {
		check inspection.Check
		want  capture.Outcome
	}{
		{chipCheck("pa_chain", inspection.Failed, "chain_signature"), capture.OutcomeRefer},
		{chipCheck("pa_chain", inspection.Undetermined, "trust_stale"), capture.OutcomeRefer},
		{chipCheck("pa_chain", inspection.Undetermined, "trust_expired"), capture.OutcomeIncomplete},
		{chipCheck("pa_chain", inspection.Undetermined, "trust_missing"), capture.OutcomeIncomplete},
		{chipCheck("pa_chain", inspection.Undetermined, "authority_unknown"), ""},
		{chipCheck("pa_signature", inspection.Undetermined, "signer_missing"), capture.OutcomeRefer},
		{chipCheck("pa_hash", inspection.NotDone, "not_read"), capture.OutcomeIncomplete},
		{chipCheck("dg1_zone", inspection.NotDone, "missing"), capture.OutcomeIncomplete},
		{chipCheck("channel", inspection.Undetermined, "chip_gone"), capture.OutcomeIncomplete},
		{chipCheck("access", inspection.NotSupported, "suite"), capture.OutcomeIncomplete},
		{chipCheck(chip.CheckTerminal, inspection.Failed, "refused"), capture.OutcomeClear},
		{chipCheck("pa_revocation", inspection.NotDone, "list_missing"), ""},
		{chipCheck(chip.CheckPresent, inspection.Failed, capture.ReasonExpected), capture.OutcomeRefer},
		{chipCheck(chip.CheckPresent, inspection.Undetermined, "silent"), capture.OutcomeRefer},
		{chipCheck(chip.CheckPresent, inspection.NotSupported, "no_chip"), ""},
	} {
		got := chipReasons(Strict(), []capture.Evidence{document(nil), chipWith(tt.check)})
		if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || got[0].Outcome != tt.want) {
			t.Errorf("%s %s %s: %v, want %q", tt.check.Name, tt.check.State, tt.check.Reason, got, tt.want)
		}
	}
}

func TestOfSeveralDocumentsEachChipCounts(t *testing.T) {
	page := func(id, number string) capture.Evidence {
		e := document(func(z *mrz.Zone) { z.DocumentNumber = number })
		e.ID = id
		return e
	}
	inspect := func(of, opened string, s inspection.State) capture.Evidence {
		e := chipWith(chipCheck("ef_com", s, ""))
		e.Chip.Document, e.Chip.Opened = of, opened
		return e
	}
	rules := Rules{Require: []capture.Modality{capture.ModalityChip}}
	copied, sound := inspect("document-1", "BAC", inspection.Failed), inspect("document-2", "BAC", inspection.Successful)
	for _, tt := range []struct {
		name     string
		evidence []capture.Evidence
		want     []string
	}{
		{"the last chip of a document counts",
			[]capture.Evidence{page("document-1", "A1"), copied, inspect("document-1", "BAC", inspection.Successful)}, nil},
		{"so it does if its page was read again",
			[]capture.Evidence{page("document-1", "A1"), copied, page("document-2", "A1"), sound}, nil},
		{"another document does not make the first one's chip forgotten",
			[]capture.Evidence{page("document-1", "A1"), copied, page("document-2", "B2"), sound}, []string{"chip_ef_com"}},
		{"but a chip that a page did not open does not count once another page was read",
			[]capture.Evidence{page("document-1", "A1"), inspect("document-1", "", inspection.Failed), page("document-2", "B2"), sound}, nil},
		{"the first document's chip is not the second's",
			[]capture.Evidence{page("document-1", "A1"), inspect("document-1", "BAC", inspection.Successful), page("document-2", "B2")}, []string{"chip_missing"}},
	} {
		var got []string
		for _, r := range evidenceReasons(rules, Facts{Evidence: tt.evidence, Now: now}) {
			if r.Modality == capture.ModalityChip {
				got = append(got, r.Code)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestARuleCoversWhatItLeavesNothingOf(t *testing.T) {
	german := []Kind{kind(t, "D/P")}
	for _, tt := range []struct {
		name          string
		first, second CheckRule
		want          bool
	}{
		{"the same twice", CheckRule{Check: "a", Failed: Refer}, CheckRule{Check: "a", Failed: Stop}, true},
		{"another check", CheckRule{Check: "a", Failed: Refer}, CheckRule{Check: "b", Failed: Stop}, false},
		{"another state", CheckRule{Check: "a", Failed: Refer}, CheckRule{Check: "a", Undetermined: Refer}, false},
		{"more states than the first", CheckRule{Check: "a", Failed: Refer}, CheckRule{Check: "a", Failed: Refer, NotDone: Note}, false},
		{"a reason behind all reasons", CheckRule{Check: "a", Failed: Refer}, CheckRule{Check: "a", Reason: "x", Failed: Stop}, true},
		{"all reasons behind one", CheckRule{Check: "a", Reason: "x", Failed: Refer}, CheckRule{Check: "a", Failed: Stop}, false},
		{"a state behind all", CheckRule{Check: "a", Failed: Refer}, CheckRule{Check: "a", Documents: german, Failed: Stop}, true},
		{"all states behind one", CheckRule{Check: "a", Documents: german, Failed: Refer}, CheckRule{Check: "a", Failed: Stop}, false},
		{"the same state twice", CheckRule{Check: "a", Documents: german, Failed: Refer}, CheckRule{Check: "a", Documents: german, Failed: Stop}, true},
	} {
		if got := tt.first.Covers(tt.second); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

func TestAChipThatIsRequiredAndMissingIsIncomplete(t *testing.T) {
	required := Rules{Require: []capture.Modality{capture.ModalityChip}}
	got := Decide(required, Facts{})
	if got.Outcome != capture.OutcomeIncomplete || got.Reasons[0].Code != "chip_missing" {
		t.Errorf("%+v", got)
	}
	for _, tt := range []struct {
		name     string
		why      capture.MissingChip
		expected string
		state    inspection.State
		reasons  int
	}{
		{"silent", capture.MissingSilent, "", inspection.Undetermined, 1},
		{"silent, and must have one", capture.MissingSilent, "by law", inspection.Failed, 1},
		{"without a symbol", capture.MissingNoChip, "", inspection.NotSupported, 0},
		{"without a symbol, and must have one", capture.MissingNoChip, "by law", inspection.Failed, 1},
	} {
		missing := capture.ChipMissing("document-1", tt.why, tt.expected)
		if c := missing.Checks[0]; c.State != tt.state || (tt.expected != "") != (c.Reason == capture.ReasonExpected) {
			t.Errorf("%s: %+v", tt.name, c)
		}
		reasons := evidenceReasons(required, Facts{Evidence: []capture.Evidence{document(nil), {Chip: missing}}, Now: now})
		if len(reasons) != tt.reasons || tt.reasons > 0 && reasons[0].Outcome != capture.OutcomeRefer {
			t.Errorf("%s: %+v", tt.name, reasons)
		}
	}
}
