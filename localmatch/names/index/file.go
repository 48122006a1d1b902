package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A stored index is, all numbers little-endian:
//
//	magic     8 bytes
//	version   uint32
//	lengths   a uint64 for each section: how many bytes it has
//	sum       uint32, CRC-32C of what stands before
//	sections  each followed by its CRC-32C, a uint32
const (
	fileMagic   = "BOOTHNAM"
	fileVersion = 2 // another one also if package names reads names in another way
)

var (
	// ErrVersion says that a stored index is of another version: it must be built anew.
	ErrVersion = errors.New("index is of another version")
	// ErrCorrupt says that a stored index is cut off, damaged or none at all.
	ErrCorrupt = errors.New("index is corrupt")
)

// section is a part of a stored index: bytes or numbers.
type section struct {
	bytes   *[]byte
	numbers *[]uint32
}

const sections = 12

// sections returns the parts in the order in which they are stored. Where each record starts in
// names is not stored: reading finds it out.
func (x *Index) sections() [sections]section {
	d := &x.words
	return [...]section{
		{numbers: &x.people}, {numbers: &x.dates.codes}, {numbers: &x.dates.starts}, {bytes: &x.names.data},
		{bytes: &d.text}, {numbers: &d.ends}, {numbers: &d.bones}, {numbers: &d.order}, {numbers: &d.buckets},
		{numbers: &d.keys}, {numbers: &x.starts}, {numbers: &x.posts},
	}
}

func (s section) size() uint64 {
	if s.bytes != nil {
		return uint64(len(*s.bytes))
	}
	return 4 * uint64(len(*s.numbers))
}

const headerSize = 8 + 4 + 8*sections + 4

// WriteTo stores the index. What it writes tells names and birth dates: sealing it is for whoever
// keeps it. It implements [io.WriterTo].
func (x *Index) WriteTo(w io.Writer) (int64, error) {
	out := &writer{w: w, buf: make([]byte, 0, bufferSize)}
	h := append(make([]byte, 0, headerSize), fileMagic...)
	h = binary.LittleEndian.AppendUint32(h, fileVersion)
	for _, s := range x.sections() {
		h = binary.LittleEndian.AppendUint64(h, s.size())
	}
	out.write(h)
	out.endPart()
	for _, s := range x.sections() {
		if s.bytes != nil {
			out.write(*s.bytes)
		} else {
			out.writeNumbers(*s.numbers)
		}
		out.endPart()
	}
	out.flush()
	if out.err != nil {
		return out.n, fmt.Errorf("store name index: %w", out.err)
	}
	return out.n, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const bufferSize = 1 << 16

// writer writes blocks until the first error.
type writer struct {
	w   io.Writer
	buf []byte
	sum uint32
	n   int64
	err error
}

func (w *writer) write(b []byte) {
	for len(b) > 0 {
		n := min(len(b), bufferSize-len(w.buf))
		w.sum = crc32.Update(w.sum, castagnoli, b[:n])
		w.buf = append(w.buf, b[:n]...)
		b = b[n:]
		w.flushIfFull()
	}
}

func (w *writer) writeNumbers(list []uint32) {
	var b [4 << 10]byte
	for len(list) > 0 {
		n := min(len(list), len(b)/4)
		for i, v := range list[:n] {
			binary.LittleEndian.PutUint32(b[4*i:], v)
		}
		w.write(b[:4*n])
		list = list[n:]
	}
}

// endPart writes the sum of what was written since the last.
func (w *writer) endPart() {
	w.write(binary.LittleEndian.AppendUint32(nil, w.sum))
	w.sum = 0
}

func (w *writer) flushIfFull() {
	if len(w.buf) == bufferSize {
		w.flush()
	}
}

func (w *writer) flush() {
	if w.err == nil {
		var n int
		n, w.err = w.w.Write(w.buf)
		w.n += int64(n)
	}
	w.buf = w.buf[:0]
}

// Read reads a stored index and checks all of it. The index may be limit bytes long: nothing
// greater is allocated whatever a damaged file claims. Nothing is read from r beyond the index.
// The error matches [ErrVersion] or [ErrCorrupt], or is that of r.
func Read(r io.Reader, limit int64) (*Index, error) {
	x := &Index{}
	if err := x.read(r, limit); err != nil {
		return nil, fmt.Errorf("read name index: %w", err)
	}
	return x, nil
}

func (x *Index) read(r io.Reader, limit int64) error {
	h := make([]byte, headerSize)
	if err := readFull(r, h); err != nil {
		return err
	}
	le := binary.LittleEndian
	if string(h[:8]) != fileMagic || crc32.Checksum(h[:headerSize-4], castagnoli) != le.Uint32(h[headerSize-4:]) {
		return ErrCorrupt
	}
	if le.Uint32(h[8:]) != fileVersion {
		return ErrVersion
	}
	left := uint64(max(limit-headerSize, 0))
	var sizes [sections]uint64
	for i := range sizes {
		sizes[i] = le.Uint64(h[12+8*i:])
		if left < 4 || sizes[i] > left-4 {
			return ErrCorrupt
		}
		left -= sizes[i] + 4
	}
	buf := make([]byte, bufferSize)
	for i, s := range x.sections() {
		if err := s.read(r, sizes[i], buf); err != nil {
			return err
		}
	}
	if !x.valid() {
		return ErrCorrupt
	}
	x.weigh()
	return nil
}

// read reads a section of a size, which is known to be possible, and its sum.
func (s section) read(r io.Reader, size uint64, buf []byte) error {
	var sum uint32
	if s.bytes != nil {
		*s.bytes = make([]byte, size)
		if err := readFull(r, *s.bytes); err != nil {
			return err
		}
		sum = crc32.Checksum(*s.bytes, castagnoli)
	} else {
		if size%4 != 0 {
			return ErrCorrupt
		}
		*s.numbers = make([]uint32, size/4)
		for list := *s.numbers; len(list) > 0; {
			n := min(len(list), len(buf)/4)
			if err := readFull(r, buf[:4*n]); err != nil {
				return err
			}
			sum = crc32.Update(sum, castagnoli, buf[:4*n])
			for i := range list[:n] {
				list[i] = binary.LittleEndian.Uint32(buf[4*i:])
			}
			list = list[n:]
		}
	}
	if err := readFull(r, buf[:4]); err != nil {
		return err
	}
	if sum != binary.LittleEndian.Uint32(buf) {
		return ErrCorrupt
	}
	return nil
}

// readFull takes the end of what there is to read for damage.
func readFull(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrCorrupt
	}
	return err
}

// valid checks what a search relies on, and finds out where records start.
func (x *Index) valid() bool {
	records := len(x.people)
	if records > maxRecords || len(x.posts) > maxPosts || !x.dates.valid(records) || !x.words.valid() ||
		!x.names.divide(records, x.words.len()) || len(x.starts) != x.words.len()+1 ||
		x.starts[0] != 0 || !ascending(x.starts, len(x.posts)) {
		return false
	}
	for w := range uint32(x.words.len()) {
		last := -1
		for _, r := range x.carriers(w) {
			if int(r) <= last || int(r) >= records {
				return false
			}
			last = int(r)
		}
	}
	return true
}
