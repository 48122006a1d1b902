package localmatch_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
)

// spoilt is a gallery whose lookups end as spoil says.
type spoilt struct {
	*gallery.Gallery
	spoil func(*gallery.Found)
}

func (g spoilt) Find(ctx context.Context, list string, q gallery.Question) (gallery.Found, error) {
	found, err := g.Gallery.Find(ctx, list, q)
	g.spoil(&found)
	return found, err
}

// Whatever state a list is in, an officer without clearance must read exactly the same
// answer whether it holds a discreet entry of the traveller or not.
func TestADiscreetEntryLeavesNoTraceForTheUncleared(t *testing.T) {
	sound := func(*gallery.Found) {}
	lists := []struct {
		name  string
		now   time.Time
		zone  func(*mrz.Zone)
		spoil func(*gallery.Found)
		rest  capture.State
	}{
		{"a current list", day.Add(time.Hour), nil, sound, capture.StateNoHit},
		{"a list past its soft age", day.Add(25 * time.Hour), nil, sound, capture.StateStale},
		{"a list from the clock's future", day.Add(-time.Hour), nil, sound, capture.StateStale},
		{"a list with a damaged entry", day.Add(time.Hour), nil, func(f *gallery.Found) { f.Damaged = 1 }, capture.StateUnavailable},
		{"an old list with a damaged entry", day.Add(25 * time.Hour), nil, func(f *gallery.Found) { f.Damaged = 1 }, capture.StateUnavailable},
		{"a list with too many entries alike", day.Add(time.Hour), nil, func(f *gallery.Found) { f.More = true }, capture.StateUnavailable},
		{"no document number read", day.Add(time.Hour), func(z *mrz.Zone) { z.DocumentNumber = "" }, sound, capture.StateUnavailable},
		{"no name read", day.Add(time.Hour), func(z *mrz.Zone) { z.Surname, z.GivenNames = "", "" }, sound, capture.StateUnavailable},
	}
	open := func(change func(*gallery.Entry)) *gallery.Entry {
		return anna(func(e *gallery.Entry) {
			e.ID, e.Discreet = "open", false
			change(e)
		})
	}
	beside := []struct {
		name string
		open []*gallery.Entry
	}{
		{"alone", nil},
		{"beside an open hit", []*gallery.Entry{open(func(*gallery.Entry) {})}},
		{"beside an open entry to verify", []*gallery.Entry{open(func(e *gallery.Entry) { e.Documents[0].Number, e.BirthDates = "1B98902C3", []string{"1974"} })}},
	}
	for _, l := range lists {
		for _, b := range beside {
			t.Run(l.name+", "+b.name, func(t *testing.T) {
				look := func(entries ...*gallery.Entry) (answer capture.Answer) {
					s := newShelf(t)
					s.put("sis", "SIS", entries...)
					m := localmatch.New(spoilt{s.gallery, l.spoil}, localmatch.Options{Lists: s.lists, Now: func() time.Time { return l.now }})
					if err := m.Look(t.Context(), query(passport(l.zone), "SIS"), func(a capture.Answer) { answer = a }); err != nil {
						t.Fatal(err)
					}
					return answer
				}
				with, without := look(slices.Concat(b.open, []*gallery.Entry{anna(nil)})...), look(b.open...)
				if got, want := encode(t, with.Shown(false)), encode(t, without.Shown(false)); got != want {
					t.Errorf("shown %s\nwithout the discreet entry %s", got, want)
				}
				wantRest(t, with, l.rest)
				if n := len(with.Shown(true).Findings); n != len(b.open)+1 {
					t.Errorf("a cleared officer is shown %d findings", n)
				}
				if b.open == nil && without.State != l.rest {
					t.Errorf("without the discreet entry %s, want %s", without.State, l.rest)
				}
			})
		}
	}
}

// wantRest wants the rest of an answer with findings; none stands for no_hit.
func wantRest(t *testing.T, a capture.Answer, want capture.State) {
	t.Helper()
	switch {
	case want == capture.StateNoHit && a.Rest != nil:
		t.Errorf("rest %+v, want none", a.Rest)
	case want != capture.StateNoHit && (a.Rest == nil || a.Rest.State != want || a.Rest.Reason == ""):
		t.Errorf("rest %+v, want %s with a reason", a.Rest, want)
	}
}

func encode(t *testing.T, a capture.Answer) string {
	t.Helper()
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
