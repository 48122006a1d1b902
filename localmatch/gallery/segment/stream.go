package segment

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	block    = 1 << 20 // bytes of a stream's block before it is sealed
	overhead = 16
	saltSize = 32
)

// WriteStream seals what fill writes, and puts it durably into the file at path, which is
// replaced at once if it exists.
func WriteStream(path string, secret []byte, fill func(io.Writer) error) error {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	aead, err := deriveAEAD(secret, salt, "stream")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(salt)
	w := &streamWriter{w: f, aead: aead, plain: make([]byte, 0, block), box: make([]byte, 0, block+overhead)}
	if err == nil {
		err = fill(w)
	}
	if err == nil {
		err = w.flush(true)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("write stream: %w", err)
	}
	return SyncFolder(filepath.Dir(path))
}

// SyncFolder makes names that were made or removed in a folder durable.
func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type streamWriter struct {
	w     io.Writer
	aead  cipher.AEAD
	n     uint64
	plain []byte
	box   []byte
}

func (s *streamWriter) Write(b []byte) (int, error) {
	written := len(b)
	for len(b) > 0 {
		if len(s.plain) == block {
			if err := s.flush(false); err != nil {
				return 0, err
			}
		}
		n := copy(s.plain[len(s.plain):block], b)
		s.plain, b = s.plain[:len(s.plain)+n], b[n:]
	}
	return written, nil
}

func (s *streamWriter) flush(last bool) error {
	once := nonce(s.n)
	s.n++
	s.box = s.aead.Seal(s.box[:0], once[:], s.plain, lastMark(last))
	s.plain = s.plain[:0]
	_, err := s.w.Write(s.box)
	return err
}

// lastMark is bound to each block.
func lastMark(last bool) []byte {
	if last {
		return []byte{1}
	}
	return []byte{0}
}

// ReadStream opens the file at path and lets read read what it holds. The error matches
// ErrDamaged if the stream is not what was written, which may show only at its end: what
// read has read counts only if there is no error, and read must read it all.
func ReadStream(path string, secret []byte, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(f, salt); err != nil {
		return fmt.Errorf("stream is cut: %w", ErrDamaged)
	}
	aead, err := deriveAEAD(secret, salt, "stream")
	if err != nil {
		return err
	}
	r := &streamReader{r: f, aead: aead, next: make([]byte, block+overhead), plain: make([]byte, 0, block)}
	if err := r.begin(); err != nil {
		return err
	}
	if err := read(r); err != nil {
		return err
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return fmt.Errorf("stream not read to its end: %w", ErrDamaged)
	}
	return nil
}

type streamReader struct {
	r     io.Reader
	aead  cipher.AEAD
	n     uint64
	next  []byte // the next box
	size  int    // of it
	plain []byte
	rest  []byte // of plain
	ended bool
}

func (s *streamReader) begin() (err error) {
	s.size, err = s.fetch()
	return err
}

// fetch reads the next box; 0 if there is none.
func (s *streamReader) fetch() (int, error) {
	n, err := io.ReadFull(s.r, s.next)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}

func (s *streamReader) Read(b []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.ended {
			return 0, io.EOF
		}
		if err := s.open(); err != nil {
			return 0, err
		}
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// open opens the next block. That it is the last is known only when nothing follows.
func (s *streamReader) open() error {
	if s.size == 0 {
		return fmt.Errorf("stream is cut: %w", ErrDamaged)
	}
	last := s.size < len(s.next)
	once := nonce(s.n)
	s.n++
	plain, err := s.aead.Open(s.plain[:0], once[:], s.next[:s.size], lastMark(last))
	if err != nil && !last { // a last block may be as long as the others
		last = true
		plain, err = s.aead.Open(s.plain[:0], once[:], s.next[:s.size], lastMark(last))
	}
	if err != nil {
		return fmt.Errorf("open stream: %w", ErrDamaged)
	}
	s.plain, s.rest, s.ended = plain, plain, last
	s.size, err = s.fetch()
	if err == nil && last && s.size > 0 {
		return fmt.Errorf("stream goes on after its end: %w", ErrDamaged)
	}
	return err
}
