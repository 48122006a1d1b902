package exchange

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hpke"
	"io"
	"testing"
	"time"
)

var sealedAt = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// people are a sender with a signing key and a recipient with both.
type people struct {
	sender, signer ed25519.PrivateKey
	opening        hpke.PrivateKey
}

func newPeople(t testing.TB) people {
	t.Helper()
	var p people
	var err error
	if _, p.sender, err = ed25519.GenerateKey(nil); err != nil {
		t.Fatal(err)
	}
	if _, p.signer, err = ed25519.GenerateKey(nil); err != nil {
		t.Fatal(err)
	}
	if p.opening, err = hpke.MLKEM768X25519().GenerateKey(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p people) trusted() []ed25519.PublicKey {
	return []ed25519.PublicKey{p.sender.Public().(ed25519.PublicKey)}
}

func content(name string, data []byte) File {
	return File{name, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

func bundle(files ...File) Bundle {
	return Bundle{From: "booth-1", To: "Insp. Novak", Kind: LawEnforcement, Purpose: "missing person", At: sealedAt, Files: files}
}

func seal(t testing.TB, p people, b Bundle) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := Seal(t.Context(), &out, b, p.opening.PublicKey(), p.sender); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// kept collects the files of a bundle that is opened.
type kept map[string]*bytes.Buffer

type keptFile struct{ *bytes.Buffer }

func (keptFile) Close() error { return nil }

func (k kept) create(name string) (io.WriteCloser, error) {
	k[name] = &bytes.Buffer{}
	return keptFile{k[name]}, nil
}

// pattern is bytes that differ from place to place.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}
