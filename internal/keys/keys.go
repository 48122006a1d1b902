// Package keys reads and writes the key files of booths and central, and seals what only
// their owner may read.
//
// Signing keys are Ed25519 in PEM (PKCS #8 and PKIX, as openssl writes them). Sealing keys
// are for HPKE (RFC 9180) with the hybrid of ML-KEM-768 and X25519, HKDF-SHA256 and
// AES-256-GCM, so that what is stolen today stays closed to tomorrow's quantum computers.
// Secret keys are files readable by their owner only.
package keys

import (
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	pemSecretSigning = "PRIVATE KEY"
	pemPublicSigning = "PUBLIC KEY"
	pemSecretSealing = "BOOTHD SEALING PRIVATE KEY"
	pemPublicSealing = "BOOTHD SEALING PUBLIC KEY"
	maxKeyFile       = 64 << 10
)

// ID is a short name of a public signing key: the first 16 hexadecimal digits of its
// SHA-256.
func ID(pub ed25519.PublicKey) string {
	h := sha256.Sum256(pub)
	return hex.EncodeToString(h[:8])
}

// GenerateSigning makes a signing key and writes it to path (0600) and its public half to
// path + ".pub". It refuses to overwrite.
func GenerateSigning(path string) (ed25519.PrivateKey, error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, err
	}
	return priv, writePair(path, pemSecretSigning, secret, pemPublicSigning, public)
}

// ReadSigning reads a secret signing key.
func ReadSigning(path string) (ed25519.PrivateKey, error) {
	der, err := readPEM(path, pemSecretSigning)
	if err != nil {
		return nil, err
	}
	k, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	priv, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("read %s: not an Ed25519 key", path)
	}
	return priv, nil
}

// ReadVerifying reads a public signing key.
func ReadVerifying(path string) (ed25519.PublicKey, error) {
	der, err := readPEM(path, pemPublicSigning)
	if err != nil {
		return nil, err
	}
	k, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	pub, ok := k.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("read %s: not an Ed25519 key", path)
	}
	return pub, nil
}

// ReadVerifyingAll reads several public signing keys.
func ReadVerifyingAll(paths []string) ([]ed25519.PublicKey, error) {
	var all []ed25519.PublicKey
	for _, path := range paths {
		key, err := ReadVerifying(path)
		if err != nil {
			return nil, err
		}
		all = append(all, key)
	}
	return all, nil
}

// GenerateSealing makes a sealing key and writes it to path (0600) and its public half to
// path + ".pub". It refuses to overwrite.
func GenerateSealing(path string) (hpke.PrivateKey, error) {
	k, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		return nil, err
	}
	secret, err := k.Bytes()
	if err != nil {
		return nil, err
	}
	return k, writePair(path, pemSecretSealing, secret, pemPublicSealing, k.PublicKey().Bytes())
}

// ReadSealing reads a public sealing key.
func ReadSealing(path string) (hpke.PublicKey, error) {
	b, err := readPEM(path, pemPublicSealing)
	if err != nil {
		return nil, err
	}
	k, err := hpke.MLKEM768X25519().NewPublicKey(b)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return k, nil
}

// ReadOpening reads a secret sealing key.
func ReadOpening(path string) (hpke.PrivateKey, error) {
	b, err := readPEM(path, pemSecretSealing)
	if err != nil {
		return nil, err
	}
	k, err := hpke.MLKEM768X25519().NewPrivateKey(b)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return k, nil
}

// Seal closes plaintext for the owner of pub. Open gives it back only if info and aad are
// the same: info names the protocol, aad what the box belongs to. A box is 1136 bytes
// (the encapsulated key and the tag) longer than its plaintext.
func Seal(pub hpke.PublicKey, info string, aad, plaintext []byte) ([]byte, error) {
	enc, s, err := hpke.NewSender(pub, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info))
	if err != nil {
		return nil, err
	}
	box, err := s.Seal(aad, plaintext)
	if err != nil {
		return nil, err
	}
	return append(enc, box...), nil
}

// Open opens a box of Seal. It says no more than that the box does not open.
func Open(priv hpke.PrivateKey, info string, aad, box []byte) ([]byte, error) {
	const encapsulated = 1120 // ML-KEM-768 ciphertext and X25519 share
	if len(box) < encapsulated {
		return nil, errors.New("sealed box too short")
	}
	r, err := hpke.NewRecipient(box[:encapsulated], priv, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info))
	if err != nil {
		return nil, errors.New("sealed box does not open")
	}
	plaintext, err := r.Open(aad, box[encapsulated:])
	if err != nil {
		return nil, errors.New("sealed box does not open")
	}
	return plaintext, nil
}

// Secret reads the n random bytes in the file at path, making them (0600) if there is no
// such file yet.
func Secret(path string, n int) ([]byte, error) {
	b, err := os.ReadFile(path)
	switch {
	case err == nil && len(b) == n:
		return b, nil
	case err == nil:
		return nil, fmt.Errorf("read %s: %d bytes, want %d", path, len(b), n)
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	}
	b = make([]byte, n)
	rand.Read(b)
	if err := WriteNew(path, b, 0o600); err != nil {
		return nil, err
	}
	return b, nil
}

// WriteNew writes a file that must not exist yet, durably: file and folder are synced.
func WriteNew(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(path)
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func writePair(path, secretType string, secret []byte, publicType string, public []byte) error {
	if err := WriteNew(path, pem.EncodeToMemory(&pem.Block{Type: secretType, Bytes: secret}), 0o600); err != nil {
		return err
	}
	return WriteNew(path+".pub", pem.EncodeToMemory(&pem.Block{Type: publicType, Bytes: public}), 0o644)
}

func readPEM(path, want string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Size() > maxKeyFile {
		return nil, fmt.Errorf("read %s: too long for a key file", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != want {
		return nil, fmt.Errorf("read %s: no %s in it", path, want)
	}
	return block.Bytes, nil
}
