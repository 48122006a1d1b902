package signed

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
)

type note struct {
	Text string `json:"text"`
}

func key(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return priv
}

func public(k ed25519.PrivateKey) []ed25519.PublicKey {
	return []ed25519.PublicKey{k.Public().(ed25519.PublicKey)}
}

func TestADocumentOpensForItsKindAndKeyOnly(t *testing.T) {
	mine, other := key(t), key(t)
	text, err := Sign("profile", note{"read me"}, mine)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(text, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	stranger, err := Sign("profile", note{"read me instead"}, other)
	if err != nil {
		t.Fatal(err)
	}
	strangersPayload := strings.Split(stranger, ".")[1]
	for _, test := range []struct {
		name, kind, text string
		keys             []ed25519.PublicKey
		ok               bool
	}{
		{"as it was signed", "profile", text, public(mine), true},
		{"among several keys", "profile", text, append(public(other), public(mine)...), true},
		{"another kind", "grant", text, public(mine), false},
		{"another key", "profile", text, public(other), false},
		{"no key", "profile", text, nil, false},
		{"another content", "profile", head + "." + strangersPayload + "." + signature, public(mine), false},
		{"another header", "profile", "eyJhbGciOiJub25lIn0." + payload + "." + signature, public(mine), false},
		{"no signature", "profile", head + "." + payload + ".", public(mine), false},
		{"not a document", "profile", "read me", public(mine), false},
		{"far too long", "profile", strings.Repeat("a", MaxSize+1), public(mine), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got note
			err := Open(test.kind, test.text, test.keys, &got)
			if test.ok && (err != nil || got.Text != "read me") {
				t.Errorf("Open = %+v, %v", got, err)
			}
			if !test.ok && (!errors.Is(err, ErrNotValid) || got.Text != "") {
				t.Errorf("Open = %+v, %v", got, err)
			}
		})
	}
}

func TestADocumentThatIsTooLongIsNotSigned(t *testing.T) {
	if _, err := Sign("profile", note{strings.Repeat("a", MaxSize)}, key(t)); err == nil {
		t.Error("signed")
	}
}

func FuzzOpen(f *testing.F) {
	k := key(f)
	text, err := Sign("profile", note{"read me"}, k)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("..")
	f.Add("eyJhbGciOiJFZERTQSJ9.e30.")
	f.Fuzz(func(t *testing.T, s string) {
		var got note
		if err := Open("profile", s, public(k), &got); err == nil && got.Text != "read me" {
			t.Fatal("a forged document was opened")
		}
	})
}
