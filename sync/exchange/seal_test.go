package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestABundleComesOutAsItWentInWhateverItsSize(t *testing.T) {
	p := newPeople(t)
	for _, sizes := range [][]int{{0}, {1}, {0, 0, 5}, {chunkSize - 1}, {chunkSize}, {chunkSize + 1, 0, 3}, {3*chunkSize + 17, chunkSize}} {
		var files []File
		var sum int64
		for i, n := range sizes {
			files = append(files, content("file "+string(rune('a'+i))+".dat", pattern(n)))
			sum += int64(n)
		}
		var out bytes.Buffer
		told, err := Seal(t.Context(), &out, bundle(files...), p.opening.PublicKey(), p.sender)
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(out.Bytes())
		got := kept{}
		o, err := Open(t.Context(), &out, p.opening, p.trusted(), got.create)
		if err != nil {
			t.Fatalf("%v: %v", sizes, err)
		}
		for i, n := range sizes {
			if !bytes.Equal(got[files[i].Name].Bytes(), pattern(n)) {
				t.Errorf("%v: file %d came out differently", sizes, i)
			}
		}
		if o.Exchange != told || told.Bundle != hex.EncodeToString(digest[:]) || told.Files != len(sizes) || told.Bytes != sum ||
			told.Recipient != "Insp. Novak" || told.Kind != "law-enforcement" || o.From != "booth-1" || !o.At.Equal(sealedAt) || len(o.Files) != len(sizes) {
			t.Errorf("%v: told %+v, opened %+v", sizes, told, o)
		}
	}
}

// TestTheLastChunkMayBeFull has contents of exactly one chunk.
func TestTheLastChunkMayBeFull(t *testing.T) {
	p := newPeople(t)
	front := func(n int) int { // length of the contents before a file of n bytes
		table := []fileInfo{{"a", int64(n), strings.Repeat("0", 64)}}
		m := manifest{From: "booth-1", To: "Insp. Novak", Kind: LawEnforcement, Purpose: "missing person", At: sealedAt,
			Key: keyOf(p.opening.PublicKey()), Files: 1, Bytes: int64(n)}
		f, err := frontOf(&m, table, p.sender)
		if err != nil {
			t.Fatal(err)
		}
		return len(f)
	}
	n := chunkSize - front(chunkSize-2000)
	sealed := seal(t, p, bundle(content("a", pattern(n))))
	if want := headerSize + boxSize + chunkSize + 16; len(sealed) != want {
		t.Fatalf("bundle of %d bytes, want %d: contents are not one chunk", len(sealed), want)
	}
	if _, err := Open(t.Context(), bytes.NewReader(sealed), p.opening, p.trusted(), kept{}.create); err != nil {
		t.Error(err)
	}
}

