package policy

import (
	"slices"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
)

var now = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)

func document(change func(*mrz.Zone)) capture.Evidence {
	z := mrz.Zone{
		Format:     mrz.TD3,
		BirthDate:  mrz.Date{Year: 1980, Month: 1, Day: 1},
		ExpiryDate: mrz.Date{Year: 2030, Month: 1, Day: 1},
		Checks:     []mrz.Check{{Field: mrz.FieldComposite, OK: true}},
	}
	if change != nil {
		change(&z)
	}
	return capture.Evidence{ID: "document-1", Document: &capture.Document{Zone: z}}
}

func finger(m capture.Missing) capture.Evidence {
	return capture.Evidence{ID: "finger-1", Finger: &capture.Finger{Missing: m}}
}

func face() capture.Evidence { return capture.Evidence{ID: "face-1", Face: &capture.Face{}} }

func answer(system, source string, s capture.State) capture.Answer {
	return capture.Answer{System: system, Source: source, Modality: capture.ModalityDocument, Evidence: "document-1", State: s}
}

func about(evidence string, a capture.Answer) capture.Answer {
	a.Evidence = evidence
	return a
}

func found(a capture.Answer, discreet ...bool) capture.Answer {
	for _, d := range discreet {
		a.Findings = append(a.Findings, capture.Finding{Entry: "x", State: a.State, Discreet: d})
	}
	return a
}

