package watchlist

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"boothd/localmatch/gallery"
)

// Limits of the wire.
const (
	MaxMessage = 128 << 10 // bytes of any message
	MaxChunk   = 1 << 20   // bytes of a chunk; all but a content's last are as long
	MaxPart    = 96 << 10  // bytes of the parts in which a broker carries a chunk
	MaxChunks  = 1800      // of one manifest, so that it fits a message
	MaxContent = 64 << 30  // bytes of a content's lines
	MaxInline  = 48 << 10  // bytes of a delta that its manifest carries
	MaxLease   = 400 * 24 * time.Hour
)

const (
	manifestFormat = "boothd list v2"
	maxSystem      = 64 // bytes of a system's name
)

// Manifest describes one version of a list.
type Manifest struct {
	Format  string       `json:"format"` // "boothd list v2"
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
	Hash   gallery.Hash `json:"hash"`             // of the lines
	Size   int64        `json:"size"`             // bytes of the lines
	Lines  int          `json:"lines"`            // changes
	Packed int64        `json:"packed"`           // bytes of all chunks, or of Inline
	Chunks Hashes       `json:"chunks,omitempty"` // none if it is carried inline
	// Inline is the packed content itself: of a small delta, which so needs nothing but its
	// manifest.
	Inline []byte `json:"inline,omitempty"`
}

// Hashes are several hashes, in JSON one text: base64 of all of them in a row.
type Hashes []gallery.Hash

// MarshalText implements encoding.TextMarshaler.
func (h Hashes) MarshalText() ([]byte, error) {
	row := make([]byte, 0, len(h)*sha256.Size)
	for i := range h {
		row = append(row, h[i][:]...)
	}
	return base64.StdEncoding.AppendEncode(nil, row), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hashes) UnmarshalText(text []byte) error {
	row, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	switch {
	case err != nil || len(row)%sha256.Size != 0:
		return errors.New("no row of hashes")
	case len(row)/sha256.Size > MaxChunks:
		return errTooManyChunks
	}
	*h = make(Hashes, len(row)/sha256.Size)
	for i := range *h {
		copy((*h)[i][:], row[i*sha256.Size:])
	}
	return nil
}

// Signed is a manifest with its envelope. Hash, over the manifest's bytes as they were
// signed, names the version; it does not depend on the key.
type Signed struct {
	Manifest
	Hash gallery.Hash
	signedBytes
}

func (m *Manifest) validate() error {
	switch {
	case m.Format != manifestFormat:
		return errors.New("another format")
	case !gallery.ValidListName(m.List) || m.System == "" || len(m.System) > maxSystem:
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
	return m.validateContents()
}

func (m *Manifest) validateContents() error {
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
	switch {
	case chunks > MaxChunks:
		return errTooManyChunks
	case m.Snapshot != nil && m.Snapshot.Inline != nil:
		return errors.New("a snapshot is not carried inline")
	case m.Snapshot != nil && m.Snapshot.Lines != m.Entries:
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
	case c.Inline != nil && (n != 0 || len(c.Inline) == 0 || len(c.Inline) > MaxInline || c.Packed != int64(len(c.Inline))):
		return errors.New("a content that is carried inline does not agree with its size")
	case c.Inline == nil && (n == 0 || c.Packed <= (n-1)*MaxChunk || c.Packed > n*MaxChunk):
		return errors.New("chunks and size of a content do not agree")
	}
	return nil
}

// Name is what the packed content's file is called: SHA-256 of its chunks' hashes. A content
// that is carried inline has no file.
func (c *Content) Name() gallery.Hash {
	h := sha256.New()
	for i := range c.Chunks {
		h.Write(c.Chunks[i][:])
	}
	return gallery.Hash(h.Sum(nil))
}

// ChunkSize returns how long the i-th chunk is; it begins at i*MaxChunk of the file.
func (c *Content) ChunkSize(i int) int64 {
	return min(MaxChunk, c.Packed-int64(i)*MaxChunk)
}

// chunkParts returns in how many parts a broker carries a chunk.
func chunkParts(size int64) int { return int((size + MaxPart - 1) / MaxPart) }

// softAge is the manifest's, as a duration.
func (m *Manifest) softAge() time.Duration { return time.Duration(m.SoftAge) * time.Second }

// SignManifest puts the manifest's bytes, as Build wrote them, into a signed envelope.
func SignManifest(raw []byte, key ed25519.PrivateKey) ([]byte, error) {
	var m Manifest
	if err := decode(raw, &m); err != nil {
		return nil, err
	}
	d := signedBytes{format: manifestFormat, raw: raw}
	d.sign(key)
	return d.envelope()
}

// ParseSigned reads an envelope without judging its signature; Verify does that. The error
// matches ErrMalformed.
func ParseSigned(b []byte) (*Signed, error) {
	var s Signed
	var err error
	if s.signedBytes, err = openEnvelope(manifestFormat, b, &s.Manifest); err != nil {
		return nil, err
	}
	s.Hash = s.hash()
	return &s, nil
}

// Verify checks that one of the keys made the signature. The error is ErrForged.
func (s *Signed) Verify(trusted []ed25519.PublicKey) error {
	if s.signers(trusted) == 0 {
		return ErrForged
	}
	return nil
}
