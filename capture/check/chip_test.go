package check

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"boothd/capture"
	"boothd/capture/chip"
	"boothd/capture/inspection"
)

func chipEvidence(s inspection.State) capture.Evidence {
	return capture.Evidence{Chip: &capture.Chip{
		Checks:   []inspection.Check{{Name: "pa_chain", State: s, Text: "The chain is " + string(s) + "."}},
		Portrait: &capture.Face{JPEG: []byte("portrait")},
	}}
}

func withChip(c *Config) {
	c.Rules.Require = []capture.Modality{capture.ModalityDocument, capture.ModalityChip}
	c.Auto = false
}

func TestTheChipOfTheDocumentIsInspectedAndNoSystemIsAskedAboutIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := local()
		b := startWith(t, withChip, s)
		if w := b.View(true).Check.Wanted; !slices.Equal(w, []capture.Modality{capture.ModalityDocument, capture.ModalityChip}) {
			t.Errorf("wanted %v", w)
		}
		b.traveller.present(document(1980))
		asked := len(b.View(true).Check.Lines)
		b.traveller.present(chipEvidence(inspection.Failed))
		v := b.View(true).Check
		if len(v.Lines) != asked {
			t.Errorf("%d lines, %d before the chip", len(v.Lines), asked)
		}
		i := slices.IndexFunc(v.Evidence, func(e EvidenceView) bool { return e.Modality == capture.ModalityChip })
		if i < 0 || !v.Evidence[i].Image || len(v.Evidence[i].Checks) != 1 {
			t.Fatalf("evidence %+v", v.Evidence)
		}
		if mime, picture, ok := b.Image(b.id, v.Evidence[i].ID); !ok || mime != "image/jpeg" || string(picture) != "portrait" {
			t.Errorf("portrait %q %q %t", mime, picture, ok)
		}
		if d := v.Evidence[0]; d.Modality != capture.ModalityDocument || len(d.Checks) == 0 {
			t.Errorf("the zone has no checks: %+v", d)
		}
		if err := b.Conclude(t.Context(), b.id); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if r := b.View(true).Check.Recommendation; r == nil || !slices.ContainsFunc(r.Reasons, func(r capture.Reason) bool { return r.Code == "chip_pa_chain" }) {
			t.Errorf("recommendation %+v", r)
		}
		if rec := b.recorder.first(); !slices.ContainsFunc(rec.Evidence, func(e capture.Evidence) bool { return e.Chip != nil && e.Chip.Document == "document-1" }) {
			t.Error("the record does not tell of the chip")
		}
	})
}

func TestAnotherDocumentHasAnotherChip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startWith(t, withChip, local())
		b.traveller.present(document(1980), chipEvidence(inspection.Successful))
		if w := b.View(true).Check.Wanted; len(w) != 0 {
			t.Fatalf("wanted %v", w)
		}
		if err := b.Retake(t.Context(), b.id, capture.ModalityDocument); err != nil {
			t.Fatal(err)
		}
		b.traveller.present(document(1981))
		if w := b.View(true).Check.Wanted; !slices.Equal(w, []capture.Modality{capture.ModalityChip}) {
			t.Errorf("wanted %v, want the chip of the second document", w)
		}
		b.traveller.present(chipEvidence(inspection.Successful))
		if w := b.View(true).Check.Wanted; len(w) != 0 {
			t.Errorf("wanted %v", w)
		}
	})
}

func TestAVisaHasNoChip(t *testing.T) {
	visa := document(1980)
	visa.Document.Zone.DocumentCode = "V"
	for _, tt := range []struct {
		name      string
		presented []capture.Evidence
		want      []capture.Modality
	}{
		{"a visa alone has none to wait for", []capture.Evidence{visa}, nil},
		{"the passport's is still waited for", []capture.Evidence{document(1980), visa}, []capture.Modality{capture.ModalityChip}},
		{"and stays, once it was inspected", []capture.Evidence{document(1980), chipEvidence(inspection.Successful), visa}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := startWith(t, withChip, local())
				for i, ev := range tt.presented {
					if i > 0 && ev.Document != nil {
						if err := b.Retake(t.Context(), b.id, capture.ModalityDocument); err != nil {
							t.Fatal(err)
						}
					}
					b.traveller.present(ev)
				}
				if w := b.View(true).Check.Wanted; !slices.Equal(w, tt.want) {
					t.Errorf("wanted %v, want %v", w, tt.want)
				}
			})
		})
	}
}