func TestDecide(t *testing.T) {
	whole := []capture.Evidence{document(nil), finger(""), face()}
	tests := []struct {
		name     string
		evidence []capture.Evidence
		answers  []capture.Answer
		want     capture.Outcome
		code     string // of the gravest reason
	}{
		{"nothing found is clear", whole, []capture.Answer{answer("SIS", "local", capture.StateNoHit)}, capture.OutcomeClear, "nothing_found"},
		{"no document is incomplete", []capture.Evidence{finger(""), face()}, nil, capture.OutcomeIncomplete, "document_missing"},
		{"no finger and no reason is incomplete", []capture.Evidence{document(nil), face()}, nil, capture.OutcomeIncomplete, "finger_missing"},
		{"a permanently missing finger is noted", []capture.Evidence{document(nil), finger(capture.MissingPermanent), face()}, nil, capture.OutcomeClear, "finger_permanent"},
		{"an adult is no child", []capture.Evidence{document(nil), finger(capture.MissingNotApplicable), face()}, nil, capture.OutcomeIncomplete, "finger_missing"},
		{"a child's finger is noted", []capture.Evidence{document(func(z *mrz.Zone) { z.BirthDate = mrz.Date{Year: 2018, Month: 1, Day: 1} }), finger(capture.MissingNotApplicable), face()}, nil, capture.OutcomeClear, "finger_not_applicable"},
		{"a temporarily missing finger refers", []capture.Evidence{document(nil), finger(capture.MissingTemporary), face()}, nil, capture.OutcomeRefer, "finger_temporary"},
		{"a hit stops", whole, []capture.Answer{found(answer("SIS", "local", capture.StateHit), false)}, capture.OutcomeStop, "system_hit"},
		{"a possible hit refers", whole, []capture.Answer{found(answer("SIS", "local", capture.StatePossible), false)}, capture.OutcomeRefer, "system_possible"},
		{"a discreet hit is not noticed", whole, []capture.Answer{found(answer("SIS", "local", capture.StateHit), true)}, capture.OutcomeClear, "nothing_found"},
		{"an open finding beside a discreet one counts", whole, []capture.Answer{found(answer("SIS", "local", capture.StateHit), true, false)}, capture.OutcomeStop, "system_hit"},
		{"a hit outweighs a silent portal", whole, []capture.Answer{answer("SIS", "portal", capture.StateUnavailable), found(answer("SIS", "local", capture.StateHit), false)}, capture.OutcomeStop, "system_hit"},
		{"a system that nobody could ask is incomplete", whole, []capture.Answer{answer("VIS", "portal", capture.StateUnavailable)}, capture.OutcomeIncomplete, "system_unavailable"},
		{"the local copy answers for a silent portal", whole, []capture.Answer{answer("SIS", "portal", capture.StateUnavailable), answer("SIS", "local", capture.StateNoHit)}, capture.OutcomeClear, "system_one_copy"},
		{"one missing part of a local system is not known", whole, []capture.Answer{answer("NATIONAL", "local", capture.StateUnavailable), answer("NATIONAL", "local", capture.StateNoHit)}, capture.OutcomeIncomplete, "system_unavailable"},
		{"an old copy alone refers", whole, []capture.Answer{answer("SIS", "portal", capture.StateUnavailable), answer("SIS", "local", capture.StateStale)}, capture.OutcomeRefer, "system_stale"},
		{"central makes good an old copy", whole, []capture.Answer{answer("SIS", "portal", capture.StateNoHit), answer("SIS", "local", capture.StateStale)}, capture.OutcomeClear, "system_one_copy"},
		{"a rule may accept what is not known", whole, []capture.Answer{answer("EES", "portal", capture.StateUnavailable)}, capture.OutcomeClear, "system_unavailable"},
		{"what was not known of an earlier reading does not count", []capture.Evidence{{ID: "document-0", Document: &capture.Document{}}, document(nil), finger(""), face()}, []capture.Answer{about("document-0", answer("VIS", "portal", capture.StateUnavailable)), answer("VIS", "portal", capture.StateNoHit)}, capture.OutcomeClear, "nothing_found"},
		{"a hit on an earlier reading counts", []capture.Evidence{{ID: "document-0", Document: &capture.Document{}}, document(nil), finger(""), face()}, []capture.Answer{about("document-0", found(answer("VIS", "portal", capture.StateHit), false)), answer("VIS", "portal", capture.StateNoHit)}, capture.OutcomeStop, "system_hit"},
		{"what was not known of the last finger asked about counts, though it was then missing", []capture.Evidence{document(nil), finger(""), {ID: "finger-2", Finger: &capture.Finger{Missing: capture.MissingPermanent}}, face()}, []capture.Answer{{System: "EES", Source: "portal", Modality: capture.ModalityFinger, Evidence: "finger-1", State: capture.StateUnavailable}}, capture.OutcomeIncomplete, "system_unavailable"},
		{"a finger taken after all makes good a missing one", []capture.Evidence{document(nil), finger(capture.MissingTemporary), {ID: "finger-2", Finger: &capture.Finger{}}, face()}, nil, capture.OutcomeClear, "nothing_found"},
		{"nothing asked is not clear", whole, []capture.Answer{}, capture.OutcomeIncomplete, "nothing_asked"},
		{"an expired document refers", []capture.Evidence{document(func(z *mrz.Zone) { z.ExpiryDate = mrz.Date{Year: 2026, Month: 11, Day: 19} }), finger(""), face()}, nil, capture.OutcomeRefer, "document_expired"},
		{"a document is valid through its last day everywhere", []capture.Evidence{document(func(z *mrz.Zone) { z.ExpiryDate = mrz.Date{Year: 2026, Month: 11, Day: 20} }), finger(""), face()}, nil, capture.OutcomeClear, "nothing_found"},
		{"a wrong check digit refers", []capture.Evidence{document(func(z *mrz.Zone) { z.Checks[0].OK = false }), finger(""), face()}, nil, capture.OutcomeRefer, "zone_invalid"},
		{"a character that was read with doubts refers", []capture.Evidence{document(func(z *mrz.Zone) { z.Faults = []mrz.Fault{{Field: mrz.FieldSurname, Reason: mrz.Doubtful}} }), finger(""), face()}, nil, capture.OutcomeRefer, "zone_doubtful"},
		{"a repair is noted", []capture.Evidence{document(func(z *mrz.Zone) { z.Repairs = []mrz.Repair{{}} }), finger(""), face()}, nil, capture.OutcomeClear, "zone_repaired"},
	}
	rules := Strict()
	ees := rules.Default
	ees.Unavailable = capture.OutcomeClear
	rules.Systems = []SystemRule{{System: "EES", Modality: capture.ModalityDocument, Rule: ees}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.answers == nil {
				tt.answers = []capture.Answer{answer("SIS", "local", capture.StateNoHit)}
			}
			got := Decide(rules, Facts{Now: now, Evidence: tt.evidence, Answers: tt.answers})
			if got.Outcome != tt.want || got.Reasons[0].Code != tt.code {
				t.Errorf("Decide = %s because %v; want %s because %s", got.Outcome, got.Reasons, tt.want, tt.code)
			}
			if !slices.IsSortedFunc(got.Reasons, func(a, b capture.Reason) int { return gravity(b.Outcome) - gravity(a.Outcome) }) {
				t.Errorf("reasons are not ordered from the gravest: %v", got.Reasons)
			}
		})
	}
}

