package gallery

import "strings"

// room holds many slices together, so that not each is a piece of memory of its own.
type room[T any] struct{ free []T }

// roomOf is how many slices of the size that is asked for fit into new memory, up to roomMost elements.
const (
	roomOf   = 128
	roomMost = 1 << 16
)

// begin returns an empty slice to append to; it has room for n elements. Its end must come before
// the next begins.
func (r *room[T]) begin(n int) []T {
	if cap(r.free) < n {
		r.free = make([]T, 0, max(n, min(roomOf*n, roomMost)))
	}
	return r.free
}

// end returns the slice that was begun, to be kept.
func (r *room[T]) end(s []T) []T {
	if cap(s) == cap(r.free) { // else it took memory of its own
		r.free = s[len(s):]
	}
	return s[:len(s):len(s)]
}

// textRoom is room for texts.
type textRoom struct{ free strings.Builder }

func (r *textRoom) copy(text []byte) string {
	if r.free.Cap()-r.free.Len() < len(text) {
		r.free = strings.Builder{}
		r.free.Grow(max(len(text), roomMost))
	}
	from := r.free.Len()
	r.free.Write(text)
	return r.free.String()[from:]
}
