// Package person finds whom a question is about among a system's people, for the systems
// that keep more of a person than an entry: the entry/exit system, the visa information
// system and the travel authorisations.
//
// [Find] looks by document and name first and by the finger if that found nobody for sure.
// [Found.Verify] compares the finger with that of whom the document has found. A name alone
// never makes sure who somebody is, and neither does a finger that is only alike.
package person

import (
	"context"
	"log/slog"

	"boothd/capture"
	"boothd/cmd/centrald/register"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// People are a system's people, by the id of their entry. *register.Register is one.
type People interface {
	// Find returns who may be the traveller of the question and what the search would have
	// said without them.
	Find(ctx context.Context, q system.Question) ([]register.Match, capture.Rest, error)
	// Get returns the entry, nil if it is not there.
	Get(ctx context.Context, id string) (*gallery.Entry, error)
	// Verify compares the finger with the entry's own. The state is unavailable if they
	// cannot be compared.
	Verify(ctx context.Context, id string, f *capture.Finger) (score float64, state capture.State, err error)
}

var _ People = (*register.Register)(nil)

// Found is a person that was found. Personal data.
type Found struct {
	ID      string // of the entry; empty if nobody was found
	By      capture.By
	State   capture.State // hit, or possible if it must be verified that it is the traveller
	Score   float64
	Explain []capture.Part
	Entry   *gallery.Entry // nil if the person has none
	// Rest is what is not known besides, nil if all is.
	Rest *capture.Rest
}

// LogValue keeps the person out of logs.
func (f Found) LogValue() slog.Value { return slog.StringValue("person") }

// Sure reports whether it is the traveller beyond what a person must verify.
func (f *Found) Sure() bool { return f.State == capture.StateHit }

// ByID is the person of the entry, whom something has found for sure.
func ByID(ctx context.Context, p People, id string, by capture.By) (Found, error) {
	entry, err := p.Get(ctx, id)
	return Found{ID: id, By: by, State: capture.StateHit, Score: 1, Entry: entry}, err
}

// Find looks for the person. The rest says what it means if there is none: no_hit only if
// everything that the question holds could be searched with.
func Find(ctx context.Context, p People, q system.Question) (Found, capture.Rest, error) {
	byDocument := q.DocumentNumber != "" || q.Surname != "" || q.GivenNames != ""
	if !byDocument && !HasPicture(q.Finger) {
		return Found{}, capture.Rest{State: capture.StateUnavailable, Reason: "nothing to look for was in the question"}, nil
	}
	f, rest := Found{}, capture.Rest{State: capture.StateNoHit}
	if byDocument {
		document := q
		document.Finger, document.Face = nil, nil
		var err error
		if f, rest, err = search(ctx, p, document); err != nil || f.Sure() {
			return f, rest, err
		}
	}
	if !HasPicture(q.Finger) {
		return f, rest, nil
	}
	finger := system.Question{ID: q.ID, System: q.System, At: q.At, Finger: q.Finger}
	byFinger, restOfFinger, err := search(ctx, p, finger)
	switch {
	case err != nil || byFinger.ID != "":
		return byFinger, restOfFinger, err
	case f.ID == "" && rest.State == capture.StateNoHit:
		return f, restOfFinger, nil
	}
	return f, rest, nil
}

// HasPicture reports whether there is a picture of the finger.
func HasPicture(f *capture.Finger) bool { return f != nil && f.Missing == "" && len(f.PNG) > 0 }

// search returns the surest of those found.
func search(ctx context.Context, p People, q system.Question) (Found, capture.Rest, error) {
	matches, rest, err := p.Find(ctx, q)
	if err != nil || len(matches) == 0 {
		return Found{}, rest, err
	}
	best := &matches[0]
	for i := range matches {
		m := &matches[i]
		switch sure := best.Finding.State == capture.StateHit; {
		case m.Finding.State == capture.StateHit && !sure,
			m.Finding.State == best.Finding.State && m.Finding.By == best.Finding.By && m.Finding.Score > best.Finding.Score:
			best = m
		}
	}
	f := Found{
		ID: best.Entry.ID, By: best.Finding.By, State: best.Finding.State, Score: best.Finding.Score,
		Explain: best.Finding.Explanation, Entry: best.Entry,
	}
	if !f.Sure() && rest.State != capture.StateNoHit {
		f.Rest = &rest
	}
	return f, rest, nil
}

// Verdict is what a comparison of fingers tells.
type Verdict int

// The verdicts.
const (
	NotCompared  Verdict = iota // one side has no finger
	Verified                    // the traveller is the person
	Differs                     // the traveller is perhaps not the person
	Unverifiable                // the fingers could not be compared: another picture is needed
)

// Fact says whether the traveller was verified.
func (v Verdict) Fact() capture.Fact {
	f := capture.Fact{Code: capture.FactFile, Value: "not_verified"}
	if v == Verified {
		f.Value = "verified"
	}
	return f
}

// Verify compares the traveller's finger with those of the person. Nothing follows from a
// person without any: those of children under twelve are not taken.
func (f *Found) Verify(ctx context.Context, p People, finger *capture.Finger) (Verdict, error) {
	switch {
	case f.By == capture.ByFinger && f.Sure():
		return Verified, nil
	case f.By == capture.ByFinger, !HasPicture(finger), f.Entry == nil || len(f.Entry.Fingers) == 0:
		return NotCompared, nil
	}
	_, state, err := p.Verify(ctx, f.ID, finger)
	switch {
	case err != nil:
		return NotCompared, err
	case state == capture.StateUnavailable:
		return Unverifiable, nil
	case state == capture.StateHit:
		return Verified, nil
	}
	return Differs, nil
}

// Finding is one about the person that does not say yet what.
func (f *Found) Finding(minor bool) capture.Finding {
	finding := capture.Finding{Entry: f.ID, By: f.By, State: f.State, Score: f.Score, Minor: minor}
	if f.Entry != nil && len(f.Entry.Names) > 0 {
		finding.Name = f.Entry.Names[0]
	}
	return finding
}
