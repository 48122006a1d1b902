package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
)

func FuzzOpen(f *testing.F) {
	p := newPeople(f)
	good := seal(f, p, bundle(content("a", []byte("a")), content("b", nil)))
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(good[:headerSize+boxSize])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if _, err := Open(t.Context(), bytes.NewReader(sealed), p.opening, p.trusted(), kept{}.create); err == nil && !bytes.Equal(sealed, good) {
			t.Fatal("a forged bundle was opened")
		}
	})
}

// FuzzContents is what a trusted sender may have sealed.
func FuzzContents(f *testing.F) {
	p := newPeople(f)
	head, err := json.Marshal(manifest{From: "booth-1", To: "Insp. Novak", Kind: LawEnforcement, Purpose: "missing person", At: sealedAt, Files: 1, Bytes: 1})
	if err != nil {
		f.Fatal(err)
	}
	sum := sha256.Sum256([]byte("a"))
	table, err := json.Marshal([]fileInfo{{"a", 1, hex.EncodeToString(sum[:])}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(head, table, []byte("a"))
	f.Add([]byte("{}"), []byte("[]"), []byte(nil))
	f.Fuzz(func(t *testing.T, head, table, rest []byte) {
		var m manifest
		if json.Unmarshal(head, &m) != nil || len(table)+len(rest) > 1<<16 {
			return
		}
		m.Key, m.Table = keyOf(p.opening.PublicKey()), ""
		if _, err := json.Marshal(m); err != nil {
			return
		}
		got := kept{}
		o, err := Open(t.Context(), bytes.NewReader(contents(t, p, m, table, rest)), p.opening, p.trusted(), got.create)
		if err != nil {
			return
		}
		if m.Kind.Admit() != nil || len(got) != o.Exchange.Files || int64(len(rest)) != o.Exchange.Bytes {
			t.Fatal("something that must not be handed over was opened")
		}
		for name := range got {
			if !ValidName(name) {
				t.Fatalf("a file is called %q", name)
			}
		}
	})
}
