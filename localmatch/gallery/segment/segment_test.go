package segment

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func newSecret() []byte {
	b := make([]byte, SecretSize)
	rand.Read(b)
	return b
}

// records are of all lengths around a few, one of them empty.
func records(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = bytes.Repeat([]byte{byte(i)}, i*37%1000)
	}
	return all
}

func write(t testing.TB, path string, secret []byte, all [][]byte) *File {
	t.Helper()
	w, err := Create(path, secret)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range all {
		if err := w.Append(w.Seal(nil, uint32(i), r)); err != nil {
			t.Fatal(err)
		}
	}
	f, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestRecordsAreReadByNumber(t *testing.T) {
	path, secret, all := filepath.Join(t.TempDir(), "s"), newSecret(), records(1000)
	written := write(t, path, secret, all)
	base, rest := written.Places().Raw()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	places, ok := FromRaw(base, rest, info.Size())
	if !ok {
		t.Fatal("places not taken")
	}
	kept, err := Open(path, secret, places)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	scanned, err := Open(path, secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer scanned.Close()
	met := 0
	err = scanned.Scan(t.Context(), func(b Box) error {
		n, r, err := scanned.Unseal(b)
		if err == nil && (int(n) != met || !bytes.Equal(r, all[n])) {
			err = fmt.Errorf("record %d is another", n)
		}
		met++
		return err
	})
	if err != nil || met != len(all) {
		t.Fatalf("%d records, %v", met, err)
	}
	for what, f := range map[string]*File{"as written": written, "with kept places": kept, "with places found": scanned} {
		for i := range all {
			if r, err := f.Read(uint32(i)); err != nil || !bytes.Equal(r, all[i]) {
				t.Fatalf("%s: record %d: %d bytes, %v", what, i, len(r), err)
			}
		}
		if _, err := f.Read(uint32(len(all))); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: a record that is not there: %v", what, err)
		}
	}
}

func TestASegmentIsNotWrittenOverAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	write(t, path, newSecret(), records(1))
	if _, err := Create(path, newSecret()); !errors.Is(err, os.ErrExist) {
		t.Errorf("error = %v", err)
	}
}

func TestEveryFlippedBitOfARecordIsNoticed(t *testing.T) {
	path, secret := filepath.Join(t.TempDir(), "s"), newSecret()
	write(t, path, secret, [][]byte{[]byte("one"), []byte("two")})
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[i/8] ^= 1 << (i % 8)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := scan(t.Context(), path, secret); !errors.Is(err, ErrDamaged) {
			t.Fatalf("bit %d of byte %d: %v", i%8, i/8, err)
		}
	}
	for cut := range good {
		if err := os.WriteFile(path, good[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := cut == len(magic) || cut == len(magic)+smallest+3 // shorter, but whole: who wrote it knows how long it was
		if err := scan(t.Context(), path, secret); !whole && !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut after %d bytes: %v", cut, err)
		}
	}
}

func scan(ctx context.Context, path string, secret []byte) error {
	f, err := Open(path, secret, nil)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Scan(ctx, func(b Box) error {
		_, _, err := f.Unseal(b)
		return err
	})
}

