package exchange

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"boothd/internal/signed"
)

func TestABundleOpensWholeForItsRecipientFromItsSenderOnly(t *testing.T) {
	p, other := newPeople(t), newPeople(t)
	good := seal(t, p, bundle(content("a", pattern(2*chunkSize+5)), content("b", []byte("b"))))
	body := headerSize + boxSize
	const sealedChunk = chunkSize + 16
	chunk := func(i int) []byte { return good[body+i*sealedChunk : min(body+(i+1)*sealedChunk, len(good))] }
	changed := func(i int) []byte {
		b := bytes.Clone(good)
		b[i] ^= 1
		return b
	}
	for _, test := range []struct {
		name   string
		sealed []byte
		key    hpke.PrivateKey
		from   []ed25519.PublicKey
		err    error
	}{
		{"as it was sealed", good, p.opening, p.trusted(), nil},
		{"with another key", good, other.opening, p.trusted(), ErrNotForUs},
		{"from a sender who is not trusted", good, p.opening, other.trusted(), signed.ErrNotValid},
		{"from nobody who is trusted", good, p.opening, nil, signed.ErrNotValid},
		{"nothing", nil, p.opening, p.trusted(), ErrFormat},
		{"something else", pattern(5000), p.opening, p.trusted(), ErrFormat},
		{"another version", changed(len(magic) - 1), p.opening, p.trusted(), ErrFormat},
		{"another key's name", changed(len(magic)), p.opening, p.trusted(), ErrNotForUs},
		{"a changed content key", changed(headerSize), p.opening, p.trusted(), ErrDamaged},
		{"a changed first chunk", changed(body), p.opening, p.trusted(), ErrDamaged},
		{"a changed last byte", changed(len(good) - 1), p.opening, p.trusted(), ErrDamaged},
		{"cut off in the header", good[:headerSize-1], p.opening, p.trusted(), ErrFormat},
		{"cut off in the content key", good[:body-1], p.opening, p.trusted(), ErrDamaged},
		{"cut off before the first chunk", good[:body], p.opening, p.trusted(), ErrDamaged},
		{"cut off in the last chunk", good[:len(good)-1], p.opening, p.trusted(), ErrDamaged},
		{"cut off between chunks", good[:body+2*sealedChunk], p.opening, p.trusted(), ErrDamaged},
		{"with something behind it", append(bytes.Clone(good), 0), p.opening, p.trusted(), ErrDamaged},
		{"chunks exchanged", slices.Concat(good[:body], chunk(1), chunk(0), chunk(2)), p.opening, p.trusted(), ErrDamaged},
		{"a chunk twice", slices.Concat(good[:body], chunk(0), chunk(0), chunk(1), chunk(2)), p.opening, p.trusted(), ErrDamaged},
		{"a chunk left out", slices.Concat(good[:body], chunk(0), chunk(2)), p.opening, p.trusted(), ErrDamaged},
		{"the last chunk in the middle", slices.Concat(good[:body], chunk(0), chunk(2), chunk(1)), p.opening, p.trusted(), ErrDamaged},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "in")
			o, err := OpenInto(t.Context(), bytes.NewReader(test.sealed), test.key, test.from, dir)
			if !errors.Is(err, test.err) || (err == nil) != (o != nil) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			files, err := os.ReadDir(dir)
			if test.err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("something was left: %v, %v", files, err)
			}
			if test.err == nil && len(files) != 2 {
				t.Errorf("files: %v, %v", files, err)
			}
		})
	}
}

// contents seals what a correct sender would not write.
func contents(t testing.TB, p people, m manifest, table []byte, rest []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(table)
	if m.Table == "" {
		m.Table = hex.EncodeToString(sum[:])
	}
	text, err := signed.Sign(kindManifest, m, p.sender)
	if err != nil {
		t.Fatal(err)
	}
	plain := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	plain = append(plain, text...)
	plain = binary.BigEndian.AppendUint32(plain, uint32(len(table)))
	return sealPlain(t, p, slices.Concat(plain, table, rest))
}

