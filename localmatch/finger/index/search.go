package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"boothd/capture"
	"boothd/localmatch/finger"
)

// ErrDamaged says that a template on the short list could not be read. What the other templates
// gave is returned with it, but that nobody else is found means nothing.
var ErrDamaged = errors.New("finger template is damaged")

// Probe is one finger of the person looked for.
type Probe struct {
	Position capture.FingerPosition // 0 if not known
	Template *finger.Template
}

// Options bound a search.
type Options struct {
	Limit    int     // candidates at most; 0 means 10
	MinScore float64 // candidates below it are left out; see [Candidate]
	Workers  int     // cores to use; 0 means all
	// Share of the persons that are compared in full, up to 1; 0 means 1 in 400. At least 24 are. A
	// larger share finds more mates of poor prints and takes longer.
	Share float64
}

// defaultLimit is the number of candidates that an officer can be expected to look at.
const defaultLimit = 10

// Candidate is a person who may be the one looked for.
type Candidate struct {
	Key uint64
	// Score is calibrated as [finger.Comparison] is, over all fingers of the person: -10·log10
	// of the share of strangers who score as much or more in one comparison of person with
	// person. A search of n persons meets n strangers.
	Score   float64
	Fingers []Match // that were compared and scored above 0, the best first
}

// Match is one finger of the probe that resembles one of the candidate.
type Match struct {
	Probe      int                    // index of the probe
	Position   capture.FingerPosition // of the template in the index
	Comparison finger.Comparison      // from the probe to the template
}

// Search looks for a person by one or several fingers. It returns the candidates by falling
// score, equal ones by rising key. It sees the index as it was when it was called, and neither
// waits for changes nor holds them up. It ends soon after ctx does, with its error; with
// [ErrDamaged] it returns what was found besides; with [ErrSparse] a probe is too poor.
func (x *Index) Search(ctx context.Context, probes []Probe, o Options) ([]Candidate, error) {
	for i, p := range probes {
		if p.Position < 0 || p.Position > maxPosition || p.Template == nil {
			return nil, fmt.Errorf("search fingers: probe %d has no template or no position of a finger", i)
		}
	}
	s := search{
		index:   x,
		chunks:  x.state.Load().chunks,
		workers: cmp.Or(max(0, o.Workers), runtime.GOMAXPROCS(0)),
		gates:   newGates(min(1, cmp.Or(max(0, o.Share), defaultShare))),
	}
	for i, p := range probes {
		f := x.codes.featuresOf(p.Template)
		if f.count < fewest {
			return nil, fmt.Errorf("search fingers: probe %d: %w", i, ErrSparse)
		}
		s.probes = append(s.probes, side{p.Position, newProbe(f), finger.Prepare(p.Template)})
	}
	persons, err := s.shortList(ctx)
	if err != nil {
		return nil, fmt.Errorf("search fingers: %w", err)
	}
	found, err := s.compare(ctx, persons)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("search fingers: %w", ctx.Err())
	}
	found = slices.DeleteFunc(found, func(c Candidate) bool { return c.Score < o.MinScore || len(c.Fingers) == 0 })
	slices.SortFunc(found, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Key, b.Key))
	})
	found = slices.Clip(found[:min(len(found), cmp.Or(max(0, o.Limit), defaultLimit))])
	if err != nil {
		return found, fmt.Errorf("search fingers: %w", err)
	}
	return found, nil
}

// search is one search at work.
type search struct {
	index   *Index
	chunks  []*chunk
	workers int
	probes  []side
	gates   gates
}

// side is one finger of the probe, ready for all stages.
type side struct {
	position capture.FingerPosition
	gate     *probe
	full     *finger.Prepared
}

// meets reports whether a template of some position may be of this finger.
func (p *side) meets(position uint8) bool {
	return p.position == 0 || position == 0 || p.position == capture.FingerPosition(position)
}

// place is where a record lies.
type place struct{ chunk, record uint32 }

// each calls work for 0 to n-1 on all workers, until it is done, fails or ctx ends.
func (s *search) each(ctx context.Context, n int, work func(i int)) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(s.workers, n) {
		wait.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				work(i)
			}
		})
	}
	wait.Wait()
	return ctx.Err()
}
