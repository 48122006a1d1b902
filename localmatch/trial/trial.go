// Package trial measures the local lists with invented travellers: how long it takes from
// the lines of a machine-readable zone to the first local answer.
//
// List entries are made of the documents of synthetic travellers 0 to n-1, so that
// travellers from n on are in no list but share names with those who are.
package trial

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
)

// Options say what to measure.
type Options struct {
	Entries int    // of the list
	Checks  int    // travellers looked up, every second one is in the list
	Dir     string // an empty folder for the gallery; a temporary one if left out
}

// Result is what was measured.
type Result struct {
	Entries int           `json:"entries"`
	Apply   time.Duration `json:"apply"` // of the whole list
	Bytes   int64         `json:"bytes"` // of the gallery's file
	Checks  int           `json:"checks"`
	P50     time.Duration `json:"p50"` // from the zone's lines to the first answer
	P99     time.Duration `json:"p99"`
	Max     time.Duration `json:"max"`
	States  map[capture.State]int
}

// The one list of a trial.
const (
	List   = "trial"
	System = "SIS"
)

// Run makes a list and looks travellers up in it, one after the other.
func Run(ctx context.Context, o Options) (Result, error) {
	if o.Entries < 1 || o.Entries > gallery.MaxEntries || o.Checks < 1 {
		return Result{}, fmt.Errorf("a trial needs 1 to %d entries and at least one check", gallery.MaxEntries)
	}
	if o.Dir == "" {
		dir, err := os.MkdirTemp("", "boothd-trial-")
		if err != nil {
			return Result{}, err
		}
		defer os.RemoveAll(dir)
		o.Dir = dir
	}
	path := filepath.Join(o.Dir, "gallery.db")
	g, err := gallery.Open(ctx, path, filepath.Join(o.Dir, "keys"), gallery.Options{})
	if err != nil {
		return Result{}, err
	}
	defer g.Close()
	r := Result{Entries: o.Entries, Checks: o.Checks, States: map[capture.State]int{}}
	start := time.Now()
	if err := g.Apply(ctx, Update(o.Entries, 1)); err != nil {
		return Result{}, err
	}
	r.Apply = time.Since(start)
	if st, err := os.Stat(path); err == nil {
		r.Bytes = st.Size()
	}
	return r, r.look(ctx, localmatch.New(g, localmatch.Options{Lists: []localmatch.List{{Name: List, System: System}}}))
}

func (r *Result) look(ctx context.Context, m *localmatch.Matcher) error {
	times := make([]time.Duration, 0, r.Checks)
	for i := range r.Checks {
		lines := Traveller(i, r.Entries).MRZ
		start := time.Now()
		q, err := Query(lines, start)
		if err != nil {
			return err
		}
		var first time.Duration
		err = m.Look(ctx, q, func(a capture.Answer) {
			if first == 0 {
				first = time.Since(start)
			}
			r.States[a.State]++
		})
		if err != nil {
			return err
		}
		times = append(times, first)
	}
	slices.Sort(times)
	r.P50, r.P99, r.Max = times[len(times)/2], times[len(times)*99/100], times[len(times)-1]
	return nil
}

// Update is a whole list of so many entries.
func Update(entries int, version uint64) gallery.Update {
	now := time.Now()
	return gallery.Update{
		List: List, System: System, Version: version, Head: gallery.Hash{1}, Entries: entries,
		Issued: now, Expires: now.Add(48 * time.Hour), SoftAge: 24 * time.Hour, Lines: gallery.LinesOf(changes(entries, now)),
	}
}

func changes(entries int, now time.Time) iter.Seq2[gallery.Change, error] {
	return func(yield func(gallery.Change, error) bool) {
		for e, err := range Entries(entries, now) {
			if !yield(gallery.Change{Put: e}, err) {
				return
			}
		}
	}
}

// Entries are the list entries of travellers 0 to n-1, in the order of their ids.
func Entries(n int, now time.Time) iter.Seq2[*gallery.Entry, error] {
	return func(yield func(*gallery.Entry, error) bool) {
		for i := range n {
			z, err := mrz.Parse(synthetic.New(i).MRZ, now)
			if !yield(entryOf(i, &z), err) {
				return
			}
		}
	}
}

func entryOf(i int, z *mrz.Zone) *gallery.Entry {
	e := &gallery.Entry{
		ID:    fmt.Sprintf("synthetic-%07d", i),
		Names: []string{z.Surname + ", " + z.GivenNames},
		Sex:   z.Sex,
		Documents: []gallery.DocumentNumber{
			{Number: z.DocumentNumber, Type: z.DocumentCode[:1], Issuer: z.Issuer},
		},
		Category: "trial", Action: "none",
	}
	if b := z.BirthDate.ISO(); b != "" {
		e.BirthDates = []string{b}
	}
	return e
}

// Traveller is the i-th to be looked up in a list of n entries: listed and not listed in
// turn, and scattered over the list.
func Traveller(i, n int) synthetic.Traveller {
	const stride = 7919 // a prime
	person := i / 2 * stride % n
	if i%2 == 1 {
		person += n
	}
	return synthetic.New(person)
}

// Query asks for the traveller with the zone as an officer who may ask the trial's system.
func Query(lines []string, now time.Time) (capture.Query, error) {
	z, err := mrz.Read(lines, now)
	if err != nil {
		return capture.Query{}, err
	}
	return capture.Query{
		Officer: capture.Officer{Profile: capture.Profile{
			Systems: map[capture.Modality][]string{capture.ModalityDocument: {System}},
		}},
		Evidence: capture.Evidence{ID: "document-1", Document: &capture.Document{Zone: z}},
		Zone:     &z,
		At:       now,
	}, nil
}
