package watchlist

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"

	"boothd/localmatch/gallery"
)

// ErrAltered is matched when chunks or what they hold differ from the manifest.
var ErrAltered = errors.New("content differs from its manifest")

// packer turns changes into the bytes of a content. The same changes give the same lines.
type packer struct {
	content Content
	packed  bytes.Buffer
	zip     *gzip.Writer
	hash    hash.Hash
}

func newPacker() *packer {
	p := &packer{hash: sha256.New()}
	p.zip = gzip.NewWriter(&p.packed)
	return p
}

func (p *packer) put(entry json.RawMessage) error { return p.line(`{"put":`, entry, "}\n") }

func (p *packer) drop(id string) error {
	b, err := json.Marshal(id)
	if err != nil {
		return err
	}
	return p.line(`{"drop":`, b, "}\n")
}

func (p *packer) line(before string, b []byte, after string) error {
	n := len(before) + len(b) + len(after)
	if n > gallery.MaxLine {
		return fmt.Errorf("an entry is longer than %d bytes", gallery.MaxLine)
	}
	if p.content.Size += int64(n); p.content.Size > MaxContent {
		return fmt.Errorf("the list is longer than %d bytes", MaxContent)
	}
	p.content.Lines++
	w := io.MultiWriter(p.zip, p.hash)
	for _, s := range [][]byte{[]byte(before), b, []byte(after)} {
		if _, err := w.Write(s); err != nil {
			return err
		}
	}
	return nil
}

// finish returns the content's description and its packed bytes.
func (p *packer) finish() (*Content, []byte, error) {
	if err := p.zip.Close(); err != nil {
		return nil, nil, err
	}
	b := p.packed.Bytes()
	p.content.Hash = gallery.Hash(p.hash.Sum(nil))
	p.content.Packed = int64(len(b))
	for _, c := range cut(b) {
		p.content.Chunks = append(p.content.Chunks, sha256.Sum256(c))
	}
	return &p.content, b, nil
}

func cut(b []byte) [][]byte {
	var chunks [][]byte
	for len(b) > MaxChunk {
		chunks = append(chunks, b[:MaxChunk])
		b = b[MaxChunk:]
	}
	return append(chunks, b)
}

// changes reads a content from its chunks, each got by its place. The lines are proved
// as they are read: an error matching ErrAltered at the end takes back what came before,
// so nothing may be kept until there was none.
func (c *Content) changes(chunk func(i int) ([]byte, error)) iter.Seq2[gallery.Change, error] {
	return func(yield func(gallery.Change, error) bool) {
		r, err := c.open(chunk)
		if err != nil {
			yield(gallery.Change{}, err)
			return
		}
		for change, err := range gallery.ReadChanges(r) {
			if err != nil {
				yield(gallery.Change{}, r.judge(err))
				return
			}
			r.lines++
			if !yield(change, nil) {
				return
			}
		}
		if err := r.end(); err != nil {
			yield(gallery.Change{}, err)
		}
	}
}

// contentReader gives the lines of a content and never more of them than announced.
type contentReader struct {
	content *Content
	chunks  *chunkReader
	zip     *gzip.Reader
	hash    hash.Hash
	size    int64
	lines   int
}

func (c *Content) open(chunk func(int) ([]byte, error)) (*contentReader, error) {
	r := &contentReader{content: c, hash: sha256.New()}
	r.chunks = &chunkReader{content: c, get: chunk}
	zip, err := gzip.NewReader(r.chunks)
	if err != nil {
		return nil, r.judge(err)
	}
	zip.Multistream(false)
	r.zip = zip
	return r, nil
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

// chunkReader reads the chunks one after the other, proving each. It reads single bytes
// too, so that gzip takes no more than it needs.
type chunkReader struct {
	content *Content
	get     func(int) ([]byte, error)
	next    int
	rest    []byte
	err     error // of get, or ErrAltered
}

func (r *chunkReader) fill() error {
	for len(r.rest) == 0 {
		if r.next == len(r.content.Chunks) {
			return io.EOF
		}
		b, err := r.get(r.next)
		if err == nil {
			err = r.content.proveChunk(r.next, b)
		}
		if err != nil {
			r.err = fmt.Errorf("chunk %d: %w", r.next+1, err)
			return r.err
		}
		r.rest = b
		r.next++
	}
	return nil
}

func (c *Content) proveChunk(i int, b []byte) error {
	if int64(len(b)) != c.chunkSize(i) || sha256.Sum256(b) != c.Chunks[i] {
		return ErrAltered
	}
	return nil
}

func (r *chunkReader) Read(b []byte) (int, error) {
	if err := r.fill(); err != nil {
		return 0, err
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *chunkReader) ReadByte() (byte, error) {
	if err := r.fill(); err != nil {
		return 0, err
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b, nil
}