func TestWhatMustNotBeHandedOverIsNotSealed(t *testing.T) {
	p := newPeople(t)
	file := content("a.txt", []byte("a"))
	many := make([]File, MaxFiles+1)
	for i := range many {
		many[i] = content("f"+string(rune(0x4e00+i)), nil)
	}
	for _, test := range []struct {
		name   string
		change func(*Bundle)
		err    error // nil: any
		ok     bool
	}{
		{name: "law enforcement", ok: true},
		{name: "an agency", change: func(b *Bundle) { b.Kind = EUAgency }, ok: true},
		{name: "a third country", change: func(b *Bundle) { b.Kind = ThirdCountry }, err: ErrThirdCountry},
		{name: "a private person", change: func(b *Bundle) { b.Kind = Private }, err: ErrPrivate},
		{name: "an unknown kind", change: func(b *Bundle) { b.Kind = "friend" }, err: ErrRecipient},
		{name: "no kind", change: func(b *Bundle) { b.Kind = "" }, err: ErrRecipient},
		{name: "an organisation without a protocol", change: func(b *Bundle) { b.Kind = NGO }, err: ErrProtocol},
		{name: "an organisation under a protocol", change: func(b *Bundle) { b.Kind, b.Protocol = NGO, "tracing-2026" }, ok: true},
		{name: "an authority under a protocol", change: func(b *Bundle) { b.Protocol = "tracing-2026" }, err: ErrProtocol},
		{name: "a minor without permission", change: func(b *Bundle) { b.Minor = true }, err: ErrPermission},
		{name: "a minor with permission", change: func(b *Bundle) { b.Minor, b.Permission = true, "12 Js 4/26" }, ok: true},
		{name: "a minor within the own authority", change: func(b *Bundle) { b.Minor, b.Kind = true, Own }, ok: true},
		{name: "no recipient", change: func(b *Bundle) { b.To = " " }},
		{name: "no sender", change: func(b *Bundle) { b.From = "" }},
		{name: "no purpose", change: func(b *Bundle) { b.Purpose = "" }},
		{name: "a purpose with a line break", change: func(b *Bundle) { b.Purpose = "a\nb" }},
		{name: "no file", change: func(b *Bundle) { b.Files = nil }},
		{name: "too many files", change: func(b *Bundle) { b.Files = many }},
		{name: "as many files as there may be", change: func(b *Bundle) { b.Files = many[1:] }, ok: true},
		{name: "a file with a path", change: func(b *Bundle) { b.Files[0].Name = "../a.txt" }},
		{name: "two files of one name", change: func(b *Bundle) { b.Files = append(b.Files, content("A.TXT", nil)) }},
		{name: "a file that is not there", change: func(b *Bundle) { b.Files[0] = FileAt(filepath.Join(t.TempDir(), "gone")) }, err: os.ErrNotExist},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := bundle(file)
			if test.change != nil {
				test.change(&b)
			}
			var out bytes.Buffer
			_, err := Seal(t.Context(), &out, b, p.opening.PublicKey(), p.sender)
			if test.ok != (err == nil) || !test.ok && out.Len() > 0 || test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("%d bytes sealed, error %v", out.Len(), err)
			}
		})
	}
}

// endless is a file that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestMoreThanABundleHoldsIsNotSealed(t *testing.T) {
	p := newPeople(t)
	var out bytes.Buffer
	huge := File{"huge", func() (io.ReadCloser, error) { return io.NopCloser(endless{}), nil }}
	if _, err := Seal(t.Context(), &out, bundle(content("a", pattern(5)), huge), p.opening.PublicKey(), p.sender); err == nil || out.Len() > 0 {
		t.Errorf("%d bytes sealed, error %v", out.Len(), err)
	}
}

func TestAFileThatChangesWhileItIsSealedIsNoticed(t *testing.T) {
	p := newPeople(t)
	for name, then := range map[string]string{"another content": "abd", "longer": "abcd", "shorter": "ab"} {
		reads := []string{"abc", then}
		f := File{"a", func() (io.ReadCloser, error) {
			r := io.NopCloser(strings.NewReader(reads[0]))
			reads = reads[1:]
			return r, nil
		}}
		if _, err := Seal(t.Context(), io.Discard, bundle(f), p.opening.PublicKey(), p.sender); err == nil {
			t.Errorf("%s: sealed", name)
		}
	}
}

func TestNamesOfFilesAreSafeEverywhere(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "Bericht 3.pdf": true, "žalba (2).txt": true, "報告.pdf": true, strings.Repeat("a", 128): true, "console.txt": true,
		"": false, ".": false, "..": false, ".profile": false, "a/b": false, `a\b`: false, "/a": false, "C:a": false, "a\x00b": false,
		"a\nb": false, "a\u202eb": false, "a\u200bb": false, "a ": false, " a": false, "a.": false, "nul": false, "NUL.txt": false,
		"com1.tar.gz": false, "Lpt9": false, "nul .txt": false, "a?": false, "a\xffb": false, strings.Repeat("a", 129): false,
	} {
		if ValidName(name) != ok {
			t.Errorf("%q: %t", name, !ok)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	p := newPeople(b)
	data := pattern(16 << 20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Seal(b.Context(), io.Discard, bundle(content("a", data)), p.opening.PublicKey(), p.sender); err != nil {
			b.Fatal(err)
		}
	}
}
