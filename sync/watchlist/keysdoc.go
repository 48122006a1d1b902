package watchlist

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"time"

	"boothd/localmatch/gallery"
)

// Limits of a keys document.
const (
	maxKeys     = 64
	maxKeyLists = 64
)

const keysFormat = "boothd list keys v1"

// KeysDocument tells which online keys may sign lists and give orders. The root keys, which
// are kept offline, sign it; a booth knows these and nothing else. The next document replaces
// it whole, with a higher serial: a key that is to go on counting is named again. So that no
// list falls silent, the times of a key and of its successor overlap.
type KeysDocument struct {
	Format  string    `json:"format"` // "boothd list keys v1"
	Serial  uint64    `json:"serial"` // from 1, rising
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"` // after it nothing new is taken on its word
	// Keys may sign lists: what is issued from From up to, not including, Until.
	Keys []ListKey `json:"keys"`
	// Orders may give orders to booths.
	Orders []OrderKey `json:"orders,omitempty"`
	// Revoked keys count for nothing, whatever the others say and whenever it was signed.
	Revoked []ed25519.PublicKey `json:"revoked,omitempty"`
}

// ListKey is a key that may sign lists.
type ListKey struct {
	Key   ed25519.PublicKey `json:"key"`
	Lists []string          `json:"lists"` // names; "*" for all
	From  time.Time         `json:"from"`
	Until time.Time         `json:"until"`
}

// OrderKey is a key that may give orders.
type OrderKey struct {
	Key   ed25519.PublicKey `json:"key"`
	From  time.Time         `json:"from"`
	Until time.Time         `json:"until"`
}

// All stands for every list, booth or group.
const All = "*"

// Roots are the keys that must sign a keys document.
type Roots struct {
	Keys      []ed25519.PublicKey
	Threshold int // how many of them; 2 of 3
}

// Validate checks that the threshold can be reached by different keys.
func (r Roots) Validate() error {
	for i, k := range r.Keys {
		if len(k) != ed25519.PublicKeySize || hasKey(r.Keys[:i], k) {
			return errors.New("a root key is there twice, or is none")
		}
	}
	if r.Threshold < 1 || r.Threshold > len(r.Keys) {
		return fmt.Errorf("%d of %d root keys cannot be", r.Threshold, len(r.Keys))
	}
	return nil
}

// SignedKeys is a keys document with its signatures.
type SignedKeys struct {
	KeysDocument
	Hash gallery.Hash
	signedBytes
}

func (k *KeysDocument) validate() error {
	switch {
	case k.Format != keysFormat:
		return errors.New("another format")
	case k.Serial == 0 || !k.Expires.After(k.Issued):
		return errors.New("impossible serial or times")
	case len(k.Keys) > maxKeys || len(k.Orders) > maxKeys || len(k.Revoked) > maxKeys:
		return fmt.Errorf("more than %d keys", maxKeys)
	}
	for _, key := range k.Keys {
		if !validKey(key.Key, key.From, key.Until) || len(key.Lists) == 0 || len(key.Lists) > maxKeyLists {
			return errors.New("a key of lists is not whole")
		}
		if slices.ContainsFunc(key.Lists, func(l string) bool { return l != All && !gallery.ValidListName(l) }) {
			return errors.New("a key is for a list that cannot be")
		}
	}
	for _, key := range k.Orders {
		if !validKey(key.Key, key.From, key.Until) {
			return errors.New("a key of orders is not whole")
		}
	}
	for _, key := range k.Revoked {
		if len(key) != ed25519.PublicKeySize {
			return errors.New("a revoked key is none")
		}
	}
	return nil
}

func validKey(k ed25519.PublicKey, from, until time.Time) bool {
	return len(k) == ed25519.PublicKeySize && until.After(from)
}

// NewKeys returns a keys document without signatures, for SignKeys.
func NewKeys(k KeysDocument) ([]byte, error) {
	k.Format = keysFormat
	raw, err := encode(&k)
	if err != nil {
		return nil, err
	}
	d := signedBytes{format: keysFormat, raw: raw, signatures: []signature{}}
	return d.envelope()
}

// SignKeys adds a root's signature to a keys document.
func SignKeys(b []byte, root ed25519.PrivateKey) ([]byte, error) {
	s, err := ParseKeys(b)
	if err != nil {
		return nil, err
	}
	s.sign(root)
	return s.envelope()
}

// ParseKeys reads a keys document without judging its signatures; Verify does that. The error
// matches ErrMalformed.
func ParseKeys(b []byte) (*SignedKeys, error) {
	var s SignedKeys
	var err error
	if s.signedBytes, err = openEnvelope(keysFormat, b, &s.KeysDocument); err != nil {
		return nil, err
	}
	s.Hash = s.hash()
	return &s, nil
}

// Verify checks that enough of the roots signed. The error matches ErrForged.
func (s *SignedKeys) Verify(r Roots) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrForged, err)
	}
	if n := s.signers(r.Keys); n < r.Threshold {
		return fmt.Errorf("%w: %d of %d root keys signed, %d must", ErrForged, n, len(r.Keys), r.Threshold)
	}
	return nil
}

// Follows checks that the document may take the place of the one before: it is that one, or
// has a higher serial. The error matches ErrRollback.
func (s *SignedKeys) Follows(before *SignedKeys) error {
	switch {
	case s.Serial < before.Serial:
		return fmt.Errorf("%w: serial %d after %d", ErrRollback, s.Serial, before.Serial)
	case s.Serial == before.Serial && s.Hash != before.Hash:
		return fmt.Errorf("%w: another document with serial %d", ErrRollback, s.Serial)
	}
	return nil
}

// Expired reports whether the document no longer counts for what is new.
func (k *KeysDocument) Expired(now time.Time) bool { return !now.Before(k.Expires) }

// ForList returns the keys that may sign what is issued for a list at a time.
func (k *KeysDocument) ForList(list string, at time.Time) []ed25519.PublicKey {
	var valid []ed25519.PublicKey
	for _, key := range k.Keys {
		named := slices.Contains(key.Lists, list) || slices.Contains(key.Lists, All)
		if named && k.counts(key.Key, key.From, key.Until, at) {
			valid = append(valid, key.Key)
		}
	}
	return valid
}

// ForOrders returns the keys that may sign orders issued at a time.
func (k *KeysDocument) ForOrders(at time.Time) []ed25519.PublicKey {
	var valid []ed25519.PublicKey
	for _, key := range k.Orders {
		if k.counts(key.Key, key.From, key.Until, at) {
			valid = append(valid, key.Key)
		}
	}
	return valid
}

func (k *KeysDocument) counts(key ed25519.PublicKey, from, until, at time.Time) bool {
	return !at.Before(from) && at.Before(until) && !hasKey(k.Revoked, key)
}

func hasKey(all []ed25519.PublicKey, key ed25519.PublicKey) bool {
	return slices.ContainsFunc(all, func(k ed25519.PublicKey) bool { return k.Equal(key) })
}
