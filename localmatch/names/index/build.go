package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
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

// Builder collects what an [Index] is built from. Add, AddWords and Build are for one goroutine at
// a time, while others read names with Readers.
type Builder struct {
	words *vocabulary
	count []uint32 // records that hold each word

	people []uint32
	codes  []uint32
	ends   []uint32 // where the words of each record end in chain
	chain  []uint32

	space Words
}

// NewBuilder returns an empty builder.
func NewBuilder() *Builder { return &Builder{words: newVocabulary()} }

// Add adds an entry under all its names, 128 at most, with all its birth dates. A birth date known
// in part is one; years before 1800 and after 2054 count as unknown. Names without a word are
// left out. An entry may be added several times. The error is [ErrFull].
func (b *Builder) Add(entry uint32, ns []names.Name, births []names.Birth) (err error) {
	b.space = b.space[:0]
	for i := range ns[:min(len(ns), maxNames)] {
		if b.space, err = b.words.appendName(b.space, &ns[i]); err != nil {
			return fmt.Errorf("add to name index: %w", err)
		}
	}
	return b.AddWords(entry, b.space, births)
}

// AddWords adds an entry as Add does, whose names are those that Readers of this builder have read.
// The builder keeps nothing of what it is given.
func (b *Builder) AddWords(entry uint32, ns Words, births []names.Birth) error {
	var space [4]uint32
	codes := space[:0]
	for _, birth := range births {
		if c := uint32(codeOf(birth)); !slices.Contains(codes, c) {
			codes = append(codes, c)
		}
	}
	if len(codes) == 0 || len(codes)*ns.count() > maxSpellings {
		codes = append(codes[:0], 0)
	}
	for n := 0; len(ns) > 0 && n < maxNames; n++ {
		var name Words
		name, ns = ns.cut()
		if err := b.addName(entry, name, codes); err != nil {
			return fmt.Errorf("add to name index: %w", err)
		}
	}
	return nil
}

func (b *Builder) addName(entry uint32, name Words, codes []uint32) error {
	if len(b.people)+len(codes) > maxRecords || len(b.chain)+len(codes)*len(name) > maxPosts {
		return ErrFull
	}
	for _, c := range codes {
		b.people = append(b.people, entry)
		b.codes = append(b.codes, c)
		for _, w := range name {
			w &^= lastWord
			b.chain = append(b.chain, w)
			for int(w) >= len(b.count) {
				b.count = append(b.count, 0)
			}
			b.count[w]++
		}
		b.ends = append(b.ends, uint32(len(b.chain)))
	}
	return nil
}

// Build makes the index, on two cores if there are, and leaves the builder empty: its Readers are
// of no more use. It stops with the context's error. It gives way to other goroutines again and again.
func (b *Builder) Build(ctx context.Context) (*Index, error) {
	x := &Index{}
	b.count = append(b.count, make([]uint32, len(b.words.texts)-len(b.count))...)
	byText, byCount := b.orders()
	number := make([]uint32, len(byCount))
	for w, old := range byCount {
		number[old] = uint32(w)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for i, old := range byText {
			byText[i] = number[old]
		}
		x.words.order = byText
		x.words.fill(ctx, b.words.texts, byCount)
	})
	err := x.fill(ctx, b, byCount, number)
	done.Wait()
	*b = *NewBuilder()
	if err = cmp.Or(err, ctx.Err()); err != nil {
		return nil, fmt.Errorf("build name index: %w", err)
	}
	x.weigh()
	return x, nil
}

// orders returns the words in the order of their texts, and the most frequent first. Of the same
// count they are ordered by text, so that an index depends on the records and their order alone.
func (b *Builder) orders() (byText, byCount []uint32) {
	byText = make([]uint32, len(b.count))
	for i := range byText {
		byText[i] = uint32(i)
	}
	var turn turn
	slices.SortFunc(byText, func(v, w uint32) int {
		turn.pass()
		return strings.Compare(b.words.texts[v], b.words.texts[w])
	})
	ranks := make([]uint64, len(byText))
	for i, w := range byText {
		ranks[i] = uint64(^b.count[w])<<32 | uint64(i)
	}
	slices.SortFunc(ranks, func(v, w uint64) int {
		turn.pass()
		return cmp.Compare(v, w)
	})
	byCount = make([]uint32, len(ranks))
	for i, r := range ranks {
		byCount[i] = byText[uint32(r)]
	}
	return byText, byCount
}

// turn lets other goroutines run now and then: whoever asks must not wait until an index is built.
type turn uint

func (t *turn) pass() {
	if *t++; *t%512 == 0 {
		runtime.Gosched()
	}
}

// fill takes over texts, in an order. The order of the texts themselves is there.
func (d *dictionary) fill(ctx context.Context, texts []string, order []uint32) {
	d.ends = make([]uint32, len(order))
	for w, old := range order {
		d.text = append(d.text, texts[old]...)
		d.ends[w] = uint32(len(d.text))
	}
	d.text = slices.Clip(d.text)
	d.index(ctx)
}

// fill takes over the records of a builder.
func (x *Index) fill(ctx context.Context, b *Builder, byCount, number []uint32) error {
	x.starts = make([]uint32, len(byCount)+1)
	for w, old := range byCount {
		x.starts[w+1] = x.starts[w] + b.count[old]
	}
	order := b.byBirth(&x.dates)
	next := slices.Clone(x.starts[:len(byCount)])
	x.posts = make([]uint32, len(b.chain))
	x.people = make([]uint32, len(order))
	x.names.data = make([]byte, 0, len(b.chain)*2)
	x.names.starts = make([]uint32, 0, len(order))
	var words [maxNameWords]uint32
	var turn turn
	for r, old := range order {
		turn.pass()
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
