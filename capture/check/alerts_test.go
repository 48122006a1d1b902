package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
)

// keeper keeps alerts in memory and fails when told to.
type keeper struct {
	mu        sync.Mutex
	broken    error
	alerts    []Alert
	marks     []string
	dismissed []string
}

func (k *keeper) Kept(context.Context) ([]Alert, []string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.alerts), slices.Clone(k.marks), k.broken
}

func (k *keeper) Keep(_ context.Context, alerts []Alert, marks []string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.broken == nil {
		k.alerts, k.marks = append(k.alerts, alerts...), append(k.marks, marks...)
	}
	return k.broken
}

func (k *keeper) Dismiss(_ context.Context, a Alert, officer string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.broken == nil {
		k.alerts = slices.DeleteFunc(k.alerts, func(b Alert) bool { return a.ID == b.ID })
		k.dismissed = append(k.dismissed, officer)
	}
	return k.broken
}

func (k *keeper) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.broken = err
}

func notice(check, entry string, discreet bool) Notice {
	a := hit("SIS", discreet)
	a.Modality, a.Findings[0].Entry = capture.ModalityDocument, entry
	return Notice{Check: check, Cause: CauseListUpdate, At: time.Now(), Answer: a}
}

func TestNoticeIsRecordedAndKeptBeforeItIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeper{}
		b := startWith(t, func(c *Config) { c.Alerts, c.Place, c.Direction = k, "North gate", capture.DirectionExit }, local())
		b.recorder.fail(errBroken)
		if err := b.Alert(t.Context(), notice("check-0", "e", false)); !errors.Is(err, ErrNotKept) {
			t.Errorf("without a record: %v, want ErrNotKept", err)
		}
		b.recorder.fail(nil)
		k.fail(errBroken)
		if err := b.Alert(t.Context(), notice("check-0", "e", false)); !errors.Is(err, ErrNotKept) {
			t.Errorf("without a keeper: %v, want ErrNotKept", err)
		}
		if n := len(b.View(true).Alerts); n != 0 {
			t.Fatalf("%d alerts are shown that are not kept", n)
		}
		k.fail(nil)
		if err := b.Alert(t.Context(), notice("check-0", "e", false)); err != nil {
			t.Fatal(err)
		}
		alerts := b.View(false).Alerts
		if len(alerts) != 1 || alerts[0].Cause != CauseListUpdate || alerts[0].Check != "check-0" || !alerts[0].Answer.Late || len(k.alerts) != 1 {
			t.Fatalf("alerts %+v, %d kept", alerts, len(k.alerts))
		}
		rec := b.recorder.first()
		if rec.Kind != capture.RecordLateAnswer || rec.Check != "check-0" || len(rec.Answers) != 1 || rec.Place != "North gate" || rec.Direction != capture.DirectionExit {
			t.Errorf("record %s of %s at %q going %q", rec.Kind, rec.Check, rec.Place, rec.Direction)
		}
	})
}

func TestWhoSeesButTheOpenFindingDoesNotDismissTheDiscreetOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeper{}
		b := startWith(t, func(c *Config) { c.Alerts = k }, local())
		both := notice("check-0", "open", false)
		both.Answer.Findings = append(both.Answer.Findings, notice("", "secret", true).Answer.Findings...)
		for i := range both.Answer.Findings {
			both.Answer.Findings[i].State = capture.StateHit
		}
		if err := b.Alert(t.Context(), both); err != nil {
			t.Fatal(err)
		}
		seen := b.View(false).Alerts
		if len(seen) != 1 || len(seen[0].Answer.Findings) != 1 {
			t.Fatalf("without clearance: %+v", seen)
		}
		if err := b.Dismiss(t.Context(), seen[0].ID, "officer-2"); err != nil {
			t.Fatal(err)
		}
		left := b.View(true).Alerts
		if len(left) != 1 || left[0].Answer.State != capture.StateHit || len(left[0].Answer.Findings) != 1 || left[0].Answer.Findings[0].Entry != "secret" {
			t.Errorf("left to who is cleared: %+v", left)
		}
		if len(b.View(false).Alerts) != 0 || len(k.alerts) != 1 || len(b.recorder.kinds()) != 1 {
			t.Errorf("%d shown, %d kept, records %v", len(b.View(false).Alerts), len(k.alerts), b.recorder.kinds())
		}
	})
}

// A profile may let nothing of a reply through but that something was found.
func TestAHitOfWhichNothingMoreIsToldIsAnAlertOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startWith(t, func(c *Config) { c.Alerts = &keeper{} }, local())
		bare := notice("check-0", "", false)
		bare.Answer.Findings = nil
		for range 2 {
			if err := b.Alert(t.Context(), bare); err != nil {
				t.Fatal(err)
			}
		}
		if alerts := b.View(false).Alerts; len(alerts) != 1 || alerts[0].Answer.State != capture.StateHit {
			t.Errorf("alerts %+v, want one", alerts)
		}
	})
}

func TestAFindingOfACheckIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeper{}
		b := startWith(t, func(c *Config) { c.Alerts = k }, local())
		both := notice("check-0", "e", false)
		both.Answer.Findings = append(both.Answer.Findings, notice("", "f", false).Answer.Findings...)
		silent := notice("check-0", "x", false)
		silent.Answer.State, silent.Answer.Findings = capture.StateNoHit, nil
		for _, n := range []Notice{notice("check-0", "e", false), notice("check-0", "e", false), both, both, silent, notice("check-1", "e", false)} {
			if err := b.Alert(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
		var told []string
		for _, a := range b.View(false).Alerts {
			for _, f := range a.Answer.Findings {
				told = append(told, a.Check+" "+f.Entry)
			}
		}
		if want := []string{"check-0 e", "check-0 f", "check-1 e"}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
		if n := len(b.recorder.kinds()); n != 3 {
			t.Errorf("%d records, want 3", n)
		}
	})
}

func TestAHitIsToldOfWhomAPossibleFindingWasTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeper{}
		b := startWith(t, func(c *Config) { c.Alerts = k }, local())
		certain := notice("check-0", "e", false)
		certain.Answer.Findings[0].State = capture.StateHit
		possible := notice("check-0", "e", false)
		possible.Answer.State, possible.Answer.Findings[0].State = capture.StatePossible, capture.StatePossible
		for _, n := range []Notice{possible, possible, certain, certain, possible} {
			if err := b.Alert(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
		var told []capture.State
		for _, a := range b.View(false).Alerts {
			told = append(told, a.Answer.Findings[0].State)
		}
		if want := []capture.State{capture.StatePossible, capture.StateHit}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
	})
}

func TestAlertsSurviveARestartUntilTheyAreDismissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeper{}
		first := startWith(t, func(c *Config) { c.Alerts = k }, local())
		for _, entry := range []string{"e", "f"} {
			if err := first.Alert(t.Context(), notice("check-0", entry, false)); err != nil {
				t.Fatal(err)
			}
		}
		if err := first.Dismiss(t.Context(), first.View(false).Alerts[0].ID, "officer-7"); err != nil {
			t.Fatal(err)
		}
		second := startWith(t, func(c *Config) { c.Alerts = k }, local())
		if err := second.Restore(t.Context()); err != nil {
			t.Fatal(err)
		}
		alerts := second.View(false).Alerts
		if len(alerts) != 1 || alerts[0].Answer.Findings[0].Entry != "f" || !slices.Equal(k.dismissed, []string{"officer-7"}) {
			t.Fatalf("after the restart %+v; dismissed by %v", alerts, k.dismissed)
		}
		if err := second.Alert(t.Context(), notice("check-0", "e", false)); err != nil || len(second.View(false).Alerts) != 1 {
			t.Errorf("what was dismissed is told again: %v", err)
		}
		k.fail(errBroken)
		if err := second.Dismiss(t.Context(), alerts[0].ID, "officer-7"); !errors.Is(err, ErrNotKept) || len(second.View(false).Alerts) != 1 {
			t.Errorf("a dismissal that was not recorded: %v", err)
		}
	})
}

func TestALateHitIsKeptToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeper{}
		portal := &source{name: "portal", systems: []string{"SIS"}, answers: []delayed{{20 * time.Second, hit("SIS", false)}}}
		b := startWith(t, func(c *Config) { c.Alerts = k }, portal)
		b.traveller.present(document(1980), finger(), face())
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if len(k.alerts) != 1 || k.alerts[0].Cause != CauseLateAnswer {
			t.Fatalf("kept %+v", k.alerts)
		}
		again := notice(b.id, "e-1", false)
		if err := b.Alert(t.Context(), again); err != nil || len(b.View(true).Alerts) != 1 {
			t.Errorf("central tells the same again: %v, %d alerts", err, len(b.View(true).Alerts))
		}
	})
}

func TestTheOldestAlertMakesRoomForItsOwnKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeper{}
		b := startWith(t, func(c *Config) { c.Alerts = k }, local())
		if err := b.Alert(t.Context(), notice("check-0", "open", false)); err != nil {
			t.Fatal(err)
		}
		for i := range maxAlerts + 3 {
			if err := b.Alert(t.Context(), notice("check-0", fmt.Sprint(i), true)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if open, all := len(b.View(false).Alerts), len(b.View(true).Alerts); open != 1 || all != maxAlerts+1 {
			t.Errorf("%d open alerts and %d in all", open, all)
		}
		if len(k.alerts) != maxAlerts+1 || !slices.Equal(k.dismissed, []string{"", "", ""}) {
			t.Errorf("%d kept, dismissed by %q", len(k.alerts), k.dismissed)
		}
	})
}

// What an officer without clearance is shown is the same with a discreet alert as without.
func TestDiscreetNoticeIsNotNoticed(t *testing.T) {
	var views [2][]byte
	for i, notices := range [][]Notice{{notice("check-0", "open", false)}, {notice("check-0", "open", false), notice("check-0", "hidden", true)}} {
		synctest.Test(t, func(t *testing.T) {
			b := startWith(t, func(c *Config) { c.Alerts = &keeper{} }, local())
			for _, n := range notices {
				n.At = time.Now()
				if err := b.Alert(t.Context(), n); err != nil {
					t.Fatal(err)
				}
			}
			v := b.View(false)
			v.Check.ID, v.Alerts[0].ID = "", ""
			views[i], _ = json.Marshal(v)
			if n := len(b.View(true).Alerts); n != len(notices) {
				t.Errorf("a cleared officer sees %d alerts", n)
			}
		})
	}
	if string(views[0]) != string(views[1]) {
		t.Errorf("the views differ:\n%s\n%s", views[0], views[1])
	}
}