func TestFingersExempt(t *testing.T) {
	tests := []struct {
		name  string
		birth mrz.Date
		want  bool
	}{
		{"a day before the twelfth birthday", mrz.Date{Year: 2014, Month: 11, Day: 22}, true},
		{"on the twelfth birthday", mrz.Date{Year: 2014, Month: 11, Day: 21}, false},
		{"an adult", mrz.Date{Year: 1980, Month: 1, Day: 1}, false},
		{"month unknown, perhaps old enough", mrz.Date{Year: 2014}, false},
		{"month unknown, in no case old enough", mrz.Date{Year: 2015}, true},
		{"nothing known", mrz.Date{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Strict().FingersExempt(&mrz.Zone{BirthDate: tt.birth}, now); got != tt.want {
				t.Errorf("FingersExempt = %t, want %t", got, tt.want)
			}
		})
	}
	if Strict().FingersExempt(nil, now) {
		t.Error("a traveller without a document was exempted")
	}
}

// Nobody that is configured can be asked with a finger now: no list holds fingers, no line is up.
func TestAFingerThatNobodyWasAskedAboutIsNotClear(t *testing.T) {
	taken := finger("")
	taken.Finger.PNG = []byte("png")
	facts := Facts{
		Now: now, Evidence: []capture.Evidence{document(nil), taken, face()},
		Profile: capture.Profile{Systems: map[capture.Modality][]string{capture.ModalityDocument: {"SIS"}, capture.ModalityFinger: {"SIS", "EES"}}},
		Answers: []capture.Answer{answer("SIS", "local", capture.StateNoHit)},
	}
	if got := Decide(Strict(), facts); got.Outcome != capture.OutcomeIncomplete || len(got.Reasons) != 2 || got.Reasons[0].Modality != capture.ModalityFinger {
		t.Errorf("Decide = %v", got)
	}
	if got := NotKnown(facts); len(got) != 2 || got[0].System != "EES" || got[1].Modality != capture.ModalityFinger {
		t.Errorf("NotKnown = %+v", got)
	}
	lenient := Strict()
	for _, s := range []string{"SIS", "EES"} {
		rule := lenient.Default
		rule.Unavailable = capture.OutcomeClear
		lenient.Systems = append(lenient.Systems, SystemRule{s, capture.ModalityFinger, rule})
	}
	if got := Decide(lenient, facts); got.Outcome != capture.OutcomeClear {
		t.Errorf("where the rules say so: %v", got)
	}
}

func TestSystemsOfTheProfileThatNobodyAnsweredForAreNotKnown(t *testing.T) {
	profile := capture.Profile{Systems: map[capture.Modality][]string{
		capture.ModalityDocument: {"SIS", "VIS"}, capture.ModalityFinger: {"EES"},
	}}
	got := Decide(Strict(), Facts{
		Now: now, Profile: profile, Evidence: []capture.Evidence{document(nil), finger(""), face()},
		Answers: []capture.Answer{answer("SIS", "local", capture.StateNoHit)},
	})
	want := capture.Reason{
		Outcome: capture.OutcomeIncomplete, Code: "system_unavailable", System: "VIS", Modality: capture.ModalityDocument,
		Text: "VIS was not asked: what it holds is not known.",
	}
	if got.Outcome != capture.OutcomeIncomplete || !slices.Equal(got.Reasons, []capture.Reason{want}) {
		t.Errorf("Decide = %v", got)
	}
}
