package index

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A stored index, little endian, every part where the header says it must be:
//
//	header  64 bytes
//	  0  magic "BOOTHFIX"
//	  8  version (4)
//	 12  size of a hot record (4)
//	 16  number of records (8)
//	 24  size of the templates (8)
//	 32  CRC-32C of keys and ends, of the hot records, of the templates (4 each)
//	 44  zero
//	 60  CRC-32C of the header so far (4)
//	keys    8 bytes a record
//	ends    4 bytes a record: where its template ends, counted from the first
//	        template of its 1,024 records
//	zeros   to a multiple of 64
//	hot     the hot records
//	cold    the templates
const (
	fileMagic   = "BOOTHFIX"
	fileVersion = 1
	headerSize  = 64
	hotAlign    = 64
)

var (
	// ErrVersion says that a stored index is of another version: it must be built anew from
	// the templates.
	ErrVersion = errors.New("index is of another version")
	// ErrCorrupt says that a stored index is cut off, damaged or none at all.
	ErrCorrupt = errors.New("index is corrupt")
)

// Open returns the index stored in data, which may be mapped into memory and must not change
// as long as the index is used. Nothing is copied: the index reads data, and what is added
// later lies elsewhere. All of data is read once to check it. The error is [ErrVersion] or
// [ErrCorrupt].
func Open(data []byte) (*Index, error) {
	h, err := readHeader(data)
	if err != nil {
		return nil, fmt.Errorf("open finger index: %w", err)
	}
	chunks, err := h.chunks(data)
	if err != nil {
		return nil, fmt.Errorf("open finger index: %w", err)
	}
	x := New()
	x.state.Store(&state{chunks, h.records})
	return x, nil
}

// WriteTo stores the index as it is now. It holds up neither searches nor changes.
func (x *Index) WriteTo(w io.Writer) (int64, error) {
	s := x.state.Load()
	var h header
	for _, c := range s.chunks {
		for i := range c.all() {
			h.cold += len(c.template(i))
		}
	}
	h.records = s.records
	for i, part := range s.parts() {
		sum := crc32.New(castagnoli)
		if err := part(sum); err != nil {
			return 0, fmt.Errorf("store finger index: %w", err)
		}
		h.sums[i] = sum.Sum32()
	}
	out := &counter{w: w}
	buffered := bufio.NewWriterSize(out, 1<<16)
	_, err := buffered.Write(h.append(nil))
	for _, part := range s.parts() {
		err = errors.Join(err, part(buffered))
	}
	if err = errors.Join(err, buffered.Flush()); err != nil {
		return out.n, fmt.Errorf("store finger index: %w", err)
	}
	return out.n, nil
}

// parts are what follows the header: tables, hot records, templates.
func (s *state) parts() [3]func(io.Writer) error {
	return [3]func(io.Writer) error{s.writeTables, s.writeHot, s.writeCold}
}

func (s *state) writeTables(w io.Writer) error {
	for _, c := range s.chunks {
		for i := range c.all() {
			if _, err := w.Write(c.keys[i*keySize:][:keySize]); err != nil {
				return err
			}
		}
	}
	n, end := 0, 0
	for _, c := range s.chunks {
		for i := range c.all() {
			if n%chunkSize == 0 {
				end = 0
			}
			n++
			end += len(c.template(i))
			if _, err := w.Write(binary.LittleEndian.AppendUint32(nil, uint32(end))); err != nil {
				return err
			}
		}
	}
	_, err := w.Write(make([]byte, hotStart(n)-headerSize-n*(keySize+endSize)))
	return err
}

func (s *state) writeHot(w io.Writer) error {
	for _, c := range s.chunks {
		for i := range c.all() {
			if _, err := w.Write(c.features(i)[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *state) writeCold(w io.Writer) error {
	for _, c := range s.chunks {
		for i := range c.all() {
			if _, err := w.Write(c.template(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// header is the start of a stored index.
type header struct {
	records int
	cold    int
	sums    [3]uint32
}

func (h *header) append(b []byte) []byte {
	b = append(b, fileMagic...)
	b = binary.LittleEndian.AppendUint32(b, fileVersion)
	b = binary.LittleEndian.AppendUint32(b, stride)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.records))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.cold))
	for _, sum := range h.sums {
		b = binary.LittleEndian.AppendUint32(b, sum)
	}
	b = append(b, make([]byte, headerSize-4-len(b))...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// readHeader reads the header and checks that data has the size that it speaks of.
func readHeader(data []byte) (h header, err error) {
	if len(data) < headerSize || string(data[:8]) != fileMagic {
		return h, ErrCorrupt
	}
	le := binary.LittleEndian
	if crc32.Checksum(data[:headerSize-4], castagnoli) != le.Uint32(data[headerSize-4:]) {
		return h, ErrCorrupt
	}
	if le.Uint32(data[8:]) != fileVersion || le.Uint32(data[12:]) != stride {
		return h, ErrVersion
	}
	records, cold := le.Uint64(data[16:]), le.Uint64(data[24:])
	// Each is bounded by the size of data before they are added up.
	if records > uint64(len(data))/stride || cold > uint64(len(data)) {
		return h, ErrCorrupt
	}
	h.records, h.cold = int(records), int(cold)
	if hotStart(h.records)+h.records*stride+h.cold != len(data) {
		return h, ErrCorrupt
	}
	for i := range h.sums {
		h.sums[i] = le.Uint32(data[32+4*i:])
	}
	return h, nil
}

// hotStart is where the hot records of an index of n records start.
func hotStart(n int) int {
	return (headerSize + n*(keySize+endSize) + hotAlign - 1) / hotAlign * hotAlign
}

// chunks checks what follows the header and divides it.
func (h *header) chunks(data []byte) ([]*chunk, error) {
	start := hotStart(h.records)
	tables, hot, cold := data[headerSize:start], data[start:len(data)-h.cold], data[len(data)-h.cold:]
	for i, part := range [][]byte{tables, hot, cold} {
		if crc32.Checksum(part, castagnoli) != h.sums[i] {
			return nil, ErrCorrupt
		}
	}
	keys, ends := tables[:h.records*keySize], tables[h.records*keySize:]
	var chunks []*chunk
	for from := 0; from < h.records; from += chunkSize {
		to := min(h.records, from+chunkSize)
		// Capacities are cut to lengths, so that what is appended goes elsewhere.
		c := &chunk{
			keys: keys[from*keySize : to*keySize : to*keySize],
			ends: ends[from*endSize : to*endSize : to*endSize],
			hot:  hot[from*stride : to*stride : to*stride],
		}
		size := c.end(to - from - 1)
		if size > len(cold) {
			return nil, ErrCorrupt
		}
		c.cold, cold = cold[:size:size], cold[size:]
		if !c.valid() {
			return nil, ErrCorrupt
		}
		chunks = append(chunks, c)
	}
	if len(cold) != 0 {
		return nil, ErrCorrupt
	}
	return chunks, nil
}

// valid reports whether all records can be read.
func (c *chunk) valid() bool {
	end := 0
	for i := range c.count() {
		if c.end(i) < end || !validRecord(c.features(i)) {
			return false
		}
		end = c.end(i)
	}
	return end == len(c.cold)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
