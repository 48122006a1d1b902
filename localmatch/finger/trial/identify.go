package trial

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"boothd/localmatch/finger"
	"boothd/localmatch/finger/index"
	"boothd/localmatch/finger/index/indextest"
)

// Identification is what was measured of searches, by the number of templates in the
// gallery. The first template of every finger of the set stands in the gallery among
// strangers, the others are looked up.
//
// The strangers are made out of the set's own templates (package indextest), minutiae and
// ridges, so that a comparison with one costs what it costs with a real template.
// They do not tell how often real strangers are confirmed.
type Identification struct {
	// Time is what a search uses of one core, divided by the number of templates, in
	// microseconds; the median.
	Time map[int]float64 `json:"identify_us"`
	// Gate is the share of mates, in percent, that are compared in full, of those that score
	// above 0 when they are compared directly: what the gate lets through.
	Gate map[int]float64 `json:"identify_gate"`
	// First is the share of looked-up templates, in percent, whose mate leads the candidates.
	First map[int]float64 `json:"identify_first"`
}

// timed is how many searches are timed in a gallery; the others use all cores.
const timed = 10

func identify(ctx context.Context, s *Set, templates []*finger.Template, o Options) (*Identification, error) {
	g := &gallery{index: index.New(), enrolled: map[string]enrolled{}, sources: byFinger(s, templates)}
	r := &Identification{Time: map[int]float64{}, Gate: map[int]float64{}, First: map[int]float64{}}
	if err := g.enrol(s, templates, o.Probes); err != nil {
		return nil, err
	}
	if len(g.probes) == 0 || len(g.sources) < 2 {
		return r, nil
	}
	for _, size := range slices.Sorted(slices.Values(o.Galleries)) {
		if err := g.fill(ctx, size, o.Workers); err != nil {
			return nil, err
		}
		if err := g.measure(ctx, size, r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// gallery is a growing index.
type gallery struct {
	index    *index.Index
	enrolled map[string]enrolled // by finger
	probes   []probe
	sources  [][]*finger.Template // of the strangers, by finger
	blocks   uint64               // of strangers so far
}

type enrolled struct {
	key   uint64
	print *finger.Prepared
}

type probe struct {
	key      uint64 // of its mate
	turn     int    // how many of its finger are before it
	template *finger.Template
	alike    bool // scores above 0 when compared with its mate directly
}

// enrol adds the first template of every finger and makes probes of the next, at most so many. Those that
// are timed are of different fingers.
func (g *gallery) enrol(s *Set, templates []*finger.Template, most int) error {
	turns := map[uint64]int{}
	for i, p := range s.Pictures {
		if templates[i] == nil {
			continue
		}
		print := finger.Prepare(templates[i])
		mate, known := g.enrolled[p.Finger]
		if !known {
			mate = enrolled{uint64(len(g.enrolled) + 1), print}
			added, err := add(g.index, mate.key, templates[i])
			if err != nil {
				return err
			}
			if added {
				g.enrolled[p.Finger] = mate
			}
			continue
		}
		if most > 0 && turns[mate.key] == most {
			continue
		}
		g.probes = append(g.probes, probe{mate.key, turns[mate.key], templates[i], mate.print.Compare(print).Score > 0})
		turns[mate.key]++
	}
	slices.SortStableFunc(g.probes, func(a, b probe) int { return a.turn - b.turn })
	return nil
}

// fill adds strangers up to the size, in blocks that each have a seed of their own: the
// same strangers on any number of cores.
func (g *gallery) fill(ctx context.Context, size, workers int) error {
	const block = 1000
	missing := max(size-g.index.Len(), 0)
	first := g.blocks
	blocks := (missing + block - 1) / block
	g.blocks += uint64(blocks)
	return each(ctx, blocks, workers, func(i int) error {
		seed := first + uint64(i)
		key := (seed + 1) << 32
		for t := range indextest.Fill(seed, g.sources, min(block, missing-i*block)) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if _, err := add(g.index, key, t); err != nil {
				return err
			}
			key++
		}
		return nil
	})
}

// add reports whether a template is in the index: one with hardly any minutiae is not taken.
func add(x *index.Index, key uint64, t *finger.Template) (bool, error) {
	err := x.Add(key, 0, t)
	if errors.Is(err, index.ErrSparse) {
		return false, nil
	}
	return err == nil, err
}

// byFinger returns the templates there are, those of a finger together.
func byFinger(s *Set, templates []*finger.Template) [][]*finger.Template {
	var sources [][]*finger.Template
	last := ""
	for i, p := range s.Pictures {
		if templates[i] == nil {
			continue
		}
		if len(sources) == 0 || p.Finger != last {
			sources = append(sources, nil)
			last = p.Finger
		}
		sources[len(sources)-1] = append(sources[len(sources)-1], templates[i])
	}
	return sources
}

func (g *gallery) measure(ctx context.Context, size int, r *Identification) error {
	var times []time.Duration
	var alike, passed, first int
	for i, p := range g.probes {
		found, took, err := g.search(ctx, p, i < timed)
		if err != nil {
			return err
		}
		if i < timed {
			times = append(times, took)
		}
		rank := slices.IndexFunc(found, func(c index.Candidate) bool { return c.Key == p.key })
		if p.alike {
			alike++
			if rank >= 0 {
				passed++
			}
		}
		if rank == 0 {
			first++
		}
	}
	r.Time[size] = math.Round(median(times, time.Nanosecond)/float64(g.index.Len())) / 1e3
	r.Gate[size] = percent(float64(passed) / float64(max(alike, 1)))
	r.First[size] = percent(float64(first) / float64(len(g.probes)))
	return nil
}

// search looks one probe up, on one core if it is timed. One that has hardly any minutiae
// finds nobody.
func (g *gallery) search(ctx context.Context, p probe, alone bool) (found []index.Candidate, took time.Duration, err error) {
	o := index.Options{Limit: g.index.Len()}
	do := func() { found, err = g.index.Search(ctx, []index.Probe{{Template: p.template}}, o) }
	if alone {
		o.Workers = 1
		watch := newStopwatch()
		defer watch.putAway()
		took = watch.time(do)
	} else {
		do()
	}
	if errors.Is(err, index.ErrSparse) {
		err = nil
	}
	return found, took, err
}
