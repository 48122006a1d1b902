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
// and asked about again, hits and links count, but what is not known of it does not.
func answerReasons(r Rules, f Facts) []capture.Reason {
	asked := group(f)
	reasons := unasked(r, f, asked.order)
	for _, q := range asked.order {
		for _, reason := range r.weigh(q, asked.answers[q]) {
			superseded := !asked.last[q.evidence] && !counts(reason.Code)
			if !superseded && !slices.Contains(reasons, reason) {
				reasons = append(reasons, reason)
			}
		}
	}
	return reasons
}

// counts reports whether a reason stands whatever was captured later.
func counts(code string) bool {
	return code == codeHit || code == codePossible || code == codeLinkRed || code == codeLinkYellow
}

// asked is what was asked, in its order, with the answers as an officer without clearance
// sees them.
type asked struct {
	order   []question
	answers map[question][]capture.Answer
	last    map[string]bool // the evidence that was asked about last of its kind: of fingers, each one's
}

func group(f Facts) asked {
	g := asked{answers: map[question][]capture.Answer{}, last: map[string]bool{}}
	for _, a := range f.Answers {
		q := question{a.System, a.Modality, a.Evidence}
		if g.answers[q] == nil {
			g.order = append(g.order, q)
		}
		g.answers[q] = append(g.answers[q], a.Shown(false))
	}
	latest := map[kindOfEvidence]string{}
	for _, e := range f.Evidence {
		if slices.ContainsFunc(g.order, func(q question) bool { return q.evidence == e.ID }) {
			latest[kindOf(e)] = e.ID
		}
	}
	for _, id := range latest {
		g.last[id] = true
	}
	return g
}

// kindOfEvidence is of what the later supersedes the earlier.
type kindOfEvidence struct {
	modality capture.Modality
	finger   capture.FingerPosition
}

func kindOf(e capture.Evidence) kindOfEvidence {
	k := kindOfEvidence{modality: e.Modality()}
	if e.Finger != nil {
		k.finger = e.Finger.Position
	}
	return k
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
		if m != capture.ModalityDocument && !searchable(f.Evidence, m) {
			continue
		}
		for _, system := range notAsked(f.Profile, m, asked) {
			reasons = append(reasons, capture.Reason{
				Outcome: r.rule(question{system: system, modality: m}).Unavailable, Code: codeUnavailable, System: system, Modality: m,
				Text: fmt.Sprintf("%s was not asked: what it holds is not known.", system),
			})
		}
	}
	return reasons
}

// searchable reports whether there is evidence of the modality that systems can be asked about:
// a document, or a picture. If nobody was asked about it, what they hold is not known.
func searchable(evidence []capture.Evidence, m capture.Modality) bool {
	return slices.ContainsFunc(evidence, func(e capture.Evidence) bool {
		return e.Modality() == m && (m == capture.ModalityDocument || e.PictureSize() > 0)
	})
}

// notAsked lists the systems of the profile that no question of the modality was put to.
func notAsked(p capture.Profile, m capture.Modality, asked []question) []string {
	var systems []string
	for _, system := range p.Systems[m] {
		if system != Identity && !slices.ContainsFunc(asked, func(q question) bool { return q.modality == m && q.system == system }) {
			systems = append(systems, system)
		}
	}
	return systems
}

func (r Rules) rule(q question) Rule {
	for _, s := range r.Systems {
		if s.System == q.system && s.Modality == q.modality {
			return s.Rule
		}
	}
	return r.Default
}

// Codes of the reasons that answers make.
const (
	codeHit         = "system_hit"
	codePossible    = "system_possible"
	codeUnavailable = "system_unavailable"
	codeStale       = "system_stale"
	codeOneCopy     = "system_one_copy"
	codeGrantNeeded = "grant_needed"
	codeLinkRed     = "link_red"
	codeLinkYellow  = "link_yellow"
)

// weigh gives the reasons that the answers to one question make. Facts make none: they are
// for the officer to read.
func (r Rules) weigh(q question, answers []capture.Answer) []capture.Reason {
	var reasons []capture.Reason
	if reason, ok := r.weighStates(q, answers); ok {
		reasons = append(reasons, reason)
	}
	return append(reasons, append(linkReasons(q, answers), grantReasons(q, answers)...)...)
}

// weighStates gives the reason that the states of the answers make, if any. One hit counts,
// whoever found it.
func (r Rules) weighStates(q question, answers []capture.Answer) (capture.Reason, bool) {
	reason := capture.Reason{System: q.system, Modality: q.modality}
	answers = slices.DeleteFunc(slices.Clone(answers), awaitsGrant)
	if len(answers) == 0 {
		return reason, false
	}
	has := func(s capture.State) bool {
		return slices.ContainsFunc(answers, func(a capture.Answer) bool { return a.State == s })
	}
	rule := r.rule(q)
	switch known := knowledge(answers); {
	case has(capture.StateHit):
		reason.Outcome, reason.Code = rule.Hit, codeHit
		reason.Text = fmt.Sprintf("%s has a hit on the %s.", q.system, q.modality)
	case has(capture.StatePossible):
		reason.Outcome, reason.Code = rule.Possible, codePossible
		reason.Text = fmt.Sprintf("%s has a possible hit on the %s: a person must verify it.", q.system, q.modality)
	case known == capture.StateUnavailable:
		reason.Outcome, reason.Code = rule.Unavailable, codeUnavailable
		reason.Text = fmt.Sprintf("%s could not be asked: what it holds is not known.", q.system)
	case known == capture.StateStale:
		reason.Outcome, reason.Code = rule.Stale, codeStale
		reason.Text = fmt.Sprintf("Only an old copy of %s could be asked; it found nothing.", q.system)
	case has(capture.StateUnavailable) || has(capture.StateStale):
		reason.Outcome, reason.Code = capture.OutcomeClear, codeOneCopy
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
