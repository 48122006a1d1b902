package watchlist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// HTTPS says where the lists' folder is served.
type HTTPS struct {
	URL    string // of the folder: "https://central:8443/lists"
	Client *http.Client
}

// web gets what central publishes from a web server. Of a content it asks only for the bytes
// that are lacking; a link that is cut costs nothing but the asking anew.
type web struct {
	url    string
	client *http.Client
	stall  time.Duration // without a byte, after which a request is given up
	pause  time.Duration // before asking again

	mu   sync.Mutex
	tags map[string]string // of the documents that were taken last, by path
}

var _ source = (*web)(nil)

func newWeb(o HTTPS, stall, pause time.Duration) *web {
	return &web{url: strings.TrimSuffix(o.URL, "/") + "/", client: o.Client, stall: stall, pause: pause, tags: map[string]string{}}
}

func (w *web) name() string { return SourceHTTPS }

func (w *web) manifest(ctx context.Context, list string, version uint64, accept func([]byte) error) error {
	b, _, err := w.document(ctx, manifestPath(list, version), "")
	if err != nil {
		return err
	}
	return accept(b)
}

// news gets a document if it is another than the one that accept took last.
func (w *web) news(ctx context.Context, path string, accept func([]byte)) error {
	w.mu.Lock()
	tag := w.tags[path]
	w.mu.Unlock()
	b, tag, err := w.document(ctx, path, tag)
	if err != nil || b == nil {
		return err
	}
	accept(b)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tags[path] = tag
	return nil
}

// forgetNews forgets which documents were taken.
func (w *web) forgetNews() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.tags)
}

// document gets a whole document and its tag; nil if it still has the tag.
func (w *web) document(ctx context.Context, path, tag string) ([]byte, string, error) {
	ctx, fed, stop := w.watch(ctx)
	defer stop()
	r, err := w.get(ctx, path, "", tag)
	if err != nil {
		return nil, "", err
	}
	defer r.Body.Close()
	switch r.StatusCode {
	case http.StatusNotModified:
		return nil, tag, nil
	case http.StatusOK:
	default:
		return nil, "", statusError(path, r)
	}
	b, err := io.ReadAll(io.LimitReader(&fedReader{r.Body, fed}, limitOf(path)+1))
	if err != nil {
		return nil, "", fmt.Errorf("get %s: %w", path, cause(ctx, err))
	}
	return b, r.Header.Get("ETag"), nil
}

func (w *web) get(ctx context.Context, path, span, tag string) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+path, nil)
	if err != nil {
		return nil, err
	}
	q.Header.Set("Accept-Encoding", "identity") // a range is of the file's own bytes
	if span != "" {
		q.Header.Set("Range", span)
	}
	if tag != "" {
		q.Header.Set("If-None-Match", tag)
	}
	r, err := w.client.Do(q)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", path, cause(ctx, err))
	}
	return r, nil
}

// statusError tells a file that the server does not have from a server in trouble.
func statusError(path string, r *http.Response) error {
	switch r.StatusCode {
	case http.StatusNotFound, http.StatusGone, http.StatusForbidden, http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("get %s: %w", path, errGone)
	}
	return fmt.Errorf("get %s: status %d", path, r.StatusCode)
}

func (w *web) pieces(ctx context.Context, list string, want []piece, accept func(piece, []byte) error) error {
	var errs []error
	for _, r := range stretches(want) {
		err := w.fetch(ctx, list, r, accept)
		if endsAll(err) && !errors.Is(err, errGone) {
			return errors.Join(append(errs, err)...)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// fetching is how far a run has come.
type fetching struct {
	stretch
	next   int    // piece that is under way
	filled int    // bytes of it that have come
	buf    []byte // as long as a chunk may be
	accept func(piece, []byte) error
	bad    []error // of pieces that were altered
}

// from is the place in the file at which the fetching goes on.
func (f *fetching) from() int64 { return int64(f.next)*MaxChunk + int64(f.filled) }

// end is the place after the stretch's last byte.
func (f *fetching) end() int64 { return int64(f.last)*MaxChunk + f.content.ChunkSize(f.last) }

// acceptError is an error of accept, not of the link.
type acceptError struct{ err error }

func (e *acceptError) Error() string { return e.err.Error() }
func (e *acceptError) Unwrap() error { return e.err }

// fetch gets a stretch, asking again from the byte at which the link was cut, until several
// requests in a row brought nothing.
func (w *web) fetch(ctx context.Context, list string, r stretch, accept func(piece, []byte) error) error {
	f := &fetching{stretch: r, next: r.first, buf: make([]byte, MaxChunk), accept: accept}
	path := contentPath(list, r.content.Name())
	for idle := 0; f.next <= f.last; {
		before := f.from()
		err := w.stream(ctx, path, f)
		var ours *acceptError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &ours) || errors.Is(err, errGone):
			return errors.Join(append(f.bad, err)...)
		case err == nil || f.from() > before:
			idle = 0
		default:
			if idle++; idle == attempts {
				return errors.Join(append(f.bad, err)...)
			}
		}
		if err != nil && !sleep(ctx, w.pause) {
			return ctx.Err()
		}
	}
	return errors.Join(f.bad...)
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// stream makes one request and takes what it brings.
func (w *web) stream(ctx context.Context, path string, f *fetching) error {
	ctx, fed, stop := w.watch(ctx)
	defer stop()
	from := f.from()
	r, err := w.get(ctx, path, fmt.Sprintf("bytes=%d-%d", from, f.end()-1), "")
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body := &fedReader{r.Body, fed}
	switch r.StatusCode {
	case http.StatusPartialContent:
		var first, last, total int64
		if _, err := fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &total); err != nil || first != from || total != f.content.Packed {
			return fmt.Errorf("get %s: another part or file than was asked for: %w", path, errGone)
		}
	case http.StatusOK: // it does not know ranges
		if _, err := io.CopyN(io.Discard, body, from); err != nil {
			return fmt.Errorf("get %s: %w", path, cause(ctx, err))
		}
	default:
		return statusError(path, r)
	}
	if err := f.take(body); err != nil {
		return fmt.Errorf("get %s: %w", path, cause(ctx, err))
	}
	return nil
}

// take reads pieces until the stretch or the body ends.
func (f *fetching) take(body io.Reader) error {
	for f.next <= f.last {
		size := int(f.content.ChunkSize(f.next))
		n, err := io.ReadFull(body, f.buf[f.filled:size])
		if f.filled += n; err != nil {
			return err
		}
		err = f.accept(piece{f.content, f.next}, f.buf[:size])
		if endsAll(err) {
			return &acceptError{err}
		}
		if err != nil {
			f.bad = append(f.bad, err)
		}
		f.next, f.filled = f.next+1, 0
	}
	return nil
}

var errStalled = errors.New("nothing came in time")

// watch ends a request when nothing has come for too long. Each byte that comes is to be told
// with fed.
func (w *web) watch(ctx context.Context) (_ context.Context, fed, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(w.stall, func() { cancel(errStalled) })
	return ctx, func() { timer.Reset(w.stall) }, func() {
		timer.Stop()
		cancel(nil)
	}
}

// cause is why a request ended, if its context did.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}

// fedReader tells of what comes.
type fedReader struct {
	r   io.Reader
	fed func()
}

func (r *fedReader) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	if n > 0 {
		r.fed()
	}
	return n, err
}
