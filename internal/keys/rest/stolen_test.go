//go:build unix

package rest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Whoever has the disk has every byte of the folder: none of it is a secret, the root, or
// the key that files are wrapped with, in any of the forms in which keys are written.
func TestAStolenDiskTellsNothing(t *testing.T) {
	for name, set := range map[string]func(*Options){
		"TPM":        func(o *Options) { o.TPM, o.PCRs = emulator(t), []int{7} },
		"credential": func(o *Options) { o.CredentialFile = credential(t) },
		"passphrase": func(o *Options) { o.PassphraseFile = passphrase(t, good) },
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Dir: t.TempDir()}
			known := map[string][]byte{}
			plain := filepath.Join(o.Dir, "before.key")
			known["a secret that was plain"] = secretOf(t, nil, plain)
			if found := search(t, o.Dir, known); len(found) != 1 {
				t.Fatalf("the search finds %q where a key is plain", found)
			}
			set(&o)
			k := mustOpen(t, o)
			if err := k.WrapAll(t.Context(), o.Dir); err != nil {
				t.Fatal(err)
			}
			for _, list := range []string{"sis", "sltd"} {
				known["the secret of "+list] = secretOf(t, k, filepath.Join(o.Dir, list+".1.key"))
			}
			root, err := must(readRootFile(o.Dir)).open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			known["the root"] = root
			if o.PassphraseFile != "" {
				known["the passphrase"] = []byte(good)
			}
			if o.CredentialFile != "" {
				known["the credential"] = must(os.ReadFile(o.CredentialFile))
			}
			if found := search(t, o.Dir, known); len(found) > 0 {
				t.Errorf("in the folder: %q", found)
			}
		})
	}
}

// search tells which of the secrets are somewhere in the folder, each by half of it.
func search(t *testing.T, dir string, known map[string][]byte) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for name, secret := range known {
			half := secret[:len(secret)/2]
			for _, form := range [][]byte{
				half, secret[len(secret)/2:], []byte(hex.EncodeToString(half)), []byte(base64.StdEncoding.EncodeToString(secret)[:len(secret)/2]),
			} {
				if bytes.Contains(b, form) {
					found = append(found, name+" in "+filepath.Base(path))
					break
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
