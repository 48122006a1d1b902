package watchlist

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"boothd/internal/keys/rest"
	"boothd/localmatch/gallery"
)

// spool keeps what was fetched of an update that is not complete yet, so that nothing is
// fetched twice after a restart. Pieces are named by their hash and sealed, because they
// hold a list. They are not synced to the disk: what a power cut takes is fetched again,
// what it damages does not open.
type spool struct {
	dir     string
	keyFile string
	keys    *rest.Keeper
	list    string

	mu   sync.RWMutex
	aead cipher.AEAD
}

const spoolSecret = 32

// spoolKeyFile is the file of the key that a list's pieces are sealed with.
func spoolKeyFile(keysDir, list string) string {
	return filepath.Join(keysDir, "spool-"+list+".key")
}

// openSpool opens a list's spool under dir, making its key if there is none.
func openSpool(dir, keysDir, list string, keeper *rest.Keeper) (*spool, error) {
	s := &spool{dir: filepath.Join(dir, list), keyFile: spoolKeyFile(keysDir, list), keys: keeper, list: list}
	for _, d := range []string{s.dir, keysDir} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	return s, s.readKey()
}

func (s *spool) readKey() error {
	secret, err := s.keys.Secret(s.keyFile, spoolSecret)
	if err != nil {
		return err
	}
	aead, err := deriveAEAD(secret, "boothd watchlist spool v2 "+s.list)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aead = aead
	return err
}

// deriveAEAD makes a cipher for one purpose of a secret.
func deriveAEAD(secret []byte, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (s *spool) file(h gallery.Hash) string { return filepath.Join(s.dir, h.String()) }

func (s *spool) cipher() cipher.AEAD {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.aead
}

// get returns a piece. The error matches fs.ErrNotExist if it is not there or not whole; it
// is no longer there then.
func (s *spool) get(h gallery.Hash) ([]byte, error) {
	aead := s.cipher()
	box, err := readLimited(s.file(h), MaxChunk+int64(aead.Overhead()))
	if err != nil {
		return nil, err
	}
	b, err := aead.Open(box[:0], nil, box, h[:])
	if err != nil {
		return nil, errors.Join(fmt.Errorf("spooled piece does not open: %w", fs.ErrNotExist), os.Remove(s.file(h)))
	}
	return b, nil
}

// has reports whether a piece of a size is there, without reading it.
func (s *spool) has(h gallery.Hash, size int64) bool {
	st, err := os.Stat(s.file(h))
	return err == nil && st.Size() == size+int64(s.cipher().Overhead())
}

func (s *spool) put(h gallery.Hash, b []byte) error {
	part := s.file(h) + ".part"
	err := os.WriteFile(part, s.cipher().Seal(nil, nil, b, h[:]), 0o600)
	if err == nil {
		err = os.Rename(part, s.file(h))
	}
	if err != nil {
		os.Remove(part) // it may be what fills the disk
		return &storeError{err}
	}
	return nil
}

// storeError is the error of a booth's own disk; no other source of pieces helps.
type storeError struct{ err error }

func (e *storeError) Error() string { return "store: " + e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

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

// erase makes what is in the spool unreadable for ever, and begins it anew.
func (s *spool) erase() error {
	if err := s.keys.Erase(s.keyFile); err != nil {
		return err
	}
	return errors.Join(s.keep(nil), s.readKey())
}

// EraseSpool makes unreadable for ever what was fetched of a list's next version. The booth
// that has the spool must not run.
func EraseSpool(dir, keysDir, list string, keeper *rest.Keeper) error {
	if !gallery.ValidListName(list) {
		return errors.New("erase spool: no name of a list")
	}
	if err := keeper.Erase(spoolKeyFile(keysDir, list)); err != nil {
		return fmt.Errorf("erase spool of list %s: %w", list, err)
	}
	return os.RemoveAll(filepath.Join(dir, list))
}
