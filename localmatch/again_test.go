package localmatch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"boothd/capture/mrz"
	"boothd/localmatch"
	"boothd/localmatch/finger"
	"boothd/localmatch/gallery"
)

// What is the list's fault is to be asked again; what is the traveller's would not be mended by it.
func TestAskedAgainAListSaysWhetherItAnswered(t *testing.T) {
	sound := func(*gallery.Found) {}
	list := localmatch.List{Name: "sis", System: "SIS"}
	absent := localmatch.List{Name: "absent", System: "SIS"}
	for name, test := range map[string]struct {
		list     localmatch.List
		now      time.Duration
		zone     func(*mrz.Zone)
		spoil    func(*gallery.Found)
		findings int
		answered bool
	}{
		"a current list":                    {list, time.Hour, nil, sound, 1, true},
		"an old list":                       {list, 25 * time.Hour, nil, sound, 1, true},
		"a list past its lease":             {list, 48 * time.Hour, nil, sound, 0, false},
		"a list past its lease for central": {list, time.Hour, nil, func(f *gallery.Found) { f.Info.Seen = f.Info.Expires }, 0, false},
		"a list with a damaged entry":       {list, time.Hour, nil, func(f *gallery.Found) { f.Damaged = 1 }, 1, false},
		"a list that was never received":    {absent, time.Hour, nil, sound, 0, false},
		"a list of another system":          {localmatch.List{Name: "sis", System: "VIS"}, time.Hour, nil, sound, 0, false},
		"too many entries alike":            {list, time.Hour, nil, func(f *gallery.Found) { f.More = true }, 1, true},
		"no document number read":           {list, time.Hour, func(z *mrz.Zone) { z.DocumentNumber = "" }, sound, 1, true},
		"no name read":                      {list, time.Hour, func(z *mrz.Zone) { z.Surname, z.GivenNames = "", "" }, sound, 1, true},
		"neither read":                      {list, time.Hour, func(z *mrz.Zone) { *z = mrz.Zone{} }, sound, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t)
			s.put("sis", "SIS", anna(nil))
			m := localmatch.New(spoilt{s.gallery, test.spoil}, localmatch.Options{Now: func() time.Time { return day.Add(test.now) }})
			prints := []localmatch.Print{{Template: &finger.Template{}}} // of a list without fingers nobody is asked
			answers, err := m.Again(t.Context(), test.list, 0, []mrz.Zone{passport(test.zone)}, prints)
			if test.list == absent {
				prints = nil // whether it holds fingers is not known
			}
			if len(answers) != 2-len(prints) || len(answers[0].Findings) != test.findings {
				t.Errorf("answers %+v", answers)
			}
			if answered := err == nil; answered != test.answered {
				t.Errorf("answered %t: %v", answered, err)
			}
		})
	}
}

func TestAskedAgainAListIsNotTakenToHaveAnsweredOnceNobodyWaits(t *testing.T) {
	s := newShelf(t)
	s.put("sis", "SIS", anna(nil))
	ctx, cancel := context.WithCancel(t.Context())
	ending := spoilt{s.gallery, func(*gallery.Found) { cancel() }}
	m := localmatch.New(ending, localmatch.Options{Now: func() time.Time { return s.now }})
	if _, err := m.Again(ctx, s.lists[0], 0, []mrz.Zone{passport(nil)}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
