package gallery

import (
	"cmp"
	"runtime"
	"slices"
)

// ids finds records by the ids of their entries. It knows hashes only: whoever asks compares
// the ids themselves.
type ids struct {
	hashes  []uint64 // ascending
	records []uint32 // ascending for each hash
}

type idOf struct {
	hash   uint64
	record uint32
}

func newIDs(all []idOf) *ids {
	compared := 0
	slices.SortFunc(all, func(a, b idOf) int {
		if compared++; compared%512 == 0 {
			runtime.Gosched() // questions go before
		}
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.record, b.record))
	})
	x := &ids{make([]uint64, len(all)), make([]uint32, len(all))}
	for i, o := range all {
		x.hashes[i], x.records[i] = o.hash, o.record
	}
	return x
}

// find returns the records whose ids have the hash.
func (x *ids) find(hash uint64) []uint32 {
	from, ok := slices.BinarySearch(x.hashes, hash)
	if !ok {
		return nil
	}
	to := from + 1
	for to < len(x.hashes) && x.hashes[to] == hash {
		to++
	}
	return x.records[from:to]
}

// hashID is FNV-1a.
func hashID(id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return h
}
