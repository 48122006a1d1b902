// Package trial measures how well and how fast zones are read from pictures: of a folder
// whose truth is known, or drawn ones under conditions that are made worse one by one.
//
// A reading is exact if every character of every line is right; an exact reading may have
// doubtful positions. One that is not exact is doubtful if it says so, or if no zone was
// found, and wrong if it does not say so. Wrong ones are what an officer is not warned of.
// Of a picture without a zone every reading is wrong.
package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"boothd/capture/mrz/ocr"
)

// Result is what became of one picture.
type Result struct {
	File   string `json:"file"` // or the name of the condition
	Format string `json:"format,omitempty"`
	// Outcome is "exact", "doubtful" or "wrong".
	Outcome  string `json:"outcome"`
	Found    bool   `json:"found"`
	Doubts   int    `json:"doubts"`   // positions
	Errors   int    `json:"errors"`   // characters that are not the truth's; all if there is no zone
	Repaired int    `json:"repaired"` // positions
	Valid    bool   `json:"valid"`    // every check digit is right
	// Milliseconds of one core from the file's bytes to the reading.
	Milliseconds float64 `json:"ms"`
}

// Outcomes.
const (
	Exact    = "exact"
	Doubtful = "doubtful"
	Wrong    = "wrong"
)

// Total is what became of all pictures.
type Total struct {
	File     string `json:"file"` // "all", or the name of the condition
	Pictures int    `json:"pictures"`
	Exact    int    `json:"exact"`
	// Unsure counts the exact readings that have doubtful positions.
	Unsure   int `json:"exactWithDoubts"`
	Doubtful int `json:"doubtful"`
	Wrong    int `json:"wrong"`
	// Milliseconds of one core: the median and the longest.
	Milliseconds float64 `json:"ms"`
	Longest      float64 `json:"msLongest"`
}

// Sum adds up results under a name.
func Sum(name string, results []Result) Total {
	t := Total{File: name, Pictures: len(results)}
	var times []float64
	for _, r := range results {
		switch r.Outcome {
		case Exact:
			t.Exact++
			if r.Doubts > 0 {
				t.Unsure++
			}
		case Doubtful:
			t.Doubtful++
		case Wrong:
			t.Wrong++
		}
		times = append(times, r.Milliseconds)
	}
	if len(times) > 0 {
		slices.Sort(times)
		t.Milliseconds, t.Longest = times[len(times)/2], times[len(times)-1]
	}
	return t
}

// TruthFile is the file of a folder that says what its pictures show: a JSON array of
// objects with "file" and "lines", which are empty where there is no zone.
const TruthFile = "truth.json"

// maxTruth bounds the truth file, in bytes.
const maxTruth = 16 << 20

// Folder reads the pictures of a folder. An error is the last it yields.
func Folder(ctx context.Context, folder string, now time.Time) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		truth, err := readTruth(filepath.Join(folder, TruthFile))
		if err != nil {
			yield(Result{}, err)
			return
		}
		for _, t := range truth {
			r, err := file(ctx, filepath.Join(folder, filepath.Base(t.File)), t.Lines, now)
			if err != nil {
				yield(Result{}, fmt.Errorf("picture %s: %w", t.File, err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

type truth struct {
	File  string   `json:"file"`
	Lines []string `json:"lines"`
}

func readTruth(name string) ([]truth, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxTruth {
		return nil, fmt.Errorf("%s: more than %d bytes", name, maxTruth)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var all []truth
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}

func file(ctx context.Context, name string, lines []string, now time.Time) (Result, error) {
	b, err := read(name)
	if err != nil {
		return Result{}, err
	}
	begin := cpuTime()
	reading, err := ocr.ReadEncoded(ctx, b, now)
	return judged(reading, err, lines, filepath.Base(name), cpuTime()-begin)
}

// read returns at most what a picture may have and a byte more.
func read(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, ocr.MaxBytes+1))
}

// judged compares a reading, or why there is none, with the truth.
func judged(reading ocr.Reading, err error, lines []string, name string, took time.Duration) (Result, error) {
	if err != nil && !errors.Is(err, ocr.ErrNotFound) {
		return Result{}, err
	}
	r := Result{
		File: name, Found: err == nil, Format: string(reading.Format), Doubts: len(reading.Doubtful),
		Errors: differences(reading.Lines, lines), Valid: err == nil && reading.Zone.Valid(),
		Milliseconds: float64(took.Microseconds()) / 1000,
	}
	for _, line := range reading.Positions {
		for _, p := range line {
			if p.Repaired != "" {
				r.Repaired++
			}
		}
	}
	switch {
	case len(lines) == 0 && r.Found:
		r.Outcome = Wrong
	case r.Errors == 0:
		r.Outcome = Exact
	case !r.Found || r.Doubts > 0:
		r.Outcome = Doubtful
	default:
		r.Outcome = Wrong
	}
	return r, nil
}

// differences counts the characters of want that got has not.
func differences(got, want []string) int {
	n := 0
	for i, line := range want {
		for k := range len(line) {
			if i >= len(got) || k >= len(got[i]) || got[i][k] != line[k] {
				n++
			}
		}
	}
	if n == 0 && !slices.Equal(got, want) {
		n = 1
	}
	return n
}
