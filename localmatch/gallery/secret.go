package gallery

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"boothd/internal/keys"
)

const secretSize = 32 // bytes of a key file

var errSealed = errors.New("sealed row does not open")

// secrets are the keys of one generation of a list, all derived from its key file.
type secrets struct {
	list    string
	entries cipher.AEAD
	buckets cipher.AEAD
	lookup  []byte
}

func deriveSecrets(list string, secret []byte) (*secrets, error) {
	s := &secrets{list: list}
	var err error
	if s.entries, err = deriveAEAD(secret, "entries"); err != nil {
		return nil, err
	}
	if s.buckets, err = deriveAEAD(secret, "buckets"); err != nil {
		return nil, err
	}
	s.lookup, err = hkdf.Key(sha256.New, secret, nil, "boothd gallery lookup v1", 32)
	return s, err
}

func deriveAEAD(secret []byte, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "boothd gallery "+purpose+" v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal closes plaintext for one place: the row's number and the list are bound to it, so
// that a row moved elsewhere does not open.
func seal(a cipher.AEAD, list string, number int64, plaintext []byte) []byte {
	box := make([]byte, a.NonceSize(), a.NonceSize()+len(plaintext)+a.Overhead())
	rand.Read(box)
	return a.Seal(box, box, plaintext, place(list, number))
}

func open(a cipher.AEAD, list string, number int64, box []byte) ([]byte, error) {
	if len(box) < a.NonceSize()+a.Overhead() {
		return nil, errSealed
	}
	plaintext, err := a.Open(nil, box[:a.NonceSize()], box[a.NonceSize():], place(list, number))
	if err != nil {
		return nil, errSealed
	}
	return plaintext, nil
}

func place(list string, number int64) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(number)), list...)
}

// digest is a lookup key as it stands in the database.
type digest [16]byte

func (s *secrets) digest(k Key) digest {
	h := hmac.New(sha256.New, s.lookup)
	h.Write(k.bytes())
	var sum [sha256.Size]byte
	return digest(h.Sum(sum[:0])[:len(digest{})])
}

func (g *Gallery) keyFile(list string, generation uint32) string {
	return filepath.Join(g.keysDir, fmt.Sprintf("%s.%d.key", list, generation))
}

// makeSecrets makes the key file of a new generation. One that a lost transaction left
// behind closes nothing and is replaced.
func (g *Gallery) makeSecrets(list string, generation uint32) (*secrets, error) {
	path := g.keyFile(list, generation)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	secret := make([]byte, secretSize)
	rand.Read(secret)
	if err := keys.WriteNew(path, secret, 0o600); err != nil {
		return nil, err
	}
	return deriveSecrets(list, secret)
}

// readSecrets reads a key file that must exist.
func (g *Gallery) readSecrets(list string, generation uint32) (*secrets, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ref := generationRef{list, generation}
	if s, ok := g.secrets[ref]; ok {
		return s, nil
	}
	secret, err := os.ReadFile(g.keyFile(list, generation))
	if err != nil {
		return nil, err
	}
	if len(secret) != secretSize {
		return nil, fmt.Errorf("read %s: %d bytes, want %d", g.keyFile(list, generation), len(secret), secretSize)
	}
	s, err := deriveSecrets(list, secret)
	if err != nil {
		return nil, err
	}
	g.secrets[ref] = s
	return s, nil
}

// dropSecrets removes the list's key files but the one to keep (0 for none), durably.
func (g *Gallery) dropSecrets(list string, keep uint32) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for ref := range g.secrets {
		if ref.list == list && ref.generation != keep {
			delete(g.secrets, ref)
		}
	}
	files, err := os.ReadDir(g.keysDir)
	if err != nil {
		return err
	}
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".key")
		dot := strings.LastIndexByte(name, '.')
		if !ok || dot < 0 || name[:dot] != list || f.Name() == filepath.Base(g.keyFile(list, keep)) {
			continue
		}
		if err := os.Remove(filepath.Join(g.keysDir, f.Name())); err != nil {
			return err
		}
	}
	dir, err := os.Open(g.keysDir)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
