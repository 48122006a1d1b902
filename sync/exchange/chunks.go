package exchange

import (
	"bufio"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"io"
)

const chunkSize = 1 << 20 // of contents in a chunk

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// nonce of a chunk.
func nonce(number uint64, last bool) []byte {
	n := make([]byte, 12)
	binary.BigEndian.PutUint64(n[3:11], number)
	if last {
		n[11] = 1
	}
	return n
}

// chunkWriter seals what is written to it. Close writes the last chunk.
type chunkWriter struct {
	ctx    context.Context
	dst    io.Writer
	aead   cipher.AEAD
	number uint64
	plain  []byte
	sealed []byte // room for a chunk
}

func (w *chunkWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if len(w.plain) == chunkSize {
			if err := w.flush(false); err != nil {
				return written, err
			}
		}
		n := min(len(p), chunkSize-len(w.plain))
		w.plain = append(w.plain, p[:n]...)
		p = p[n:]
		written += n
	}
	return written, nil
}

func (w *chunkWriter) Close() error { return w.flush(true) }

func (w *chunkWriter) flush(last bool) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	w.sealed = w.aead.Seal(w.sealed[:0], nonce(w.number, last), w.plain, nil)
	w.number++
	w.plain = w.plain[:0]
	_, err := w.dst.Write(w.sealed)
	return err
}

// chunkReader opens what a chunkWriter wrote. It gives nothing of a chunk that is not
// genuine, and io.EOF only after the last one.
type chunkReader struct {
	ctx    context.Context
	src    *bufio.Reader
	aead   cipher.AEAD
	number uint64
	last   bool
	buf    []byte
	plain  []byte // what is left of the present chunk
	err    error  // after which nothing more is given
}

func (r *chunkReader) Read(p []byte) (int, error) {
	if len(r.plain) == 0 {
		if r.err == nil {
			r.err = r.next()
		}
		if r.err != nil {
			return 0, r.err
		}
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

// next opens the next chunk; io.EOF says that there is none.
func (r *chunkReader) next() error {
	if r.last {
		return io.EOF
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if r.buf == nil {
		r.buf = make([]byte, chunkSize+r.aead.Overhead())
	}
	n, err := io.ReadFull(r.src, r.buf)
	switch {
	case err == nil:
		_, err = r.src.Peek(1)
		r.last = errors.Is(err, io.EOF)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		r.last = true
	}
	if err != nil && !r.last {
		return err
	}
	r.plain, err = r.aead.Open(r.buf[:0], nonce(r.number, r.last), r.buf[:n], nil)
	if err != nil || len(r.plain) == 0 {
		r.plain = nil
		return ErrDamaged
	}
	r.number++
	return nil
}
