package central

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch/gallery"
)

// system is one information system with its people.
type system struct {
	name string
	now  func() time.Time

	mu      sync.Mutex
	latency time.Duration
	failing bool
	people  []gallery.Entry
}

// SystemState tells how a system is.
type SystemState struct {
	Name    string        `json:"name"`
	Latency time.Duration `json:"latency_ns"`
	Failing bool          `json:"failing"`
	People  int           `json:"people"`
}

func (s *system) state() SystemState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return SystemState{Name: s.name, Latency: s.latency, Failing: s.failing, People: len(s.people)}
}

func (s *system) set(latency time.Duration, failing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency, s.failing = latency, failing
}

func (s *system) put(e gallery.Entry) {
	s.remove(e.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people = append(s.people, e)
}

func (s *system) remove(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.people)
	s.people = slices.DeleteFunc(s.people, func(e gallery.Entry) bool { return e.ID == id })
	return len(s.people) < before
}

// answer asks the system. A hit takes as long as a miss. It has no rest: a system that is
// searched at all would otherwise have said no_hit.
func (s *system) answer(ctx context.Context, q *capture.Query) capture.Answer {
	a := capture.Answer{
		Evidence: q.Evidence.ID,
		Modality: q.Evidence.Modality(),
		System:   s.name,
		Source:   "portal",
		State:    capture.StateUnavailable,
	}
	switch {
	case !s.wait(ctx):
		a.Reason = s.name + " did not answer in time"
	case s.state().Failing:
		a.Reason = s.name + " reports a fault"
	case q.Evidence.Finger != nil:
		return s.searchFinger(ctx, q)
	case q.Evidence.Document == nil:
		a.Reason = "the training portal compares no faces"
	default:
		a.Findings = s.search(&q.Evidence.Document.Zone)
		a.State = stateOf(a.Findings)
		a.AsOf = s.now()
	}
	a.At = s.now()
	return a
}

// wait lets the system's latency pass and reports whether that was within the deadline.
func (s *system) wait(ctx context.Context) bool {
	latency := s.state().Latency
	late := latency > SystemDeadline
	timer := time.NewTimer(min(latency, SystemDeadline))
	defer timer.Stop()
	select {
	case <-timer.C:
		return !late
	case <-ctx.Done():
		return false
	}
}

func stateOf(findings []capture.Finding) capture.State {
	state := capture.StateNoHit
	for _, f := range findings {
		if f.State == capture.StateHit {
			return capture.StateHit
		}
		state = capture.StatePossible
	}
	return state
}

// search finds people by the document's number, or by name and birth date.
func (s *system) search(z *mrz.Zone) []capture.Finding {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []capture.Finding
	for i := range s.people {
		e := &s.people[i]
		f := capture.Finding{Entry: e.ID, Category: e.Category, Action: e.Action, Discreet: e.Discreet}
		if len(e.Names) > 0 {
			f.Name = e.Names[0]
		}
		switch {
		case holds(e, z):
			f.By, f.State, f.Score = capture.ByDocumentNumber, capture.StateHit, 1
			f.Explanation = []capture.Part{{What: "document number", Asked: z.DocumentNumber, Found: z.DocumentNumber, Weight: 1}}
		case isCalled(e, z):
			f.By, f.State, f.Score = capture.ByName, capture.StatePossible, 0.9
			f.Explanation = []capture.Part{
				{What: "name", Asked: fullName(z), Found: f.Name, Weight: 0.6},
				{What: "birth date", Asked: z.BirthDate.ISO(), Found: z.BirthDate.ISO(), Weight: 0.3},
			}
		default:
			continue
		}
		found = append(found, f)
	}
	return found
}

// holds reports whether the document is the entry's.
func holds(e *gallery.Entry, z *mrz.Zone) bool {
	return z.DocumentNumber != "" && slices.ContainsFunc(e.Documents, func(d gallery.DocumentNumber) bool {
		return d.Number == z.DocumentNumber && (d.Issuer == "" || d.Issuer == z.Issuer)
	})
}

// isCalled reports whether name and birth date are the entry's.
func isCalled(e *gallery.Entry, z *mrz.Zone) bool {
	born := z.BirthDate.ISO()
	return born != "" && slices.Contains(e.BirthDates, born) &&
		slices.ContainsFunc(e.Names, func(n string) bool { return strings.EqualFold(n, fullName(z)) })
}

// fullName is the holder's name in the form of list entries.
func fullName(z *mrz.Zone) string {
	if z.GivenNames == "" {
		return z.Surname
	}
	return z.Surname + ", " + z.GivenNames
}
