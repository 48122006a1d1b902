package watchlist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

// sticks get what central publishes from media that carry the lists' folder: any of several
// places, of which none need be there.
type sticks struct {
	places []string

	mu   sync.Mutex
	seen map[string]stamp // of the documents that were taken last, by place and path
}

// stamp tells whether a file has changed.
type stamp struct {
	size int64
	at   time.Time
}

var _ source = (*sticks)(nil)

func newSticks(places []string) *sticks { return &sticks{places: places, seen: map[string]stamp{}} }

func (s *sticks) name() string { return SourceStick }

// open opens a file of a place. Links that lead out of the place are not followed.
func (s *sticks) open(place, path string) (*os.File, fs.FileInfo, error) {
	root, err := os.OpenRoot(place)
	if err != nil {
		return nil, nil, gone(err)
	}
	defer root.Close()
	st, err := root.Stat(path)
	if err != nil {
		return nil, nil, gone(err)
	}
	if !st.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is no file: %w", path, errGone)
	}
	f, err := root.Open(path)
	if err != nil {
		return nil, nil, gone(err)
	}
	return f, st, nil
}

// gone makes errGone of a file that is not there; the medium may have been pulled out.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errGone
	}
	return errors.Join(err, errGone)
}

func (s *sticks) read(place, path string) ([]byte, error) {
	f, _, err := s.open(place, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limitOf(path)+1))
	if err != nil {
		return nil, errors.Join(err, errGone)
	}
	return b, nil
}

func (s *sticks) manifest(ctx context.Context, list string, version uint64, accept func([]byte) error) error {
	last := errGone
	for _, place := range s.places {
		b, err := s.read(place, manifestPath(list, version))
		if err == nil {
			err = accept(b)
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		if !errors.Is(err, errGone) {
			last = err
		}
	}
	return last
}

// news hands over the document of each place if it has changed since it was taken last.
func (s *sticks) news(path string, accept func([]byte)) {
	for _, place := range s.places {
		f, st, err := s.open(place, path)
		if err != nil {
			s.forget(place, path) // it is looked at again when it is back
			continue
		}
		f.Close()
		if !s.changed(place, path, stamp{st.Size(), st.ModTime()}) {
			continue
		}
		if b, err := s.read(place, path); err == nil {
			accept(b)
		}
	}
}

func (s *sticks) changed(place, path string, now stamp) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := place + "\x00" + path
	before, ok := s.seen[key]
	s.seen[key] = now
	return !ok || before.size != now.size || !before.at.Equal(now.at)
}

// forgetNews forgets which documents were taken.
func (s *sticks) forgetNews() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.seen)
}

func (s *sticks) forget(place, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, place+"\x00"+path)
}

func (s *sticks) pieces(ctx context.Context, list string, want []piece, accept func(piece, []byte) error) error {
	errs := []error{errGone}
	for _, place := range s.places {
		var left []piece
		for _, r := range stretches(want) {
			rest, err := s.run(ctx, place, list, r, accept)
			if err != nil && (ctx.Err() != nil || endsAll(err) && !errors.Is(err, errGone)) {
				return err
			}
			left = append(left, rest...)
			errs = append(errs, err)
		}
		if want = left; len(want) == 0 {
			return nil
		}
	}
	return errors.Join(errs...)
}

// run reads a stretch from one place and returns the pieces that it could not get.
func (s *sticks) run(ctx context.Context, place, list string, r stretch, accept func(piece, []byte) error) (left []piece, err error) {
	var errs []error
	f, _, err := s.open(place, contentPath(list, r.content.Name()))
	if err == nil {
		defer f.Close()
	}
	buf := make([]byte, MaxChunk)
	for i := r.first; i <= r.last; i++ {
		p := piece{r.content, i}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			_, err = f.ReadAt(buf[:p.size()], int64(i)*MaxChunk)
			if err != nil {
				err = errors.Join(err, errGone)
			}
		}
		taken := err
		if taken == nil {
			taken = accept(p, buf[:p.size()])
		}
		switch {
		case taken == nil:
			continue
		case endsAll(taken) && !errors.Is(taken, errGone):
			return nil, taken
		}
		errs, left = append(errs, taken), append(left, p)
	}
	return left, errors.Join(errs...)
}
