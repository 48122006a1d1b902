package trial

import (
	"context"
	"math"
	"runtime"
	"slices"
	"time"

	"boothd/localmatch/finger"
)

// Timings are medians of what is used of one core. Other programs that want it do not count.
type Timings struct {
	Extract float64 `json:"extract_ms"` // from the picture to its template
	Prepare float64 `json:"prepare_us"` // of a template for comparisons
	Compare float64 `json:"compare_us"` // of two prepared templates of different fingers
}

// stopwatch measures on one core: until it is put away, the whole program has only one.
type stopwatch struct{ cores int }

func newStopwatch() stopwatch { return stopwatch{runtime.GOMAXPROCS(1)} }

func (w stopwatch) putAway() { runtime.GOMAXPROCS(w.cores) }

func (stopwatch) time(do func()) time.Duration {
	start := cpuTime()
	do()
	return cpuTime() - start
}

func clock(ctx context.Context, s *Set, dpi int, templates []*finger.Template, prints []*finger.Prepared, impostor []Pair) (*Timings, error) {
	watch := newStopwatch()
	defer watch.putAway()
	var extracts, prepares, compares []time.Duration
	for i := 0; i < len(s.Pictures) && ctx.Err() == nil; i++ {
		extracts = append(extracts, watch.time(func() { finger.Extract(s.Pictures[i].Image, dpi) }))
		if templates[i] != nil {
			prepares = append(prepares, watch.time(func() { finger.Prepare(templates[i]) }))
		}
	}
	for i := 0; i < len(impostor) && ctx.Err() == nil; i++ {
		if a, b := prints[impostor[i].A], prints[impostor[i].B]; a != nil && b != nil {
			compares = append(compares, watch.time(func() { a.Compare(b) }))
		}
	}
	return &Timings{
		Extract: median(extracts, time.Millisecond),
		Prepare: median(prepares, time.Microsecond),
		Compare: median(compares, time.Microsecond),
	}, ctx.Err()
}

// median returns the median in the unit, with two places; 0 of nothing.
func median(d []time.Duration, unit time.Duration) float64 {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	middle := (d[(len(d)-1)/2] + d[len(d)/2]) / 2
	return math.Round(float64(middle)/float64(unit)*100) / 100
}
