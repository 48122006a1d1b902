package numbers

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

var (
	// ErrNoNumber says that a number has no letter A to Z and no digit.
	ErrNoNumber = errors.New("no letter and no digit in the document number")
	// ErrTooMany says that there are more than MaxNumbers numbers, or 65,536 issuers.
	ErrTooMany = errors.New("too many document numbers or issuers")
	// ErrSecret says that the secret is not the one that the index was built with.
	ErrSecret = errors.New("secret of another index")
)

// Builder collects numbers in any order. It takes 16 bytes a number, and Build the index on
// top of that: 2.3 GB for 100 million. It may be used from one goroutine; for several there is
// Fork.
type Builder struct {
	secret   Secret
	keys     keys
	tags     map[string]uint32 // of the issuers as they are written
	parts    [partCount]part
	count    int
	maxEntry uint32
}

// Parts are what can be sorted by itself: hashes with the same first bits.
const (
	partBits  = 10
	partCount = 1 << partBits
)

// part holds its pairs in pieces, so that it grows without being copied.
type part [][]pair

const pieceSize = 512 // pairs

// pair is a number and what its record will hold: entry, code and tag from the lowest bit on,
// the entry in 32 bits.
type pair struct{ hash, rest uint64 }

const entryMask = 1<<32 - 1

func newPair(hash uint64, entry, code, tag uint32) pair {
	return pair{hash, uint64(entry) | uint64(code)<<32 | uint64(tag)<<(32+codeBits)}
}

func (p pair) entry() uint64 { return p.rest & entryMask }
func (p pair) code() uint64  { return p.rest >> 32 & codeMask }
func (p pair) tag() uint32   { return uint32(p.rest >> (32 + codeBits)) }

func (p *part) add(v pair) {
	last := len(*p) - 1
	if last < 0 || len((*p)[last]) == pieceSize {
		size := pieceSize
		if last < 0 {
			size = 8 // small indexes stay small
		}
		*p = append(*p, make([]pair, 0, size))
		last++
	}
	(*p)[last] = append((*p)[last], v)
}

func (p part) size() (n int) {
	for _, piece := range p {
		n += len(piece)
	}
	return n
}

// NewBuilder returns an empty builder.
func NewBuilder(secret Secret) *Builder {
	return &Builder{secret: secret, keys: newKeys(&secret), tags: map[string]uint32{"": unknownIssuer}}
}

// Fork returns an empty builder with the same secret, for another goroutine. Join takes in
// what it has collected.
func (b *Builder) Fork() *Builder { return NewBuilder(b.secret) }

// Add adds a number of an entry. A number that has been added with the same issuer and entry
// counts once. The type of the document is not kept. For a pure set, which answers only
// whether a number is there, all entries are 0 and take no place.
func (b *Builder) Add(d Document, entry uint32) error {
	var space [2][24]byte
	normal := appendNormal(space[0][:0], d.Number)
	if len(normal) == 0 {
		return ErrNoNumber
	}
	if b.count == MaxNumbers {
		return ErrTooMany
	}
	tag, ok := b.tags[d.Issuer]
	if !ok {
		if len(b.tags) == maxIssuers {
			return ErrTooMany
		}
		tag = b.keys.tag(d.Issuer)
		b.tags[strings.Clone(d.Issuer)] = tag
	}
	form := append(space[1][:0], normal...)
	fold(form, form)
	hash := b.keys.number.sum(form)
	b.parts[hash>>(64-partBits)].add(newPair(hash, entry, b.keys.code(normal, form), tag))
	b.count++
	b.maxEntry = max(b.maxEntry, entry)
	return nil
}

// Join moves what other has collected here. Other is empty then. The error is [ErrSecret] or
// [ErrTooMany], and nothing is moved.
func (b *Builder) Join(other *Builder) error {
	if b.secret != other.secret {
		return ErrSecret
	}
	if b.count+other.count > MaxNumbers || len(b.tags)+len(other.tags) > maxIssuers {
		return ErrTooMany
	}
	for i := range b.parts {
		b.parts[i] = append(b.parts[i], other.parts[i]...)
	}
	for issuer, tag := range other.tags {
		b.tags[issuer] = tag
	}
	b.count += other.count
	b.maxEntry = max(b.maxEntry, other.maxEntry)
	*other = *b.Fork()
	return nil
}

// Len is the numbers collected so far, those added twice counted twice.
func (b *Builder) Len() int { return b.count }

