package trial

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDifferencesCountTheTruthsCharacters(t *testing.T) {
	tests := []struct {
		name      string
		got, want []string
		errors    int
	}{
		{"the same lines", []string{"AB", "C<"}, []string{"AB", "C<"}, 0},
		{"one character", []string{"AX", "C<"}, []string{"AB", "C<"}, 1},
		{"a line is missing", []string{"AB"}, []string{"AB", "C<"}, 2},
		{"nothing was read", nil, []string{"AB", "C<"}, 4},
		{"a line too many", []string{"AB", "C<"}, []string{"AB"}, 1},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			if n := differences(c.got, c.want); n != c.errors {
				t.Errorf("%d differences, want %d", n, c.errors)
			}
		})
	}
}

func TestSumTellsOutcomesApart(t *testing.T) {
	got := Sum("all", []Result{
		{Outcome: Exact, Milliseconds: 3}, {Outcome: Exact, Doubts: 1, Milliseconds: 9},
		{Outcome: Doubtful, Milliseconds: 1}, {Outcome: Wrong, Milliseconds: 5},
	})
	want := Total{File: "all", Pictures: 4, Exact: 2, Unsure: 1, Doubtful: 1, Wrong: 1, Milliseconds: 5, Longest: 9}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAFolderWithoutTruthOrPicturesIsAnError(t *testing.T) {
	for _, c := range []struct{ name, truth string }{
		{"no truth", ""}, {"no JSON", "["}, {"a picture that is not there", `[{"file": "gone.png", "lines": ["A"]}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			if c.truth != "" {
				if err := os.WriteFile(filepath.Join(folder, TruthFile), []byte(c.truth), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			count := 0
			for _, err := range Folder(context.Background(), folder, time.Time{}) {
				if count++; err == nil || strings.Contains(err.Error(), "lines") {
					t.Errorf("error %v", err)
				}
			}
			if count != 1 {
				t.Errorf("%d results", count)
			}
		})
	}
}
