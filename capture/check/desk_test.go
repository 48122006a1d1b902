package check

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
)

func noHit(system string) capture.Answer {
	return capture.Answer{System: system, State: capture.StateNoHit}
}

func hit(system string, discreet bool) capture.Answer {
	return capture.Answer{System: system, State: capture.StateHit, Findings: []capture.Finding{
		{Entry: "e-1", By: capture.ByDocumentNumber, Score: 1, Name: "SYNTHETIC", Discreet: discreet},
	}}
}

func TestCheckRunsFromEvidenceToDisposition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		local := &source{name: "local", systems: []string{"SIS", "SLTD"}, answers: []delayed{{0, noHit("SIS")}, {0, noHit("SLTD")}}}
		portal := &source{name: "portal", systems: []string{"VIS"}, answers: []delayed{{2 * time.Second, noHit("VIS")}}}
		b := start(t, local, portal)

		b.traveller.present(document(1980))
		want := map[string]capture.State{"local SIS": "no_hit", "local SLTD": "no_hit", "portal VIS": "waiting"}
		if got := b.states(); !maps.Equal(got, want) {
			t.Errorf("while the finger is being placed the answers are %v, want %v", got, want)
		}
		b.traveller.present(finger(), face())
		b.phase(PhaseCollecting)
		time.Sleep(3 * time.Second)
		b.outcome(capture.OutcomeClear)

		if err := b.Dispose(t.Context(), b.id, capture.Disposition{Decision: capture.OutcomeStop, Officer: "officer-7"}); !errors.Is(err, ErrWhyNeeded) {
			t.Errorf("departing without a reason: %v, want ErrWhyNeeded", err)
		}
		if err := b.Dispose(t.Context(), b.id, capture.Disposition{Decision: capture.OutcomeRefer, Why: "nervous", Officer: "officer-7"}); err != nil {
			t.Fatal(err)
		}
		b.phase(PhaseClosed)
		if got, want := b.recorder.kinds(), []capture.RecordKind{capture.RecordOutcome, capture.RecordDisposition}; !slices.Equal(got, want) {
			t.Errorf("records = %v, want %v", got, want)
		}
		rec := b.recorder.first()
		if len(rec.Evidence) != 3 || len(rec.Asked) != 2 || len(rec.Answers) != 3 || rec.Offline {
			t.Errorf("record holds %d evidence, %d asked, %d answers, offline %t", len(rec.Evidence), len(rec.Asked), len(rec.Answers), rec.Offline)
		}
		v := b.View(true).Check
		if v.Zone != nil || len(v.Evidence) > 0 || len(v.Lines) > 0 {
			t.Error("the closed check still shows the traveller")
		}
		if _, err := b.Start(t.Context(), officer); err != nil {
			t.Errorf("next check: %v", err)
		}
	})
}

func TestSilentSourceIsUnavailableAndItsLateHitAlerts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := &source{name: "portal", systems: []string{"SIS", "VIS"}, answers: []delayed{{time.Second, noHit("VIS")}, {20 * time.Second, hit("SIS", false)}}}
		b := start(t, portal)
		b.traveller.present(document(1980), finger(), face())
		time.Sleep(6 * time.Second)
		b.outcome(capture.OutcomeIncomplete)
		if got := b.states(); got["portal SIS"] != capture.StateUnavailable || got["portal VIS"] != capture.StateNoHit {
			t.Errorf("states = %v", got)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		alerts := b.View(false).Alerts
		if len(alerts) != 1 || alerts[0].Answer.System != "SIS" || !alerts[0].Answer.Late || !alerts[0].Checked.Equal(b.View(false).Check.Started) {
			t.Fatalf("alerts = %v", alerts)
		}
		if got := b.recorder.kinds(); !slices.Equal(got, []capture.RecordKind{capture.RecordOutcome, capture.RecordLateAnswer}) {
			t.Errorf("records = %v", got)
		}
		if got := b.View(false).Check.Recommendation.Outcome; got != capture.OutcomeIncomplete {
			t.Errorf("the recorded outcome changed to %s", got)
		}
		if err := b.Dismiss(t.Context(), alerts[0].ID, "officer-7"); err != nil {
			t.Fatal(err)
		}
		if n := len(b.View(true).Alerts); n != 0 {
			t.Errorf("%d alerts after the officer dismissed it", n)
		}
	})
}

