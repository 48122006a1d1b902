package segment

import (
	"bufio"
	"context"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// File is the records of a finished segment. Its methods may be called by several goroutines.
type File struct {
	file   *os.File
	aead   cipher.AEAD
	places *Places
}

// Open opens the records of a segment whose places are known, see FromRaw; if they are nil, Scan
// finds them and the other methods must wait for it.
func Open(path string, secret []byte, places *Places) (*File, error) {
	aead, err := deriveAEAD(secret, nil, "records")
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &File{file: f, aead: aead, places: places}, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Places tells where the records are.
func (f *File) Places() *Places { return f.places }

// Len is how many records there are.
func (f *File) Len() int { return f.places.Len() }

// Offset is where in the file the box of record n begins.
func (f *File) Offset(n uint32) int64 { return f.places.at(n) + 4 }

// Read reads record n. The error matches ErrDamaged if it is not what was written.
func (f *File) Read(n uint32) ([]byte, error) {
	if int64(n) >= int64(f.Len()) {
		return nil, fmt.Errorf("record %d of %d: %w", n, f.Len(), ErrDamaged)
	}
	from, to := f.Offset(n), f.places.at(n+1)
	box := make([]byte, to-from)
	if _, err := f.file.ReadAt(box, from); err != nil {
		if errors.Is(err, io.EOF) {
			err = ErrDamaged
		}
		return nil, fmt.Errorf("read record: %w", err)
	}
	return f.open(n, box)
}

// open opens a box in its place.
func (f *File) open(n uint32, box []byte) ([]byte, error) {
	once := nonce(uint64(n))
	record, err := f.aead.Open(box[:0], once[:], box, nil)
	if err != nil {
		return nil, fmt.Errorf("open record: %w", ErrDamaged)
	}
	return record, nil
}

// Box is a record that was read and not yet opened.
type Box struct {
	n   uint32
	box []byte
}

// Unseal opens a box that Scan gave.
func (f *File) Unseal(b Box) (n uint32, record []byte, err error) {
	record, err = f.open(b.n, b.box)
	return b.n, record, err
}

// Scan reads all boxes in order from the beginning and finds their places. The error matches
// ErrDamaged if the file is not a segment's from its beginning to its end.
func (f *File) Scan(ctx context.Context, each func(Box) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(f.file, 0, 1<<62), 1<<20)
	start := make([]byte, len(magic))
	if _, err := io.ReadFull(r, start); err != nil || string(start) != magic {
		return fmt.Errorf("segment: %w", ErrDamaged)
	}
	places := &Places{}
	end := int64(len(magic))
	for n := uint32(0); ; n++ {
		places.append(end)
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		var length [4]byte
		switch _, err := io.ReadFull(r, length[:]); {
		case errors.Is(err, io.EOF):
			f.places = places
			return nil
		case err != nil:
			return fmt.Errorf("segment: %w", ErrDamaged)
		}
		size := binary.BigEndian.Uint32(length[:])
		if size < smallest-4 || size > MaxRecord+smallest-4 || n == MaxRecords {
			return fmt.Errorf("segment: %w", ErrDamaged)
		}
		box := make([]byte, size)
		if _, err := io.ReadFull(r, box); err != nil {
			return fmt.Errorf("segment: %w", ErrDamaged)
		}
		end += int64(len(length)) + int64(size)
		if err := each(Box{n, box}); err != nil {
			return err
		}
	}
}
