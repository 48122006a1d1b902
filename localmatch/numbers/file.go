package numbers

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
)

// A stored index, little endian, each part a multiple of 8 bytes long:
//
//	header     64 bytes
//	  0  magic "BOOTHNUM"
//	  8  version (4)
//	 12  bits of an entry (4)
//	 16  numbers (4)
//	 20  issuers (4)
//	 24  proof of the secret (8)
//	 32  CRC-32C of issuers, directory, slots, records (4 each)
//	 48  zero
//	 60  CRC-32C of the header so far (4)
//	issuers    4 bytes a tag, ascending
//	directory  4 bytes a block and 4: the number of its first record
//	slots      the blocks' slots in unary, from the lowest bit of each byte on; 8 bytes zero
//	records    entry, code and mark, from the lowest bit on, without gaps; 8 bytes zero
const (
	fileMagic   = "BOOTHNUM"
	fileVersion = 2
	headerSize  = 64
	slack       = 8 // bytes that may be read past the end of a part
	maxIssuers  = 1 << 16
)

var (
	// ErrVersion says that a stored index is of another version: it must be built anew.
	ErrVersion = errors.New("index is of another version")
	// ErrCorrupt says that a stored index is cut off, damaged or none at all.
	ErrCorrupt = errors.New("index is corrupt")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// layout is what the lengths of all parts follow from.
type layout struct {
	count     int // numbers
	entryBits uint
	issuers   int
}

func (l layout) blocks() int { return max(1, (l.count+slotCount-1)/slotCount) }

// ends returns where the parts end, in the order of the file.
func (l layout) ends() [4]int {
	words := func(bits int) int { return (bits + 63) / 64 * 8 }
	sizes := [4]int{
		words(32 * l.issuers),
		words(32 * (l.blocks() + 1)),
		words(l.count+l.blocks()*slotCount) + slack,
		words(l.count*(int(l.entryBits)+codeBits+markBits)) + slack,
	}
	end := headerSize
	for i, size := range sizes {
		end += size
		sizes[i] = end
	}
	return sizes
}

// newIndex returns an index with nothing in its parts.
func newIndex(k keys, l layout) *Index {
	x := &Index{keys: k, data: make([]byte, l.ends()[3])}
	x.lay(l)
	return x
}

// lay finds the parts in the data.
func (x *Index) lay(l layout) {
	x.count, x.blocks, x.entryBits = uint64(l.count), uint64(l.blocks()), l.entryBits
	ends := l.ends()
	x.directory = x.data[ends[0]:ends[1]:ends[1]]
	x.slots = x.data[ends[1]:ends[2]:ends[2]]
	x.records = x.data[ends[2]:ends[3]:ends[3]]
}

// issuers is the part of the tags.
func (x *Index) issuers() []byte { return x.data[headerSize : headerSize+(4*len(x.tags)+7)/8*8] }

func (x *Index) sums() (sums [4]uint32) {
	for i, part := range [4][]byte{x.issuers(), x.directory, x.slots, x.records} {
		sums[i] = crc32.Checksum(part, castagnoli)
	}
	return sums
}

// seal writes tags and header.
func (x *Index) seal() {
	for i, tag := range x.tags {
		binary.LittleEndian.PutUint32(x.issuers()[4*i:], tag)
	}
	h := x.data[:headerSize]
	copy(h, fileMagic)
	le := binary.LittleEndian
	le.PutUint32(h[8:], fileVersion)
	le.PutUint32(h[12:], uint32(x.entryBits))
	le.PutUint32(h[16:], uint32(x.count))
	le.PutUint32(h[20:], uint32(len(x.tags)))
	le.PutUint64(h[24:], x.keys.proof())
	for i, sum := range x.sums() {
		le.PutUint32(h[32+4*i:], sum)
	}
	le.PutUint32(h[60:], crc32.Checksum(h[:60], castagnoli))
}

// WriteTo writes the index as Open and Read take it.
func (x *Index) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(x.data)
	if err != nil {
		return int64(n), fmt.Errorf("store number index: %w", err)
	}
	return int64(n), nil
}

// Open returns the index stored in data, which may be mapped into memory and must not change
// as long as the index is used. Nothing is copied; all of data is read once to check it. The
// error is [ErrVersion], [ErrCorrupt] or [ErrSecret].
func Open(secret Secret, data []byte) (*Index, error) {
	x, err := open(newKeys(&secret), data)
	if err != nil {
		return nil, fmt.Errorf("open number index: %w", err)
	}
	return x, nil
}

