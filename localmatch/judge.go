package localmatch

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"boothd/capture"
	"boothd/localmatch/gallery"
	"boothd/localmatch/names"
	"boothd/localmatch/numbers"
)

// judge turns what a list holds for the document into its answer. If ctx ends, the answer is not
// to be used.
func (t *traveller) judge(ctx context.Context, l List, found gallery.Found, err error, now time.Time) capture.Answer {
	a := blank(l, capture.ModalityDocument, found.Info, now)
	if reason := unusable(l, found.Info, err, now); reason != "" {
		return unavailable(a, reason)
	}
	findings, all := t.findings(ctx, found.Entries, found.Info.Entries)
	found.More = found.More || !all || found.MoreNamed && t.mayBeOthers(found.Last, found.Info.Entries)
	state, reason := t.nothing(found, now)
	return withFindings(a, findings, state, reason)
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
	if state == capture.StateUnavailable { // there may be more than these
		a.Reason = reason
	}
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
	case info.Expired(now):
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
	case errors.Is(err, gallery.ErrNotReady):
		return "the list is still being made ready"
	case errors.Is(err, ErrNotReady):
		return ErrNotReady.Error()
	}
	return ""
}

// nothing says what it means that nothing was found.
func (t *traveller) nothing(found gallery.Found, now time.Time) (capture.State, string) {
	switch {
	case found.Damaged > 0:
		return capture.StateUnavailable, reasonDamaged
	case found.More:
		return capture.StateUnavailable, "too many entries resemble this traveller to compare them all"
	case t.number.Number == "" && !t.partial:
		return capture.StateUnavailable, "no document number was read"
	case len(t.person.Names) == 0 && !t.partial:
		return capture.StateUnavailable, "no name was read"
	}
	return aged(found.Info, now)
}

const reasonDamaged = "the part of the list that could answer is damaged"

// aged says what it means, for the list's age, that nothing was found.
func aged(info gallery.Info, now time.Time) (capture.State, string) {
	switch {
	case info.ClockBehind(now):
		return capture.StateStale, "this booth's clock is behind: central has told a later time"
	case info.Old(now):
		return capture.StateStale, "the list is of " + info.Issued.UTC().Format("2006-01-02 15:04 UTC")
	}
	return capture.StateNoHit, ""
}

// Bounds of the work of one search of a list, for open entries and for discreet ones each: some 15
// milliseconds. It is counted in letters of the entries' names times words of the traveller's: 64
// entries with two names and a traveller with three words come to a tenth of it.
const (
	maxWork     = 320_000
	readingWork = 6 // to read a letter, in comparisons of it with a word
)

// findings compares the traveller with each entry, of a list of so many. It reports whether each
// was compared with all that is known of it: after maxWork, of others only numbers and first names
// count. Discreet entries take nothing from open ones.
func (t *traveller) findings(ctx context.Context, entries []*gallery.Entry, of int) (findings []capture.Finding, all bool) {
	perLetter := readingWork
	for _, n := range t.person.Names {
		perLetter += len(n.Tokens)
	}
	all = true
	work := map[bool]int{} // by whether discreet
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil, false
		}
		for _, n := range e.Names {
			work[e.Discreet] += perLetter * len(n)
		}
		if work[e.Discreet] > maxWork && len(e.Names) > 1 {
			all, e = false, withFirstName(e)
		}
		if f, ok := t.match(e, of); ok {
			findings = append(findings, f)
		}
	}
	return findings, all
}

// withFirstName is the entry with no name but the one that is shown.
func withFirstName(e *gallery.Entry) *gallery.Entry {
	short := *e
	short.Names = e.Names[:1]
	return &short
}

// mayBeOthers reports whether entries that were left out for their names, which are no more like
// than those of last, may be findings: whether last would be one if nationality and sex agreed, by
// which entries are not put in order.
func (t *traveller) mayBeOthers(last *gallery.Entry, of int) bool {
	if last == nil {
		return false
	}
	p := personOf(last)
	p.Nationalities, p.Sex = t.person.Nationalities, t.person.Sex
	m := names.Compare(&t.person, p)
	return isPossible(&m, of)
}

