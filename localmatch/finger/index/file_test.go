package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"reflect"
	"testing"

	"boothd/localmatch/finger"
	"boothd/localmatch/finger/index/indextest"
)

// stored returns an index of n invented fingers under the keys 0 to n-1, as stored.
func stored(t testing.TB, n int) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(20, 0))
	x := New()
	for i := range n {
		if err := x.Add(uint64(i), 2, indextest.Impression(r, indextest.Finger(r))); err != nil {
			t.Fatal(err)
		}
	}
	return store(t, x)
}

func store(t testing.TB, x *Index) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := x.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("stored %d bytes of %d, error %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func TestAStoredIndexFindsWhatTheIndexFound(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 0))
	x := New()
	var probe *finger.Template
	for i := range chunkSize + 100 {
		f := indextest.Finger(r)
		if i == 1030 {
			probe = indextest.Impression(r, f)
		}
		if err := x.Add(uint64(i), 2, indextest.Impression(r, f)); err != nil {
			t.Fatal(err)
		}
	}
	x.Remove(5, 6, 1029)
	data := store(t, x)
	y, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(store(t, y), data) {
		t.Error("an index that was opened is stored otherwise")
	}
	kept := bytes.Clone(data)
	for _, x := range []*Index{x, y} {
		// The part that was read must not be written to.
		if err := x.Add(5000, 2, probe); err != nil {
			t.Fatal(err)
		}
		x.Remove(1029, 7)
	}
	if !bytes.Equal(kept, data) {
		t.Error("a change of the index changed what it was opened from")
	}
	if x.Len() != y.Len() {
		t.Errorf("%d templates, opened again %d", x.Len(), y.Len())
	}
	a, errA := x.Search(t.Context(), []Probe{{2, probe}}, Options{})
	b, errB := y.Search(t.Context(), []Probe{{2, probe}}, Options{})
	if errA != nil || errB != nil || !reflect.DeepEqual(a, b) || len(a) < 2 || a[0].Key != 5000 || a[1].Key != 1030 {
		t.Errorf("found %d, opened again %d candidates, errors %v, %v", len(a), len(b), errA, errB)
	}
}

func TestAnEmptyIndexCanBeStored(t *testing.T) {
	x, err := Open(store(t, New()))
	if err != nil || x.Len() != 0 {
		t.Errorf("opened with error %v", err)
	}
}

func TestAnyDamageOfAStoredIndexIsAnError(t *testing.T) {
	data := stored(t, 3)
	for i := range data {
		data[i] ^= 0x10
		if _, err := Open(data); !errors.Is(err, ErrCorrupt) {
			t.Errorf("with byte %d changed, error %v", i, err)
		}
		data[i] ^= 0x10
	}
	for n := range data {
		if _, err := Open(data[:n]); !errors.Is(err, ErrCorrupt) {
			t.Errorf("cut to %d bytes, error %v", n, err)
		}
	}
	if _, err := Open(append(data, 0)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("with one byte more, error %v", err)
	}
}

func TestAnIndexOfAnotherVersionIsToldApart(t *testing.T) {
	for _, at := range []int{8, 12} {
		data := stored(t, 1)
		data[at]++
		reseal(data)
		if _, err := Open(data); !errors.Is(err, ErrVersion) {
			t.Errorf("with byte %d changed, error %v, want ErrVersion", at, err)
		}
	}
}

// reseal makes the checksums right again, as far as the parts can be told.
func reseal(data []byte) {
	if len(data) < headerSize {
		return
	}
	le := binary.LittleEndian
	records, cold := le.Uint64(data[16:]), le.Uint64(data[24:])
	if records <= uint64(len(data))/stride && cold <= uint64(len(data)) {
		hot := hotStart(int(records))
		end := hot + int(records)*stride
		if end+int(cold) == len(data) {
			le.PutUint32(data[32:], crc32.Checksum(data[headerSize:hot], castagnoli))
			le.PutUint32(data[36:], crc32.Checksum(data[hot:end], castagnoli))
			le.PutUint32(data[40:], crc32.Checksum(data[end:], castagnoli))
		}
	}
	le.PutUint32(data[headerSize-4:], crc32.Checksum(data[:headerSize-4], castagnoli))
}

func TestATemplateThatCannotBeReadIsReported(t *testing.T) {
	data := stored(t, 3)
	last := len(data) - 1
	data[last] = 101 // a quality, of at most 100
	reseal(data)
	x, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(20, 0))
	found, err := x.Search(t.Context(), []Probe{{2, indextest.Impression(r, indextest.Finger(r))}}, Options{})
	if !errors.Is(err, ErrDamaged) || len(found) == 0 || found[0].Key != 0 {
		t.Errorf("found %d candidates, error %v, want the others and ErrDamaged", len(found), err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(stored(f, 2))
	f.Add(stored(f, 0))
	f.Add([]byte(fileMagic))
	r := rand.New(rand.NewPCG(22, 0))
	codes := newSurroundings()
	probe := newProbe(codes.featuresOf(indextest.Impression(r, indextest.Finger(r))))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.Clone(data)
		if _, err := Open(data); err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
			t.Error(err)
		}
		// Damage is found by the checksums; what is well sealed must do no harm either.
		reseal(data)
		x, err := Open(data)
		if err != nil {
			return
		}
		s := search{index: x, chunks: x.state.Load().chunks, workers: 1, gates: newGates(defaultShare), probes: []side{{gate: probe}}}
		list, err := s.shortList(t.Context())
		if err != nil {
			t.Error(err)
		}
		// Templates are decoded here, not compared: that is much slower, and not about what was opened.
		for _, p := range s.gather(list) {
			for _, at := range p.records {
				new(finger.Template).UnmarshalBinary(s.chunks[at.chunk].template(int(at.record)))
			}
		}
		x.Remove(0)
		if _, err := x.WriteTo(&bytes.Buffer{}); err != nil {
			t.Error(err)
		}
	})
}
