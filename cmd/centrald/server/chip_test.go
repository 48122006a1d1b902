package server_test

import (
	"reflect"
	"testing"

	"boothd/capture"
	"boothd/capture/inspection"
	"boothd/cmd/centrald/accesslog"
	"boothd/sync/system"
)

// cloned is what a booth found out about the chip of a document: that it is a copy, and holds the
// zone of another traveller.
func cloned(t *testing.T, n int) capture.Evidence {
	t.Helper()
	zone := zoneOf(t, n)
	return capture.Evidence{ID: "chip-1", Chip: &capture.Chip{
		Document: "document-1", Opened: "BAC", Groups: []int{1, 2, 14}, Zone: &zone,
		Portrait: &capture.Face{JPEG: []byte{0xFF, 0xD8, 0xFF, 0xD9}, Width: 240, Height: 320},
		Checks: []inspection.Check{
			{Name: "chip_authentication", State: inspection.Failed, Reason: "no_key", Text: "The chip does not have its key: it is a copy."},
			{Name: "pa_hash", State: inspection.Successful, Group: 2, Text: "Data group 2 is as it was signed."},
			{Name: "dg1_zone", State: inspection.Failed, Reason: "differs", Text: "The chip differs from the page: documentNumber."},
		},
	}}
}

func TestWhatAChipSaidIsKeptAsItIsAndNobodyIsAskedAboutIt(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		in := p.start()
		if err := in.Registers[system.SIS].Put(t.Context(), alert(22)); err != nil { // whom the chip names
			t.Fatal(err)
		}
		r := outcome(t, 21, true)
		r.Officer.Profile.Systems[capture.ModalityDocument] = []string{system.SIS}
		r.Evidence = append(r.Evidence, cloned(t, 22))
		r.Recommendation = &capture.Recommendation{Outcome: capture.OutcomeRefer, Reasons: []capture.Reason{
			{Outcome: capture.OutcomeRefer, Code: "chip_chip_authentication", Modality: capture.ModalityChip, Text: "The chip does not have its key: it is a copy."},
		}}
		p.report(p.booth(in.url), p.item(1, r))
		kept, err := in.Intake.Record(t.Context(), r.Booth, r.Check)
		if err != nil || len(kept) != 1 {
			t.Fatalf("%d records, %v", len(kept), err)
		}
		if got := kept[0]; !reflect.DeepEqual(got.Evidence[1], r.Evidence[1]) || !reflect.DeepEqual(got.Recommendation, r.Recommendation) {
			t.Errorf("kept %+v because %+v", got.Evidence[1].Chip, got.Recommendation)
		}
		until(t, "the check was not replayed", func() bool {
			return len(logged(t, in, func(e *accesslog.Entry) bool { return e.Kind == accesslog.KindAnswered })) > 0
		})
		asked := logged(t, in, func(e *accesslog.Entry) bool { return e.Kind == accesslog.KindQuery })
		if len(asked) != 1 || asked[0].Modality != capture.ModalityDocument {
			t.Errorf("asked %+v", asked)
		}
		for _, e := range logged(t, in, func(e *accesslog.Entry) bool { return len(e.Answers) > 0 }) {
			for _, a := range e.Answers {
				if a.State != capture.StateNoHit {
					t.Errorf("%s answered %s: whom the chip names was asked about", a.System, a.State)
				}
			}
		}
	})
}
