package index

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// gate says how many of the records that a probe is held against reach the next stage: a share,
// and so many at least.
type gate struct {
	share float64
	least int
}

func (g gate) size(n int) int { return max(g.least, int(g.share*float64(n))) }

// defaultShare is the share of the persons that are compared in full.
const defaultShare = 1.0 / 400

// gates are the gates of a search.
type gates struct {
	alike gate // records, from the surroundings of single minutiae to how they lie
	rigid gate // persons, to the full comparison
}

// newGates returns the gates that let a share of the persons pass.
func newGates(share float64) gates {
	return gates{alike: gate{max(0.125, min(1, 8*share)), 512}, rigid: gate{share, 24}}
}

// gated is a record that a probe was held against.
type gated struct {
	place
	turn  uint8 // of the finger, as the first stage found it
	score uint16
}

// standing is a person on the way to the short list.
type standing struct {
	key    uint64
	points int // of all fingers
}

// shortList returns the persons who are worth a full comparison: those whose fingers rank best
// among all that each was held against. A finger of rank r among n counts log(n/r), so that
// ranks are added up as chances are multiplied, and a finger that the index lacks counts
// nothing.
func (s *search) shortList(ctx context.Context) (map[uint64]bool, error) {
	total := make(map[uint64]int)
	most := 0
	for i := range s.probes {
		p := &s.probes[i]
		records, compared, err := s.alike(ctx, p)
		if err != nil {
			return nil, err
		}
		if err := s.rigid(ctx, p, records); err != nil {
			return nil, err
		}
		most = max(most, compared)
		seen := make(map[uint64]bool, len(records))
		for rank, g := range records {
			if key := s.chunks[g.chunk].key(int(g.record)); !seen[key] {
				seen[key] = true
				total[key] += int(level(uint32(min(math.MaxUint32, uint64(compared)<<8/uint64(rank+1)))))
			}
		}
	}
	order := make([]standing, 0, len(total))
	for key, points := range total {
		order = append(order, standing{key, points})
	}
	slices.SortFunc(order, func(a, b standing) int {
		return cmp.Or(cmp.Compare(b.points, a.points), cmp.Compare(a.key, b.key))
	})
	list := make(map[uint64]bool)
	for _, o := range order[:min(len(order), s.gates.rigid.size(most))] {
		list[o.key] = true
	}
	return list, nil
}

// alike holds a finger against every record that may be of it. It returns the likest, and how
// many there were.
func (s *search) alike(ctx context.Context, p *side) (likest []gated, compared int, err error) {
	scores := make([][]uint16, len(s.chunks)) // 0 if not compared, else one more than the score
	turned := make([][]uint8, len(s.chunks))
	err = s.each(ctx, len(s.chunks), func(i int) {
		c := s.chunks[i]
		scores[i], turned[i] = make([]uint16, c.count()), make([]uint8, c.count())
		var found [capacity]match
		for r := range c.all() {
			if p.meets(c.position(r)) {
				rec := c.features(r)
				p.gate.likest(rec, &s.index.inverse, &found)
				score, turn := p.gate.alike(rec, &found)
				scores[i][r], turned[i][r] = score+1, turn
			}
		}
	})
	if err != nil {
		return nil, 0, err
	}
	cut, compared := s.gates.alike.threshold(scores)
	for i, chunk := range scores {
		for r, score := range chunk {
			if score >= cut {
				likest = append(likest, gated{place: place{uint32(i), uint32(r)}, turn: turned[i][r]})
			}
		}
	}
	return likest, compared, nil
}

// threshold returns the score that those who pass reach, and how many scores above 0 there are.
func (g gate) threshold(scores [][]uint16) (cut uint16, compared int) {
	var count [1 << 16]int
	for _, chunk := range scores {
		for _, score := range chunk {
			count[score]++
		}
	}
	for _, c := range count[1:] {
		compared += c
	}
	left := g.size(compared)
	i := len(count) - 1
	for ; i > 1 && left > count[i]; i-- {
		left -= count[i]
	}
	return uint16(i), compared
}

// rigid scores records by whether the minutiae that are alike also lie alike, and sorts them by it.
func (s *search) rigid(ctx context.Context, p *side, records []gated) error {
	const batch = 256
	err := s.each(ctx, (len(records)+batch-1)/batch, func(i int) {
		var found [capacity]match
		part := records[i*batch : min(len(records), (i+1)*batch)]
		for j := range part {
			rec := s.chunks[part[j].chunk].features(int(part[j].record))
			p.gate.turned(part[j].turn, rec, &s.index.inverse, &found)
			part[j].score = p.gate.rigid(rec, &found)
		}
	})
	slices.SortStableFunc(records, func(a, b gated) int { return cmp.Compare(b.score, a.score) })
	return err
}
