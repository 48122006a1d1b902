package rest

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

const (
	keyEnding = ".key" // of the names of key files
	rootSize  = 32
)

// magic begins every box. The chance that a random secret begins so is 2^-128.
var magic = []byte("boothd wrapped 1")

var errBox = errors.New("box does not open")

// Secret reads the n random bytes kept at path, making them (mode 0600, durably) if there is
// no such file yet. A plain file that it finds is wrapped at once, unless the Keeper writes
// plain files or is read only.
//
// The error matches ErrDamaged if the file is not whole, of another length, wrapped under
// another root or for another name, and ErrOff if it is wrapped and this Keeper keeps plain
// files. It matches fs.ErrNotExist only if the Keeper is read only.
func (k *Keeper) Secret(path string, n int) ([]byte, error) {
	secret, err := k.Read(path, n)
	if !errors.Is(err, fs.ErrNotExist) || k.writesNothing() {
		return secret, err
	}
	secret = make([]byte, n)
	rand.Read(secret)
	if err := put(k.files(), path, k.Wrap(filepath.Base(path), secret)); err != nil {
		return nil, fmt.Errorf("make secret: %w", err)
	}
	return secret, nil
}

// Read is Secret without making anything: the error matches fs.ErrNotExist if there is no
// such file.
func (k *Keeper) Read(path string, n int) ([]byte, error) {
	b, err := readLimited(path)
	if err != nil {
		return nil, err
	}
	secret, err := k.Unwrap(filepath.Base(path), b)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(secret) != n {
		return nil, fmt.Errorf("read %s: %w: %d bytes, want %d", path, ErrDamaged, len(secret), n)
	}
	if isWrapped(b) || k.Source() == SourceNone || k.writesNothing() {
		return secret, nil
	}
	return secret, k.adopt(path, secret)
}

// Erase removes the secret for ever: the file, durably, then what it held. It is no error if
// there is none.
func (k *Keeper) Erase(path string) error {
	if k.writesNothing() {
		return fmt.Errorf("erase %s: opened read only", path)
	}
	if err := erase(k.files(), path); err != nil {
		return fmt.Errorf("erase secret: %w", err)
	}
	return nil
}

// Wrap closes plaintext under the root for the given name. A Keeper of plain files returns
// the plaintext as it is.
func (k *Keeper) Wrap(name string, plaintext []byte) []byte {
	if k.Source() == SourceNone {
		return plaintext
	}
	nonce := make([]byte, k.box.NonceSize())
	rand.Read(nonce)
	b := append(bytes.Clone(magic), nonce...)
	return k.box.Seal(b, nonce, plaintext, boundTo(name))
}

// Unwrap opens what Wrap closed for the same name. What is not wrapped it returns as it is.
// The error matches ErrDamaged or ErrOff.
func (k *Keeper) Unwrap(name string, b []byte) ([]byte, error) {
	if !isWrapped(b) {
		return b, nil
	}
	if k.Source() == SourceNone {
		return nil, ErrOff
	}
	b = b[len(magic):]
	if len(b) < k.box.NonceSize()+k.box.Overhead() {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, errBox)
	}
	plaintext, err := k.box.Open(nil, b[:k.box.NonceSize()], b[k.box.NonceSize():], boundTo(name))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, errBox)
	}
	return plaintext, nil
}

// WrapAll wraps the key files (*.key) in the folder that are still plain, also those that
// nobody reads any more. It may be cut off anywhere and repeated.
func (k *Keeper) WrapAll(ctx context.Context, dir string) error {
	if k.Source() == SourceNone || k.writesNothing() {
		return nil
	}
	paths, err := keyFiles(dir)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := readLimited(path)
		if err != nil {
			return err
		}
		if isWrapped(b) {
			continue
		}
		if err := k.adopt(path, b); err != nil {
			return err
		}
	}
	return nil
}

// adopt wraps a plain secret that is kept at path.
func (k *Keeper) adopt(path string, secret []byte) error {
	name := filepath.Base(path)
	if err := put(k.files(), path, k.Wrap(name, secret)); err != nil {
		return fmt.Errorf("wrap secret: %w", err)
	}
	k.log.Info("plain key file wrapped", "file", name)
	return nil
}

func (k *Keeper) files() disk {
	if k == nil || k.disk == nil {
		return osDisk{}
	}
	return k.disk
}

func (k *Keeper) writesNothing() bool { return k != nil && k.readOnly }

func isWrapped(b []byte) bool { return bytes.HasPrefix(b, magic) }

func boundTo(name string) []byte { return append(bytes.Clone(magic), name...) }

// aead is AES-256-GCM under a key made of secret for a purpose.
func aead(secret []byte, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "boothd keys at rest v1 "+purpose, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
