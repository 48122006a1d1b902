package check

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
)

// handful is a collector that says which finger it would take next, as a capture.Session does.
type handful struct {
	traveller
	plan capture.FingerPlan
}

func (h handful) Collect(ctx context.Context, m capture.Modality, known []capture.Evidence, guide func(string)) (capture.Evidence, error) {
	ev, err := h.traveller.Collect(ctx, m, known, guide)
	if ev.Finger != nil {
		position, _, _, _ := h.plan.Next(known)
		f := *ev.Finger
		f.Position = position
		ev.Finger = &f
	}
	return ev, err
}

// startFingers opens a check that takes several fingers, at the moment at which document and
// portrait are there.
func startFingers(t *testing.T, n int) *bench {
	t.Helper()
	b := startWith(t, func(cfg *Config) {
		plan, ok := capture.NewFingerPlan(n, 0)
		if !ok {
			t.Fatalf("no plan of %d fingers", n)
		}
		cfg.Rules.Fingers = plan
		cfg.Collector = handful{cfg.Collector.(traveller), plan}
	}, local())
	b.traveller.present(document(1980), face())
	return b
}

// fingers tells how far they have come: "2 taken, 3 now, 4, 5 missing permanent".
func (b *bench) fingers() string {
	synctest.Wait()
	var all []string
	for _, s := range b.View(true).Check.Fingers {
		text := fmt.Sprint(int(s.Position))
		if s.State != capture.FingerAwaited {
			text += " " + string(s.State)
		}
		if s.Missing != "" {
			text += " " + string(s.Missing)
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func (b *bench) wantFingers(want string) {
	b.t.Helper()
	if got := b.fingers(); got != want {
		b.t.Errorf("fingers: %s\nwant:    %s", got, want)
	}
}

// taken is the record's fingers: their positions, and "-" after those that are missing.
func (b *bench) taken() string {
	var all []string
	for _, e := range b.recorder.first().Evidence {
		if f := e.Finger; f != nil {
			text := fmt.Sprint(int(f.Position))
			if f.Missing != "" {
				text += "-"
			}
			all = append(all, text)
		}
	}
	return strings.Join(all, " ")
}

func TestFourFingersAreTakenOneAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startFingers(t, 4)
		b.wantFingers("2 now, 3, 4, 5")
		b.traveller.present(finger(), finger())
		b.wantFingers("2 taken, 3 taken, 4 now, 5")
		b.phase(PhaseCollecting)
		b.traveller.present(finger(), finger())
		b.outcome(capture.OutcomeClear)
		b.wantFingers("2 taken, 3 taken, 4 taken, 5 taken")
		if got := b.taken(); got != "2 3 4 5" {
			t.Errorf("recorded %s", got)
		}
	})
}

func TestTenFingersAreTakenOneAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startFingers(t, 10)
		for range 9 {
			b.traveller.present(finger())
			b.phase(PhaseCollecting)
		}
		b.traveller.present(finger())
		b.outcome(capture.OutcomeClear)
		if got := b.taken(); got != "2 3 4 5 7 8 9 10 1 6" {
			t.Errorf("recorded %s", got)
		}
	})
}

func TestAFingerThatCannotBeTakenIsCodedAndTheOthersFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startFingers(t, 4)
		b.traveller.present(finger())
		if err := b.MissFingers(t.Context(), b.id, "officer-7", []capture.FingerPosition{3}, capture.MissingTemporary); err != nil {
			t.Fatal(err)
		}
		b.wantFingers("2 taken, 3 missing temporary, 4 now, 5")
		if err := b.MissFingers(t.Context(), b.id, "officer-7", []capture.FingerPosition{5}, capture.MissingPermanent); err != nil {
			t.Fatal(err)
		}
		b.wantFingers("2 taken, 3 missing temporary, 4 now, 5 missing permanent")
		b.traveller.present(finger())
		b.outcome(capture.OutcomeRefer)
		reasons := b.View(true).Check.Recommendation.Reasons
		if len(reasons) != 2 || reasons[0].Code != "finger_temporary" || reasons[1].Code != "finger_permanent" {
			t.Errorf("reasons %v", reasons)
		}
	})
}

func TestTheLeftHandIsTakenIfTheRightCannotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startFingers(t, 4)
		if err := b.MissFingers(t.Context(), b.id, "officer-7", []capture.FingerPosition{2, 3, 4, 5}, capture.MissingTemporary); err != nil {
			t.Fatal(err)
		}
		const gone = "2 missing temporary, 3 missing temporary, 4 missing temporary, 5 missing temporary, "
		b.wantFingers(gone + "7 now, 8, 9, 10")
		b.traveller.present(finger(), finger(), finger(), finger())
		b.outcome(capture.OutcomeClear)
		if got := b.taken(); got != "2- 3- 4- 5- 7 8 9 10" {
			t.Errorf("recorded %s", got)
		}
	})
}

func TestThatNoFingerCanBeTakenIsSaidOfBothHands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startFingers(t, 4)
		if err := b.MissFinger(t.Context(), b.id, "officer-7", capture.MissingPermanent); err != nil {
			t.Fatal(err)
		}
		b.outcome(capture.OutcomeClear)
		if got := b.taken(); got != "2- 3- 4- 5- 7- 8- 9- 10-" {
			t.Errorf("recorded %s", got)
		}
	})
}

