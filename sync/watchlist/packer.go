package watchlist

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"

	"boothd/localmatch/gallery"
)

// packer turns changes into the bytes of a content, as they come, and describes it. The same
// changes give the same bytes.
type packer struct {
	content Content
	zip     *zstd.Encoder
	chunks  *chunkWriter
	hash    hash.Hash
	line    []byte
}

// newPacker writes to w.
func newPacker(w io.Writer) (*packer, error) {
	p := &packer{hash: sha256.New(), chunks: &chunkWriter{out: w, hash: sha256.New()}}
	zip, err := zstd.NewWriter(p.chunks, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window), zstd.WithEncoderCRC(true), zstd.WithZeroFrames(true))
	p.zip = zip
	return p, err
}

// put writes an entry that is new or different.
func (p *packer) put(entry []byte) error { return p.write(`{"put":`, entry) }

// drop writes the id of an entry that is no longer in the list.
func (p *packer) drop(id string) error {
	b, err := json.Marshal(id)
	if err != nil {
		return err
	}
	return p.write(`{"drop":`, b)
}

func (p *packer) write(before string, b []byte) error {
	p.line = append(append(append(p.line[:0], before...), b...), "}\n"...)
	if len(p.line) > gallery.MaxLine {
		return fmt.Errorf("an entry is longer than %d bytes", gallery.MaxLine)
	}
	if p.content.Size += int64(len(p.line)); p.content.Size > MaxContent {
		return fmt.Errorf("the list is longer than %d bytes", int64(MaxContent))
	}
	p.content.Lines++
	p.hash.Write(p.line)
	_, err := p.zip.Write(p.line)
	return err
}

// finish ends the content and returns its description.
func (p *packer) finish() (*Content, error) {
	if err := p.zip.Close(); err != nil {
		return nil, err
	}
	p.chunks.end()
	p.content.Hash = gallery.Hash(p.hash.Sum(nil))
	p.content.Packed, p.content.Chunks = p.chunks.size, p.chunks.hashes
	return &p.content, nil
}

// chunkWriter passes bytes on and names the chunks that they make.
type chunkWriter struct {
	out    io.Writer
	hash   hash.Hash // of the chunk that is not full
	filled int
	size   int64
	hashes Hashes
}

func (w *chunkWriter) Write(b []byte) (int, error) {
	if w.size+int64(len(b)) > MaxChunks*MaxChunk {
		return 0, errTooManyChunks
	}
	n, err := w.out.Write(b)
	if err != nil {
		return n, err
	}
	w.size += int64(len(b))
	for rest := b; len(rest) > 0; {
		k := min(len(rest), MaxChunk-w.filled)
		w.hash.Write(rest[:k])
		rest = rest[k:]
		if w.filled += k; w.filled == MaxChunk {
			w.end()
		}
	}
	return len(b), nil
}

// end names the last chunk.
func (w *chunkWriter) end() {
	if w.filled > 0 {
		w.hashes = append(w.hashes, gallery.Hash(w.hash.Sum(nil)))
		w.hash.Reset()
		w.filled = 0
	}
}
