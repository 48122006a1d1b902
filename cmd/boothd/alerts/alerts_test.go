package alerts

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/check"
)

// box opens the box in a folder and notes who dismissed what.
func box(t *testing.T, dir string, dismissed *[]string, now time.Time) *Box {
	t.Helper()
	b, err := Open(t.Context(), filepath.Join(dir, "alerts.db"), Options{
		KeyFile: filepath.Join(dir, "alerts.key"),
		Dismissed: func(_ context.Context, a check.Alert, officer string) error {
			*dismissed = append(*dismissed, a.ID+" by "+officer)
			return nil
		},
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

var day = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func alert(id string) check.Alert {
	return check.Alert{ID: id, Check: "check-1", Cause: check.CauseReplayed, At: day, Answer: capture.Answer{
		System: "SIS", State: capture.StateHit, Findings: []capture.Finding{{Entry: "e", Name: "ERIKSSON, ANNA", State: capture.StateHit, Discreet: true}},
	}}
}

func kept(t *testing.T, b *Box) (ids, marks []string) {
	t.Helper()
	alerts, marks, err := b.Kept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts {
		ids = append(ids, a.ID)
		if a.Check != "check-1" || len(a.Answer.Findings) != 1 || !a.Answer.Findings[0].Discreet {
			t.Errorf("alert %s came back as %+v", a.ID, a)
		}
	}
	slices.Sort(marks)
	return ids, marks
}

func TestAlertsOutliveTheDaemonUntilTheyAreDismissed(t *testing.T) {
	dir := t.TempDir()
	var dismissed []string
	b := box(t, dir, &dismissed, day)
	for _, id := range []string{"a", "b", "c"} {
		if err := b.Keep(t.Context(), []check.Alert{alert(id)}, []string{"mark-" + id}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Dismiss(t.Context(), alert("b"), "officer-7"); err != nil {
		t.Fatal(err)
	}
	if err := b.Keep(t.Context(), []check.Alert{alert("b")}, []string{"mark-b"}); err != nil {
		t.Fatal(err)
	}
	b.Close()
	b = box(t, dir, &dismissed, day.Add(time.Hour))
	ids, marks := kept(t, b)
	if !slices.Equal(ids, []string{"a", "c"}) || !slices.Equal(marks, []string{"mark-a", "mark-b", "mark-c"}) {
		t.Errorf("kept %v, told %v", ids, marks)
	}
	if !slices.Equal(dismissed, []string{"b by officer-7"}) {
		t.Errorf("dismissed %v", dismissed)
	}
	b.Close()
	if _, marks := kept(t, box(t, dir, &dismissed, day.Add(retention+time.Minute))); len(marks) != 0 {
		t.Errorf("marks kept for ever: %v", marks)
	}
}

func TestMarksAreErasedAtABoothThatIsNeverStopped(t *testing.T) {
	var dismissed []string
	b := box(t, t.TempDir(), &dismissed, day)
	now := day
	b.opt.Now = func() time.Time { return now }
	for _, id := range []string{"a", "b"} {
		if err := b.Keep(t.Context(), []check.Alert{alert(id)}, []string{"mark-" + id}); err != nil {
			t.Fatal(err)
		}
		now = now.Add(retention + time.Minute)
	}
	if ids, marks := kept(t, b); !slices.Equal(ids, []string{"a", "b"}) || !slices.Equal(marks, []string{"mark-b"}) {
		t.Errorf("kept %v, told %v", ids, marks)
	}
}

func TestADismissedAlertIsNotLeftInTheFile(t *testing.T) {
	dir := t.TempDir()
	var dismissed []string
	b := box(t, dir, &dismissed, day)
	if err := b.Keep(t.Context(), []check.Alert{alert("a")}, nil); err != nil {
		t.Fatal(err)
	}
	var sealed []byte
	if err := b.db.QueryRow("SELECT sealed FROM alert WHERE id = 'a'").Scan(&sealed); err != nil {
		t.Fatal(err)
	}
	holds := func() bool {
		for _, name := range []string{"alerts.db", "alerts.db-wal"} {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(data, sealed[:24]) {
				return true
			}
		}
		return false
	}
	if !holds() {
		t.Fatal("the alert is not in the file: nothing is shown here")
	}
	if err := b.Dismiss(t.Context(), alert("a"), "officer-7"); err != nil {
		t.Fatal(err)
	}
	if holds() {
		t.Error("whoever has the file and its key can still read the alert")
	}
}

func TestADismissalThatCannotBeRecordedLeavesTheAlert(t *testing.T) {
	var dismissed []string
	b := box(t, t.TempDir(), &dismissed, day)
	if err := b.Keep(t.Context(), []check.Alert{alert("a")}, nil); err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	b.opt.Dismissed = func(context.Context, check.Alert, string) error { return full }
	if err := b.Dismiss(t.Context(), alert("a"), "officer-7"); !errors.Is(err, full) {
		t.Errorf("Dismiss: %v", err)
	}
	if ids, _ := kept(t, b); len(ids) != 1 {
		t.Errorf("kept %v", ids)
	}
}

func TestNothingOfTheTravellerIsInTheFile(t *testing.T) {
	dir := t.TempDir()
	var dismissed []string
	b := box(t, dir, &dismissed, day)
	if err := b.Keep(t.Context(), []check.Alert{alert("a")}, []string{"mark"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alerts.db", "alerts.db-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("ERIKSSON")) || bytes.Contains(data, []byte("check-1")) {
			t.Errorf("%s tells of the traveller", name)
		}
	}
}

func TestWhatCannotBeReadStopsNothing(t *testing.T) {
	dir := t.TempDir()
	var dismissed []string
	b := box(t, dir, &dismissed, day)
	for _, id := range []string{"a", "b"} {
		if err := b.Keep(t.Context(), []check.Alert{alert(id)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.db.Exec("UPDATE alert SET sealed = x'00' WHERE id = 'a'"); err != nil {
		t.Fatal(err)
	}
	if ids, _ := kept(t, b); !slices.Equal(ids, []string{"b"}) {
		t.Errorf("kept %v, want the one that can be read", ids)
	}
	b.Close()
	path := filepath.Join(dir, "alerts.db")
	if err := os.WriteFile(path, bytes.Repeat([]byte("damaged "), 2000), 0o600); err != nil {
		t.Fatal(err)
	}
	b = box(t, dir, &dismissed, day)
	if ids, _ := kept(t, b); len(ids) != 0 {
		t.Errorf("a new file holds %v", ids)
	}
	if aside, _ := filepath.Glob(path + ".damaged-*"); len(aside) == 0 {
		t.Error("the damaged file is gone")
	}
}

func TestTheMarkOfWhatWasFollowedIsDurableAndNeverFalls(t *testing.T) {
	dir := t.TempDir()
	var dismissed []string
	b := box(t, dir, &dismissed, day)
	for _, last := range []uint64{7, 9, 8} {
		if err := b.Follow(t.Context(), last); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
	if last, err := box(t, dir, &dismissed, day).Followed(t.Context()); err != nil || last != 9 {
		t.Errorf("followed %d, %v", last, err)
	}
}