// refused is the evidence of a chip that the zone does not open.
func refused() capture.Evidence {
	return capture.Evidence{Chip: &capture.Chip{Checks: []inspection.Check{{Name: chip.CheckAccess, State: inspection.Failed, Reason: chip.ReasonPassword}}}}
}

func TestAChipThatDidNotOpenWaitsForItsAccessNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &numbers{traveller: newTraveller()}
		b := startWith(t, func(c *Config) { withChip(c); c.Auto, c.Collector = true, seen }, local())
		if err := b.UseAccessNumber(t.Context(), b.id, "123456"); !errors.Is(err, ErrNoDocument) {
			t.Errorf("a number before there is a document: %v", err)
		}
		if err := b.Retake(t.Context(), b.id, capture.ModalityChip); !errors.Is(err, ErrNoDocument) {
			t.Errorf("a chip before there is a document: %v", err)
		}
		seen.present(document(1980), refused())
		v := b.View(true).Check
		if v.Phase != PhaseCollecting || len(v.Wanted) != 0 || len(v.Guidance) != 1 {
			t.Fatalf("phase %s, wanted %v, guidance %v", v.Phase, v.Wanted, v.Guidance)
		}
		for _, wrong := range []string{"", "12345", "1234567", "12345x", "１２３４５６"} {
			if err := b.UseAccessNumber(t.Context(), b.id, wrong); !errors.Is(err, ErrBadInput) {
				t.Errorf("number %q: %v", wrong, err)
			}
		}
		if err := b.UseAccessNumber(t.Context(), "another", "123456"); !errors.Is(err, ErrNoCheck) {
			t.Errorf("number for another check: %v", err)
		}
		if err := b.UseAccessNumber(t.Context(), b.id, "123456"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if w := b.View(true).Check.Wanted; !slices.Equal(w, []capture.Modality{capture.ModalityChip}) || seen.last != "123456" {
			t.Errorf("wanted %v, opened with %q", w, seen.last)
		}
		seen.present(chipEvidence(inspection.Successful))
		synctest.Wait()
		if p := b.View(true).Check.Phase; p != PhaseDecided {
			t.Errorf("phase %s after the chip was opened", p)
		}
		if err := b.UseAccessNumber(t.Context(), b.id, "123456"); !errors.Is(err, ErrWrongPhase) {
			t.Errorf("number after the outcome: %v", err)
		}
		if record, err := json.Marshal(b.recorder.first()); err != nil || bytes.Contains(record, []byte("123456")) {
			t.Errorf("the number is in the record (%v)", err)
		}
	})
}

func TestAChipThatDidNotOpenKeepsNobodyFromConcluding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startWith(t, func(c *Config) { withChip(c); c.Auto = true }, local())
		b.traveller.present(document(1980), refused())
		if err := b.Conclude(t.Context(), b.id); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if p := b.View(true).Check.Phase; p != PhaseDecided {
			t.Errorf("phase %s", p)
		}
	})
}

func TestABoothThatInspectsNoChipsTakesNoAccessNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startWith(t, func(c *Config) { c.Auto = false }, local())
		b.traveller.present(document(1980))
		if err := b.UseAccessNumber(t.Context(), b.id, "123456"); !errors.Is(err, ErrBadInput) {
			t.Errorf("number: %v", err)
		}
	})
}

// numbers is a traveller whose collector notes the access number that chips are opened with.
type numbers struct {
	traveller
	last string
}

func (n *numbers) Collect(ctx context.Context, m capture.Modality, known []capture.Evidence, guide func(string)) (capture.Evidence, error) {
	if m == capture.ModalityChip {
		n.last = capture.LastDocument(known).Document.CAN
	}
	return n.traveller.Collect(ctx, m, known, guide)
}

func TestAnOfficerSaysThatThereIsNoChip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startWith(t, withChip, local())
		if err := b.MissChip(t.Context(), b.id, "officer-7", capture.MissingNoChip); !errors.Is(err, ErrNoDocument) {
			t.Errorf("no chip before there is a document: %v", err)
		}
		b.traveller.present(document(1980))
		if err := b.MissChip(t.Context(), b.id, "officer-7", "eaten"); !errors.Is(err, ErrBadInput) {
			t.Errorf("a reason that is none: %v", err)
		}
		if err := b.MissChip(t.Context(), b.id, "officer-7", capture.MissingSilent); err != nil {
			t.Fatal(err)
		}
		v := b.View(true).Check
		if len(v.Wanted) != 0 || v.Evidence[1].Checks[0].State != inspection.Undetermined {
			t.Errorf("wanted %v, evidence %+v", v.Wanted, v.Evidence)
		}
	})
}
