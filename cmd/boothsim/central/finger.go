package central

import (
	"context"
	"slices"
	"time"

	"boothd/capture"
	"boothd/localmatch"
	"boothd/localmatch/finger/index"
	"boothd/localmatch/gallery"
)

// searchFinger finds people by a finger, in the way that a booth searches a list.
func (s *system) searchFinger(ctx context.Context, q *capture.Query) capture.Answer {
	a := capture.Answer{
		Evidence: q.Evidence.ID, Modality: capture.ModalityFinger, System: s.name,
		State: capture.StateUnavailable, Reason: "the finger could not be compared",
	}
	m := localmatch.New(peopleOf{s}, localmatch.Options{Lists: []localmatch.List{{Name: s.name, System: s.name}}, Now: s.now})
	m.Look(ctx, *q, func(found capture.Answer) { a = found }) // what goes wrong is in the answer
	a.Source, a.List, a.Version = "portal", "", 0
	return a
}

// peopleOf makes a system searchable by fingers.
type peopleOf struct{ *system }

var _ localmatch.Finder = peopleOf{}

// Find finds nobody: documents are searched otherwise.
func (p peopleOf) Find(context.Context, string, []gallery.Key) (gallery.Found, error) {
	return gallery.Found{}, nil
}

// HoldsFingers is true of every system that is asked with a finger.
func (p peopleOf) HoldsFingers(string) bool { return true }

// FindFingers makes an index for each search: a training system has few people.
func (p peopleOf) FindFingers(ctx context.Context, _ string, probes []index.Probe, least func(int) float64) (gallery.FoundFingers, error) {
	p.mu.Lock()
	people := slices.Clone(p.people)
	p.mu.Unlock()
	now := p.now()
	f := gallery.FoundFingers{Info: gallery.Info{System: p.name, Issued: now, Expires: now.Add(time.Hour)}}
	x := index.New()
	for i := range people {
		for j := range people[i].Fingers {
			position, t, err := people[i].Fingers[j].Read()
			if err == nil {
				err = x.Add(uint64(i), position, t)
			}
			if err != nil {
				return f, err
			}
		}
		if len(people[i].Fingers) > 0 {
			f.Info.Fingers++
		}
	}
	found, err := x.Search(ctx, probes, index.Options{MinScore: least(f.Info.Fingers)})
	for _, c := range found {
		f.People = append(f.People, gallery.Person{Entry: &people[c.Key], Candidate: c})
	}
	f.Info.Fingers = max(f.Info.Fingers, 1) // a system without fingers was searched too
	return f, err
}
