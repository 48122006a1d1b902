package watchlist

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"boothd/internal/keys"
	"boothd/localmatch/gallery"
)

// spool keeps what was fetched of an update that is not complete yet, so that nothing is
// fetched twice after a restart. Pieces are named by their hash and sealed, because they
// hold a list. They are not synced to the disk: what a power cut takes is fetched again,
// what it damages does not open.
type spool struct {
	dir  string
	aead cipher.AEAD
}

// openSpool opens a list's spool under dir, sealed with a key made of secret.
func openSpool(dir, list string, secret []byte) (*spool, error) {
	s := &spool{dir: filepath.Join(dir, list)}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "boothd watchlist spool v1 "+list, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	s.aead, err = cipher.NewGCM(block)
	return s, err
}

// spoolSecret reads the key of all spools, making it if there is none.
func spoolSecret(keysDir string) ([]byte, error) {
	if err := os.MkdirAll(keysDir, 0o700); err != nil {
		return nil, err
	}
	return keys.Secret(filepath.Join(keysDir, "spool.key"), 32)
}

func (s *spool) file(h gallery.Hash) string { return filepath.Join(s.dir, h.String()) }

// get returns a piece. The error matches fs.ErrNotExist if it is not there or not whole.
func (s *spool) get(h gallery.Hash) ([]byte, error) {
	box, err := readLimited(s.file(h), 2*MaxMessage)
	if err != nil {
		return nil, err
	}
	n := s.aead.NonceSize()
	if len(box) < n {
		return nil, fs.ErrNotExist
	}
	b, err := s.aead.Open(nil, box[:n], box[n:], h[:])
	if err != nil {
		return nil, fmt.Errorf("spooled piece does not open: %w", fs.ErrNotExist)
	}
	return b, nil
}

func (s *spool) has(h gallery.Hash) bool {
	_, err := s.get(h)
	return err == nil
}

func (s *spool) put(h gallery.Hash, b []byte) error {
	box := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(b)+s.aead.Overhead())
	rand.Read(box)
	box = s.aead.Seal(box, box, b, h[:])
	part := s.file(h) + ".part"
	if err := os.WriteFile(part, box, 0o600); err != nil {
		return err
	}
	return os.Rename(part, s.file(h))
}

// keep removes every piece but the needed ones.
func (s *spool) keep(needed map[gallery.Hash]bool) error {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range files {
		var h gallery.Hash
		if err := h.UnmarshalText([]byte(f.Name())); err == nil && needed[h] {
			continue
		}
		errs = append(errs, os.Remove(filepath.Join(s.dir, f.Name())))
	}
	return errors.Join(errs...)
}
