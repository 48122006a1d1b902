package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"boothd/capture"
)

// Identity is the common identity repository. It is asked on a ground of the law only
// (Regulation (EU) 2019/817 Art 20), so that it was not asked leaves nothing open.
const Identity = "CIR"

// NeedsGrant begins the reason of an answer that a system withholds until a grant is shown;
// the kind of grant follows: "judicial", "high_rank".
const NeedsGrant = "needs an authorisation: "

// Needs is the kind of grant without which the system says no more than it has said; empty
// if it has said all.
func Needs(a capture.Answer) string {
	for _, f := range a.Findings {
		if f.Needs != "" {
			return f.Needs
		}
	}
	if kind, withheld := strings.CutPrefix(a.Reason, NeedsGrant); withheld && a.State == capture.StateUnavailable {
		return kind
	}
	return ""
}

// awaitsGrant reports whether the answer says nothing but that it needs a grant.
func awaitsGrant(a capture.Answer) bool {
	return a.State == capture.StateUnavailable && Needs(a) != ""
}

// grantReasons notes what is withheld. It speaks against nobody: most travellers are let
// pass without the question for which the law wants a grant.
func grantReasons(q question, answers []capture.Answer) []capture.Reason {
	var reasons []capture.Reason
	for _, a := range answers {
		kind := Needs(a)
		if kind == "" {
			continue
		}
		reasons = append(reasons, capture.Reason{
			Outcome: capture.OutcomeClear, Code: codeGrantNeeded, System: q.system, Modality: q.modality,
			Text: fmt.Sprintf("%s says more only with an authorisation (%s): the rest is not known.", q.system, grantName(kind)),
		})
	}
	return reasons
}

// grantName names a kind of grant in words.
func grantName(kind string) string {
	switch kind {
	case "judicial":
		return "of a court"
	case "high_rank":
		return "of a high-ranking officer"
	case "prosecutor":
		return "of the public prosecutor"
	}
	return strings.ReplaceAll(kind, "_", " ")
}

// Unknown is a system of which it is not known what it holds, and why.
type Unknown struct {
	System   string           `json:"system"`
	Modality capture.Modality `json:"modality,omitempty"` // asked with; empty outside a check
	Why      string           `json:"why"`                // for the officer
	Since    time.Time        `json:"since,omitzero"`     // how old the latest knowledge is, or when it became unknown; zero if not known
}

// NotKnown lists the systems of the officer's profile that did not say what they hold of the
// traveller, by the evidence of each modality that was asked about last, of fingers by each finger's. It knows nothing of
// answers that are still awaited, and discreet findings count as absent.
func NotKnown(f Facts) []Unknown {
	g := group(f)
	var all []Unknown
	for _, m := range []capture.Modality{capture.ModalityDocument, capture.ModalityFinger, capture.ModalityFace} {
		if !searchable(f.Evidence, m) {
			continue
		}
		for _, system := range notAsked(f.Profile, m, g.order) {
			all = append(all, Unknown{System: system, Modality: m, Why: "it was not asked"})
		}
	}
	for _, q := range g.order {
		if u, ok := notKnown(q, g.answers[q]); ok && g.last[q.evidence] && !slices.ContainsFunc(all, u.same) {
			all = append(all, u)
		}
	}
	slices.SortStableFunc(all, func(a, b Unknown) int {
		return cmp.Or(cmp.Compare(a.System, b.System), cmp.Compare(a.Modality, b.Modality))
	})
	return all
}

// same reports whether both speak of the same system asked with the same modality, as they do if
// several fingers were asked about.
func (u Unknown) same(v Unknown) bool { return u.System == v.System && u.Modality == v.Modality }

// notKnown says why the answers to one question leave open what the system holds, if they
// do. Of several answers that do, the one with the latest data speaks.
func notKnown(q question, answers []capture.Answer) (Unknown, bool) {
	u := Unknown{System: q.system, Modality: q.modality}
	known := knowledge(answers)
	if known == capture.StateNoHit || slices.ContainsFunc(answers, hasFound) {
		return u, false
	}
	for _, a := range answers {
		if a.State != known {
			continue
		}
		since := a.AsOf
		if since.IsZero() {
			since = a.At
		}
		if u.Why == "" || since.After(u.Since) {
			u.Since, u.Why = since, why(a)
		}
	}
	return u, true
}

func hasFound(a capture.Answer) bool {
	return a.State == capture.StateHit || a.State == capture.StatePossible
}

// why says in an officer's words why the answer leaves something open.
func why(a capture.Answer) string {
	switch {
	case awaitsGrant(a):
		return "it needs an authorisation (" + grantName(Needs(a)) + ")"
	case a.Reason != "":
		return a.Reason
	case a.State == capture.StateStale:
		return "only an old copy was asked"
	}
	return "no answer"
}