func TestAnswerAfterTheTimeoutStillCountsBeforeTheOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := &source{name: "portal", systems: []string{"SIS"}, answers: []delayed{{8 * time.Second, noHit("SIS")}}}
		b := start(t, portal)
		b.traveller.present(document(1980), finger())
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := b.states()["portal SIS"]; got != capture.StateNoHit {
			t.Errorf("state = %s, want no_hit in place of the silence", got)
		}
		b.traveller.present(face())
		b.outcome(capture.OutcomeClear)
	})
}

func TestNoOutcomeWithoutADurableRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, &source{name: "local", systems: []string{"SIS"}, answers: []delayed{{0, noHit("SIS")}}})
		b.recorder.fail(errBroken)
		b.traveller.present(document(1980), finger(), face())
		b.phase(PhaseConcluding)
		if v := b.View(true).Check; v.Recommendation != nil || v.Fault == "" {
			t.Fatalf("recommendation %v, fault %q", v.Recommendation, v.Fault)
		}
		if err := b.Dispose(t.Context(), b.id, capture.Disposition{Decision: capture.OutcomeClear}); !errors.Is(err, ErrNotDecided) {
			t.Errorf("Dispose: %v, want ErrNotDecided", err)
		}
		b.recorder.fail(nil)
		if err := b.Conclude(t.Context(), b.id); err != nil {
			t.Fatal(err)
		}
		b.outcome(capture.OutcomeClear)
	})
}

func TestDispositionThatCannotBeKeptLeavesTheCheckOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, local())
		b.traveller.present(document(1980), finger(), face())
		b.outcome(capture.OutcomeClear)
		b.recorder.fail(errBroken)
		if err := b.Dispose(t.Context(), b.id, capture.Disposition{Decision: capture.OutcomeClear}); !errors.Is(err, errBroken) {
			t.Errorf("Dispose: %v", err)
		}
		b.phase(PhaseDecided)
		b.recorder.fail(nil)
		if err := b.Dispose(t.Context(), b.id, capture.Disposition{Decision: capture.OutcomeClear}); err != nil {
			t.Errorf("second try: %v", err)
		}
	})
}

// A discreet hit and nothing must look the same to an officer without clearance, at every
// step.
func TestDiscreetHitIsNotNoticed(t *testing.T) {
	var views [2][]byte
	for i, answer := range []capture.Answer{hit("SIS", true), noHit("SIS")} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, &source{name: "local", systems: []string{"SIS"}, answers: []delayed{{0, answer}}})
			b.traveller.present(document(1980))
			collecting := b.View(false)
			b.traveller.present(finger(), face())
			b.outcome(capture.OutcomeClear)
			decided := b.View(false)
			for _, v := range []View{collecting, decided} {
				v.Check.ID = ""
				j, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				views[i] = append(views[i], j...)
			}
			if cleared := b.View(true).Check.Lines[0]; i == 0 && cleared.State != capture.StateHit {
				t.Errorf("a cleared officer sees %s", cleared.State)
			}
			if rec := b.recorder.first(); i == 0 && len(rec.Answers[0].Findings) != 1 {
				t.Error("the record lacks the discreet finding")
			}
		})
	}
	if string(views[0]) != string(views[1]) {
		t.Errorf("the views differ:\n%s\n%s", views[0], views[1])
	}
}

