// Package trial measures how well and how fast fingers are told apart, with sets of
// pictures whose fingers are known.
//
// The protocol is that of the Fingerprint Verification Competitions with more impostors: every
// two pictures of one finger are a genuine pair, and every picture is compared with every
// picture of every later finger, not the first with the first only. Ten fingers of eight pictures
// make 280 and 2,880 pairs.
//
// A picture of which no template can be made is no fault of the study: all its pairs score
// 0, as if they did not match, and their number is told.
package trial

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"boothd/localmatch/finger"
)

// Options say how to measure.
type Options struct {
	DPI     int  // of all pictures, 300 to 1,000
	Workers int  // cores for the scores; all of them if 0
	Times   bool // measure times too, on one core
	Curves  bool // work out the curves too
	// Galleries are the numbers of templates that searches are measured among.
	Galleries []int
	Probes    int // templates looked up of each finger, at most; all if 0
}

// Result is what was measured of one set. Rates are in percent.
type Result struct {
	Set        string `json:"set"`
	Pictures   int    `json:"pictures"`
	NoTemplate int    `json:"no_template"` // pictures of which no template could be made
	Genuine    int    `json:"genuine"`     // pairs
	Impostor   int    `json:"impostor"`

	EER     float64 `json:"eer"`
	FMR100  float64 `json:"fmr100"`  // lowest FNMR at an FMR of at most 1 %
	FMR1000 float64 `json:"fmr1000"` // at most 0.1 %
	ZeroFMR float64 `json:"zerofmr"` // 0

	Bytes Bytes `json:"template_bytes"`

	Thresholds      []Threshold `json:"thresholds"` // the documented ones
	*Timings                    // nil if not asked for
	*Identification             // nil if not asked for
	*Curves                     // nil if not asked for

	Scores []Score `json:"-"` // of all genuine pairs, then of all impostor pairs
}

// Score is how alike two pictures are.
type Score struct {
	A, B  string // the pictures' names
	Value float64
}

// Run measures a set, of which there must be at least one pair of each kind (see [ReadSet]). It
// ends soon after ctx does, with its error; another error names the picture that it is about.
func Run(ctx context.Context, s *Set, o Options) (*Result, error) {
	if o.Workers < 1 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	templates, err := extract(ctx, s, o)
	if err != nil {
		return nil, err
	}
	prints := make([]*finger.Prepared, len(templates))
	for i, t := range templates {
		if t != nil {
			prints[i] = finger.Prepare(t)
		}
	}
	genuine, impostor := s.Pairs()
	pairs := append(genuine[:len(genuine):len(genuine)], impostor...)
	values, err := compare(ctx, prints, pairs, o.Workers)
	if err != nil {
		return nil, err
	}
	r := &Result{Set: s.Name, Pictures: len(s.Pictures), Genuine: len(genuine), Impostor: len(impostor)}
	if r.Bytes, r.NoTemplate, err = weigh(templates); err != nil {
		return nil, err
	}
	for i, p := range pairs {
		r.Scores = append(r.Scores, Score{s.Pictures[p.A].Name, s.Pictures[p.B].Name, values[i]})
	}
	rates := NewRates(values[:len(genuine)], values[len(genuine):])
	r.rate(rates)
	if o.Curves {
		if r.Curves, err = curves(ctx, s, o, rates, genuine, values); err != nil {
			return nil, err
		}
	}
	if o.Times {
		r.Timings, err = clock(ctx, s, o.DPI, templates, prints, impostor)
	}
	if err == nil && len(o.Galleries) > 0 {
		r.Identification, err = identify(ctx, s, templates, o)
	}
	return r, err
}

func (r *Result) rate(rates Rates) {
	fnmr := func(n int) float64 {
		v, _ := rates.FNMRAt(n)
		return percent(v)
	}
	r.EER, r.FMR100, r.FMR1000, r.ZeroFMR = percent(rates.EER()), fnmr(100), fnmr(1000), fnmr(0)
	for _, score := range thresholds {
		fmr, fnmr := rates.At(score)
		r.Thresholds = append(r.Thresholds, Threshold{score, percent(fmr), percent(fnmr)})
	}
}

// percent keeps three places.
func percent(share float64) float64 { return math.Round(share*1e5) / 1e3 }

// extract returns the set's templates, nil for a picture without.
func extract(ctx context.Context, s *Set, o Options) ([]*finger.Template, error) {
	templates := make([]*finger.Template, len(s.Pictures))
	return templates, each(ctx, len(templates), o.Workers, func(i int) error {
		t, err := finger.Extract(s.Pictures[i].Image, o.DPI)
		if errors.Is(err, finger.ErrNoFinger) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s/%s: %w", s.Name, s.Pictures[i].Name, err)
		}
		templates[i] = t
		return nil
	})
}

// compare returns the scores of the pairs.
func compare(ctx context.Context, prints []*finger.Prepared, pairs []Pair, workers int) ([]float64, error) {
	scores := make([]float64, len(pairs))
	return scores, each(ctx, len(pairs), workers, func(i int) error {
		if a, b := prints[pairs[i].A], prints[pairs[i].B]; a != nil && b != nil {
			scores[i] = a.Compare(b).Score
		}
		return nil
	})
}

// each does n things, so many at once, until one fails.
func each(ctx context.Context, n, workers int, do func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(i); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
