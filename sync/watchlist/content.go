package watchlist

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"

	"github.com/klauspost/compress/zstd"

	"boothd/localmatch/gallery"
)

// ErrAltered is matched when chunks or what they hold differ from the manifest.
var ErrAltered = errors.New("content differs from its manifest")

// window is how far back a packed content may refer, in bytes: what reading it takes in
// memory.
const window = 8 << 20

// lines reads a content from its chunks, each got by its place; of a content that is carried
// inline none is asked for. A line is one gallery.Change as JSON, without its line feed, and
// valid until the next. The chunks are proved one by one and the lines at the end: an error
// matching ErrAltered takes back what came before, so nothing may be kept until there was
// none.
func (c *Content) lines(chunk func(i int) ([]byte, error)) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		r, err := c.open(chunk)
		if err != nil {
			yield(nil, err)
			return
		}
		defer r.zip.Close()
		buffered := bufio.NewReaderSize(r, int(min(gallery.MaxLine, c.Size)))
		for {
			line, err := buffered.ReadSlice('\n')
			if err == io.EOF && len(line) == 0 {
				break
			}
			switch {
			case err != nil:
				err = r.judge(err)
			case len(line) == 1:
				err = fmt.Errorf("%w: an empty line", ErrAltered)
			case r.lines == c.Lines:
				err = fmt.Errorf("%w: more lines than announced", ErrAltered)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			r.lines++
			if !yield(line[:len(line)-1], nil) {
				return
			}
		}
		if err := r.end(); err != nil {
			yield(nil, err)
		}
	}
}

// changes are the lines, decoded and validated. A line that is no valid change is ErrAltered.
func (c *Content) changes(chunk func(i int) ([]byte, error)) iter.Seq2[gallery.Change, error] {
	return func(yield func(gallery.Change, error) bool) {
		for line, err := range c.lines(chunk) {
			var change gallery.Change
			if err == nil {
				if json.Unmarshal(line, &change) != nil || change.Validate() != nil {
					change, err = gallery.Change{}, fmt.Errorf("%w: a line is no change", ErrAltered)
				}
			}
			if !yield(change, err) || err != nil {
				return
			}
		}
	}
}

// contentReader gives the lines of a content and never more of them than announced.
type contentReader struct {
	content *Content
	chunks  *chunkReader
	zip     *zstd.Decoder
	hash    hash.Hash
	size    int64
	lines   int
}

func (c *Content) open(chunk func(int) ([]byte, error)) (*contentReader, error) {
	r := &contentReader{content: c, hash: sha256.New()}
	r.chunks = &chunkReader{content: c, get: chunk, rest: c.Inline}
	zip, err := newUnpacker(r.chunks)
	if err != nil {
		return nil, r.judge(err)
	}
	r.zip = zip
	return r, nil
}

// newUnpacker reads a packed content without taking more memory than its window needs.
func newUnpacker(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(window), zstd.WithDecoderMaxMemory(window))
}

func (r *contentReader) Read(b []byte) (int, error) {
	n, err := r.zip.Read(b)
	r.size += int64(n)
	if r.size > r.content.Size {
		return 0, fmt.Errorf("%w: longer than announced", ErrAltered)
	}
	r.hash.Write(b[:n])
	return n, err
}

// judge tells a chunk that could not be got from bytes that are not what they should be.
func (r *contentReader) judge(err error) error {
	if r.chunks.err != nil {
		return r.chunks.err
	}
	if errors.Is(err, ErrAltered) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrAltered, err)
}

func (r *contentReader) end() error {
	switch {
	case r.size != r.content.Size || r.lines != r.content.Lines:
		return fmt.Errorf("%w: shorter than announced", ErrAltered)
	case gallery.Hash(r.hash.Sum(nil)) != r.content.Hash:
		return fmt.Errorf("%w: hash of the lines", ErrAltered)
	case r.chunks.next != len(r.content.Chunks) || len(r.chunks.rest) > 0:
		return fmt.Errorf("%w: more chunks than lines need", ErrAltered)
	}
	return nil
}

// chunkReader reads the chunks one after the other, proving each.
type chunkReader struct {
	content *Content
	get     func(int) ([]byte, error)
	next    int
	rest    []byte
	err     error // of get, or ErrAltered
}

func (r *chunkReader) Read(b []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.next == len(r.content.Chunks) {
			return 0, io.EOF
		}
		chunk, err := r.get(r.next)
		if err == nil {
			err = r.content.proveChunk(r.next, chunk)
		}
		if err != nil {
			r.err = fmt.Errorf("chunk %d: %w", r.next+1, err)
			return 0, r.err
		}
		r.rest = chunk
		r.next++
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// proveChunk checks the i-th chunk's bytes. The error is ErrAltered.
func (c *Content) proveChunk(i int, b []byte) error {
	if int64(len(b)) != c.ChunkSize(i) || sha256.Sum256(b) != c.Chunks[i] {
		return ErrAltered
	}
	return nil
}
