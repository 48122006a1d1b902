package register

import (
	"context"
	"fmt"
	"time"

	"boothd/capture"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// Match is one entry that was found. The entry is whole, also where a grant is needed to tell
// of it; the finding is what may be told.
type Match struct {
	Entry   *gallery.Entry
	Finding capture.Finding
}

// Ask searches by the finger if the question has the picture of one, and by the document and
// the person otherwise. See the package on what is answered if nobody is found. The error says
// that the database could not be read, or that ctx ended.
func (r *Register) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	matches, rest, err := r.Find(ctx, q)
	if err != nil {
		return system.Reply{}, err
	}
	reply := system.Reply{State: rest.State, Reason: rest.Reason, AsOf: r.opt.Now()}
	if len(matches) == 0 {
		return reply, nil
	}
	for _, m := range matches {
		reply.Findings = append(reply.Findings, m.Finding)
		reply.Entries = append(reply.Entries, m.Entry.ID)
	}
	reply.State, reply.Reason = matches[0].Finding.State, "" // hits come first
	if rest.State != capture.StateNoHit {
		reply.Rest = &rest
	}
	return reply, nil
}

// Find returns the entries that agree, hits first, for systems that know more of a person than
// an entry, and what the search would have said without them.
func (r *Register) Find(ctx context.Context, q system.Question) ([]Match, capture.Rest, error) {
	evidence, reason, ok := evidenceOf(&q)
	if !ok {
		return nil, capture.Rest{State: capture.StateUnavailable, Reason: reason}, ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return nil, capture.Rest{}, fmt.Errorf("search register %s: %w", r.opt.System, err)
	}
	s := &search{r, map[string]*gallery.Entry{}}
	a, err := s.ask(ctx, evidence)
	if err != nil {
		return nil, capture.Rest{}, fmt.Errorf("search register %s: %w", r.opt.System, err)
	}
	matches := make([]Match, len(a.Findings))
	for i, f := range a.Findings {
		e := s.read[f.Entry]
		matches[i] = Match{e, r.told(f, e, q.Grant != "")}
	}
	return matches, restOf(&a, reason), nil
}

// restOf is what the answer would have been without findings, given what of the question was
// not searched with.
func restOf(a *capture.Answer, unsearched string) capture.Rest {
	rest := capture.Rest{State: capture.StateNoHit}
	switch {
	case a.Rest != nil:
		rest = *a.Rest
	case len(a.Findings) == 0:
		rest = capture.Rest{State: a.State, Reason: a.Reason}
	}
	if rest.State == capture.StateNoHit && unsearched != "" {
		rest = capture.Rest{State: capture.StateUnavailable, Reason: unsearched}
	}
	return rest
}

// Told is what may be told, without a grant, of an entry of this register that was found to
// agree elsewhere.
func (r *Register) Told(f capture.Finding, e *gallery.Entry) capture.Finding {
	return r.told(f, e, false)
}

// told is what may be told of an entry that agrees.
func (r *Register) told(f capture.Finding, e *gallery.Entry, granted bool) capture.Finding {
	f.Minor = isMinor(e.BirthDates, r.opt.Now())
	f.Print = nil // only a booth shows it
	if need := r.opt.Needs(e); need != "" && !granted {
		return capture.Finding{
			Entry: f.Entry, By: f.By, State: f.State, Score: f.Score, Needs: need, Minor: f.Minor, Discreet: f.Discreet,
		}
	}
	return f
}

// fullAge is the age from which somebody is no minor.
const fullAge = 18

// isMinor reports whether somebody may be a minor by any of the birth dates. Unknown parts of
// a date count as the latest they can be. Without a birth date nobody is taken for one.
func isMinor(births []string, now time.Time) bool {
	for _, b := range births {
		d := dateOf(b)
		if d.Year == 0 {
			continue
		}
		month, day := d.Month, d.Day
		if month == 0 {
			month, day = 12, 31
		} else if day == 0 {
			month, day = month+1, 0 // the last of the month
		}
		if now.Before(time.Date(d.Year+fullAge, time.Month(month), day, 0, 0, 0, 0, time.UTC)) {
			return true
		}
	}
	return false
}

// Verify compares a finger with the fingers of one entry, one to one. The state is that of a
// search of one person: hit if strangers agree as much in less than one of 10,000 comparisons,
// possible in less than one of 1,000. It is unavailable if they cannot be compared: the entry is
// not there or has no such finger, or the picture shows too little. The score is from 0 to
// 1, as in findings.
func (r *Register) Verify(ctx context.Context, id string, f *capture.Finger) (score float64, state capture.State, err error) {
	e, err := r.Get(ctx, id)
	if err != nil || e == nil || len(e.Fingers) == 0 || f == nil || len(f.PNG) == 0 {
		return 0, capture.StateUnavailable, err
	}
	t, err := localmatch.ReadPrint(f)
	if err != nil {
		return 0, capture.StateUnavailable, nil
	}
	finding, agrees, compared := localmatch.CompareFinger(f.Position, t, e, 1)
	switch {
	case !compared:
		return 0, capture.StateUnavailable, nil
	case !agrees:
		return finding.Score, capture.StateNoHit, nil
	}
	return finding.Score, finding.State, nil
}
