package watchlist

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"boothd/internal/keys"
	"boothd/localmatch/gallery"
)

// maxSignatures limits the signatures of a document.
const maxSignatures = 8

// What is wrong with a document.
var (
	ErrMalformed = errors.New("document not readable")
	ErrForged    = errors.New("document not signed by those who must")
	// ErrRollback is matched when a document is older than, or contradicts, one seen before.
	ErrRollback = errors.New("document goes back behind one seen before")
)

// signedBytes are the bytes of a document as they were signed, with their signatures. What is
// signed is the document's format, a line feed, and its bytes; so none passes for another.
type signedBytes struct {
	format     string
	raw        []byte
	signatures []signature
}

type signature struct {
	Key       string `json:"key"` // keys.ID of the signing key
	Signature []byte `json:"signature"`
}

// envelope is how a document goes over the wire.
type envelope struct {
	Document   json.RawMessage `json:"document"`
	Signatures []signature     `json:"signatures"`
}

// checked is what every kind of document can do.
type checked interface{ validate() error }

// openEnvelope reads an envelope and the document in it into v, without judging the
// signatures. Errors match ErrMalformed.
func openEnvelope(format string, b []byte, v checked) (signedBytes, error) {
	if len(b) > MaxMessage {
		return signedBytes{}, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, MaxMessage)
	}
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil || len(e.Document) == 0 || len(e.Signatures) > maxSignatures {
		return signedBytes{}, ErrMalformed
	}
	return signedBytes{format, e.Document, e.Signatures}, decode(e.Document, v)
}

// decode reads a document's bytes. Errors match ErrMalformed.
func decode(raw []byte, v checked) error {
	if err := json.Unmarshal(raw, v); err != nil {
		return ErrMalformed
	}
	if err := v.validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}

// encode writes a document's bytes, if they are valid.
func encode(v checked) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return b, v.validate()
}

// sign adds a key's signature, or replaces it.
func (d *signedBytes) sign(key ed25519.PrivateKey) {
	id := keys.ID(key.Public().(ed25519.PublicKey))
	d.signatures = slices.DeleteFunc(d.signatures, func(s signature) bool { return s.Key == id })
	d.signatures = append(d.signatures, signature{id, ed25519.Sign(key, d.message())})
}

// message is what is signed.
func (d *signedBytes) message() []byte {
	return append([]byte(d.format+"\n"), d.raw...)
}

// signers counts those of the keys that signed; a key that is there twice counts once.
func (d *signedBytes) signers(trusted []ed25519.PublicKey) int {
	message := d.message()
	signed := map[string]bool{}
	for _, key := range trusted {
		id := keys.ID(key)
		for _, s := range d.signatures {
			if s.Key == id && !signed[string(key)] && ed25519.Verify(key, message, s.Signature) {
				signed[string(key)] = true
			}
		}
	}
	return len(signed)
}

// envelope returns the document for the wire. The error matches ErrMalformed if it is too
// long or would not come back as it is.
func (d *signedBytes) envelope() ([]byte, error) {
	b, err := json.Marshal(envelope{d.raw, d.signatures})
	if err != nil {
		return nil, err
	}
	var back envelope
	if err := json.Unmarshal(b, &back); err != nil {
		return nil, err
	}
	switch {
	case len(b) > MaxMessage:
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, MaxMessage)
	case hashOf(back.Document) != hashOf(d.raw):
		return nil, fmt.Errorf("%w: it changes on its way into the envelope", ErrMalformed)
	}
	return b, nil
}

// key is the ID of the first key that signed.
func (d *signedBytes) key() string {
	if len(d.signatures) == 0 {
		return ""
	}
	return d.signatures[0].Key
}

// hash names the document, whoever signed it.
func (d *signedBytes) hash() gallery.Hash { return hashOf(d.raw) }

// signNew encodes a document and signs it.
func signNew(format string, v checked, key ed25519.PrivateKey) ([]byte, error) {
	raw, err := encode(v)
	if err != nil {
		return nil, err
	}
	d := signedBytes{format: format, raw: raw}
	d.sign(key)
	return d.envelope()
}
