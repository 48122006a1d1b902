// Package terminal reads from a folder as whom a booth asks chips for fingers and irises
// (terminal authentication, BSI TR-03110-3 §2.3).
//
//	*.cvc   card-verifiable certificates: this booth's own, that of the document verifier above
//	        it, and the links of foreign authorities, in any number
//	*.key   private keys in PKCS #8, DER or PEM, RSA or of a NIST curve, readable by their owner
//	        alone
//
// A certificate of the booth belongs to the key that fits it, whatever the files' names; one
// without a key is a fault, a key without a certificate is kept for one that is still to come.
// Keys are wrapped where they lie like the booth's other keys (package rest). A key in a
// hardware token never comes here: it is another authenticity.Signer.
package terminal

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"boothd/capture/chip/authenticity"
	"boothd/capture/chip/authenticity/cvc"
	"boothd/internal/keys/rest"
	"boothd/internal/settings"
)

// maxFiles is how many files of either kind a folder may have.
const maxFiles = 256

// Files are what a folder holds, before the keys are opened.
type Files struct {
	Own   []*cvc.Certificate // the booth's, the one that lasts longest first
	Above []*cvc.Certificate // document verifiers' and links of authorities
	keys  []string           // paths
}

// Look reads the certificates and looks at how the keys are kept. It does not open them, which
// may be wrapped, and so does not tell whether they fit.
func Look(dir string) (*Files, error) {
	f, err := look(dir)
	if err != nil {
		return nil, fmt.Errorf("terminal certificates: %w", err)
	}
	return f, nil
}

func look(dir string) (*Files, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(entries) > maxFiles {
		return nil, fmt.Errorf("%s: %d files, want at most %d", dir, len(entries), maxFiles)
	}
	f := &Files{}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch filepath.Ext(path) {
		case ".cvc":
			err = f.addCertificate(path)
		case ".key":
			err = f.addKey(path)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case len(f.Own) == 0:
		return nil, fmt.Errorf("%s: no certificate of a terminal (*.cvc)", dir)
	case len(f.keys) == 0:
		return nil, fmt.Errorf("%s: no key (*.key)", dir)
	}
	slices.SortStableFunc(f.Own, func(a, b *cvc.Certificate) int { return b.Until.Compare(a.Until) })
	return f, nil
}

func (f *Files) addCertificate(path string) error {
	b, err := settings.ReadFile(path)
	if err != nil {
		return err
	}
	c, err := cvc.Parse(b)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	case c.Authorization.Role() == cvc.Terminal:
		f.Own = append(f.Own, c)
	case !c.SelfSigned(): // a chip knows its authority's own certificate
		f.Above = append(f.Above, c)
	}
	return nil
}

func (f *Files) addKey(path string) error {
	st, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !st.Mode().IsRegular():
		return fmt.Errorf("%s is no file", path)
	case runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s is open to others (mode %04o): chmod 600", path, st.Mode().Perm())
	}
	f.keys = append(f.keys, path)
	return nil
}

// Open wraps the keys in the folder that are still plain, and returns the terminal. now is its
// clock.
func Open(ctx context.Context, dir string, k *rest.Keeper, now func() time.Time) (*authenticity.Terminal, error) {
	f, err := Look(dir)
	if err != nil {
		return nil, err
	}
	t, err := f.open(k, now)
	if err != nil {
		return nil, fmt.Errorf("terminal certificates: %w", err)
	}
	if err := k.WrapAll(ctx, dir); err != nil {
		return nil, fmt.Errorf("terminal's keys: the booth must be able to write into their folder, so as to wrap them: %w", err)
	}
	return t, nil
}

func (f *Files) open(k *rest.Keeper, now func() time.Time) (*authenticity.Terminal, error) {
	var keys []crypto.Signer
	for _, path := range f.keys {
		key, err := readKey(path, k)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		keys = append(keys, key)
	}
	t := &authenticity.Terminal{Known: f.Above, Now: now}
	for _, c := range f.Own {
		signer := signerOf(c, keys)
		if signer == nil {
			return nil, fmt.Errorf("no key fits the %v", c)
		}
		t.Identities = append(t.Identities, authenticity.Identity{Certificate: c, Signer: signer})
	}
	return t, nil
}

func signerOf(c *cvc.Certificate, keys []crypto.Signer) authenticity.Signer {
	for _, key := range keys {
		if s, err := authenticity.FromCrypto(key, c); err == nil {
			return s
		}
	}
	return nil
}

// readKey reads a private key, wrapped or plain. Its errors tell nothing of it.
func readKey(path string, k *rest.Keeper) (crypto.Signer, error) {
	b, err := settings.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if b, err = k.Unwrap(filepath.Base(path), b); err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	}
	key, err := x509.ParsePKCS8PrivateKey(b)
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, errors.New("no private key in PKCS #8, RSA or of a NIST curve")
	}
	return signer, nil
}
