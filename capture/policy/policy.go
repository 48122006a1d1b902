// Package policy recommends an outcome from the evidence and the answers.
//
// [Decide] is a pure function: the same rules and facts always give the same
// recommendation, which can therefore be shown again from the record. It recommends and
// never decides: the officer does. A system that is not known to hold nothing is never
// taken as clear unless a rule says so, and discreet findings count as absent, so that the
// outcome tells the traveller nothing.
package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"boothd/capture"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
)

// Rules is a booth's policy.
type Rules struct {
	// Require names the evidence without which a check is incomplete.
	Require []capture.Modality
	// FingersFrom is the age in years from which fingerprints are taken: 12 at borders
	// (Regulation (EU) 2017/2226 Art 17(3)).
	FingersFrom int
	// Fingers says which fingers are taken. The zero plan is one finger, whichever it is.
	Fingers capture.FingerPlan
	// Checks are the rules of the checks of a document's chip: the first that fits counts. Where
	// none does, a check that failed refers, and what leaves a chip unread or unsigned does not
	// pass either.
	Checks []CheckRule
	// Chips are documents that must have a chip, beside those that must by law (ExpectChip) if
	// ChipsByLaw is set.
	Chips      []Kind
	ChipsByLaw bool
	// Default is the rule of every (system, modality) that Systems does not name.
	Default Rule
	Systems []SystemRule
}

// Rule says what each state of an answer recommends.
type Rule struct {
	Hit         capture.Outcome
	Possible    capture.Outcome
	Unavailable capture.Outcome
	Stale       capture.Outcome
}

// SystemRule is the rule of one system asked with one modality.
type SystemRule struct {
	System   string
	Modality capture.Modality
	Rule
}

// Strict returns the rules of a booth without configuration: everything is required, a hit
// stops, a possible hit or an old list refers, and what is not known is incomplete.
func Strict() Rules {
	return Rules{
		Require:     []capture.Modality{capture.ModalityDocument, capture.ModalityFace, capture.ModalityFinger},
		FingersFrom: 12,
		ChipsByLaw:  true,
		Default: Rule{
			Hit:         capture.OutcomeStop,
			Possible:    capture.OutcomeRefer,
			Unavailable: capture.OutcomeIncomplete,
			Stale:       capture.OutcomeRefer,
		},
	}
}

// Facts is all that a recommendation rests on.
type Facts struct {
	Now      time.Time
	Profile  capture.Profile // under which the systems were asked
	Evidence []capture.Evidence
	Answers  []capture.Answer
}

// Decide recommends an outcome. Its reasons are ordered from the gravest, and there is
// always at least one.
func Decide(r Rules, f Facts) capture.Recommendation {
	reasons := slices.Concat(evidenceReasons(r, f), answerReasons(r, f))
	if len(reasons) == 0 {
		reasons = []capture.Reason{{Outcome: capture.OutcomeClear, Code: "nothing_found", Text: "Nothing was found in any system asked."}}
	}
	slices.SortStableFunc(reasons, func(a, b capture.Reason) int { return cmp.Compare(gravity(b.Outcome), gravity(a.Outcome)) })
	return capture.Recommendation{Outcome: reasons[0].Outcome, Reasons: reasons}
}

// FingersExempt reports whether fingerprints are not taken because the traveller is
// younger than the rules' age. A birth date that is not wholly known exempts only if no
// completion of it makes the traveller old enough.
func (r Rules) FingersExempt(z *mrz.Zone, now time.Time) bool {
	if z == nil || z.BirthDate.Year == 0 {
		return false
	}
	month, day := max(z.BirthDate.Month, 1), max(z.BirthDate.Day, 1)
	oldEnough := time.Date(z.BirthDate.Year+r.FingersFrom, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return now.Before(oldEnough)
}

func gravity(o capture.Outcome) int {
	switch o {
	case capture.OutcomeStop:
		return 3
	case capture.OutcomeRefer:
		return 2
	case capture.OutcomeIncomplete:
		return 1
	}
	return 0
}

func evidenceReasons(r Rules, f Facts) []capture.Reason {
	var reasons []capture.Reason
	for _, m := range r.Require {
		if !capture.Has(f.Evidence, m) {
			reasons = append(reasons, capture.Reason{
				Outcome: capture.OutcomeIncomplete, Code: string(m) + "_missing", Modality: m,
				Text: missingText(m),
			})
		}
	}
	if zone := capture.LastZone(f.Evidence); zone != nil {
		reasons = append(reasons, documentReasons(zone, f.Now)...)
	}
	reasons = append(reasons, chipReasons(r, f.Evidence)...)
	return append(reasons, fingerReasons(r, f)...)
}

func missingText(m capture.Modality) string {
	switch m {
	case capture.ModalityDocument:
		return "No document was read."
	case capture.ModalityFinger:
		return "No finger was taken and no reason was given."
	case capture.ModalityChip:
		return "The document's chip was not inspected and no reason was given."
	}
	return "No portrait was taken."
}

func documentReasons(z *mrz.Zone, now time.Time) []capture.Reason {
	var reasons []capture.Reason
	add := func(o capture.Outcome, code, text string) {
		reasons = append(reasons, capture.Reason{Outcome: o, Code: code, Modality: capture.ModalityDocument, Text: text})
	}
	if z.Contradictory() {
		add(capture.OutcomeRefer, "zone_invalid", "The machine-readable zone contradicts itself: a check digit or a character is wrong.")
	}
	if fields := z.DoubtfulFields(); len(fields) > 0 {
		add(capture.OutcomeRefer, "zone_doubtful", "Characters of the machine-readable zone may have been read wrongly from the picture of the page: compare "+strings.Join(fields, ", ")+" with the document.")
	}
	if expired, _ := inspection.Expired(z.ExpiryDate, now); expired {
		add(capture.OutcomeRefer, "document_expired", "The document has expired.")
	}
	if len(z.Repairs) > 0 {
		add(capture.OutcomeClear, "zone_repaired", fmt.Sprintf("%d character(s) of the machine-readable zone were read wrongly and put right; a check digit proves it.", len(z.Repairs)))
	}
	return reasons
}
