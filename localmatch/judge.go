package localmatch

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"boothd/capture"
	"boothd/localmatch/gallery"
)

// clockTolerance is how far this booth's clock may be behind central's.
const clockTolerance = 5 * time.Minute

// judge turns what a list holds for the document into its answer.
func (t *traveller) judge(l List, found gallery.Found, err error, now time.Time) capture.Answer {
	a := blank(l, capture.ModalityDocument, found.Info, now)
	if reason := unusable(l, found.Info, err, now); reason != "" {
		return unavailable(a, reason)
	}
	state, reason := t.nothing(found, now)
	return withFindings(a, t.findings(found.Entries), state, reason)
}

// blank is an answer that does not say anything yet.
func blank(l List, m capture.Modality, info gallery.Info, now time.Time) capture.Answer {
	return capture.Answer{
		Modality: m, System: l.System, Source: "local", List: l.Name,
		Version: info.Version, AsOf: info.Issued, At: now,
	}
}

func unavailable(a capture.Answer, reason string) capture.Answer {
	a.State, a.Reason = capture.StateUnavailable, reason
	return a
}

// withFindings completes the answer; the state and its reason are what it says if there are no
// findings.
func withFindings(a capture.Answer, findings []capture.Finding, state capture.State, reason string) capture.Answer {
	if len(findings) == 0 {
		a.State, a.Reason = state, reason
		return a
	}
	slices.SortFunc(findings, func(a, b capture.Finding) int {
		switch {
		case a.State != b.State && a.State == capture.StateHit:
			return -1
		case a.State != b.State:
			return 1
		}
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.Entry, b.Entry))
	})
	a.Findings, a.State = findings, findings[0].State
	if state != capture.StateNoHit {
		a.Rest = &capture.Rest{State: state, Reason: reason}
	}
	return a
}

// unusable says why the list cannot be asked at all.
func unusable(l List, info gallery.Info, err error, now time.Time) string {
	switch {
	case err != nil && reasonOf(err) != "":
		return reasonOf(err)
	case err != nil:
		return "the list could not be read"
	case info.System != l.System:
		return "the list holds another system's data"
	case !now.Before(info.Expires):
		return "the list's lease ended at " + info.Expires.UTC().Format("2006-01-02 15:04 UTC")
	}
	return ""
}

// reasonOf says in an officer's words what is the matter with a list; empty for errors that
// no list should meet.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, gallery.ErrAbsent):
		return "the list was never received"
	case errors.Is(err, gallery.ErrErased):
		return "the list was erased"
	case errors.Is(err, gallery.ErrDamaged):
		return "the list is damaged"
	}
	return ""
}

// nothing says what it means that nothing was found.
func (t *traveller) nothing(found gallery.Found, now time.Time) (capture.State, string) {
	switch {
	case found.Damaged > 0:
		return capture.StateUnavailable, reasonDamaged
	case found.More:
		return capture.StateUnavailable, "too many entries resemble this traveller to compare them"
	case t.number == "" && !t.partial:
		return capture.StateUnavailable, "no document number was read"
	case len(t.tokens) == 0 && !t.partial:
		return capture.StateUnavailable, "no name was read"
	}
	return aged(found.Info, now)
}

const reasonDamaged = "the part of the list that could answer is damaged"

// aged says what it means, for the list's age, that nothing was found.
func aged(info gallery.Info, now time.Time) (capture.State, string) {
	switch {
	case now.Add(clockTolerance).Before(info.Issued):
		return capture.StateStale, "this booth's clock is behind: the list was issued in its future"
	case info.SoftAge > 0 && now.Sub(info.Issued) > info.SoftAge:
		return capture.StateStale, "the list is of " + info.Issued.UTC().Format("2006-01-02 15:04 UTC")
	}
	return capture.StateNoHit, ""
}

// findings compares the traveller with each entry.
func (t *traveller) findings(entries []*gallery.Entry) []capture.Finding {
	var all []capture.Finding
	for _, e := range entries {
		if f, ok := t.match(e); ok {
			all = append(all, f)
		}
	}
	return all
}

// match compares the traveller with one entry. It reports false if neither the number nor
// the name with the birth date agrees.
func (t *traveller) match(e *gallery.Entry) (capture.Finding, bool) {
	number := t.compareNumber(e)
	name := t.compareName(e)
	birth := t.compareBirth(e)
	byName := name.grade != none && birth.grade != differs
	if number.grade == none && !byName {
		return capture.Finding{}, false
	}
	f := findingOf(e)
	if isHit(number, name, birth) {
		f.State = capture.StateHit
	}
	if number.grade != none {
		f.By = capture.ByDocumentNumber
		f.Explanation = []capture.Part{
			number.part("document number", numberWeights), number.issuer.part("issuer", issuerWeights),
			name.part("name", supportWeights), birth.part("birth date", supportWeights),
		}
		if number.kind.found != "" {
			f.Explanation = append(f.Explanation, number.kind.part("document type", nil))
		}
	} else {
		f.By = capture.ByName
		f.Explanation = []capture.Part{
			name.part("name", nameWeights), birth.part("birth date", birthWeights),
			t.compareNationality(e).part("nationality", nationalityWeights),
			t.compareSex(e).part("sex", sexWeights),
		}
	}
	for _, p := range f.Explanation {
		f.Score += p.Weight
	}
	f.Score = min(f.Score, 1)
	return f, true
}

// findingOf is a possible finding of an entry.
func findingOf(e *gallery.Entry) capture.Finding {
	f := capture.Finding{
		Entry: e.ID, State: capture.StatePossible, Category: e.Category, Action: e.Action, Discreet: e.Discreet,
	}
	if len(e.Names) > 0 {
		f.Name = e.Names[0]
	}
	return f
}

func isHit(number numberComparison, name, birth comparison) bool {
	if number.grade == same && number.issuer.grade == same && number.kind.grade != differs {
		return true
	}
	return number.grade != none && number.issuer.grade != differs && name.grade == same && birth.grade == same
}
