package trial

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture/mrz/ocr"
	"boothd/capture/mrz/ocr/drawn"
	"boothd/internal/testtool"
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

func TestOutcomesFollowFromTruthAndDoubts(t *testing.T) {
	truth, off := []string{"AB"}, []string{"AX"}
	doubts := []ocr.Position{{Line: 1, Column: 2}}
	tests := []struct {
		name    string
		reading ocr.Reading
		err     error
		lines   []string
		want    string
	}{
		{"every character right", ocr.Reading{Lines: truth}, nil, truth, Exact},
		{"right and doubted", ocr.Reading{Lines: truth, Doubtful: doubts}, nil, truth, Exact},
		{"off and doubted", ocr.Reading{Lines: off, Doubtful: doubts}, nil, truth, Doubtful},
		{"off without a doubt", ocr.Reading{Lines: off}, nil, truth, Wrong},
		{"not found", ocr.Reading{}, ocr.ErrNotFound, truth, Doubtful},
		{"nothing there and not found", ocr.Reading{}, ocr.ErrNotFound, nil, Exact},
		{"nothing there and found", ocr.Reading{Lines: off, Doubtful: doubts}, nil, nil, Wrong},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			if r, err := judged(c.reading, c.err, c.lines, "", 0); err != nil || r.Outcome != c.want {
				t.Errorf("outcome %q, %v; want %q", r.Outcome, err, c.want)
			}
		})
	}
}

func TestTheSameSeedDrawsThePicturesOfEveryCondition(t *testing.T) {
	if _, err := os.Stat(drawn.FontFolder); err != nil {
		testtool.Missing(t, "package fonts-ocr-b, with which photographs are drawn,")
	}
	// Small ones only: others take seconds.
	f, err := drawn.Load(drawn.FontFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []int{0, len(drawn.Harms)} {
		var pictures [2]Picture
		for i := range pictures {
			if pictures[i], err = picture(f, rand.New(rand.NewPCG(1, 2)), kind); err != nil {
				t.Fatal(err)
			}
		}
		a, b := pictures[0], pictures[1]
		if a.Condition != b.Condition || !slices.Equal(a.Image.Pix, b.Image.Pix) || !slices.Equal(a.Lines, b.Lines) {
			t.Errorf("two pictures of %q differ", a.Condition)
		}
		if blank := kind == len(drawn.Harms); blank != (len(a.Lines) == 0) {
			t.Errorf("%q has %d lines", a.Condition, len(a.Lines))
		}
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