// Build makes the index, sorting on as many goroutines as workers, at least one. The builder
// is empty then, also if the context ended it.
func (b *Builder) Build(ctx context.Context, workers int) (*Index, error) {
	full := *b
	*b = *b.Fork()
	if err := full.sort(ctx, max(workers, 1)); err != nil {
		return nil, fmt.Errorf("sort document numbers: %w", err)
	}
	tags := full.issuerTags()
	full.count = 0
	for _, p := range full.parts {
		full.count += p.size()
	}
	x := newIndex(full.keys, layout{full.count, uint(bits.Len32(full.maxEntry)), len(tags)})
	x.tags = tags
	if err := full.fill(ctx, x); err != nil {
		return nil, fmt.Errorf("write document numbers: %w", err)
	}
	x.seal()
	return x, nil
}

// issuerTags returns the tags of the known issuers, ascending.
func (b *Builder) issuerTags() []uint32 {
	var tags []uint32
	for _, tag := range b.tags {
		if tag != unknownIssuer {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// sort puts each part in order and drops what is there twice.
func (b *Builder) sort(ctx context.Context, workers int) error {
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			var s sorter
			for i := next.Add(1) - 1; i < partCount && ctx.Err() == nil; i = next.Add(1) - 1 {
				s.sort(b.parts[i])
			}
		})
	}
	group.Wait()
	return ctx.Err()
}

// sorter sorts parts. It keeps its memory from one to the next.
type sorter struct {
	pairs []pair
	ends  []int
}

// sort deals the pairs out by the bits of the hash that follow those of the part, a few to
// each hand, sorts the hands, and writes them back to the pieces of the part.
func (s *sorter) sort(p part) {
	n := p.size()
	handBits := bits.Len(uint(n) / 4)
	hand := func(v pair) int { return int(v.hash << partBits >> 1 >> (63 - handBits)) }
	s.pairs = slices.Grow(s.pairs[:0], n)[:n]
	s.ends = slices.Grow(s.ends[:0], 1<<handBits+1)[:1<<handBits+1]
	clear(s.ends)
	for _, piece := range p {
		for _, v := range piece {
			s.ends[hand(v)+1]++
		}
	}
	for i := range 1 << handBits {
		s.ends[i+1] += s.ends[i]
	}
	for _, piece := range p {
		for _, v := range piece {
			h := hand(v)
			s.pairs[s.ends[h]] = v
			s.ends[h]++
		}
	}
	begin := 0
	for _, end := range s.ends[:1<<handBits] {
		slices.SortFunc(s.pairs[begin:end], comparePairs)
		begin = end
	}
	sorted := slices.Compact(s.pairs)
	for i, piece := range p {
		k := copy(piece, sorted)
		p[i], sorted = piece[:k], sorted[k:]
	}
}

func comparePairs(a, b pair) int {
	if a.hash != b.hash {
		return cmp.Compare(a.hash, b.hash)
	}
	return cmp.Compare(a.rest, b.rest)
}

// fill writes the records, which come in order, and gives up each part when it is written.
func (b *Builder) fill(ctx context.Context, x *Index) error {
	w := recordWriter{to: x.records, width: x.recordBits()}
	blocks := uint64(0) // whose beginning is written
	i := uint64(0)
	for part := range b.parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, piece := range b.parts[part] {
			for _, v := range piece {
				block, slot, mark := place(v.hash, x.blocks)
				for ; blocks <= block; blocks++ {
					binary.LittleEndian.PutUint32(x.directory[4*blocks:], uint32(i))
				}
				x.slots[(i+slot)/8] |= 1 << ((i + slot) % 8)
				w.add(v.entry() | (v.code()|uint64(mark^v.tag())<<codeBits)<<x.entryBits)
				i++
			}
		}
		b.parts[part] = nil
	}
	for ; blocks <= x.blocks; blocks++ {
		binary.LittleEndian.PutUint32(x.directory[4*blocks:], uint32(i))
	}
	w.flush()
	return nil
}

// recordWriter writes records one behind the other, without gaps.
type recordWriter struct {
	to     []byte
	width  uint
	word   uint64 // the bits that are not written yet
	filled uint   // of word
}

func (w *recordWriter) add(r uint64) {
	w.word |= r << w.filled
	w.filled += w.width
	if w.filled < 64 {
		return
	}
	binary.LittleEndian.PutUint64(w.to, w.word)
	w.to = w.to[8:]
	w.filled -= 64
	w.word = r >> (w.width - w.filled)
}

func (w *recordWriter) flush() { binary.LittleEndian.PutUint64(w.to, w.word) }
