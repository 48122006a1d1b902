package policy

import (
	"fmt"
	"slices"

	"boothd/capture"
)

// question is one system asked about one piece of evidence, whoever was asked for it.
type question struct {
	system   string
	modality capture.Modality
	evidence string
}

// answerReasons weighs the answers question by question. Of evidence that was taken again
// and asked about again, hits count, but what is not known of it does not.
func answerReasons(r Rules, f Facts) []capture.Reason {
	var order []question
	by := map[question][]capture.Answer{}
	for _, a := range f.Answers {
		q := question{a.System, a.Modality, a.Evidence}
		if by[q] == nil {
			order = append(order, q)
		}
		by[q] = append(by[q], a.Shown(false))
	}
	last := map[capture.Modality]string{} // of the evidence that was asked about
	for _, e := range f.Evidence {
		if slices.ContainsFunc(order, func(q question) bool { return q.evidence == e.ID }) {
			last[e.Modality()] = e.ID
		}
	}
	reasons := unasked(r, f, order)
	for _, q := range order {
		reason, ok := r.weigh(q, by[q])
		superseded := q.evidence != last[q.modality] && reason.Code != "system_hit" && reason.Code != "system_possible"
		if ok && !superseded && !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return reasons
}

// unasked speaks of the systems of the officer's profile that nobody answered for.
func unasked(r Rules, f Facts, asked []question) []capture.Reason {
	if len(asked) == 0 {
		return []capture.Reason{{
			Outcome: capture.OutcomeIncomplete, Code: "nothing_asked", Text: "No system was asked: nothing is known of the traveller.",
		}}
	}
	var reasons []capture.Reason
	for _, m := range []capture.Modality{capture.ModalityDocument, capture.ModalityFinger, capture.ModalityFace} {
		if !slices.ContainsFunc(asked, func(q question) bool { return q.modality == m }) && m != capture.ModalityDocument {
			continue
		}
		for _, system := range f.Profile.Systems[m] {
			if slices.ContainsFunc(asked, func(q question) bool { return q.modality == m && q.system == system }) {
				continue
			}
			reasons = append(reasons, capture.Reason{
				Outcome: r.rule(question{system: system, modality: m}).Unavailable, Code: "system_unavailable", System: system, Modality: m,
				Text: fmt.Sprintf("%s was not asked: what it holds is not known.", system),
			})
		}
	}
	return reasons
}

func (r Rules) rule(q question) Rule {
	for _, s := range r.Systems {
		if s.System == q.system && s.Modality == q.modality {
			return s.Rule
		}
	}
	return r.Default
}

// weigh gives the reason that the answers to one question make, if any. One hit counts,
// whoever found it.
func (r Rules) weigh(q question, answers []capture.Answer) (capture.Reason, bool) {
	has := func(s capture.State) bool {
		return slices.ContainsFunc(answers, func(a capture.Answer) bool { return a.State == s })
	}
	rule := r.rule(q)
	reason := capture.Reason{System: q.system, Modality: q.modality}
	switch known := knowledge(answers); {
	case has(capture.StateHit):
		reason.Outcome, reason.Code = rule.Hit, "system_hit"
		reason.Text = fmt.Sprintf("%s has a hit on the %s.", q.system, q.modality)
	case has(capture.StatePossible):
		reason.Outcome, reason.Code = rule.Possible, "system_possible"
		reason.Text = fmt.Sprintf("%s has a possible hit on the %s: a person must verify it.", q.system, q.modality)
	case known == capture.StateUnavailable:
		reason.Outcome, reason.Code = rule.Unavailable, "system_unavailable"
		reason.Text = fmt.Sprintf("%s could not be asked: what it holds is not known.", q.system)
	case known == capture.StateStale:
		reason.Outcome, reason.Code = rule.Stale, "system_stale"
		reason.Text = fmt.Sprintf("Only an old copy of %s could be asked; it found nothing.", q.system)
	case has(capture.StateUnavailable) || has(capture.StateStale):
		reason.Outcome, reason.Code = capture.OutcomeClear, "system_one_copy"
		reason.Text = fmt.Sprintf("%s was asked in one copy only, which is current and found nothing.", q.system)
	default:
		return reason, false
	}
	return reason, true
}

// knowledge tells how much is known of a system that found nothing. The lists that one
// source holds of a system are parts: the source knows only as much as its worst part. The
// sources are copies: the best of them counts.
func knowledge(answers []capture.Answer) capture.State {
	rank := map[capture.State]int{capture.StateUnavailable: 0, capture.StateStale: 1, capture.StateNoHit: 2}
	worst := map[string]capture.State{}
	for _, a := range answers {
		w, seen := worst[a.Source]
		if !seen || rank[a.State] < rank[w] {
			worst[a.Source] = a.State
		}
	}
	best := capture.StateUnavailable
	for _, s := range worst {
		if rank[s] > rank[best] {
			best = s
		}
	}
	return best
}
