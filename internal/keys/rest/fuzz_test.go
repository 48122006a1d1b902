package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

func FuzzRootFile(f *testing.F) {
	tpm := &rootFile{Format: rootFormat, Source: SourceTPM, Parent: make([]byte, nameSize), Public: []byte{1}, Private: []byte{2}, PCRs: []int{0, 7}}
	pass := &rootFile{Format: rootFormat, Source: SourcePassphrase, Salt: make([]byte, saltSize), Box: make([]byte, boxSize)}
	for _, s := range []*rootFile{tpm, pass} {
		b, err := json.Marshal(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"format":1,"source":"tpm","pcrs":[24]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseRootFile(b)
		if err != nil {
			return
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseRootFile(again); err != nil {
			t.Fatalf("what is read is not read again: %v", err)
		}
		if s.Source == SourceTPM {
			selection(s.PCRs)
		} else if _, err := aead(s.Box, "any"); err != nil || len(s.Box) != boxSize {
			t.Fatal("box of another size")
		}
	})
}

func FuzzUnwrap(f *testing.F) {
	k, err := newKeeper(Options{}, osDisk{}, SourceCredential, make([]byte, rootSize))
	if err != nil {
		f.Fatal(err)
	}
	sealed := k.Wrap("sis.1.key", make([]byte, 32))
	f.Add("sis.1.key", sealed)
	f.Add("sis.2.key", sealed)
	f.Add("sis.1.key", sealed[:len(magic)+5])
	f.Add("", []byte{})
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		plain, err := k.Unwrap(name, b)
		switch {
		case err != nil && (!errors.Is(err, ErrDamaged) || plain != nil):
			t.Fatalf("%x, error %v", plain, err)
		case err == nil && isWrapped(b) && (name != "sis.1.key" || !bytes.Equal(plain, make([]byte, 32))):
			t.Fatal("a forged box opens")
		case err == nil && !isWrapped(b) && !bytes.Equal(plain, b):
			t.Fatal("what is not wrapped was changed")
		}
		back, err := k.Unwrap(name, k.Wrap(name, b))
		if err != nil || !bytes.Equal(back, b) {
			t.Fatalf("wrapped and unwrapped: %v", err)
		}
	})
}
