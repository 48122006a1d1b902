package index

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"boothd/capture"
	"boothd/localmatch/finger"
)

// maxPosition is the last finger of ISO/IEC 19794-2 table 5.
const maxPosition = 10

// ErrSparse says that a template has too few minutiae, fewer than four that have neighbours, to
// be found or to find others by.
var ErrSparse = errors.New("too few minutiae to search by")

// fewest is the number of minutiae that a template must have.
const fewest = 4

// Index is a gallery of finger templates. The zero value is not usable; see [New] and [Open].
// Its methods may be called from several goroutines at once.
type Index struct {
	codes   *surroundings
	inverse inverse

	writing sync.Mutex // held to replace state
	state   atomic.Pointer[state]
}

// state is what the index holds at one moment. It is never changed, only replaced.
type state struct {
	chunks  []*chunk
	records int // live ones
}

// New returns an empty index.
func New() *Index {
	x := &Index{codes: newSurroundings(), inverse: *newInverse()}
	x.state.Store(new(state))
	return x
}

// Len returns the number of templates.
func (x *Index) Len() int { return x.state.Load().records }

// Add adds a template of a person's finger. Position 0 says that it is not known which finger
// it is. A person may have several templates, of one finger too. The template is copied. It is
// an error if the position is none of ISO/IEC 19794-2, the template cannot be encoded, or it is
// too poor to be found ([ErrSparse]).
func (x *Index) Add(key uint64, position capture.FingerPosition, t *finger.Template) error {
	if position < 0 || position > maxPosition {
		return fmt.Errorf("add finger: no finger has position %d", int(position))
	}
	cold, err := t.AppendBinary(nil)
	if err != nil {
		return fmt.Errorf("add finger: %w", err)
	}
	if len(cold) > maxCold {
		return fmt.Errorf("add finger: template of %d bytes is too large", len(cold))
	}
	f := x.codes.featuresOf(t)
	if f.count < fewest {
		return fmt.Errorf("add finger: %w", ErrSparse)
	}
	hot := f.appendTo(make([]byte, 0, stride), uint8(position))

	x.writing.Lock()
	defer x.writing.Unlock()
	old := x.state.Load()
	x.state.Store(&state{appendRecord(old.chunks, record{key, hot, cold}), old.records + 1})
	return nil
}

// Remove removes all templates of the given persons and returns how many there were. It looks
// through all keys once, some 50 µs for 100,000 templates, so many are best removed at once.
func (x *Index) Remove(keys ...uint64) int {
	doomed := make(map[uint64]bool, len(keys))
	for _, k := range keys {
		doomed[k] = true
	}
	x.writing.Lock()
	defer x.writing.Unlock()
	old := x.state.Load()
	chunks := make([]*chunk, 0, len(old.chunks))
	var moving []*chunk
	removed := 0
	for _, c := range old.chunks {
		left := c.without(doomed)
		removed += c.live() - left.live()
		switch {
		case left == c || left.live() >= c.count()/2:
			chunks = append(chunks, left)
		default:
			moving = append(moving, left)
		}
	}
	if removed == 0 {
		return 0
	}
	for _, c := range moving {
		for i := range c.all() {
			chunks = appendRecord(chunks, c.record(i))
		}
	}
	x.state.Store(&state{chunks, old.records - removed})
	return removed
}
