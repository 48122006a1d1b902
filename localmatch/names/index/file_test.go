package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"reflect"
	"slices"
	"testing"

	"boothd/localmatch/names"
)

func stored(t testing.TB, x *Index) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := x.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("wrote %d of %d: %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func read(b []byte) (*Index, error) { return Read(bytes.NewReader(b), int64(len(b))) }

func TestAnIndexIsTheSameAfterItWasStored(t *testing.T) {
	c := newCrowd(5)
	for _, n := range []int{0, 1, 3000} {
		x := c.index(t, n)
		y, err := read(stored(t, x))
		if err != nil {
			t.Fatalf("%d people: %v", n, err)
		}
		if x.Memory() != y.Memory() || x.Records() != y.Records() || x.Words() != y.Words() {
			t.Errorf("%d people: %d bytes became %d", n, x.Memory(), y.Memory())
		}
		for i := range min(n, 200) {
			name, p := c.ask(i%len(classes), i)
			q := Query{Name: name, Births: p.births}
			if a, b := find(t, x, q), find(t, y, q); !reflect.DeepEqual(a, b) {
				t.Errorf("found %v and after storing %v", a, b)
			}
		}
	}
}

func TestTheSamePeopleMakeTheSameIndex(t *testing.T) {
	c := newCrowd(5)
	if !bytes.Equal(stored(t, c.index(t, 500)), stored(t, c.index(t, 500))) {
		t.Error("two builds differ")
	}
}

func TestReadingStopsBehindTheIndex(t *testing.T) {
	b := stored(t, newCrowd(5).index(t, 10))
	r := bytes.NewReader(append(slices.Clone(b), "rest"...))
	if _, err := Read(r, 1<<20); err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(r); string(rest) != "rest" {
		t.Errorf("left %q", rest)
	}
}

func TestDamageIsNoticed(t *testing.T) {
	b := stored(t, newCrowd(6).index(t, 12))
	for i := range b {
		for _, flip := range []byte{1, 0x80} {
			d := slices.Clone(b)
			d[i] ^= flip
			if _, err := read(d); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("byte %d of %d changed: %v", i, len(b), err)
			}
		}
		if _, err := Read(bytes.NewReader(b[:i]), int64(len(b))); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
	}
	if _, err := Read(bytes.NewReader(b), int64(len(b)-1)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("longer than allowed: %v", err)
	}
}

func TestAnotherVersionIsToldFromDamage(t *testing.T) {
	b := stored(t, newCrowd(6).index(t, 4))
	b[8]++
	mend(b)
	if _, err := read(b); !errors.Is(err, ErrVersion) {
		t.Errorf("error %v", err)
	}
}

// mend makes the sums right, so that a damaged index comes to what checks its meaning.
func mend(b []byte) {
	if len(b) < headerSize {
		return
	}
	le := binary.LittleEndian
	le.PutUint32(b[headerSize-4:], crc32.Checksum(b[:headerSize-4], castagnoli))
	rest := b[headerSize:]
	for i := range sections {
		size := le.Uint64(b[12+8*i:])
		if uint64(len(rest)) < 4 || size > uint64(len(rest))-4 {
			return
		}
		le.PutUint32(rest[size:], crc32.Checksum(rest[:size], castagnoli))
		rest = rest[size+4:]
	}
}

func TestAnIndexThatContradictsItselfDoesNoHarm(t *testing.T) {
	b := stored(t, newCrowd(6).index(t, 6))
	refused := 0
	for i := range b {
		for _, flip := range []byte{1, 4, 0x80, 0xff} {
			d := slices.Clone(b)
			d[i] ^= flip
			mend(d)
			x, err := read(d)
			if err != nil {
				refused++
				continue
			}
			useAll(t, x)
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// useAll searches in ways that touch all of a small index.
func useAll(t testing.TB, x *Index) {
	for i, asked := range []string{"MOHAMMED ALI", "MARIA CARMEN JOSE", "NGUYEN TRAN", "LI WEI", "X"} {
		n := names.Parse(asked)
		n.Cut = i%2 == 0
		find(t, x, Query{Name: n})
		find(t, x, Query{Name: n, Births: []names.Birth{{Year: 1970, Month: 5, Day: 12}}})
	}
}

func FuzzRead(f *testing.F) {
	c := newCrowd(8)
	for _, n := range []int{0, 1, 5, 40} {
		f.Add(stored(f, c.index(f, n)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		mend(b)
		x, err := read(b)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
				t.Errorf("error %v", err)
			}
			return
		}
		useAll(t, x)
		if y, err := read(stored(t, x)); err != nil || y.Memory() != x.Memory() {
			t.Errorf("stored again: %v", err)
		}
	})
}

func FuzzSearch(f *testing.F) {
	x := newCrowd(8).index(f, 2000)
	f.Add("MOHAMMED ALI", uint16(1970), uint8(5), uint8(12), false)
	f.Add("PHAM DINH, NGUYEN TRAN V", uint16(0), uint8(0), uint8(0), true)
	f.Fuzz(func(t *testing.T, asked string, year uint16, month, day uint8, cut bool) {
		n := names.Parse(asked)
		n.Cut = cut
		q := Query{Name: n, Births: []names.Birth{{Year: int(year), Month: int(month), Day: int(day)}}}
		got := find(t, x, q)
		for i, c := range got.Candidates {
			if c.Score < leastScore || c.Score > 1 || i > 0 && order(got.Candidates[i-1], c) >= 0 {
				t.Errorf("candidates %v", got.Candidates)
			}
		}
		if again := find(t, x, q); !reflect.DeepEqual(got, again) {
			t.Errorf("found %v and then %v", got, again)
		}
	})
}