// Read returns the index that the next size bytes of r are. The errors are those of Open and
// r. If size is not that of an index as its header has it, nothing more is read.
func Read(secret Secret, r io.Reader, size int64) (*Index, error) {
	x, err := readIndex(newKeys(&secret), r, size)
	if err != nil {
		return nil, fmt.Errorf("read number index: %w", err)
	}
	return x, nil
}

func readIndex(k keys, r io.Reader, size int64) (*Index, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, cutOff(err)
	}
	l, err := readHeader(k, h[:])
	if err != nil {
		return nil, err
	}
	if size != int64(l.ends()[3]) {
		return nil, fmt.Errorf("%w: %d bytes, want %d", ErrCorrupt, size, l.ends()[3])
	}
	data := make([]byte, size)
	copy(data, h[:])
	if _, err := io.ReadFull(r, data[headerSize:]); err != nil {
		return nil, cutOff(err)
	}
	return open(k, data)
}

func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: cut off", ErrCorrupt)
	}
	return err
}

func open(k keys, data []byte) (*Index, error) {
	if len(data) < headerSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrCorrupt, len(data))
	}
	l, err := readHeader(k, data[:headerSize])
	if err != nil {
		return nil, err
	}
	if len(data) != l.ends()[3] {
		return nil, fmt.Errorf("%w: %d bytes, want %d", ErrCorrupt, len(data), l.ends()[3])
	}
	x := &Index{keys: k, data: data, tags: make([]uint32, l.issuers)}
	x.lay(l)
	for i, sum := range x.sums() {
		if sum != binary.LittleEndian.Uint32(data[32+4*i:]) {
			return nil, fmt.Errorf("%w: checksum of part %d", ErrCorrupt, i)
		}
	}
	if !x.readTags() || !x.sound() {
		return nil, fmt.Errorf("%w: parts contradict one another", ErrCorrupt)
	}
	return x, nil
}

func readHeader(k keys, h []byte) (layout, error) {
	le := binary.LittleEndian
	if string(h[:8]) != fileMagic {
		return layout{}, fmt.Errorf("%w: not a number index", ErrCorrupt)
	}
	if v := le.Uint32(h[8:]); v != fileVersion {
		return layout{}, fmt.Errorf("%w: %d, want %d", ErrVersion, v, fileVersion)
	}
	if crc32.Checksum(h[:60], castagnoli) != le.Uint32(h[60:]) {
		return layout{}, fmt.Errorf("%w: checksum of the header", ErrCorrupt)
	}
	entryBits, count, issuers := le.Uint32(h[12:]), le.Uint32(h[16:]), le.Uint32(h[20:])
	if entryBits > 32 || count > MaxNumbers || issuers > maxIssuers {
		return layout{}, fmt.Errorf("%w: header is impossible", ErrCorrupt)
	}
	if le.Uint64(h[24:]) != k.proof() {
		return layout{}, ErrSecret
	}
	return layout{int(count), uint(entryBits), int(issuers)}, nil
}

// readTags reads the tags and reports whether they are in order.
func (x *Index) readTags() bool {
	last := uint32(unknownIssuer)
	for i := range x.tags {
		x.tags[i] = binary.LittleEndian.Uint32(x.issuers()[4*i:])
		if x.tags[i] <= last || x.tags[i] > markMask {
			return false
		}
		last = x.tags[i]
	}
	return true
}

// sound reports whether no look-up can leave its block: the directory grows, and each block
// has a one for each of its records and ends with a zero.
func (x *Index) sound() bool {
	begin := uint64(0)
	for block := range x.blocks {
		first := uint64(binary.LittleEndian.Uint32(x.directory[4*block:]))
		end := uint64(binary.LittleEndian.Uint32(x.directory[4*block+4:]))
		if first+block*slotCount != begin || end < first || end > x.count {
			return false
		}
		begin = end + (block+1)*slotCount
		from := first + block*slotCount
		if countOnes(x.slots, from, begin) != end-first || x.slots[(begin-1)/8]>>((begin-1)%8)&1 != 0 {
			return false
		}
	}
	return begin == x.count+x.blocks*slotCount
}

// countOnes counts the ones from the place from to the place end.
func countOnes(b []byte, from, end uint64) (n uint64) {
	for at := from &^ 63; at < end; at += 64 {
		w := binary.LittleEndian.Uint64(b[at/8:])
		if at < from {
			w &^= 1<<(from-at) - 1
		}
		if at+64 > end {
			w &= 1<<(end-at) - 1
		}
		n += uint64(bits.OnesCount64(w))
	}
	return n
}
