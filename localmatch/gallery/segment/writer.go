package segment

import (
	"bufio"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"os"
)

// smallest is what a record without content takes in the file: its length and the seal.
const smallest = 4 + 16

// Writer writes the records of a segment.
type Writer struct {
	file   *os.File
	buffer *bufio.Writer
	aead   cipher.AEAD
	places Places
	end    int64
}

// Create begins a segment. The file must not exist, and the secret must never have been used
// for another.
func Create(path string, secret []byte) (*Writer, error) {
	aead, err := deriveAEAD(secret, nil, "records")
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	w := &Writer{file: f, buffer: bufio.NewWriterSize(f, 1<<20), aead: aead}
	if _, err := w.buffer.WriteString(magic); err != nil {
		w.Abandon()
		return nil, err
	}
	w.end = int64(len(magic))
	w.places.append(w.end)
	return w, nil
}

// Seal appends the box of record n to dst. It may be called by several goroutines, once for
// each n.
func (w *Writer) Seal(dst []byte, n uint32, record []byte) []byte {
	once := nonce(uint64(n))
	return w.aead.Seal(dst, once[:], record, nil)
}

// Append writes the box of the next record.
func (w *Writer) Append(box []byte) error {
	if len(box) > MaxRecord+w.aead.Overhead() || w.places.Len() == MaxRecords {
		return fmt.Errorf("write segment: record of %d bytes, %d records", len(box), w.places.Len())
	}
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(len(box)))
	for _, b := range [][]byte{length[:], box} {
		if _, err := w.buffer.Write(b); err != nil {
			return fmt.Errorf("write segment: %w", err)
		}
	}
	w.end += int64(len(length) + len(box))
	w.places.append(w.end)
	return nil
}

// Len is how many records were appended.
func (w *Writer) Len() int { return w.places.Len() }

// Finish makes the records durable, but for the name of the file in its folder, and opens
// them for reading.
func (w *Writer) Finish() (*File, error) {
	path := w.file.Name()
	err := w.buffer.Flush()
	if err == nil {
		err = w.file.Sync()
	}
	if closing := w.file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		os.Remove(path)
		return nil, fmt.Errorf("write segment: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &File{file: f, aead: w.aead, places: &w.places}, nil
}

// Abandon ends the writing and removes the file.
func (w *Writer) Abandon() {
	w.file.Close()
	os.Remove(w.file.Name())
}
