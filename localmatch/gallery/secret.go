package gallery

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
	"strings"

	"boothd/localmatch/gallery/segment"
	"boothd/localmatch/numbers"
)

const secretSize = 32 // bytes of a key file

var errSealed = errors.New("sealed row does not open")

// secrets are the keys of one segment, all derived from its key file.
type secrets struct {
	key     []byte // of its files
	numbers numbers.Secret
}

func deriveSecrets(key []byte) (*secrets, error) {
	n, err := hkdf.Key(sha256.New, key, nil, "boothd gallery numbers v2", len(numbers.Secret{}))
	if err != nil {
		return nil, err
	}
	return &secrets{key, numbers.Secret(n)}, nil
}

// statesAEAD seals what the lists are.
func statesAEAD(secret []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "boothd gallery states v2", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal closes plaintext for one place, so that a row moved elsewhere does not open.
func seal(a cipher.AEAD, place string, plaintext []byte) []byte {
	box := make([]byte, a.NonceSize(), a.NonceSize()+len(plaintext)+a.Overhead())
	rand.Read(box)
	return a.Seal(box, box, plaintext, []byte(place))
}

func open(a cipher.AEAD, place string, box []byte) ([]byte, error) {
	if len(box) < a.NonceSize()+a.Overhead() {
		return nil, errSealed
	}
	plaintext, err := a.Open(nil, box[:a.NonceSize()], box[a.NonceSize():], []byte(place))
	if err != nil {
		return nil, errSealed
	}
	return plaintext, nil
}

func (g *Gallery) keyFile(list string, serial uint32) string {
	return filepath.Join(g.keysDir, fmt.Sprintf("%s.%d.key", list, serial))
}

// makeSecrets makes the key file of a new segment. What an update that was lost has left
// behind under its name is removed.
func (g *Gallery) makeSecrets(list string, serial uint32) (*secrets, error) {
	for _, path := range g.segmentFiles(list, serial) {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	if err := g.keys.Erase(g.keyFile(list, serial)); err != nil {
		return nil, err
	}
	key, err := g.keys.Secret(g.keyFile(list, serial), secretSize)
	if err != nil {
		return nil, err
	}
	return deriveSecrets(key)
}

// readSecrets reads a key file that must exist.
func (g *Gallery) readSecrets(list string, serial uint32) (*secrets, error) {
	key, err := g.keys.Read(g.keyFile(list, serial), secretSize)
	if err != nil {
		return nil, err
	}
	return deriveSecrets(key)
}

// keep removes the files and keys of the list's segments but of those to keep, durably. The
// keys go first: without its key a segment is nothing.
func (g *Gallery) keep(list string, serials map[uint32]bool) error {
	err := removeFiles(g.keysDir, list, serials, g.keys.Erase)
	return errors.Join(err, removeFiles(g.segmentsDir, list, serials, os.Remove))
}

// removeFiles removes the files LIST.SERIAL… of other serials than those to keep. An erasure may
// do so at the same time as somebody else: what is gone already is no error.
func removeFiles(dir, list string, keep map[uint32]bool, remove func(path string) error) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range files {
		name, found := strings.CutPrefix(f.Name(), list+".")
		var serial uint32
		if _, err := fmt.Sscanf(name, "%d.", &serial); !found || err != nil || keep[serial] {
			continue
		}
		if err := remove(filepath.Join(dir, f.Name())); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, segment.SyncFolder(dir))...)
}
