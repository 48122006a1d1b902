// Package persontest holds people in memory, for tests of what is built on them.
package persontest

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"boothd/capture"
	"boothd/cmd/centrald/border/person"
	"boothd/cmd/centrald/register"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// People are found by the very number and issuer of a document, which is a hit, by name
// and birth date, which is possible, and by a finger whose picture is the bytes of the
// entry's template. No picture of the bytes "smeared" can be compared.
type People struct {
	Rest capture.Rest // of every search; nothing found if it is empty
	Err  error        // of everything

	mu      sync.Mutex
	entries []gallery.Entry
	puts    int
}

var _ person.People = (*People)(nil)

// Smeared is the picture of a finger that cannot be compared.
const Smeared = "smeared"

// Put adds entries.
func (p *People) Put(_ context.Context, entries ...gallery.Entry) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Err != nil {
		return p.Err
	}
	for _, e := range entries {
		p.puts++
		p.entries = slices.DeleteFunc(p.entries, func(old gallery.Entry) bool { return old.ID == e.ID })
		p.entries = append(p.entries, e)
	}
	return nil
}

// Remove takes an entry out.
func (p *People) Remove(_ context.Context, id string) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Err != nil {
		return false, p.Err
	}
	n := len(p.entries)
	p.entries = slices.DeleteFunc(p.entries, func(e gallery.Entry) bool { return e.ID == id })
	return len(p.entries) < n, nil
}

// Puts is how many entries were put.
func (p *People) Puts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.puts
}

// Get returns the entry.
func (p *People) Get(_ context.Context, id string) (*gallery.Entry, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.entries {
		if e.ID == id {
			return &e, p.Err
		}
	}
	return nil, p.Err
}

// Find compares the question with every entry.
func (p *People) Find(_ context.Context, q system.Question) ([]register.Match, capture.Rest, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest := p.Rest
	if rest.State == "" {
		rest.State = capture.StateNoHit
	}
	var found []register.Match
	for _, e := range p.entries {
		f := capture.Finding{Entry: e.ID, State: capture.StateHit, Score: 1}
		switch {
		case q.Finger != nil && holds(&e, q.Finger):
			f.By = capture.ByFinger
		case slices.ContainsFunc(e.Documents, func(d gallery.DocumentNumber) bool {
			return d.Number == q.DocumentNumber && d.Issuer == q.Issuer
		}):
			f.By = capture.ByDocumentNumber
		case q.Surname != "" && slices.Contains(e.Names, q.Surname+", "+q.GivenNames) && slices.Contains(e.BirthDates, q.BirthDate):
			f.By, f.State, f.Score = capture.ByName, capture.StatePossible, 0.9
		default:
			continue
		}
		found = append(found, register.Match{Entry: &e, Finding: f})
	}
	return found, rest, p.Err
}

// Verify compares the picture with the entry's templates.
func (p *People) Verify(ctx context.Context, id string, f *capture.Finger) (float64, capture.State, error) {
	e, err := p.Get(ctx, id)
	switch {
	case err != nil:
		return 0, "", err
	case e == nil || string(f.PNG) == Smeared:
		return 0, capture.StateUnavailable, nil
	case holds(e, f):
		return 1, capture.StateHit, nil
	}
	return 0, capture.StateNoHit, nil
}

func holds(e *gallery.Entry, f *capture.Finger) bool {
	return slices.ContainsFunc(e.Fingers, func(t gallery.FingerTemplate) bool { return bytes.Equal(t.Data, f.PNG) })
}
