package watchlist

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"boothd/localmatch/gallery"
)

const (
	headFormat = "boothd list head v1"
	maxGroups  = 64
	nonceSize  = 16
)

// Head tells which version of a list counts for whom. It is short, and signed by an online
// key each time that this changes.
type Head struct {
	Format   string       `json:"format"` // "boothd list head v1"
	List     string       `json:"list"`
	System   string       `json:"system"`
	Version  uint64       `json:"version"`  // the newest there is
	Manifest gallery.Hash `json:"manifest"` // of that version
	// Issued is when the head was signed. A head that is older than one that was followed
	// is refused.
	Issued time.Time `json:"issued"`
	// Nonce is new in each head. What booths tell of what they hold is bound to it, see
	// Digest.
	Nonce []byte `json:"nonce"`
	// Groups are the versions by group of booths; "*" is for all that are not named.
	Groups map[string]Target `json:"groups"`
	// Inline is the signed manifest of the newest version, if it has room: an urgent change is
	// one message then.
	Inline json.RawMessage `json:"inline,omitempty"`
}

// Target is a version that booths are to have.
type Target struct {
	Version  uint64       `json:"version"`
	Manifest gallery.Hash `json:"manifest"`
}

// SignedHead is a head with its signature.
type SignedHead struct {
	Head
	Hash   gallery.Hash
	inline *Signed // nil if there is none
	signedBytes
}

// For returns what a booth of a group is to have.
func (h *Head) For(group string) Target {
	if t, ok := h.Groups[group]; ok {
		return t
	}
	return h.Groups[All]
}

// Newest returns the signed manifest that the head carries; nil if it carries none.
func (s *SignedHead) Newest() *Signed { return s.inline }

func (h *Head) validate() error {
	_, err := h.check()
	return err
}

// check validates the head and returns the manifest in it.
func (h *Head) check() (*Signed, error) {
	switch {
	case h.Format != headFormat:
		return nil, errors.New("another format")
	case !gallery.ValidListName(h.List) || h.System == "" || len(h.System) > maxSystem:
		return nil, errors.New("no list or no system")
	case h.Version == 0 || h.Manifest.IsZero() || h.Issued.IsZero() || len(h.Nonce) != nonceSize:
		return nil, errors.New("no version, time or nonce")
	case len(h.Groups) > maxGroups || h.Groups[All].Version == 0:
		return nil, errors.New("too many groups, or no version for all")
	}
	hashes := map[uint64]gallery.Hash{h.Version: h.Manifest}
	for group, t := range h.Groups {
		known, ok := hashes[t.Version]
		switch {
		case group != All && !ValidGroup(group):
			return nil, errors.New("a group has no name")
		case t.Version == 0 || t.Version > h.Version || t.Manifest.IsZero() || ok && known != t.Manifest:
			return nil, errors.New("the versions of the groups do not agree")
		}
		hashes[t.Version] = t.Manifest
	}
	if h.Inline == nil {
		return nil, nil
	}
	s, err := ParseSigned(h.Inline)
	switch {
	case err != nil:
		return nil, err
	case s.Hash != h.Manifest || s.Version != h.Version || s.List != h.List || s.System != h.System:
		return nil, errors.New("carries another manifest than it names")
	}
	return s, nil
}

// ValidGroup reports whether s can be the name of a group of booths: as of a list.
func ValidGroup(s string) bool { return gallery.ValidListName(s) }

// SignHead signs a head. It leaves out the manifest that the head carries if there is no room
// for it.
func SignHead(h Head, key ed25519.PrivateKey) ([]byte, error) {
	h.Format = headFormat
	b, err := signNew(headFormat, &h, key)
	if h.Inline != nil && err != nil {
		h.Inline = nil
		return signNew(headFormat, &h, key)
	}
	return b, err
}

// ParseHead reads a head without judging its signature; Verify does that. The error matches
// ErrMalformed.
func ParseHead(b []byte) (*SignedHead, error) {
	var p parsedHead
	d, err := openEnvelope(headFormat, b, &p)
	if err != nil {
		return nil, err
	}
	return &SignedHead{p.Head, d.hash(), p.inline, d}, nil
}

// parsedHead keeps the manifest that validating found in the head.
type parsedHead struct {
	Head
	inline *Signed
}

func (p *parsedHead) validate() error {
	var err error
	p.inline, err = p.check()
	return err
}

// Verify checks that one of the keys made the signature. The error is ErrForged.
func (s *SignedHead) Verify(trusted []ed25519.PublicKey) error {
	if s.signers(trusted) == 0 {
		return ErrForged
	}
	return nil
}

// Follows checks that the head may take the place of one that was followed before: it is that
// one, or was issued later, and what both say of a version is the same. The error matches
// ErrRollback, and gallery.ErrFork if the two contradict each other.
func (s *SignedHead) Follows(before *SignedHead) error {
	switch {
	case s.List != before.List || s.System != before.System:
		return errors.New("is of another list or system")
	case s.Issued.Before(before.Issued):
		return fmt.Errorf("%w: issued %s", ErrRollback, s.Issued.UTC().Format(time.RFC3339))
	case s.Issued.Equal(before.Issued) && s.Hash != before.Hash:
		return fmt.Errorf("%w: two heads of one time: %w", ErrRollback, gallery.ErrFork)
	case s.Version < before.Version:
		return fmt.Errorf("%w: version %d after %d", ErrRollback, s.Version, before.Version)
	}
	for _, a := range before.targets() {
		for _, b := range s.targets() {
			if a.Version == b.Version && a.Manifest != b.Manifest {
				return fmt.Errorf("%w: another version %d: %w", ErrRollback, a.Version, gallery.ErrFork)
			}
		}
	}
	return nil
}

// targets are all versions that the head names.
func (h *Head) targets() []Target {
	all := []Target{{h.Version, h.Manifest}}
	for _, t := range h.Groups {
		all = append(all, t)
	}
	return all
}

// Digest is what a booth tells central of the version that it holds, beside its hash: SHA-256
// over both and the head's nonce. So what it told of an earlier head, or what another booth
// told, does not pass for its answer to this one.
func Digest(booth string, manifest gallery.Hash, nonce []byte) gallery.Hash {
	h := sha256.New()
	fmt.Fprintf(h, "boothd list digest v1\n%s\n", booth)
	h.Write(manifest[:])
	h.Write(nonce)
	return gallery.Hash(h.Sum(nil))
}
