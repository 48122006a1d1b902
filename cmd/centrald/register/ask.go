package register

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// Match is one entry that was found.
type Match struct {
	Entry   *gallery.Entry
	Finding capture.Finding
}

const (
	reasonNobody = "the question says nothing to search by"
	reasonFaces  = "faces are not compared"
)

// Ask searches by the finger if the question has one, and by the document and the person
// otherwise. A question without either is not answered, never with no_hit.
func (r *Register) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	a, err := r.look(ctx, q)
	if err != nil {
		return system.Reply{}, err
	}
	reply := system.Reply{State: a.State, Reason: a.Reason, Findings: a.Findings, Rest: a.Rest, AsOf: r.opt.Now()}
	for i := range reply.Findings {
		f := &reply.Findings[i]
		reply.Entries = append(reply.Entries, f.Entry)
		e, err := r.Get(ctx, f.Entry)
		if err != nil {
			return system.Reply{}, err
		}
		if e != nil {
			r.complete(f, e, q.Grant != "")
		}
	}
	return reply, nil
}

// complete says what a finding is to say besides what agreed, and holds back what needs a
// grant.
func (r *Register) complete(f *capture.Finding, e *gallery.Entry, granted bool) {
	f.Minor = isMinor(e.BirthDates, r.opt.Now())
	f.Print = nil // only a booth shows it
	if need := r.opt.Needs(e); need != "" && !granted {
		*f = capture.Finding{Entry: f.Entry, By: f.By, State: f.State, Score: f.Score, Needs: need, Minor: f.Minor, Discreet: f.Discreet}
	}
}

// Find returns the entries that agree, for systems that know more of a person than an
// entry, and what the search would have said without them.
func (r *Register) Find(ctx context.Context, q system.Question) ([]Match, capture.Rest, error) {
	a, err := r.look(ctx, q)
	if err != nil {
		return nil, capture.Rest{}, err
	}
	rest := capture.Rest{State: capture.StateNoHit}
	switch {
	case a.Rest != nil:
		rest = *a.Rest
	case len(a.Findings) == 0:
		rest = capture.Rest{State: a.State, Reason: a.Reason}
	}
	var matches []Match
	for _, f := range a.Findings {
		e, err := r.Get(ctx, f.Entry)
		if err != nil {
			return nil, rest, err
		}
		if e != nil {
			f.Print, f.Minor = nil, isMinor(e.BirthDates, r.opt.Now())
			matches = append(matches, Match{e, f})
		}
	}
	return matches, rest, nil
}

// look asks the engine.
func (r *Register) look(ctx context.Context, q system.Question) (capture.Answer, error) {
	a := capture.Answer{State: capture.StateUnavailable, Reason: reasonNobody}
	query, ok := queryOf(q)
	if !ok {
		if q.Face != nil {
			a.Reason = reasonFaces
		}
		return a, nil
	}
	query.Officer.Profile.Systems = map[capture.Modality][]string{query.Evidence.Modality(): {r.opt.System}}
	err := r.matcher.Look(ctx, query, func(got capture.Answer) { a = got })
	return a, err
}

// queryOf is the question as the engine takes it. It reports false if there is nothing to
// search by.
func queryOf(q system.Question) (capture.Query, bool) {
	var query capture.Query
	if q.Finger != nil && len(q.Finger.PNG) > 0 {
		query.Evidence = capture.Evidence{ID: "finger", Finger: q.Finger}
		return query, true
	}
	z := zoneOf(q)
	query.Evidence = capture.Evidence{ID: "document", Document: &capture.Document{Zone: z}}
	return query, len(localmatch.KeysOf(&z)) > 0
}

func zoneOf(q system.Question) mrz.Zone {
	z := mrz.Zone{
		DocumentCode: q.DocumentType, Issuer: q.Issuer, DocumentNumber: q.DocumentNumber,
		Surname: q.Surname, GivenNames: q.GivenNames, NameTruncated: q.NameTruncated,
		Nationality: q.Nationality, Sex: q.Sex, BirthDate: dateOf(q.BirthDate),
	}
	if q.VisaSticker != "" {
		z.DocumentNumber = q.VisaSticker
	}
	return z
}

// dateOf reads "2006-01-02", "2006-01" or "2006"; anything else is not known.
func dateOf(s string) mrz.Date {
	var d mrz.Date
	for i, part := range strings.SplitN(s, "-", 3) {
		n, err := strconv.Atoi(part)
		if err != nil || n <= 0 || i == 0 && len(part) != 4 || i > 0 && len(part) != 2 || i == 1 && n > 12 || i == 2 && n > 31 {
			return mrz.Date{}
		}
		*[]*int{&d.Year, &d.Month, &d.Day}[i] = n
	}
	return d
}

// fullAge is the age from which somebody is no minor.
const fullAge = 18

// isMinor reports whether the youngest birth date makes somebody a minor. Unknown parts of
// it count as the latest they can be. Without a birth date nobody is taken for one here.
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

// Verify compares a finger with the fingers of one entry, one to one. The state is
// unavailable if they cannot be compared: the entry is not there or has no such finger, or
// the picture shows too little.
func (r *Register) Verify(ctx context.Context, id string, f *capture.Finger) (score float64, state capture.State, err error) {
	e, err := r.Get(ctx, id)
	if err != nil || e == nil || len(e.Fingers) == 0 || f == nil || len(f.PNG) == 0 {
		return 0, capture.StateUnavailable, err
	}
	t, err := localmatch.ReadPrint(f)
	if err != nil {
		return 0, capture.StateUnavailable, nil
	}
	finding, ok, compared := localmatch.CompareFinger(f.Position, t, e, 1)
	switch {
	case !compared:
		return 0, capture.StateUnavailable, nil
	case !ok:
		return finding.Score, capture.StateNoHit, nil
	}
	return finding.Score, finding.State, nil
}

var errCopy = errors.New("copy lacks who holds it, what list it is, or when it was taken")
