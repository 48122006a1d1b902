package numbers

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
)

func stored(tb testing.TB, n int) []byte {
	tb.Helper()
	m := newMaker(6)
	var documents []Document
	for range n {
		documents = append(documents, m.passport())
	}
	var b bytes.Buffer
	if _, err := built(tb, documents).WriteTo(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestAStoredIndexIsTheSame(t *testing.T) {
	for _, n := range []int{0, 1, 1000} {
		data := stored(t, n)
		opened, err := Open(testSecret, data)
		if err != nil {
			t.Fatal(err)
		}
		read, err := Read(testSecret, bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		m := newMaker(6)
		for i := range n {
			d := m.passport()
			for _, x := range []*Index{opened, read} {
				if hits, _ := x.Find(d); !slices.Contains(hits, Hit{uint32(i), true}) {
					t.Fatalf("number %d of %d is not found", i, n)
				}
				if hits, _ := x.Find(Document{Number: d.Number}); !slices.Contains(hits, Hit{uint32(i), true}) {
					t.Fatalf("number %d of %d is not found without its issuer", i, n)
				}
			}
		}
	}
}

func TestAnyFlippedBitIsNoticed(t *testing.T) {
	data := stored(t, 300)
	for i := range len(data) * 8 {
		data[i/8] ^= 1 << (i % 8)
		if _, err := Open(testSecret, data); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
			t.Fatalf("bit %d of byte %d: %v", i%8, i/8, err)
		}
		data[i/8] ^= 1 << (i % 8)
	}
}

func TestACutIndexIsNoticed(t *testing.T) {
	data := stored(t, 300)
	for n := range data {
		if _, err := Open(testSecret, data[:n]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("opened %d bytes: %v", n, err)
		}
		if _, err := Read(testSecret, bytes.NewReader(data[:n]), int64(len(data))); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("read %d bytes: %v", n, err)
		}
	}
	if _, err := Open(testSecret, append(data[:len(data):len(data)], 0)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a byte too long: %v", err)
	}
}

// sealed writes the checksums anew, as somebody does who damages a file with care.
func sealed(data []byte) []byte {
	entryBits, count, issuers := binary.LittleEndian.Uint32(data[12:]), binary.LittleEndian.Uint32(data[16:]), binary.LittleEndian.Uint32(data[20:])
	if entryBits <= 32 && count <= MaxNumbers && issuers <= maxIssuers {
		l := layout{int(count), uint(entryBits), int(issuers)}
		begin := headerSize
		for i, end := range l.ends() {
			if end > len(data) {
				break
			}
			binary.LittleEndian.PutUint32(data[32+4*i:], crc32.Checksum(data[begin:end], castagnoli))
			begin = end
		}
	}
	binary.LittleEndian.PutUint32(data[60:], crc32.Checksum(data[:60], castagnoli))
	return data
}

func TestPartsThatContradictOneAnotherAreNoticed(t *testing.T) {
	whole := stored(t, 300)
	l := layout{300, 9, int(binary.LittleEndian.Uint32(whole[20:]))}
	ends := l.ends()
	for _, c := range []struct {
		name   string
		damage func(data []byte)
	}{
		{"more numbers", func(d []byte) { binary.LittleEndian.PutUint32(d[16:], 1<<26) }},
		{"too many numbers", func(d []byte) { binary.LittleEndian.PutUint32(d[16:], MaxNumbers+1) }},
		{"entries too wide", func(d []byte) { binary.LittleEndian.PutUint32(d[12:], 33) }},
		{"too many issuers", func(d []byte) { binary.LittleEndian.PutUint32(d[20:], maxIssuers+1) }},
		{"issuers out of order", func(d []byte) { clear(d[headerSize+8 : headerSize+12]) }},
		{"an issuer that is none", func(d []byte) { clear(d[headerSize : headerSize+4]) }},
		{"a directory that does not begin", func(d []byte) { d[ends[0]] = 1 }},
		{"a directory that shrinks", func(d []byte) { clear(d[ends[0]+8 : ends[0]+12]) }},
		{"a directory beyond the end", func(d []byte) { d[ends[0]+7] = 0xff }},
		{"a directory that ends early", func(d []byte) { d[ends[0]+20]-- }},
		{"one slot too full", func(d []byte) { d[ends[1]] = 0xff }},
		{"no end of a block", func(d []byte) { flipLastZero(d[ends[1]:], d[ends[0]+4:]) }},
	} {
		data := slices.Clone(whole)
		c.damage(data)
		if _, err := Open(testSecret, sealed(data)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// flipLastZero swaps the zero at the end of the first block with a one before it.
func flipLastZero(slots, second []byte) {
	last := int(binary.LittleEndian.Uint32(second)) + slotCount - 1
	slots[last/8] |= 1 << (last % 8)
	for i := range slots {
		if slots[i] != 0 {
			slots[i] &= slots[i] - 1
			return
		}
	}
}

func TestAnotherSecretOrVersionIsRefused(t *testing.T) {
	data := stored(t, 10)
	if _, err := Open(Secret{5}, data); !errors.Is(err, ErrSecret) {
		t.Errorf("another secret: %v", err)
	}
	data[8]++
	if _, err := Open(testSecret, data); !errors.Is(err, ErrVersion) {
		t.Errorf("another version: %v", err)
	}
}

func TestReadTakesNoMoreThanTheHeaderIfTheSizeIsWrong(t *testing.T) {
	data := stored(t, 10)
	r := bytes.NewReader(data)
	if _, err := Read(testSecret, r, 1<<40); !errors.Is(err, ErrCorrupt) || r.Len() != len(data)-headerSize {
		t.Errorf("%v, %d bytes left", err, r.Len())
	}
	broken := errors.New("disk is gone")
	if _, err := Read(testSecret, io.MultiReader(bytes.NewReader(data[:100]), failing{broken}), int64(len(data))); !errors.Is(err, broken) {
		t.Errorf("reader's own error: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestTheFileTellsNoNumber(t *testing.T) {
	b := NewBuilder(testSecret)
	for i := range 100 {
		if err := b.Add(passport("GBR", "925665416"), uint32(i)); err != nil {
			t.Fatal(err)
		}
	}
	x, err := b.Build(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewBuilder(Secret{7}).Build(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(x.data), "92566") || strings.Contains(string(x.data), "GBR") {
		t.Error("number or issuer in the file")
	}
	if x.keys.tag("GBR") == other.keys.tag("GBR") || x.keys.proof() == other.keys.proof() {
		t.Error("what stands for an issuer does not depend on the secret")
	}
}

func FuzzOpen(f *testing.F) {
	for _, n := range []int{0, 1, 100} {
		f.Add(stored(f, n))
	}
	asked := newMaker(6).passport()
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= headerSize {
			data = sealed(slices.Clone(data)) // past the checksums
		}
		x, err := Open(testSecret, data)
		if err != nil {
			return
		}
		x.Find(asked)
		// Every slot is within the parts.
		for block := range x.blocks {
			for slot := range uint64(slotCount) {
				hash := (block*slotCount+slot)*((1<<63)/(x.blocks*slotCount)*2) + 1<<20
				x.probe(probe{hash: hash, lenient: true}, func(Hit) bool { return true })
			}
		}
	})
}