// leastOdds is what a person must agree by to be a possible finding in a list of so many. The
// more are searched, the more resemble a stranger by chance: each ten times as many ask for 1.5
// nats more. So a stranger whose document has a birth date meets a possible finding in three
// searches of a hundred in a list of a million (measured on invented people), and nine of ten
// listed persons are found whose every name is misspelt. See isPossible for who is found with less.
func leastOdds(entries int) float64 {
	const small, perTenfold = 1000, 1.5
	possible := math.Log(names.Possible / (1 - names.Possible))
	return possible + perTenfold*math.Log10(math.Max(1, float64(entries)/small))
}

// isPossible reports whether a person of a list of so many agrees enough for a possible finding. Who
// has the very name, and of whom no birth date is known to compare, always does: nothing else can
// tell the one who is listed.
func isPossible(person *names.Match, of int) bool {
	return person.Odds >= leastOdds(of) || person.Exact() && !person.BirthCompared()
}

// match compares the traveller with one entry of a list of so many. It reports false if neither
// the number nor the person agrees.
func (t *traveller) match(e *gallery.Entry, of int) (capture.Finding, bool) {
	number := t.compareNumber(e)
	person := names.Compare(&t.person, personOf(e))
	f := findingOf(e)
	switch {
	case number.Grade != numbers.Different:
		f.By = capture.ByDocumentNumber
		f.Explanation = t.byNumber(number, e, &person)
		for _, p := range f.Explanation {
			f.Score += p.Weight
		}
		if isHit(number, len(t.person.Names) > 0 && len(e.Names) > 0, &person) {
			f.State = capture.StateHit
		}
	case len(t.person.Names) > 0 && len(e.Names) > 0 && isPossible(&person, of):
		f.By, f.Score = capture.ByName, person.Score
		for _, p := range person.Parts {
			f.Explanation = append(f.Explanation, capture.Part{
				What: p.What, Asked: p.Asked, Found: p.Found, Note: p.Sentence(), Weight: p.Contribution,
			})
		}
	default:
		return capture.Finding{}, false
	}
	return f, true
}

// byNumber explains a finding by number.
func (t *traveller) byNumber(c numberComparison, e *gallery.Entry, person *names.Match) []capture.Part {
	parts := []capture.Part{t.part(c), c.issuer.part("issuer", issuerWeights), t.namePart(e, person), birthPart(person)}
	if c.kind.found != "" {
		parts = append(parts, c.kind.part("document type", nil))
	}
	return parts
}

// namePart explains what the person's name adds to a finding by number: with the name of the entry
// that agrees best, and the first thing that is not the same in it.
func (t *traveller) namePart(e *gallery.Entry, person *names.Match) capture.Part {
	name := capture.Part{What: "name", Note: "not known"}
	if len(t.person.Names) == 0 || len(e.Names) == 0 {
		return name
	}
	name.Asked, name.Found, name.Note = t.person.Names[0].Text, e.Names[0], ""
	name.Weight = supportWeight * person.Score
	for _, p := range person.Parts {
		switch p.What {
		case names.WhatWhole:
			name.Found = p.Found
		case names.WhatName, names.WhatSurname, names.WhatGiven, names.WhatOrder:
			if p.Relation != names.Same && name.Note == "" {
				name.Note = p.Sentence()
			}
		}
	}
	if name.Note == "" && name.Found != e.Names[0] {
		name.Note = "an alias"
	}
	return name
}

// birthPart explains what the birth date adds to a finding by number.
func birthPart(person *names.Match) capture.Part {
	birth := capture.Part{What: "birth date", Note: "not known"}
	for _, p := range person.Parts {
		if p.What != names.WhatBirth {
			continue
		}
		birth.Asked, birth.Found, birth.Note = p.Asked, p.Found, p.Sentence()
		if p.Relation == names.Same {
			birth.Weight = supportWeight
		}
	}
	return birth
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

// isHit reports whether the entry is surely the traveller's: the very document, or a document
// that may be it of a person who is probably the same, born on the same day.
func isHit(c numberComparison, named bool, person *names.Match) bool {
	if c.Grade == numbers.Same && c.issuer.grade == same && c.kind.grade != differs {
		return true
	}
	born := func(p names.Part) bool { return p.What == names.WhatBirth && p.Relation == names.Same }
	return named && person.Score >= names.Probable && slices.ContainsFunc(person.Parts, born)
}
