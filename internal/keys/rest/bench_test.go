//go:build unix

package rest

import (
	"path/filepath"
	"testing"
)

// What a start costs.
func BenchmarkOpen(b *testing.B) {
	for name, o := range map[string]Options{
		"emulated TPM": {TPM: emulator(b), PCRs: []int{7}},
		"credential":   {CredentialFile: credential(b)},
		"passphrase":   {PassphraseFile: passphrase(b, good)},
	} {
		b.Run(name, func(b *testing.B) {
			o.Dir = b.TempDir()
			for b.Loop() {
				if _, err := Open(b.Context(), o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSecret(b *testing.B) {
	dir := b.TempDir()
	k, err := Open(b.Context(), Options{Dir: dir, CredentialFile: credential(b)})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := k.Secret(filepath.Join(dir, "sis.1.key"), 32); err != nil {
			b.Fatal(err)
		}
	}
}
