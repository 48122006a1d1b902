package sbi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"boothd/internal/settings"
)

const hashSize = sha256.Size

// chain is the running hash over everything that was captured, across calls.
type chain [hashSize]byte

// newChain goes on from the hash that the caller was answered before; from that of nothing if
// there is none.
func newChain(previous []byte) chain {
	if len(previous) == hashSize {
		return chain(previous)
	}
	return sha256.Sum256(nil)
}

// add takes in a record as it is before it is encrypted.
func (c *chain) add(record []byte) {
	own := sha256.Sum256(record)
	*c = sha256.Sum256(append(c[:], own[:]...))
}

// String returns the hash as the wire has it.
func (c *chain) String() string { return upperHex(c[:]) }

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

// Domain is for whom captures of an authentication are encrypted.
type Domain struct {
	key        *rsa.PublicKey
	thumbprint string
}

// NewDomain takes the certificate of the authentication service, which must have an RSA key of
// at least 2,048 bits.
func NewDomain(c *x509.Certificate) (*Domain, error) {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < 2048 {
		return nil, errors.New("certificate of the domain: not of an RSA key of 2048 bits or more")
	}
	sum := sha256.Sum256(c.Raw)
	return &Domain{key, upperHex(sum[:])}, nil
}

// ReadDomain reads the certificate from a file in PEM or DER.
func ReadDomain(path string) (*Domain, error) {
	b, err := settings.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	}
	c, err := x509.ParseCertificate(b)
	if err != nil {
		return nil, fmt.Errorf("certificate of the domain: %w", err)
	}
	return NewDomain(c)
}

// The lengths that are taken from the end of the timestamp mixed with the transaction.
const (
	nonceSize = 12
	aadSize   = 16
)

// seal encrypts a record with AES-256-GCM under a key of its own, which it encrypts with
// RSA-OAEP. Nonce and additional data follow from timestamp and transaction, which are the same
// for all records of a capture: a key must never serve a second record.
func (d *Domain) seal(record []byte, timestamp, transaction string) (bioValue, sessionKey string, err error) {
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", "", err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return "", "", err
	}
	mix := mixed(timestamp, transaction)
	sealed := gcm.Seal(nil, mix[len(mix)-nonceSize:], record, mix[len(mix)-aadSize:])
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, d.key, key, nil)
	if err != nil {
		return "", "", fmt.Errorf("encrypt session key: %w", err)
	}
	return encode(sealed), encode(wrapped), nil
}

// mixed is the exclusive or of two texts, the shorter one filled up with zeros at its front. A
// timestamp is longer than what is taken of it.
func mixed(a, b string) []byte {
	if len(a) < len(b) {
		a, b = b, a
	}
	mix := []byte(a)
	for i := range len(b) {
		mix[len(a)-len(b)+i] ^= b[i]
	}
	return mix
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
