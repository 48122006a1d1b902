package mjpeg

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"boothd/devices"
)

// stallReader calls abort when no byte has come for the limit.
type stallReader struct {
	r       io.Reader
	limit   time.Duration
	timer   *time.Timer
	stalled atomic.Bool
}

func newStallReader(r io.Reader, limit time.Duration, abort func()) *stallReader {
	s := &stallReader{r: r, limit: limit}
	s.timer = time.AfterFunc(limit, func() {
		s.stalled.Store(true)
		abort()
	})
	return s
}

func (s *stallReader) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if n > 0 {
		s.timer.Reset(s.limit)
	}
	return n, err
}

func (s *stallReader) stop() { s.timer.Stop() }

// why says what an error of reading a stream means: the camera is gone, unless what it
// sent was wrong.
func (s *stallReader) why(err error) error {
	switch {
	case s.stalled.Load():
		return fmt.Errorf("no byte for %v: %w", s.limit, devices.ErrGone)
	case errors.Is(err, errStream):
		return err
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the stream ended: %w", devices.ErrGone)
	}
	return lost(err)
}
