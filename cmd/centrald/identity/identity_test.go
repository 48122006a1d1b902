package identity

import (
	"context"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/store"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// day is when the tests take place.
var day = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// clock is a clock that tests set.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: day} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// people finds entries by the document number, or by the names.
type people struct {
	mu      sync.Mutex
	entries map[string]gallery.Entry
	rest    capture.Rest
	err     error
	asked   int
}

func newPeople() *people {
	return &people{entries: map[string]gallery.Entry{}, rest: capture.Rest{State: capture.StateNoHit}}
}

func (p *people) Put(_ context.Context, entries ...gallery.Entry) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range entries {
		p.entries[e.ID] = e
	}
	return p.err
}

func (p *people) Remove(_ context.Context, id string) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.entries[id]
	delete(p.entries, id)
	return ok, nil
}

func (p *people) Find(_ context.Context, q system.Question) ([]register.Match, capture.Rest, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	var found []register.Match
	for _, id := range sorted(keysOf(p.entries)) {
		e := p.entries[id]
		byNumber := len(e.Documents) > 0 && e.Documents[0].Number == q.DocumentNumber
		byName := q.Surname != "" && len(e.Names) > 0 && e.Names[0] == q.Surname+", "+q.GivenNames
		if byNumber || byName {
			found = append(found, register.Match{Entry: &e, Finding: capture.Finding{
				Entry: id, By: capture.ByDocumentNumber, State: capture.StateHit, Score: 1, Name: e.Names[0],
			}})
		}
	}
	return found, p.rest, p.err
}

func keysOf(m map[string]gallery.Entry) map[string]bool {
	set := map[string]bool{}
	for k := range m {
		set[k] = true
	}
	return set
}

// anna is a grown-up with a file in the EES and in the VIS.
func anna(changes ...func(*File)) File {
	f := File{
		ID:         "file-anna",
		Identity:   Identity{Surname: "MUSTER", GivenNames: "ANNA MARIA", BirthDate: "1990-05-17", Sex: "F", Nationality: "UTO"},
		Documents:  []Document{{Type: "P", Issuer: "UTO", Number: "L898902C3"}},
		Biometrics: []Biometric{{capture.ModalityFinger, "print-1"}},
		Holdings:   []Member{{System: system.VIS, Entry: "vis-1"}, {System: system.EES, Entry: "ees-1"}},
	}
	for _, change := range changes {
		change(&f)
	}
	return f
}

// record is one of anna's entries, changed.
func record(sys, entry string, changes ...func(*Record)) Record {
	f := anna()
	r := Record{Member: Member{System: sys, Entry: entry}, Identity: f.Identity, Biometrics: f.Biometrics}
	for _, change := range changes {
		change(&r)
	}
	return r
}

func openCIR(t *testing.T, db *store.DB, p People, o Options) *CIR {
	t.Helper()
	if o.Now == nil {
		o.Now = newClock().now
	}
	c, err := OpenCIR(t.Context(), db, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func openLinks(t *testing.T, db *store.DB, now func() time.Time) *Links {
	t.Helper()
	l, err := OpenLinks(t.Context(), db, LinkOptions{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
