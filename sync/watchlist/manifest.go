// Package watchlist carries the lists from central operations to the booths over MQTT.
//
// # Versions
//
// Each version of a list has one manifest, signed by central with Ed25519. It tells what
// the list then holds (entries, issue, lease), names its predecessor by hash, and names
// one or both ways to get there: the delta from the version before, and a snapshot of the
// whole list. So every booth that has version n has the same head hash, whichever way it
// came, and a history that was rewritten is noticed.
//
// What a delta or snapshot holds is JSON Lines of gallery.Change: for a snapshot a "put"
// of each entry, in the order of their ids. It is gzipped and cut into chunks of 96 KiB,
// each named by its SHA-256. The manifest holds the hashes of the chunks and of the lines.
//
// # Central operations
//
// [Import] makes entries of published lists of persons. [Build] makes the next version
// in a folder, [Sign] signs it (only the manifest is needed for that, so the key can stay
// on a machine without a network), [Verify] proves the folder, [Publish] brings it to the
// broker.
//
//	DIR/LIST/chunks/SHA256
//	DIR/LIST/VERSION/manifest.json      as it is signed
//	DIR/LIST/VERSION/signed.json        the manifest in its envelope
//	DIR/LIST/VERSION/entries.jsonl.gz   the whole list; of the last versions only
//
// # Topics
//
// All messages are retained, sent with QoS 1 and at most 128 KiB long.
//
//	boothd/v1/lists/LIST/head                 the newest signed manifest
//	boothd/v1/lists/LIST/manifests/VERSION    the last versions' signed manifests
//	boothd/v1/lists/LIST/chunks/SHA256        what they need
//	boothd/v1/booths/BOOTH/lists/LIST         a booth's Status
//
// A publisher also sends itself one message on boothd/v1/lists/LIST/publisher. A booth needs
// to read boothd/v1/lists/# and to write boothd/v1/booths/BOOTH/lists/#, nothing else.
//
// # Booths
//
// A [Subscriber] learns of a new head, gets what it lacks by version, proves it and applies
// it in one step. It never relies on what a broker may have queued for it.
package watchlist

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"boothd/internal/keys"
	"boothd/localmatch/gallery"
)

// Limits of the wire.
const (
	MaxMessage = 128 << 10 // bytes of any message
	MaxChunk   = 96 << 10  // bytes of a chunk; all but a content's last are as long
	MaxChunks  = 1800      // of one manifest, so that it fits a message: 168 MiB of gzip
	MaxContent = 2 << 30   // bytes of a content's lines
	MaxLease   = 400 * 24 * time.Hour
)

const (
	manifestFormat  = "boothd list v1"
	signatureDomain = "boothd list manifest v1\n"
)

// Manifest describes one version of a list.
type Manifest struct {
	Format  string       `json:"format"` // "boothd list v1"
	List    string       `json:"list"`
	System  string       `json:"system"`
	Version uint64       `json:"version"` // from 1, rising by one
	Prev    gallery.Hash `json:"prev"`    // of the version before; zero for version 1
	Issued  time.Time    `json:"issued"`  // how old the data is
	Expires time.Time    `json:"expires"` // the end of the lease
	// SoftAge is the age in seconds after which finding nothing means little; 0 for none.
	SoftAge int64 `json:"soft_age"`
	Entries int   `json:"entries"`
	// LastSnapshot is the latest version, up to this one, that has a snapshot.
	LastSnapshot uint64   `json:"last_snapshot"`
	Delta        *Content `json:"delta,omitempty"` // from the version before
	Snapshot     *Content `json:"snapshot,omitempty"`
}

// Content is what a delta or snapshot consists of.
type Content struct {
	Hash   gallery.Hash   `json:"hash"`   // of the lines
	Size   int64          `json:"size"`   // bytes of the lines
	Lines  int            `json:"lines"`  // changes
	Packed int64          `json:"packed"` // bytes of all chunks
	Chunks []gallery.Hash `json:"chunks"`
}

// Signed is a manifest with its envelope. Hash, over the manifest's bytes as they were
// signed, names the version; it does not depend on the key.
type Signed struct {
	Manifest
	Hash gallery.Hash
	raw  []byte // the manifest as it was signed
	key  string
	sig  []byte
}

type envelope struct {
	Manifest  json.RawMessage `json:"manifest"`
	Key       string          `json:"key"` // keys.ID of the signing key
	Signature []byte          `json:"signature"`
}

