package index

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"boothd/localmatch/names"
)

// Query is who is looked for.
type Query struct {
	Name   names.Name
	Births []names.Birth // one or several that he may have; none if unknown
	// Limit is the number of candidates, 64 if 0, 1,024 at most.
	Limit int
	// Skip says which entries do not count any more. It may be nil.
	Skip func(entry uint32) bool
}

// Result is who was found.
type Result struct {
	// Candidates are the entries that agree best, the best first, those that agree equally well
	// by their numbers.
	Candidates []Candidate
	// More is set if others, left out, may score at least 0.7, and no less than the last of the
	// candidates if there are as many as the limit allows: so many share the name that not all
	// fit, or not all were read.
	More bool
}

// Candidate is an entry with the score of its best name: 1 if name and birth date are the
// same. Scores put candidates of one search in order. They are no odds.
type Candidate struct {
	Entry uint32
	Score float32
}

const (
	defaultLimit = 64
	maxLimit     = 1024
	leastScore   = 0.40 // who scores less is no candidate
	moreScore    = 0.70 // who scores less is not missed: as the same name, born in the next year
)

// Bounds of a search, which hold its time whatever it is for.
const (
	maxScanned = 8 << 10 // records read because of their birth date
	maxStudied = 600     // of these, records of which all words are compared
	maxMarked  = 1 << 18 // of these, before others count only if they have been marked
	maxVisited = 1 << 20 // places in the lists of words' records
	maxAligned = 4 << 10 // records read because of their words
)

// Search finds the best candidates. It returns the context's error if that ends first.
func (x *Index) Search(ctx context.Context, q Query) (Result, error) {
	if len(x.people) == 0 || len(q.Name.Tokens) == 0 {
		return Result{}, ctx.Err()
	}
	s, _ := x.scratch.Get().(*search)
	if s == nil {
		s = &search{}
	}
	defer func() {
		s.skip = nil
		x.scratch.Put(s)
	}()
	s.begin(&q)
	s.prepare(x, &q.Name)
	near, far := x.dates.spans(q.Births)
	near, far = affordable(near, far)
	for _, sp := range near {
		if ctx.Err() != nil {
			break
		}
		s.scan(x, sp)
	}
	if ctx.Err() == nil {
		s.lookUp(x, far)
	}
	if err := ctx.Err(); err != nil {
		return Result{}, fmt.Errorf("search names: %w", err)
	}
	return Result{append([]Candidate(nil), s.best...), s.more()}, nil
}

// search is the scratch space of one search.
type search struct {
	forms  []form
	tokens int     // the first forms, which stand for one token each
	total  float32 // their weight
	cut    bool

	round  uint32
	memos  [memoSize]memo
	memoed int
	spare  memo
	sieve  [sieveSize / 64]uint64

	runs []run
	// masks holds what of the name each record of a block has, two bits for each token looked
	// up. It is all zero between blocks.
	masks [blockSize]uint8
	// marked are the records that have something, in order of their blocks; holds is what each has,
	// counts how many have what.
	marked  []uint32
	holds   []uint8
	counts  [256]int
	classes []class
	chosen  []uint32
	touched byte // keeps reads that only fetch

	skip  func(uint32) bool
	limit int
	best  []Candidate
	// leftOut is the best score that somebody has or may have who is not in best.
	leftOut float32

	looks int // how many words may still be compared
	keys  []uint64
	words []uint32
}

func (s *search) begin(q *Query) {
	s.limit = min(cmp.Or(max(q.Limit, 0), defaultLimit), maxLimit)
	s.best = s.best[:0]
	s.leftOut = 0
	s.skip = q.Skip
	s.memoed = 0
	s.looks = maxLooks
	clear(s.sieve[:])
	s.round++
	if s.round == 0 { // it has come round: old memos would look new
		s.memos = [memoSize]memo{}
		s.round = 1
	}
}

// affordable leaves those near spans that can be read in full, and says of which of them all words
// can be studied; the others are looked up by words.
func affordable(near, far []span) (scan, lookUp []span) {
	left, study := maxScanned, maxStudied
	for _, sp := range near {
		if sp.len() <= left {
			left -= sp.len()
			sp.deep = sp.len() <= study
			if sp.deep {
				study -= sp.len()
			}
			scan = append(scan, sp)
		} else {
			far = append(far, sp)
		}
	}
	return scan, far
}

// scan reads all records of a span.
func (s *search) scan(x *Index, sp span) {
	if sp.len() == 0 {
		return
	}
	at := x.names.starts[sp.from]
	var words [maxNameWords]uint32
	var n int
	for r := sp.from; r < sp.to; r++ {
		n, at = x.names.next(at, &words)
		if sp.deep {
			for _, w := range words[:n] {
				s.study(x, w)
			}
		}
		s.offer(x, r, sp.factor*s.score(x, words[:n]))
	}
}

// offer makes the entry of a record a candidate if its score is good enough.
func (s *search) offer(x *Index, record uint32, score float32) {
	if score < leastScore || len(s.best) == s.limit && score < s.best[s.limit-1].Score {
		return
	}
	entry := x.people[record]
	if s.skip != nil && s.skip(entry) {
		return
	}
	c := Candidate{entry, score}
	if len(s.best) == s.limit {
		if last := s.best[s.limit-1]; order(c, last) > 0 {
			if score == last.Score && !s.has(entry) {
				s.leaveOut(score)
			}
			return
		}
	}
	if i := slices.IndexFunc(s.best, func(o Candidate) bool { return o.Entry == entry }); i >= 0 {
		if s.best[i].Score >= score {
			return
		}
		s.best = slices.Delete(s.best, i, i+1)
	}
	if len(s.best) == s.limit {
		s.leaveOut(s.best[s.limit-1].Score)
		s.best = s.best[:s.limit-1]
	}
	at, _ := slices.BinarySearchFunc(s.best, c, order)
	s.best = slices.Insert(s.best, at, c)
}

func order(a, b Candidate) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Entry, b.Entry))
}

func (s *search) has(entry uint32) bool {
	return slices.ContainsFunc(s.best, func(c Candidate) bool { return c.Entry == entry })
}

// leaveOut notes how good somebody is, or may be, who is not among the candidates.
func (s *search) leaveOut(score float32) { s.leftOut = max(s.leftOut, score) }

// more reports whether somebody who was left out may agree well, and as well as the last candidate.
func (s *search) more() bool {
	if len(s.best) == s.limit && s.leftOut < s.best[s.limit-1].Score {
		return false
	}
	return s.leftOut >= moreScore
}