func TestChildrenUnderTwelveGiveNoFingerprints(t *testing.T) {
	const child, adult = 1994, 1980 // the clock of the tests starts in 2000
	tests := []struct {
		name  string
		steps func(t *testing.T, b *bench)
		want  capture.Missing
	}{
		{"the document tells it", func(t *testing.T, b *bench) {
			b.traveller.present(document(child))
			if err := b.Retake(t.Context(), b.id, capture.ModalityFinger); !errors.Is(err, ErrBadInput) {
				t.Errorf("a child's finger was asked for: %v", err)
			}
			b.traveller.present(face())
		}, capture.MissingNotApplicable},
		{"a finger was taken before the document was read", func(t *testing.T, b *bench) {
			if err := b.Retake(t.Context(), b.id, capture.ModalityFinger); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			b.traveller.present(finger(), document(child), face())
		}, capture.MissingNotApplicable},
		{"an adult's document was read first by mistake", func(t *testing.T, b *bench) {
			b.traveller.present(document(adult), finger())
			if err := b.Retake(t.Context(), b.id, capture.ModalityDocument); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			b.traveller.present(document(child), face())
		}, capture.MissingNotApplicable},
		{"a child's document was read first by mistake", func(t *testing.T, b *bench) {
			b.traveller.present(document(child))
			if err := b.Retake(t.Context(), b.id, capture.ModalityDocument); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			b.traveller.present(document(adult), face())
			b.phase(PhaseCollecting)
			b.traveller.present(finger())
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, local())
				tt.steps(t, b)
				b.outcome(capture.OutcomeClear)
				fingers := 0
				for _, e := range b.recorder.first().Evidence {
					if e.Finger == nil {
						continue
					}
					fingers++
					if e.Finger.Missing != tt.want || (len(e.Finger.PNG) > 0) != (tt.want == "") {
						t.Errorf("finger missing %q with a picture of %d bytes", e.Finger.Missing, len(e.Finger.PNG))
					}
				}
				if fingers != 1 {
					t.Errorf("%d fingers in the record, want 1", fingers)
				}
			})
		})
	}
}

func TestMissingFingerIsCoded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, local())
		b.traveller.present(document(1980), face())
		if err := b.MissFinger(t.Context(), b.id, "officer-7", "lost"); !errors.Is(err, ErrBadInput) {
			t.Errorf("an unknown code: %v", err)
		}
		if err := b.MissFinger(t.Context(), b.id, "officer-7", capture.MissingTemporary); err != nil {
			t.Fatal(err)
		}
		b.outcome(capture.OutcomeRefer)
	})
}

func TestConcludeGoesOnWithWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, local())
		b.traveller.present(document(1980))
		if err := b.Conclude(t.Context(), b.id); err != nil {
			t.Fatal(err)
		}
		b.outcome(capture.OutcomeIncomplete)
	})
}

func TestRetakeKeepsTheEarlierEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, local())
		b.traveller.present(document(1980), finger())
		if err := b.Retake(t.Context(), b.id, capture.ModalityFinger); err != nil {
			t.Fatal(err)
		}
		b.traveller.present(face())
		b.phase(PhaseCollecting)
		b.traveller.present(finger())
		b.outcome(capture.OutcomeClear)
		if n := len(b.recorder.first().Evidence); n != 4 {
			t.Errorf("%d pieces of evidence in the record, want 4", n)
		}
	})
}

func TestPortraitAndFingerFollowTheDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, local())
		for _, ev := range []capture.Evidence{face(), finger()} {
			select {
			case b.traveller[ev.Modality()] <- ev:
				t.Fatalf("a %s was taken before the document told the traveller's age", ev.Modality())
			default:
			}
		}
		b.traveller.present(document(1980), finger(), face())
		b.outcome(capture.OutcomeClear)
	})
}

func TestFingerCanBeAskedForWithoutADocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, local())
		if err := b.Retake(t.Context(), b.id, capture.ModalityFinger); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.traveller.present(finger())
		if n := len(b.View(true).Check.Evidence); n != 1 {
			t.Errorf("%d pieces of evidence, want 1", n)
		}
	})
}

func TestStartIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		if _, err := b.Start(t.Context(), officer); !errors.Is(err, ErrOpen) {
			t.Errorf("with a check open: %v, want ErrOpen", err)
		}
		if err := b.Abandon(t.Context(), b.id, "officer-8", "left the queue"); err != nil {
			t.Fatal(err)
		}
		b.recorder.fill(errors.New("the disk is full"))
		var refused *RefusedError
		if _, err := b.Start(t.Context(), officer); !errors.As(err, &refused) {
			t.Errorf("with a full disk: %v, want a RefusedError", err)
		}
	})
}

func TestAbandonedCheckIsRecordedWithoutEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, &source{name: "local", systems: []string{"SIS"}, answers: []delayed{{0, noHit("SIS")}}})
		b.traveller.present(document(1980))
		if err := b.Abandon(t.Context(), b.id, "officer-8", "left the queue"); err != nil {
			t.Fatal(err)
		}
		b.phase(PhaseAbandoned)
		rec := b.recorder.first()
		if rec.Kind != capture.RecordAbandoned || len(rec.Evidence) != 0 || len(rec.Asked) != 1 || len(rec.Answers) != 1 {
			t.Errorf("record %s with %d evidence, %d asked, %d answers", rec.Kind, len(rec.Evidence), len(rec.Asked), len(rec.Answers))
		}
		if err := b.Conclude(t.Context(), b.id); !errors.Is(err, ErrWrongPhase) {
			t.Errorf("Conclude after: %v", err)
		}
	})
}

func TestSystemsOutsideTheProfileAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, &source{name: "portal", systems: []string{"SIS"}, stray: "EUROPOL", answers: []delayed{{0, noHit("SIS")}}})
		b.traveller.present(document(1980))
		synctest.Wait()
		if got, want := b.states(), map[string]capture.State{"portal SIS": capture.StateNoHit}; !reflect.DeepEqual(got, want) {
			t.Errorf("states = %v, want %v", got, want)
		}
	})
}

func TestFailingSourceIsUnavailableAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, &source{name: "portal", systems: []string{"SIS", "VIS"}, err: errors.New("connection refused"), answers: []delayed{{0, noHit("SIS")}}})
		began := time.Now()
		b.traveller.present(document(1980), finger(), face())
		b.outcome(capture.OutcomeIncomplete)
		if time.Since(began) != 0 {
			t.Errorf("waited %v for a source that had failed", time.Since(began))
		}
	})
}

func TestAnotherChecksActionsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		for name, err := range map[string]error{
			"conclude": b.Conclude(t.Context(), "other"),
			"dispose":  b.Dispose(t.Context(), "other", capture.Disposition{Decision: capture.OutcomeClear}),
			"abandon":  b.Abandon(t.Context(), "other", "", ""),
			"retake":   b.Retake(t.Context(), "other", capture.ModalityFace),
			"zone":     b.AddZone(t.Context(), "other", "", []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}),
		} {
			if !errors.Is(err, ErrNoCheck) {
				t.Errorf("%s: %v, want ErrNoCheck", name, err)
			}
		}
		if mime, _, ok := b.Image(b.id, "face-1"); ok {
			t.Errorf("a picture that was not taken: %s", mime)
		}
	})
}

func TestEveryListOfASystemIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lists := &source{name: "local", systems: []string{"SIS", "SIS"}, answers: []delayed{{0, noHit("SIS")}, {time.Second, hit("SIS", false)}}}
		b := start(t, lists)
		b.traveller.present(document(1980), finger(), face())
		b.phase(PhaseCollecting)
		time.Sleep(2 * time.Second)
		b.outcome(capture.OutcomeStop)
	})
}

