package outbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"boothd/internal/sqlite"
)

// Limit is why no new check can be kept.
type Limit string

// The limits.
const (
	LimitBytes Limit = "bytes" // too much waits for central
	LimitAge   Limit = "age"   // something has waited too long
	LimitDisk  Limit = "disk"  // the disk is nearly full
)

// LimitError says which limit was reached. Its text is for people.
type LimitError struct {
	Limit Limit
	Text  string
}

func (e *LimitError) Error() string { return e.Text }

// Ready returns nil if a whole further check can be kept, else mostly a *LimitError.
func (s *Store) Ready(ctx context.Context) error {
	s.mu.Lock()
	st, closed := s.stats, s.closed
	s.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if held := st.Bytes + st.QuarantinedBytes; held >= s.opt.MaxBytes {
		return &LimitError{LimitBytes, fmt.Sprintf(
			"more than the limit of %s waits for central: restore the line to central, or take it there with boothctl outbox export",
			inMiB(s.opt.MaxBytes))}
	}
	if age := s.opt.Now().Sub(st.Oldest); !st.Oldest.IsZero() && age >= s.opt.MaxAge {
		return &LimitError{LimitAge, fmt.Sprintf(
			"a record has waited %s for central (the limit is %s): restore the line to central",
			age.Round(time.Minute), s.opt.MaxAge)}
	}
	return s.roomOnDisk()
}

// roomOnDisk makes the reserve whole if there is room for it and as much again.
func (s *Store) roomOnDisk() error {
	free, err := FreeSpace(filepath.Dir(s.path))
	if err != nil {
		return fmt.Errorf("look for free space: %w", err)
	}
	size := s.opt.ReserveBytes
	if short := size - s.reserve.held() + size - free; short > 0 {
		return &LimitError{LimitDisk, fmt.Sprintf("the disk is nearly full: %s must be freed on it", inMiB(short))}
	}
	if err := s.reserve.fill(); err != nil {
		return fmt.Errorf("keep a reserve on disk: %w", err)
	}
	return nil
}

// beyondReserve refuses the record of a check already begun if even the reserve is used up.
func (s *Store) beyondReserve(size int64) error {
	st := s.Stats()
	held := st.Bytes + st.QuarantinedBytes
	if held+size <= s.opt.MaxBytes+s.opt.ReserveBytes {
		return nil
	}
	return &LimitError{LimitBytes, fmt.Sprintf("%s wait for central and the reserve is used up", inMiB(held))}
}

func inMiB(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// reserve is a file that keeps room on the disk.
type reserve struct {
	path string
	size int64
	mu   sync.Mutex
}

// minShrink is the least that is given up at once. It is enough for a transaction's small
// pages and for SQLite's shared memory.
const minShrink = 1 << 20

// held is how much room is kept.
func (r *reserve) held() int64 {
	st, err := os.Stat(r.path)
	if err != nil {
		return 0
	}
	return st.Size()
}

// fill makes the file as large as it should be. It is filled with noise, which no file
// system makes smaller.
func (r *reserve) fill() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	has := r.held()
	if has == r.size {
		return nil
	}
	f, err := os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if has > r.size {
		return f.Truncate(r.size)
	}
	if err := writeNoise(f, has, r.size); err != nil {
		return errors.Join(err, f.Truncate(has)) // what was written half-way is of no use
	}
	return nil
}

func writeNoise(f *os.File, from, to int64) error {
	noise := rand.NewChaCha8([32]byte{})
	buf := make([]byte, 1<<20)
	for from < to {
		part := buf[:min(int64(len(buf)), to-from)]
		noise.Read(part)
		if _, err := f.WriteAt(part, from); err != nil {
			return err
		}
		from += int64(len(part))
	}
	return f.Sync()
}

// shrink gives up n bytes and reports whether there were any.
func (r *reserve) shrink(n int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	has := r.held()
	return has > 0 && os.Truncate(r.path, max(0, has-n)) == nil
}

// isFull reports whether err comes of a full disk. SQLite does not always say so.
func isFull(err error, path string) bool {
	if err == nil {
		return false
	}
	if sqlite.IsFull(err) || errors.Is(err, errNoSpace) {
		return true
	}
	free, e := FreeSpace(filepath.Dir(path))
	return e == nil && free < minShrink && sqlite.IsIO(err)
}
