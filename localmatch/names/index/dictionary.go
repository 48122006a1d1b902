package index

import (
	"bytes"
	"context"
	"slices"
	"sort"

	"boothd/localmatch/names"
)

// dictionary holds the different words of all names. The more records hold a word, the lower its
// number.
type dictionary struct {
	text   []byte
	ends   []uint32 // where the text of each word ends
	bones  []uint32 // the hash of each word's skeleton
	order  []uint32 // the words in the order of their texts
	shapes []shape  // the shape of each word, not stored
	// The words that have a key with bucket b are keys[buckets[b]:buckets[b+1]]: the word in the
	// upper 24 bits, 8 more bits of the key's hash below. The number of buckets is a power of 2.
	buckets []uint32
	keys    []uint32
}

const (
	maxWords   = 1 << 24
	maxWordLen = 40
)

func (d *dictionary) len() int { return len(d.ends) }

func (d *dictionary) memory() int {
	return len(d.text) + 4*(len(d.ends)+len(d.bones)+len(d.shapes)+len(d.order)+len(d.buckets)+len(d.keys))
}

func (d *dictionary) word(w uint32) []byte {
	var from uint32
	if w > 0 {
		from = d.ends[w-1]
	}
	return d.text[from:d.ends[w]]
}

// find returns the word with a text.
func (d *dictionary) find(text []byte) (word uint32, ok bool) {
	i, ok := d.place(text)
	if !ok {
		return 0, false
	}
	return d.order[i], true
}

func (d *dictionary) place(text []byte) (int, bool) {
	return slices.BinarySearchFunc(d.order, text, func(w uint32, text []byte) int {
		return bytes.Compare(d.word(w), text)
	})
}

// beginning returns the words that begin with a text.
func (d *dictionary) beginning(text []byte) []uint32 {
	i, _ := d.place(text)
	rest := d.order[i:]
	return rest[:sort.Search(len(rest), func(i int) bool { return !bytes.HasPrefix(d.word(rest[i]), text) })]
}

// appendHaving appends the words that may have a key.
func (d *dictionary) appendHaving(words []uint32, key uint64) []uint32 {
	b := d.bucket(key)
	for _, k := range d.keys[d.buckets[b]:d.buckets[b+1]] {
		if len(words) >= maxCollected {
			break
		}
		if k&0xff == uint32(key&0xff) {
			words = append(words, k>>8)
		}
	}
	return words
}

// maxCollected bounds the words collected for one form before they are compared.
const maxCollected = 4 * maxLooked

func (d *dictionary) bucket(key uint64) uint64 { return key >> 8 & uint64(len(d.buckets)-2) }

// index fills the keys and the skeletons' hashes; all else is there. A word's keys are those of its
// text, of its text without each of its letters, of its skeleton, and of a longer skeleton without
// each of its letters. If the context ends, what is left undone is useless.
func (d *dictionary) index(ctx context.Context) {
	d.bones = make([]uint32, d.len())
	all := make([]uint64, 0, 12*d.len()) // the keys of all words
	ends := make([]int, d.len())
	var turn turn
	for w := range uint32(d.len()) {
		if turn.pass(); w%4096 == 0 && ctx.Err() != nil {
			return
		}
		text := d.word(w)
		skeleton := []byte(names.Skeleton(string(text)))
		d.bones[w] = boneHash(skeleton)
		all = appendKeys(all, text, skeleton)
		ends[w] = len(all)
	}
	size := 1
	for size < len(all)/4 {
		size *= 2
	}
	d.buckets = make([]uint32, size+1)
	for _, key := range all {
		turn.pass()
		d.buckets[d.bucket(key)+1]++
	}
	for b := range size {
		d.buckets[b+1] += d.buckets[b]
	}
	d.keys = make([]uint32, len(all))
	next := slices.Clone(d.buckets[:size])
	for w, at := 0, 0; w < len(ends); w++ {
		for ; at < ends[w]; at++ {
			turn.pass()
			b := d.bucket(all[at])
			d.keys[next[b]] = uint32(w)<<8 | uint32(all[at]&0xff)
			next[b]++
		}
	}
}

// Kinds of keys, the seeds of their hashes.
const (
	byText     = 0x9e3779b97f4a7c15 // the text, whole or with a letter taken out
	bySkeleton = 0xc2b2ae3d27d4eb4f // the skeleton
	byShorter  = 0x165667b19e3779f9 // the skeleton with a letter taken out
)

// Words and skeletons shorter than these have no keys with a letter taken out: too many others
// would share them.
const (
	leastTextLen     = 3
	leastSkeletonLen = 4
)

// appendKeys appends the keys under which the dictionary has a word.
func appendKeys(keys []uint64, text, skeleton []byte) []uint64 {
	keys = append(keys, hash(byText, text))
	keys = appendShorter(keys, byText, text, leastTextLen)
	if len(skeleton) > 0 {
		keys = append(keys, hash(bySkeleton, skeleton))
	}
	return appendShorter(keys, byShorter, skeleton, leastSkeletonLen)
}

// appendAskedKeys appends the keys under which to look for words like a form. Texts may both lack
// a letter, so that one may be another or two have changed places. Of two skeletons only one may
// lack a letter: too many differ in one.
func appendAskedKeys(keys []uint64, text, skeleton []byte) []uint64 {
	keys = append(keys, hash(byText, text))
	keys = appendShorter(keys, byText, text, leastTextLen)
	if len(skeleton) < 2 {
		return keys
	}
	keys = append(keys, hash(bySkeleton, skeleton), hash(byShorter, skeleton))
	return appendShorter(keys, bySkeleton, skeleton, leastSkeletonLen)
}

func appendShorter(keys []uint64, seed uint64, text []byte, least int) []uint64 {
	if len(text) < least {
		return keys
	}
	h := seed
	for i, c := range text {
		if i == 0 || c != text[i-1] {
			keys = append(keys, finish(fnv(h, text[i+1:])))
		}
		h = fnv(h, text[i:i+1])
	}
	return keys
}

func hash(seed uint64, text []byte) uint64 { return finish(fnv(seed, text)) }

// fnv is FNV-1a.
func fnv(h uint64, text []byte) uint64 {
	for _, c := range text {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return h
}

// finish mixes a hash once more because its low bits are used.
func finish(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

func boneHash(skeleton []byte) uint32 {
	if len(skeleton) == 0 {
		return 0
	}
	return uint32(hash(bySkeleton, skeleton)>>32) | 1
}

func (d *dictionary) valid() bool {
	n := d.len()
	if n > maxWords || len(d.bones) != n || len(d.order) != n || !ascending(d.ends, len(d.text)) {
		return false
	}
	size := len(d.buckets) - 1
	if size < 1 || size&(size-1) != 0 || d.buckets[0] != 0 || !ascending(d.buckets, len(d.keys)) {
		return false
	}
	for w := range uint32(n) {
		if l := len(d.word(w)); l == 0 || l > maxWordLen {
			return false
		}
	}
	for i, w := range d.order {
		if int(w) >= n || i > 0 && bytes.Compare(d.word(d.order[i-1]), d.word(w)) >= 0 {
			return false
		}
	}
	return !slices.ContainsFunc(d.keys, func(k uint32) bool { return int(k>>8) >= n })
}

// ascending reports whether numbers never fall and the last is end.
func ascending(s []uint32, end int) bool {
	var last uint32
	for _, v := range s {
		if v < last {
			return false
		}
		last = v
	}
	return int(last) == end
}