func TestThatTheOtherFingersCannotBeTakenIsSaidOfThemAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startFingers(t, 4)
		b.traveller.present(finger())
		if err := b.MissFinger(t.Context(), b.id, "officer-7", capture.MissingPermanent); err != nil {
			t.Fatal(err)
		}
		b.outcome(capture.OutcomeClear)
		if got := b.taken(); got != "2 3- 4- 5-" {
			t.Errorf("recorded %s", got)
		}
	})
}

func TestAFingerIsTakenAgainAndTheOthersFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startFingers(t, 4)
		b.traveller.present(finger(), finger())
		if err := b.RetakeFinger(t.Context(), b.id, 2); err != nil {
			t.Fatal(err)
		}
		b.wantFingers("2 now, 3 taken, 4, 5")
		b.traveller.present(finger())
		b.wantFingers("2 taken, 3 taken, 4 now, 5")
		if err := b.Retake(t.Context(), b.id, capture.ModalityFinger); err != nil {
			t.Fatal(err)
		}
		b.traveller.present(finger(), finger())
		b.outcome(capture.OutcomeClear)
		if got := b.taken(); got != "2 3 2 4 5" {
			t.Errorf("recorded %s", got)
		}
	})
}

func TestAFingerThatWasMissingIsTakenAfterAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startFingers(t, 4)
		if err := b.MissFingers(t.Context(), b.id, "officer-7", []capture.FingerPosition{2}, capture.MissingTemporary); err != nil {
			t.Fatal(err)
		}
		if err := b.RetakeFinger(t.Context(), b.id, 2); err != nil {
			t.Fatal(err)
		}
		b.traveller.present(finger(), finger(), finger(), finger())
		b.outcome(capture.OutcomeClear)
	})
}

func TestFingersThatAreNotThereLeaveTheCheckIncomplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startFingers(t, 4)
		b.traveller.present(finger())
		if err := b.Conclude(t.Context(), b.id); err != nil {
			t.Fatal(err)
		}
		b.outcome(capture.OutcomeIncomplete)
		if r := b.View(true).Check.Recommendation.Reasons[0]; r.Code != "finger_missing" || !strings.Contains(r.Text, "3 of 4") {
			t.Errorf("reason %+v", r)
		}
	})
}

func TestOfAChildNoFingerOfAPlanIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startFingers(t, 10)
		b.traveller.present(finger(), finger())
		if err := b.Retake(t.Context(), b.id, capture.ModalityDocument); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.traveller.present(document(1994))
		b.outcome(capture.OutcomeClear)
		for _, e := range b.recorder.first().Evidence {
			if e.Finger != nil && (e.Finger.Missing != capture.MissingNotApplicable || len(e.Finger.PNG) > 0) {
				t.Errorf("kept the %s: %q", e.Finger.Position, e.Finger.Missing)
			}
		}
	})
}

func TestWhatFitsNoPlanIsRefused(t *testing.T) {
	type all = []capture.FingerPosition
	synctest.Test(t, func(t *testing.T) {
		b := startFingers(t, 4)
		for _, tt := range []struct {
			name    string
			fingers all
			reason  capture.Missing
		}{
			{"no finger", nil, capture.MissingPermanent},
			{"a thumb, of which none is asked", all{1}, capture.MissingPermanent},
			{"a finger twice", all{2, 2}, capture.MissingPermanent},
			{"an unknown finger", all{0}, capture.MissingPermanent},
			{"an unknown reason", all{2}, "lost"},
			{"a child, which the document tells", all{2}, capture.MissingNotApplicable},
		} {
			if err := b.MissFingers(t.Context(), b.id, "officer-7", tt.fingers, tt.reason); !errors.Is(err, ErrBadInput) {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		if err := b.RetakeFinger(t.Context(), b.id, 1); !errors.Is(err, ErrBadInput) {
			t.Errorf("a thumb taken again: %v", err)
		}
		b.wantFingers("2 now, 3, 4, 5")
	})
}

func TestACaptureThatEndsIsShownAtItsFinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startWith(t, func(cfg *Config) {
			cfg.Rules.Fingers, _ = capture.NewFingerPlan(4, 0)
			cfg.Collector = broken{cfg.Collector.(traveller)}
		}, local())
		b.traveller.present(document(1980))
		b.wantFingers("2 failed, 3, 4, 5")
		if err := b.RetakeFinger(t.Context(), b.id, 2); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // the bubble's clock
		b.wantFingers("2 failed, 3, 4, 5")
	})
}

// broken is a traveller whose fingers cannot be captured.
type broken struct{ traveller }

func (c broken) Collect(ctx context.Context, m capture.Modality, known []capture.Evidence, guide func(string)) (capture.Evidence, error) {
	if m == capture.ModalityFinger {
		return capture.Evidence{}, errors.New("no scanner driver")
	}
	return c.traveller.Collect(ctx, m, known, guide)
}
