package check

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"boothd/capture"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
)

// listening is a source that would answer about anything, and remembers what it was asked.
type listening struct {
	mu    sync.Mutex
	asked []capture.Query
}

func (l *listening) Name() string { return "listening" }

func (l *listening) Systems(capture.Query) []string { return []string{"SIS"} }

func (l *listening) Look(_ context.Context, q capture.Query, answer func(capture.Answer)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, q)
	answer(capture.Answer{System: "SIS", State: capture.StateNoHit})
	return nil
}

func TestSystemsAreAskedByThePagesZoneWhateverTheChipSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listening{}
		b := startWith(t, func(c *Config) {
			c.Rules.Require = []capture.Modality{capture.ModalityDocument, capture.ModalityChip, capture.ModalityFinger}
			c.Auto = false
			c.Sources = []Asking{{Source: l}}
		}, local())
		chip := chipEvidence(inspection.Failed)
		chip.Chip.Zone = &mrz.Zone{Format: mrz.TD3, DocumentNumber: "OTHER", BirthDate: mrz.Date{Year: 1999, Month: 9, Day: 9}}
		page := document(1980)
		page.Document.Zone.DocumentNumber = "PAGE"
		b.traveller.present(page, chip, finger())
		l.mu.Lock()
		defer l.mu.Unlock()
		var asked []capture.Modality
		for _, q := range l.asked {
			asked = append(asked, q.Evidence.Modality())
			if q.Zone == nil || q.Zone.DocumentNumber != "PAGE" || q.Evidence.Chip != nil {
				t.Errorf("asked about the %s with %+v", q.Evidence.Modality(), q.Zone)
			}
		}
		slices.Sort(asked) // they are put at once
		if !slices.Equal(asked, []capture.Modality{capture.ModalityDocument, capture.ModalityFinger}) {
			t.Errorf("asked about %v", asked)
		}
	})
}
