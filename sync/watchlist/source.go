package watchlist

import (
	"context"
	"errors"
	"slices"

	"boothd/localmatch/gallery"
)

// Ways on which a booth gets what it lacks.
const (
	SourceHTTPS = "https"
	SourceMQTT  = "mqtt"
	SourceStick = "stick"
)

// source is one of these ways.
type source interface {
	name() string
	// manifest gets a version's signed manifest that accept takes. The error is errGone, or
	// what accept said.
	manifest(ctx context.Context, list string, version uint64, accept func([]byte) error) error
	// pieces gets as many of the wanted pieces as it can, in any order, from several
	// goroutines, and hands each to accept, which keeps the bytes only until it returns. What
	// accept finds altered (ErrAltered) it goes on without; any other error of accept ends it.
	pieces(ctx context.Context, list string, want []piece, accept func(piece, []byte) error) error
}

// piece is one chunk of a content.
type piece struct {
	content *Content
	index   int
}

func (p piece) hash() gallery.Hash { return p.content.Chunks[p.index] }
func (p piece) size() int64        { return p.content.ChunkSize(p.index) }

// errGone means that a source does not have what was asked for.
var errGone = errors.New("not to be had")

// attempts is how often a source is asked that gives nothing before it is given up.
const attempts = 3

// endsAll reports whether an error of accept means that no further piece can be taken.
func endsAll(err error) bool { return err != nil && !errors.Is(err, ErrAltered) }

// stretch is a row of pieces that lie one after the other in one content.
type stretch struct {
	content     *Content
	first, last int
}

// stretches puts pieces together that adjoin.
func stretches(want []piece) []stretch {
	var all []stretch
	for _, p := range want {
		i := slices.IndexFunc(all, func(r stretch) bool { return r.content == p.content && r.last+1 == p.index })
		if i >= 0 {
			all[i].last++
			continue
		}
		all = append(all, stretch{p.content, p.index, p.index})
	}
	return all
}

// limitOf is how many bytes a document may have. One byte more shows that it is too long.
func limitOf(path string) int64 {
	if path == ordersPath {
		return maxOrders * MaxMessage
	}
	return MaxMessage
}
