package keys

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestSigningKeyComesBackFromItsFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "central")
	made, err := GenerateSigning(path)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := ReadSigning(path)
	if err != nil {
		t.Fatal(err)
	}
	public, err := ReadVerifying(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	if !made.Equal(secret) || !public.Equal(made.Public()) {
		t.Error("keys read differ from the key made")
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Errorf("secret key has mode %v", st.Mode())
	}
	if _, err := GenerateSigning(path); err == nil {
		t.Error("an existing key was overwritten")
	}
	if _, err := ReadVerifying(path); err == nil {
		t.Error("a secret key was read as a public one")
	}
}

func TestSealedBoxOpensOnlyForItsOwnerAndPurpose(t *testing.T) {
	dir := t.TempDir()
	if _, err := GenerateSealing(filepath.Join(dir, "central")); err != nil {
		t.Fatal(err)
	}
	pub, err := ReadSealing(filepath.Join(dir, "central.pub"))
	if err != nil {
		t.Fatal(err)
	}
	priv, err := ReadOpening(filepath.Join(dir, "central"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := GenerateSealing(filepath.Join(dir, "other"))
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte("a synthetic record")
	box, err := Seal(pub, "test", []byte("booth-1/7"), plain)
	if err != nil {
		t.Fatal(err)
	}
	if len(box) != len(plain)+1136 {
		t.Errorf("box is %d bytes longer than its plaintext", len(box)-len(plain))
	}
	if got, err := Open(priv, "test", []byte("booth-1/7"), box); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("Open = %q, %v", got, err)
	}
	bent := bytes.Clone(box)
	bent[len(bent)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"other owner":  func() ([]byte, error) { return Open(other, "test", []byte("booth-1/7"), box) },
		"other info":   func() ([]byte, error) { return Open(priv, "other", []byte("booth-1/7"), box) },
		"other aad":    func() ([]byte, error) { return Open(priv, "test", []byte("booth-1/8"), box) },
		"changed byte": func() ([]byte, error) { return Open(priv, "test", []byte("booth-1/7"), bent) },
		"cut short":    func() ([]byte, error) { return Open(priv, "test", []byte("booth-1/7"), box[:100]) },
	} {
		if _, err := open(); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestSecretIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list.key")
	first, err := Secret(path, 32)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Secret(path, 32)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("second read: %v, equal %t", err, bytes.Equal(first, second))
	}
	if _, err := Secret(path, 16); err == nil {
		t.Error("a secret of another length was accepted")
	}
}