func TestNothingIsAskedThatTheRecordDoesNotTellOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, local())
		b.recorder.block = make(chan struct{})
		abandoned := make(chan error)
		go func() { abandoned <- b.Abandon(t.Context(), b.id, "officer-7", "left the queue") }()
		synctest.Wait()
		select {
		case b.traveller[capture.ModalityDocument] <- document(1980):
			t.Error("a document was taken while the check was being abandoned")
		default:
		}
		close(b.recorder.block)
		if err := <-abandoned; err != nil {
			t.Fatal(err)
		}
		b.phase(PhaseAbandoned)
		if kinds := b.recorder.kinds(); len(kinds) != 1 {
			t.Errorf("records %v", kinds)
		}
	})
}

func TestCheckGoesOnAfterItCouldNotBeAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, local())
		b.recorder.fail(errBroken)
		if err := b.Abandon(t.Context(), b.id, "officer-7", "left the queue"); !errors.Is(err, ErrNotKept) {
			t.Fatalf("Abandon: %v, want ErrNotKept", err)
		}
		b.recorder.fail(nil)
		synctest.Wait()
		b.traveller.present(document(1980), finger(), face())
		b.outcome(capture.OutcomeClear)
	})
}

func TestLateAnswerIsKeptAsSoonAsItCanBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := &source{name: "portal", systems: []string{"SIS"}, answers: []delayed{{20 * time.Second, hit("SIS", false)}}}
		b := start(t, portal)
		b.traveller.present(document(1980), finger(), face())
		time.Sleep(6 * time.Second)
		b.outcome(capture.OutcomeIncomplete)
		b.recorder.fail(errBroken)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		b.recorder.fail(nil)
		if err := b.Dispose(t.Context(), b.id, capture.Disposition{Decision: capture.OutcomeStop, Why: "hit"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want := []capture.RecordKind{capture.RecordOutcome, capture.RecordDisposition, capture.RecordLateAnswer}
		if got := b.recorder.kinds(); !slices.Equal(got, want) {
			t.Errorf("records %v, want %v", got, want)
		}
	})
}

func TestOfflineMeansThatCentralKnewNothing(t *testing.T) {
	silent := []delayed{{time.Hour, noHit("SIS")}}
	tests := []struct {
		name          string
		local, portal []delayed
		want          bool
	}{
		{"central is silent", []delayed{{0, noHit("SIS")}}, silent, true},
		{"a local list is too old", []delayed{{0, capture.Answer{System: "SIS", State: capture.StateUnavailable}}}, []delayed{{0, noHit("SIS")}}, false},
		{"a drill takes the line for down", []delayed{{0, noHit("SIS")}}, []delayed{{0, capture.Answer{System: "SIS", State: capture.StateUnavailable, Rehearsed: true}}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, &source{name: "local", systems: []string{"SIS"}, answers: tt.local}, &source{name: "portal", systems: []string{"SIS"}, answers: tt.portal})
				b.traveller.present(document(1980), finger(), face())
				time.Sleep(6 * time.Second)
				b.phase(PhaseDecided)
				if got := b.recorder.first().Offline; got != tt.want {
					t.Errorf("offline %t, want %t", got, tt.want)
				}
			})
		})
	}
}

func TestCheckHoldsNoMorePicturesThanARecordCan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, local())
		b.traveller.present(document(1980))
		large := face()
		large.Face.JPEG = make([]byte, 8<<20)
		b.traveller.present(large)
		if err := b.Retake(t.Context(), b.id, capture.ModalityFace); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.traveller.present(large)
		if v := b.View(true).Check; len(v.Evidence) != 2 || len(v.Guidance) == 0 {
			t.Errorf("%d pieces of evidence and guidance %v", len(v.Evidence), v.Guidance)
		}
		b.traveller.present(finger())
		b.outcome(capture.OutcomeClear)
	})
}

func TestCloseDoesNotWaitForABrokenDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, local())
		b.recorder.block = make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v", err)
		}
		if err := b.AddZone(t.Context(), b.id, "officer-7", []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}); !errors.Is(err, ErrWrongPhase) {
			t.Errorf("evidence after Close: %v", err)
		}
		close(b.recorder.block)
	})
}