// What is wrong with a manifest.
var (
	ErrMalformed = errors.New("manifest not readable")
	ErrForged    = errors.New("manifest not signed by a known key")
)

// encode returns the manifest's bytes for signing.
func (m *Manifest) encode() ([]byte, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if _, err := parseManifest(b); err != nil {
		return nil, err
	}
	return b, nil
}

func parseManifest(raw []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, ErrMalformed
	}
	if err := m.validate(); err != nil {
		return m, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return m, nil
}

func (m *Manifest) validate() error {
	switch {
	case m.Format != manifestFormat:
		return errors.New("another format")
	case !gallery.ValidListName(m.List) || m.System == "" || len(m.System) > 64:
		return errors.New("no list or no system")
	case m.Version == 0 || (m.Version == 1) != m.Prev.IsZero():
		return errors.New("version and predecessor do not agree")
	case m.LastSnapshot == 0 || m.LastSnapshot > m.Version || (m.LastSnapshot == m.Version) != (m.Snapshot != nil):
		return errors.New("last snapshot and version do not agree")
	case m.Version == 1 && m.Delta != nil || m.Version > 1 && m.Delta == nil:
		return errors.New("version and delta do not agree")
	case m.Entries < 0 || m.Entries > gallery.MaxEntries:
		return errors.New("impossible number of entries")
	case !m.Expires.After(m.Issued) || m.Expires.Sub(m.Issued) > MaxLease:
		return errors.New("impossible lease")
	case m.SoftAge < 0 || m.SoftAge > int64(MaxLease/time.Second):
		return errors.New("impossible soft age")
	}
	chunks := 0
	for _, c := range []*Content{m.Delta, m.Snapshot} {
		if c == nil {
			continue
		}
		if err := c.validate(); err != nil {
			return err
		}
		chunks += len(c.Chunks)
	}
	if chunks > MaxChunks {
		return errTooManyChunks
	}
	if m.Snapshot != nil && m.Snapshot.Lines != m.Entries {
		return errors.New("snapshot and number of entries do not agree")
	}
	return nil
}

var errTooManyChunks = fmt.Errorf("more than %d chunks of %d bytes", MaxChunks, MaxChunk)

func (c *Content) validate() error {
	n := int64(len(c.Chunks))
	switch {
	case c.Size < 0 || c.Size > MaxContent || c.Lines < 0 || int64(c.Lines) > c.Size:
		return errors.New("impossible size of a content")
	case n == 0 || c.Packed <= (n-1)*MaxChunk || c.Packed > n*MaxChunk:
		return errors.New("chunks and size of a content do not agree")
	}
	return nil
}

// chunkSize returns how long the i-th chunk is.
func (c *Content) chunkSize(i int) int64 {
	return min(MaxChunk, c.Packed-int64(i)*MaxChunk)
}

// softAge is the manifest's, as a duration.
func (m *Manifest) softAge() time.Duration { return time.Duration(m.SoftAge) * time.Second }

// SignManifest puts the manifest's bytes, as Build wrote them, into a signed envelope.
func SignManifest(raw []byte, key ed25519.PrivateKey) ([]byte, error) {
	if _, err := parseManifest(raw); err != nil {
		return nil, err
	}
	b, err := json.Marshal(envelope{
		Manifest:  raw,
		Key:       keys.ID(key.Public().(ed25519.PublicKey)),
		Signature: ed25519.Sign(key, append([]byte(signatureDomain), raw...)),
	})
	if err != nil {
		return nil, err
	}
	s, err := ParseSigned(b)
	if err == nil && !bytes.Equal(s.raw, raw) {
		err = errors.New("manifest was not written by Build: it changes on its way into the envelope")
	}
	return b, err
}

// ParseSigned reads an envelope without judging its signature; Verify does that. The error
// matches ErrMalformed.
func ParseSigned(b []byte) (*Signed, error) {
	if len(b) > MaxMessage {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, MaxMessage)
	}
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil || len(e.Manifest) == 0 {
		return nil, ErrMalformed
	}
	m, err := parseManifest(e.Manifest)
	if err != nil {
		return nil, err
	}
	return &Signed{m, sha256.Sum256(e.Manifest), e.Manifest, e.Key, e.Signature}, nil
}

// Verify checks that one of the keys made the signature. The error is ErrForged.
func (s *Signed) Verify(trusted []ed25519.PublicKey) error {
	for _, k := range trusted {
		if keys.ID(k) == s.key && ed25519.Verify(k, append([]byte(signatureDomain), s.raw...), s.sig) {
			return nil
		}
	}
	return ErrForged
}
