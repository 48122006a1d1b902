package index

import (
	"sync"
)

// Index is a set of named people that can be searched. It is never changed after it was built
// or read, and may be searched by many at the same time.
//
// A record is one name of one entry with one birth date. Records are numbered in the order of
// their birth dates, so that a span of dates is a span of numbers.
type Index struct {
	people []uint32 // the entry of each record
	dates  calendar
	names  chain
	words  dictionary
	// The records that hold word w are posts[starts[w]:starts[w+1]], ascending.
	starts []uint32
	posts  []uint32

	rarities []uint8 // of the words

	scratch sync.Pool // of *search
}

// Records returns how many records there are: an entry has one for each of its names with each
// of its birth dates.
func (x *Index) Records() int { return len(x.people) }

// Words returns how many different words the names are made of.
func (x *Index) Words() int { return x.words.len() }

// Memory returns the bytes that the index takes, without the scratch space of searches under
// way: some MB for each of them at most.
func (x *Index) Memory() int64 {
	n := len(x.rarities) + 4*(len(x.people)+len(x.starts)+len(x.posts))
	return int64(n + x.dates.memory() + x.names.memory() + x.words.memory())
}

// carriers returns the records that hold a word.
func (x *Index) carriers(word uint32) []uint32 {
	return x.posts[x.starts[word]:x.starts[word+1]]
}