func sealPlain(t testing.TB, p people, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := begin(t.Context(), &out, p.opening.PublicKey())
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatATrustedSenderGetsWrongIsRefused(t *testing.T) {
	p, other := newPeople(t), newPeople(t)
	hash := func(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }
	good := manifest{From: "booth-1", To: "Insp. Novak", Kind: LawEnforcement, Purpose: "missing person", At: sealedAt,
		Key: keyOf(p.opening.PublicKey()), Files: 1, Bytes: 2}
	line := fileInfo{"a", 2, hash("ab")}
	for _, test := range []struct {
		name     string
		manifest func(*manifest)
		table    any
		rest     string
		err      error
	}{
		{"nothing wrong", func(m *manifest) {}, []fileInfo{line}, "ab", nil},
		{"sealed again for somebody else", func(m *manifest) { m.Key = keyOf(other.opening.PublicKey()) }, []fileInfo{line}, "ab", ErrNotForUs},
		{"for a third country", func(m *manifest) { m.Kind = ThirdCountry }, []fileInfo{line}, "ab", ErrThirdCountry},
		{"a minor without permission", func(m *manifest) { m.Minor = true }, []fileInfo{line}, "ab", ErrPermission},
		{"another table", func(m *manifest) { m.Table = hash("") }, []fileInfo{line}, "ab", ErrDamaged},
		{"a table that is none", func(m *manifest) {}, "a", "ab", ErrFormat},
		{"fewer files than said", func(m *manifest) { m.Files = 2 }, []fileInfo{line}, "ab", ErrFormat},
		{"a path for a name", func(m *manifest) {}, []fileInfo{{"../a", 2, line.SHA256}}, "ab", ErrFormat},
		{"a control character in a name", func(m *manifest) {}, []fileInfo{{"a\x1b", 2, line.SHA256}}, "ab", ErrFormat},
		{"a name twice", func(m *manifest) { m.Files, m.Bytes = 2, 4 }, []fileInfo{line, line}, "abab", ErrFormat},
		{"a negative size", func(m *manifest) { m.Files = 2 }, []fileInfo{{"a", -2, line.SHA256}, {"b", 4, line.SHA256}}, "ab", ErrFormat},
		{"sizes that overflow", func(m *manifest) {}, []fileInfo{{"a", 1 << 62, line.SHA256}}, "ab", ErrFormat},
		{"more bytes than a bundle holds", func(m *manifest) { m.Bytes = MaxBytes + 1 }, []fileInfo{{"a", MaxBytes + 1, line.SHA256}}, "ab", nil},
		{"another content", func(m *manifest) {}, []fileInfo{line}, "ac", ErrDamaged},
		{"less content", func(m *manifest) {}, []fileInfo{line}, "a", ErrDamaged},
		{"more content", func(m *manifest) {}, []fileInfo{line}, "abc", ErrDamaged},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := good
			test.manifest(&m)
			table, err := json.Marshal(test.table)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Open(t.Context(), bytes.NewReader(contents(t, p, m, table, []byte(test.rest))), p.opening, p.trusted(), kept{}.create)
			ok := test.name == "nothing wrong"
			if ok != (err == nil) || test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
		})
	}
	for name, plain := range map[string][]byte{
		"one byte": {0}, "a length that is too great": {0xff, 0xff, 0xff, 0xff}, "nothing behind the length": {0, 0, 1, 0},
	} {
		if _, err := Open(t.Context(), bytes.NewReader(sealPlain(t, p, plain)), p.opening, p.trusted(), kept{}.create); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestNothingIsReadBehindDamage(t *testing.T) {
	p := newPeople(t)
	sealed := seal(t, p, bundle(content("a", pattern(chunkSize))))
	sealed[headerSize+boxSize] ^= 1
	r, err := enter(t.Context(), bytes.NewReader(sealed), p.opening)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if n, err := r.Read(make([]byte, 10)); n != 0 || !errors.Is(err, ErrDamaged) {
			t.Errorf("read %d bytes, %v", n, err)
		}
	}
}

func TestOpeningDoesNotWriteOverAnything(t *testing.T) {
	p := newPeople(t)
	dir := t.TempDir() // is there
	sealed := seal(t, p, bundle(content("a", nil)))
	if _, err := OpenInto(t.Context(), bytes.NewReader(sealed), p.opening, p.trusted(), dir); !errors.Is(err, os.ErrExist) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("the folder was removed: %v", err)
	}
}

func TestSealingAndOpeningEndWithTheContext(t *testing.T) {
	p := newPeople(t)
	sealed := seal(t, p, bundle(content("a", nil)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Seal(ctx, io.Discard, bundle(content("a", nil)), p.opening.PublicKey(), p.sender); !errors.Is(err, context.Canceled) {
		t.Errorf("Seal: %v", err)
	}
	if _, err := Open(ctx, bytes.NewReader(sealed), p.opening, p.trusted(), kept{}.create); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
}

func TestAReceiptIsTheRecipientsWordForThisBundle(t *testing.T) {
	p := newPeople(t)
	o, err := Open(t.Context(), bytes.NewReader(seal(t, p, bundle(content("a", nil)))), p.opening, p.trusted(), kept{}.create)
	if err != nil {
		t.Fatal(err)
	}
	at := sealedAt.Add(time.Hour)
	text, err := o.Receipt("Insp. Novak", at, p.signer)
	if err != nil {
		t.Fatal(err)
	}
	theirs := []ed25519.PublicKey{p.signer.Public().(ed25519.PublicKey)}
	r, err := VerifyReceipt(text, theirs)
	if err != nil || r.By != "Insp. Novak" || !r.Exchange.Received.Equal(at) {
		t.Fatalf("receipt %+v, %v", r, err)
	}
	r.Exchange.Received = time.Time{}
	if r.Exchange != o.Exchange {
		t.Errorf("it is for %+v", r.Exchange)
	}
	if _, err := VerifyReceipt(text, p.trusted()); !errors.Is(err, signed.ErrNotValid) {
		t.Errorf("with another key: %v", err)
	}
	if _, err := o.Receipt("", at, p.signer); err == nil {
		t.Error("nobody signed")
	}
	for name, bad := range map[string]Receipt{
		"no bundle": {By: "x", Exchange: r.Exchange}, "nobody": {Exchange: o.Exchange}, "control characters": {By: "x\x07"}, "no time": {By: "x", Exchange: o.Exchange},
	} {
		if name == "no bundle" {
			bad.Exchange.Bundle, bad.Exchange.Received = "", at
		}
		text, err := signed.Sign(KindReceipt, bad, p.signer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := VerifyReceipt(text, theirs); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
