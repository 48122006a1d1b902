package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"boothd/localmatch/names"
)

// ErrFull says that an index cannot hold so many records or so many different words.
var ErrFull = errors.New("index is full")

const (
	maxRecords = 1 << 28
	maxPosts   = 1<<30 - 1 // so that the chain, four bytes for each at most, stays below 4 GiB
	// maxSpellings bounds the records of one entry: its names times its birth dates. If there
	// would be more, its names are kept and its birth date counts as unknown.
	maxSpellings = 128
	maxNames     = 128 // as many as a list's entry may have
)

// Builder collects what an [Index] is built from. Add and Build are for one goroutine at a time.
type Builder struct {
	words map[string]uint32 // numbered as they come
	texts []string
	bones []string
	count []uint32 // records that hold each word

	people []uint32
	codes  []uint32
	ends   []uint32 // where the words of each record end in chain
	chain  []uint32

	buf []byte
}

// NewBuilder returns an empty builder.
func NewBuilder() *Builder { return &Builder{words: make(map[string]uint32)} }

// Add adds an entry under all its names, 128 at most, with all its birth dates. A birth date known
// in part is one; years before 1800 and after 2054 count as unknown. Names without a word are
// left out. An entry may be added several times. The error is [ErrFull].
func (b *Builder) Add(entry uint32, ns []names.Name, births []names.Birth) error {
	ns = ns[:min(len(ns), maxNames)]
	codes := make([]uint32, 0, 4)
	for _, birth := range births {
		if c := uint32(codeOf(birth)); !slices.Contains(codes, c) {
			codes = append(codes, c)
		}
	}
	if len(codes) == 0 || len(codes)*len(ns) > maxSpellings {
		codes = append(codes[:0], 0)
	}
	for i := range ns {
		if err := b.addName(entry, &ns[i], codes); err != nil {
			return fmt.Errorf("add to name index: %w", err)
		}
	}
	return nil
}

func (b *Builder) addName(entry uint32, n *names.Name, codes []uint32) error {
	from := len(b.chain)
	for _, i := range telling(n) {
		w, err := b.word(&n.Tokens[i])
		if err != nil {
			return err
		}
		if !slices.Contains(b.chain[from:], w) {
			b.chain = append(b.chain, w)
		}
	}
	words := b.chain[from:]
	if len(words) == 0 {
		return nil
	}
	if len(b.people)+len(codes) > maxRecords || len(b.chain)+len(codes)*len(words) > maxPosts {
		b.chain = b.chain[:from]
		return ErrFull
	}
	for i, c := range codes {
		if i > 0 {
			b.chain = append(b.chain, words...)
		}
		b.people = append(b.people, entry)
		b.codes = append(b.codes, c)
		b.ends = append(b.ends, uint32(len(b.chain)))
		for _, w := range words {
			b.count[w]++
		}
	}
	return nil
}

// telling returns the indexes of the tokens by which a name is found, at most maxNameWords:
// neither particles nor titles, unless there is nothing else.
func telling(n *names.Name) []int {
	all := make([]int, 0, maxNameWords)
	for _, worst := range [...]names.Kind{names.Ordinary, names.Title} {
		for i := range n.Tokens {
			k := n.Tokens[i].Kind
			tells := worst == names.Title || k == names.Ordinary || k == names.Initial
			if n.Tokens[i].Fold != "" && tells && len(all) < maxNameWords {
				all = append(all, i)
			}
		}
		if len(all) > 0 {
			break
		}
	}
	return all
}

// word returns the number of a token's word, a new one if need be.
func (b *Builder) word(t *names.Token) (uint32, error) {
	text := t.Fold[:min(len(t.Fold), maxWordLen)]
	if w, ok := b.words[text]; ok {
		return w, nil
	}
	if len(b.texts) == maxWords {
		return 0, ErrFull
	}
	w := uint32(len(b.texts))
	text = strings.Clone(text)
	b.words[text] = w
	b.texts = append(b.texts, text)
	b.bones = append(b.bones, strings.Clone(t.Skeleton[:min(len(t.Skeleton), maxWordLen)]))
	b.count = append(b.count, 0)
	return w, nil
}

// Build makes the index, on two cores if there are, and leaves the builder empty. It stops with
// the context's error.
func (b *Builder) Build(ctx context.Context) (*Index, error) {
	x := &Index{}
	byCount := make([]uint32, len(b.texts))
	for i := range byCount {
		byCount[i] = uint32(i)
	}
	// Words of the same count are ordered by text, so that an index depends on the records and
	// their order alone.
	slices.SortFunc(byCount, func(v, w uint32) int {
		return cmp.Or(cmp.Compare(b.count[w], b.count[v]), strings.Compare(b.texts[v], b.texts[w]))
	})
	var done sync.WaitGroup
	done.Go(func() { x.words.fill(ctx, b, byCount) })
	err := x.fill(ctx, b, byCount)
	done.Wait()
	*b = *NewBuilder()
	if err = cmp.Or(err, ctx.Err()); err != nil {
		return nil, fmt.Errorf("build name index: %w", err)
	}
	x.weigh()
	return x, nil
}

// fill takes over the words of a builder; byCount is their order.
func (d *dictionary) fill(ctx context.Context, b *Builder, byCount []uint32) {
	d.ends = make([]uint32, len(byCount))
	d.bones = make([]uint32, len(byCount))
	for w, old := range byCount {
		d.text = append(d.text, b.texts[old]...)
		d.ends[w] = uint32(len(d.text))
		b.buf = append(b.buf[:0], b.bones[old]...)
		d.bones[w] = boneHash(b.buf)
	}
	d.text = slices.Clip(d.text)
	d.index(ctx, func(w uint32) string { return b.bones[byCount[w]] })
}

// fill takes over the records of a builder.
func (x *Index) fill(ctx context.Context, b *Builder, byCount []uint32) error {
	number := make([]uint32, len(byCount))
	x.starts = make([]uint32, len(byCount)+1)
	for w, old := range byCount {
		number[old] = uint32(w)
		x.starts[w+1] = x.starts[w] + b.count[old]
	}
	order := b.byBirth(&x.dates)
	next := slices.Clone(x.starts[:len(byCount)])
	x.posts = make([]uint32, len(b.chain))
	x.people = make([]uint32, len(order))
	x.names.data = make([]byte, 0, len(b.chain)*2)
	x.names.starts = make([]uint32, 0, len(order))
	var words [maxNameWords]uint32
	for r, old := range order {
		if r%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		x.people[r] = b.people[old]
		var from uint32
		if old > 0 {
			from = b.ends[old-1]
		}
		n := 0
		for _, w := range b.chain[from:b.ends[old]] {
			w = number[w]
			words[n] = w
			n++
			x.posts[next[w]] = uint32(r)
			next[w]++
		}
		x.names.append(words[:n])
	}
	x.names.data = slices.Clip(x.names.data)
	return nil
}

// byBirth returns the builder's records in the order of their birth dates, those of one date
// in the order in which they were added, and fills the calendar.
func (b *Builder) byBirth(c *calendar) []uint32 {
	var count [codeEnd]uint32
	for _, code := range b.codes {
		count[code]++
	}
	var at uint32
	for code, n := range count {
		if n == 0 {
			continue
		}
		c.codes = append(c.codes, uint32(code))
		c.starts = append(c.starts, at)
		count[code], at = at, at+n
	}
	c.starts = append(c.starts, at)
	order := make([]uint32, len(b.codes))
	for old, code := range b.codes {
		order[count[code]] = uint32(old)
		count[code]++
	}
	return order
}