func TestARecordMovedElsewhereDoesNotOpen(t *testing.T) {
	path, secret := filepath.Join(t.TempDir(), "s"), newSecret()
	write(t, path, secret, [][]byte{[]byte("one"), []byte("two")})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first, second := b[len(magic):len(magic)+23], b[len(magic)+23:]
	if err := os.WriteFile(path, append(append([]byte(magic), second...), first...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := scan(t.Context(), path, secret); !errors.Is(err, ErrDamaged) {
		t.Errorf("error = %v", err)
	}
}

func TestPlacesThatCannotBeAreNotTaken(t *testing.T) {
	f := write(t, filepath.Join(t.TempDir(), "s"), newSecret(), records(600))
	size := f.places.at(600)
	for what, change := range map[string]func(base []int64, rest []uint32) ([]int64, []uint32, int64){
		"none":             func([]int64, []uint32) ([]int64, []uint32, int64) { return nil, nil, size },
		"a base too few":   func(b []int64, r []uint32) ([]int64, []uint32, int64) { return b[1:], r, size },
		"a record too few": func(b []int64, r []uint32) ([]int64, []uint32, int64) { return b, r[:600], size },
		"another size":     func(b []int64, r []uint32) ([]int64, []uint32, int64) { return b, r, size + 1 },
		"going back":       func(b []int64, r []uint32) ([]int64, []uint32, int64) { r[7] = r[6]; return b, r, size },
		"a huge record":    func(b []int64, r []uint32) ([]int64, []uint32, int64) { b[1] += MaxRecord * 2; return b, r, size },
		"another start":    func(b []int64, r []uint32) ([]int64, []uint32, int64) { b[0]--; return b, r, size },
	} {
		base, rest := f.Places().Raw()
		b, r, n := change(append([]int64{}, base...), append([]uint32{}, rest...))
		if _, ok := FromRaw(b, r, n); ok {
			t.Errorf("%s: taken", what)
		}
	}
}

func TestStreamsOfEveryLengthComeBackAndDamageIsNoticed(t *testing.T) {
	path, secret := filepath.Join(t.TempDir(), "c"), newSecret()
	for _, size := range []int{0, 1, block - 1, block, block + 1, 2 * block, 2*block + 5} {
		want := make([]byte, size)
		rand.Read(want)
		if err := WriteStream(path, secret, func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(want))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var got []byte
		all := func(r io.Reader) (err error) { got, err = io.ReadAll(r); return err }
		if err := ReadStream(path, secret, all); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes: read %d, %v", size, len(got), err)
		}
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for what, bad := range map[string][]byte{
			"a bit of the salt": flip(good, 0), "a bit of the first block": flip(good, saltSize), "the last bit": flip(good, len(good)-1),
			"cut by one": good[:len(good)-1], "longer": append(bytes.Clone(good), 0), "only the salt": good[:saltSize], "empty": {},
			"twice": append(bytes.Clone(good), good[saltSize:]...), "the last block gone": good[:max(saltSize, len(good)-max(size%block, 1)-overhead)],
		} {
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := ReadStream(path, secret, all); !errors.Is(err, ErrDamaged) {
				t.Errorf("%d bytes, %s: %v", size, what, err)
			}
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := ReadStream(path, newSecret(), all); !errors.Is(err, ErrDamaged) {
			t.Errorf("with another secret: %v", err)
		}
		if err := ReadStream(path, secret, func(io.Reader) error { return nil }); size > 0 && !errors.Is(err, ErrDamaged) {
			t.Errorf("not read to its end: %v", err)
		}
	}
}

func flip(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

func TestAStreamThatCannotBeWrittenLeavesTheOneBefore(t *testing.T) {
	path, secret := filepath.Join(t.TempDir(), "c"), newSecret()
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	if err := WriteStream(path, secret, text("before")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	if err := WriteStream(path, secret, func(io.Writer) error { return full }); !errors.Is(err, full) {
		t.Errorf("error = %v", err)
	}
	var got []byte
	if err := ReadStream(path, secret, func(r io.Reader) (err error) { got, err = io.ReadAll(r); return err }); err != nil || string(got) != "before" {
		t.Errorf("read %q, %v", got, err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func FuzzScan(f *testing.F) {
	secret := make([]byte, SecretSize)
	path := filepath.Join(f.TempDir(), "s")
	write(f, path, secret, records(5))
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(magic))
	f.Add([]byte(magic + "\x00\x00\x00\x10aaaaaaaaaaaaaaaa"))
	path = filepath.Join(f.TempDir(), "fuzzed")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := scan(t.Context(), path, secret); err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
		err := ReadStream(path, secret, func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err })
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
	})
}
