// Package signed puts documents under a signature that booths and central verify offline:
// profiles, grants, lists of revoked grants, drill orders.
//
// A document is a JWS in compact form (RFC 7515) with an Ed25519 signature (EdDSA, RFC
// 8037). Its protected header names the kind of document, so that none passes for another,
// and the key. Signing keys are those of internal/keys.
package signed

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"boothd/internal/keys"
)

// MaxSize limits a signed document, in bytes.
const MaxSize = 256 << 10

// ErrNotValid is matched by the errors of Open.
var ErrNotValid = errors.New("signed document not valid")

// typePrefix begins the header's typ; the kind follows.
const typePrefix = "boothd-"

// Sign encodes v as JSON and signs it as a document of the kind.
func Sign(kind string, v any, key ed25519.PrivateKey) (string, error) {
	payload, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	opt := (&jose.SignerOptions{}).WithType(jose.ContentType(typePrefix+kind)).
		WithHeader("kid", keys.ID(key.Public().(ed25519.PublicKey)))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, opt)
	if err != nil {
		return "", err
	}
	object, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	text, err := object.CompactSerialize()
	if err == nil && len(text) > MaxSize {
		err = fmt.Errorf("document of %d bytes, at most %d", len(text), MaxSize)
	}
	return text, err
}

// Open verifies a document of the kind with whichever of the trusted keys its header names and
// decodes it into v. Fields that v does not know are passed over. Errors match ErrNotValid and
// quote nothing of the text.
func Open(kind, text string, trusted []ed25519.PublicKey, v any) error {
	if len(text) > MaxSize {
		return fmt.Errorf("%w: longer than %d bytes", ErrNotValid, MaxSize)
	}
	object, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return fmt.Errorf("%w: no JWS", ErrNotValid)
	}
	header := object.Signatures[0].Protected
	if header.ExtraHeaders[jose.HeaderType] != typePrefix+kind {
		return fmt.Errorf("%w: not a %s", ErrNotValid, kind)
	}
	for _, key := range trusted {
		if keys.ID(key) != header.KeyID {
			continue
		}
		payload, err := object.Verify(key)
		if err != nil {
			return fmt.Errorf("%w: the signature is wrong", ErrNotValid)
		}
		if err := json.Unmarshal(payload, v); err != nil {
			return fmt.Errorf("%w: no %s in it", ErrNotValid, kind)
		}
		return nil
	}
	return fmt.Errorf("%w: the key is not known", ErrNotValid)
}
