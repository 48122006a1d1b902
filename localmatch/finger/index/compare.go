package index

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"boothd/capture"
	"boothd/localmatch/finger"
)

// person is someone on the short list, with all that the index holds of them.
type person struct {
	key     uint64
	records []place
}

// compare compares the persons on the short list in full. It returns them all, and ErrDamaged
// besides if templates could not be read.
func (s *search) compare(ctx context.Context, short map[uint64]bool) ([]Candidate, error) {
	persons := s.gather(short)
	found := make([]Candidate, len(persons))
	var mu sync.Mutex
	damaged := 0
	err := s.each(ctx, len(persons), func(i int) {
		c, bad := s.person(persons[i])
		found[i] = c
		if bad > 0 {
			mu.Lock()
			damaged += bad
			mu.Unlock()
		}
	})
	if err == nil && damaged > 0 {
		err = fmt.Errorf("%d templates: %w", damaged, ErrDamaged)
	}
	return found, err
}

// gather finds all records of the persons on the short list, in the order of the index.
func (s *search) gather(short map[uint64]bool) []person {
	var persons []person
	index := make(map[uint64]int, len(short))
	for i, c := range s.chunks {
		for r := range c.all() {
			key := c.key(r)
			if !short[key] {
				continue
			}
			n, known := index[key]
			if !known {
				n = len(persons)
				index[key] = n
				persons = append(persons, person{key: key})
			}
			persons[n].records = append(persons[n].records, place{uint32(i), uint32(r)})
		}
	}
	return persons
}

// person compares a person's fingers with those of the probe.
func (s *search) person(p person) (c Candidate, damaged int) {
	c.Key = p.key
	type held struct {
		Match
		record int
	}
	var all []held
	choices := make([]int, len(s.probes))
	for r, at := range p.records {
		chunk := s.chunks[at.chunk]
		position := chunk.position(int(at.record))
		var other *finger.Prepared
		for i := range s.probes {
			if !s.probes[i].meets(position) {
				continue
			}
			choices[i]++
			if other == nil {
				var t finger.Template
				if err := t.UnmarshalBinary(chunk.template(int(at.record))); err != nil {
					damaged++
					break
				}
				other = finger.Prepare(&t)
			}
			all = append(all, held{Match{i, capture.FingerPosition(position), s.probes[i].full.Compare(other)}, r})
		}
	}
	slices.SortStableFunc(all, func(a, b held) int { return cmp.Compare(b.Comparison.Score, a.Comparison.Score) })
	usedProbes, usedRecords := make([]bool, len(s.probes)), make([]bool, len(p.records))
	scores := make([]float64, 0, len(s.probes))
	for _, h := range all {
		if usedProbes[h.Probe] || usedRecords[h.record] {
			continue
		}
		usedProbes[h.Probe], usedRecords[h.record] = true, true
		scores = append(scores, oneOf(choices[h.Probe], h.Comparison.Score))
		if h.Comparison.Score > 0 {
			c.Fingers = append(c.Fingers, h.Match)
		}
	}
	c.Score = fuse(scores)
	return c, damaged
}

// oneOf is the score of the best of n comparisons: a stranger has n chances.
func oneOf(n int, score float64) float64 {
	return max(0, score-10*math.Log10(float64(n)))
}

// fuse combines the scores of different fingers into one that is calibrated as they are (R. A.
// Fisher, Statistical Methods for Research Workers, §21.1). The shares of strangers that the
// scores stand for are independent and evenly spread; the product of k of them is x or less with
// probability x · Σ (-ln x)^i / i!, i from 0 to k-1. So a second finger that shows nothing costs some points and
// one that agrees adds nearly its own score.
func fuse(scores []float64) float64 {
	total := 0.0
	for _, s := range scores {
		total += s
	}
	x := total * math.Ln10 / 10
	term, sum := 1.0, 1.0
	for i := 1; i < len(scores); i++ {
		term *= x / float64(i)
		sum += term
	}
	// Rounded, so that machines that differ in the last bit rank alike.
	return math.Round(1000*max(0, total-10*math.Log10(sum))) / 1000
}
