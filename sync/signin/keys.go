package signin

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	maxKeys    = 64
	minRSABits = 2048
)

// usable picks the keys that tokens may be signed with. Sets hold others too: for other
// uses, of kinds to come.
func usable(set []json.RawMessage) map[string]jose.JSONWebKey {
	keys := map[string]jose.JSONWebKey{}
	for _, raw := range set {
		var k jose.JSONWebKey
		if json.Unmarshal(raw, &k) != nil || k.KeyID == "" || !k.Valid() || !k.IsPublic() {
			continue
		}
		if algorithm := algorithmOf(&k); algorithm == "" || k.Use != "" && k.Use != "sig" || k.Algorithm != "" && k.Algorithm != algorithm {
			continue
		}
		keys[k.KeyID] = k
	}
	return keys
}

// algorithmOf is the one that a key is used with, so that no key is used with another's.
func algorithmOf(k *jose.JSONWebKey) string {
	switch key := k.Key.(type) {
	case ed25519.PublicKey:
		return string(jose.EdDSA)
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return string(jose.ES256)
		}
	case *rsa.PublicKey:
		if key.N.BitLen() >= minRSABits {
			return string(jose.RS256)
		}
	}
	return ""
}

// kept is what is kept on disk of the issuer.
type kept struct {
	metadata
	Keys   []json.RawMessage `json:"keys"`
	Newest time.Time         `json:"newest"` // when the newest token accepted was issued
}

func (k *kept) same(other *kept) bool {
	return k.metadata == other.metadata && slices.EqualFunc(k.Keys, other.Keys, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
}

// readKept reads what is kept. That there is no file yet is no error.
func readKept(path, issuer string) (kept, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return kept{}, nil
	}
	if err != nil {
		return kept{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxReply*2+1))
	if err != nil {
		return kept{}, err
	}
	if len(data) > maxReply*2 {
		return kept{}, errors.New("too long")
	}
	return parseKept(data, issuer)
}

func parseKept(data []byte, issuer string) (kept, error) {
	var k kept
	if err := json.Unmarshal(data, &k); err != nil {
		return kept{}, errors.New("no keys in it")
	}
	if k.Issuer != issuer {
		return kept{}, errors.New("they are another issuer's")
	}
	if len(k.Keys) > maxKeys {
		return kept{}, fmt.Errorf("more than %d keys", maxKeys)
	}
	return k, nil
}

// write replaces the file durably.
func (k *kept) write(path string) error {
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // readable by us only
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing to remove once it is renamed
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
