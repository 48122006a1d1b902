package index

import (
	"cmp"
	"slices"
)

// maxKeys is how many tokens of a name are looked up: those that the fewest records hold. The
// others count when a record is read.
const maxKeys = 4

// grades are how much of a token each value of its two bits in a mask stands for. A record that
// holds two words like the token has the bits of both.
var grades = [4]float32{0, 0.8, 0.95, 1}

func grade(l likeness) uint8 {
	switch {
	case l >= longer:
		return 3
	case l >= closely:
		return 2
	}
	return 1
}

// lookUp goes through the lists of the records that hold words like those asked for, as far as
// they lie in spans, marks what each record has, and reads the records that promise most.
func (s *search) lookUp(x *Index, spans []span) {
	spans = slices.DeleteFunc(spans, func(sp span) bool { return sp.len() == 0 })
	if len(spans) == 0 {
		return
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var best float32
	for _, sp := range spans {
		best = max(best, sp.factor)
	}
	keys := s.gather(x, s.rarest(x), spans, best)
	for _, sp := range spans {
		for from := sp.from; from < sp.to; from += blockSize {
			s.markBlock(from, min(sp.to, from+blockSize))
		}
	}
	s.read(x, spans, s.choose(keys, best))
}

// run is a part of the list of a word's records.
type run struct {
	records []uint32
	bits    uint8 // what a record that is in it has of the keys
	refine  bool  // only those records count that are in another run too
}

// gather collects the runs to go through, and returns the keys that they stand for. Best is the
// factor of the best span.
func (s *search) gather(x *Index, keys []int, spans []span, best float32) []int {
	s.runs = s.runs[:0]
	visited, rest := 0, s.total
	for k, t := range keys {
		// Whoever has none of the tokens so far scores this at most.
		others := best * s.agreement(rest, 0)
		rest -= s.forms[t].weight
		if others < leastScore && visited <= maxAligned {
			return keys[:k] // everybody marked will be read
		}
		refine := others < leastScore || visited > maxMarked
		if refine && others >= leastScore {
			s.leaveOut(others)
		}
		visited = s.gatherToken(x, keys, k, spans, visited, refine)
	}
	if visited > maxVisited {
		s.leaveOut(best)
	}
	return keys
}

// rarest returns the tokens to look up, those with the fewest records first.
func (s *search) rarest(x *Index) []int {
	var records [maxNameWords]int
	var keys []int
	for i := range s.tokens {
		for _, l := range s.forms[i].words {
			records[i] += len(x.carriers(l.word))
		}
		if records[i] > 0 && !s.forms[i].quiet {
			keys = append(keys, i)
		}
	}
	slices.SortStableFunc(keys, func(a, b int) int { return cmp.Compare(records[a], records[b]) })
	return keys[:min(len(keys), maxKeys)]
}

// gatherToken adds the runs of all forms that account for keys[k] or a part of it and for no key
// before it. It returns how many records were visited with them, more than maxVisited if some had
// to be left out.
func (s *search) gatherToken(x *Index, keys []int, k int, spans []span, visited int, refine bool) int {
	for i := range s.forms {
		f := &s.forms[i]
		if f.quiet || f.cover>>(2*keys[k])&3 == 0 || s.coversAny(f, keys[:k]) {
			continue
		}
		for _, l := range f.words {
			bits := s.bits(f, keys, l.like)
			within(x.carriers(l.word), spans, func(records []uint32) {
				n := min(len(records), max(0, maxVisited-visited))
				visited += len(records)
				s.runs = append(s.runs, run{records[:n], bits, refine})
			})
		}
	}
	return visited
}

func (s *search) coversAny(f *form, tokens []int) bool {
	return slices.ContainsFunc(tokens, func(t int) bool { return f.cover>>(2*t)&3 != 0 })
}

// bits returns what a record that holds a word like a form has of the keys.
func (s *search) bits(f *form, keys []int, like likeness) uint8 {
	var b uint8
	for k, t := range keys {
		switch f.cover >> (2 * t) & 3 {
		case 3:
			b |= grade(like) << (2 * k)
		case 1, 2:
			b |= 1 << (2 * k)
		}
	}
	return b
}

// blockSize is how many records are marked before the next, so that their masks stay in a near
// cache.
const blockSize = 1 << 17

// markBlock goes through the part of all runs that lies in from ≤ r < to and notes who has what.
func (s *search) markBlock(from, to uint32) {
	masks := &s.masks
	first := len(s.marked)
	for i := range s.runs {
		run := &s.runs[i]
		n := 0
		for _, r := range run.records {
			if r >= to {
				break
			}
			n++
			at := (r - from) % blockSize
			old := masks[at]
			if old == 0 {
				if run.refine {
					continue
				}
				s.marked = append(s.marked, r)
			}
			masks[at] = old | run.bits
		}
		run.records = run.records[n:]
	}
	for _, r := range s.marked[first:] {
		at := (r - from) % blockSize
		m := masks[at]
		masks[at] = 0
		s.holds = append(s.holds, m)
		s.counts[m]++
	}
}

// within calls visit with the runs of ascending records that lie in ascending spans.
func within(records []uint32, spans []span, visit func(run []uint32)) {
	for _, sp := range spans {
		i, _ := slices.BinarySearch(records, sp.from)
		records = records[i:]
		j, _ := slices.BinarySearch(records, sp.to)
		if j > 0 {
			visit(records[:j])
		}
		records = records[j:]
	}
}

// class is the records with one mask.
type class struct {
	likely float32 // their score if they have none of the tokens that were not looked up
	most   float32 // if they have all
	mask   uint8
	n      int
}

// choose returns the classes of records that may be candidates, the most promising first.
func (s *search) choose(keys []int, factor float32) []class {
	classes := s.classes[:0]
	for m, n := range s.counts {
		if n == 0 {
			continue
		}
		likely, most := s.promise(uint8(m), keys)
		if most*factor >= leastScore {
			classes = append(classes, class{likely, most * factor, uint8(m), n})
		}
	}
	slices.SortStableFunc(classes, func(a, b class) int {
		return cmp.Or(cmp.Compare(b.likely, a.likely), cmp.Compare(b.most, a.most))
	})
	s.classes = classes
	s.counts = [256]int{}
	return classes
}

// promise returns the score of a record with a mask and nothing that was not asked for: likely
// if it has none of the tokens that were not looked up, most if it has all.
func (s *search) promise(mask uint8, keys []int) (likely, most float32) {
	var gained float32
	rest := s.total
	for k, t := range keys {
		w := s.forms[t].weight
		gained += w * grades[mask>>(2*k)&3]
		rest -= w
	}
	return s.agreement(gained, 0), s.agreement(gained+max(rest, 0), 0)
}

// read reads the records of the classes, as many as may be read. It leaves out classes of which
// nobody can become a candidate any more.
func (s *search) read(x *Index, spans []span, classes []class) {
	chosen := s.sort(classes)
	for _, c := range classes {
		n := min(c.n, len(chosen))
		run := chosen[:n]
		chosen = chosen[n:]
		if len(s.best) == s.limit && c.most < s.best[s.limit-1].Score {
			continue
		}
		if n < c.n {
			s.leaveOut(c.most)
		}
		for len(run) > 0 {
			batch := run[:min(len(run), maxBatch)]
			s.readBatch(x, spans, batch)
			run = run[len(batch):]
		}
	}
}

const maxBatch = 64

// readBatch reads some records. They lie anywhere in memory: to ask for the places of all before
// the first is needed lets the machine fetch them at the same time.
func (s *search) readBatch(x *Index, spans []span, batch []uint32) {
	var starts [maxBatch]uint32
	for i, r := range batch {
		starts[i] = x.names.starts[r]
	}
	for _, at := range starts[:len(batch)] {
		s.touched += x.names.data[at]
	}
	var words [maxNameWords]uint32
	for i, r := range batch {
		n, _ := x.names.next(starts[i], &words)
		s.offer(x, r, factor(r, spans)*s.score(x, words[:n]))
	}
}

// sort returns the first maxAligned records of the classes, in their order, and forgets who was
// marked.
func (s *search) sort(classes []class) []uint32 {
	var next [256]int
	for m := range next {
		next[m] = maxAligned
	}
	at := 0
	for _, c := range classes {
		next[c.mask] = at
		at += c.n
	}
	s.chosen = slices.Grow(s.chosen[:0], maxAligned)[:min(at, maxAligned)]
	for i, r := range s.marked {
		if at := next[s.holds[i]]; at < len(s.chosen) {
			s.chosen[at] = r
			next[s.holds[i]]++
		}
	}
	s.marked, s.holds = s.marked[:0], s.holds[:0]
	return s.chosen
}

// factor returns the factor of the span in which a record lies.
func factor(r uint32, spans []span) float32 {
	for _, sp := range spans {
		if r < sp.to {
			return sp.factor
		}
	}
	return 0
}
