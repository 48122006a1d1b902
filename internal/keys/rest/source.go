package rest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"golang.org/x/crypto/argon2"
)

const (
	// minCredential is that of a random key in bytes: the credential is not stretched.
	minCredential = 32
	// minPassphrase keeps out single words, in bytes. Whoever has the disk tries as many as the
	// cost of each allows, so that only six words drawn by lot are beyond reach.
	minPassphrase = 20
)

// Argon2id as RFC 9106 section 4 recommends where 2 GiB are too much: 64 MiB and some 0.2 s of
// computing for every guess, and for every start. Other values are another rootFormat.
const (
	argonTime    = 3
	argonMemory  = 64 << 10 // KiB
	argonThreads = 4
)

// has reports whether there seems to be such a source.
func (o *Options) has(source Source) bool {
	switch source {
	case SourceTPM:
		return tpmIsThere(o.TPM)
	case SourceCredential:
		_, err := os.Stat(o.CredentialFile)
		return o.CredentialFile != "" && err == nil
	case SourcePassphrase:
		return o.PassphraseFile != ""
	}
	return false
}

// seal closes the root with a source. An error that is no *fault is the source's silence.
func (o *Options) seal(ctx context.Context, source Source, root []byte) (*rootFile, error) {
	if source == SourceTPM {
		return sealToTPM(ctx, o.TPM, o.PCRs, root)
	}
	s := &rootFile{Format: rootFormat, Source: source, Salt: make([]byte, saltSize)}
	rand.Read(s.Salt)
	key, err := s.key(o)
	if err != nil {
		return nil, err
	}
	box, err := aead(key, "root by "+string(source))
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce)
	s.Box = box.Seal(nonce, nonce, root, s.Salt)
	return s, nil
}

// open opens the root with the source that sealed it.
func (s *rootFile) open(ctx context.Context, o Options) ([]byte, error) {
	if s.Source == SourceTPM {
		return s.unsealFromTPM(ctx, o.TPM)
	}
	key, err := s.key(&o)
	if err != nil {
		return nil, err
	}
	box, err := aead(key, "root by "+string(s.Source))
	if err != nil {
		return nil, err
	}
	n := box.NonceSize()
	root, err := box.Open(nil, s.Box[:n], s.Box[n:], s.Salt)
	if err != nil {
		return nil, &fault{ErrOther, fmt.Errorf("it is another %s, or %s was changed", s.Source, RootFile)}
	}
	return root, nil
}

// key is what the credential or the passphrase makes of the salt.
func (s *rootFile) key(o *Options) ([]byte, error) {
	if s.Source == SourceCredential {
		b, err := readSource(o.CredentialFile, minCredential)
		return append(b, s.Salt...), err
	}
	b, err := readSource(o.PassphraseFile, minPassphrase)
	if err != nil {
		return nil, err
	}
	return argon2.IDKey(b, s.Salt, argonTime, argonMemory, argonThreads, 32), nil
}

// readSource reads what is in a file of at least n bytes, without the end of its line.
func readSource(path string, n int) ([]byte, error) {
	if path == "" {
		return nil, errors.New("no file is configured")
	}
	b, err := readLimited(path)
	if err != nil {
		return nil, err
	}
	b = bytes.TrimRight(b, "\r\n")
	if len(b) < n {
		return nil, fmt.Errorf("read %s: shorter than %d bytes", path, n)
	}
	return b, nil
}
