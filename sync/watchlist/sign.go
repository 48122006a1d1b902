package watchlist

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"time"

	"boothd/localmatch/gallery"
)

// SignOptions say which version to sign, and which booths are to have it.
type SignOptions struct {
	Dir     string // the lists' folder
	List    string
	Version uint64 // 0 for the newest
	// Groups of booths are to have the version; "*" for all that no other version is named
	// for, and is meant if there are none. The others stay where they are.
	Groups []string
	Key    ed25519.PrivateKey
	Now    time.Time
}

// Sign signs a version of a list, if that was not done, and a head that names it for the
// groups. It needs the list's folder without its contents: the manifests and the head, so that
// the key can be on a machine without a network. With the head the version is published as far as the
// folder is served as it is.
//
// A group never goes back to an earlier version: what is wrong with one is put right in the
// next. If there is a keys document in the lists' folder, the key must count by it.
func Sign(o SignOptions) (*SignedHead, error) {
	var h *SignedHead
	err := locked(o.Dir, func() (err error) {
		h, err = sign(o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sign list %s: %w", o.List, err)
	}
	return h, nil
}

func sign(o SignOptions) (*SignedHead, error) {
	f := openFolder(o.Dir, o.List)
	all, err := f.versions()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("no version was built")
	}
	if o.Version == 0 {
		o.Version = all[len(all)-1]
	}
	s, err := f.manifest(o.Version)
	if err != nil {
		return nil, err
	}
	if err := f.keyCounts(&o, s.Issued); err != nil {
		return nil, err
	}
	trusted := []ed25519.PublicKey{o.Key.Public().(ed25519.PublicKey)}
	if len(s.signatures) == 0 {
		b, err := SignManifest(s.raw, o.Key)
		if err != nil {
			return nil, err
		}
		if err := writeFile(f.signedFile(o.Version), b); err != nil {
			return nil, err
		}
		if s, err = f.signed(o.Version); err != nil {
			return nil, err
		}
		if err := s.Verify(trusted); err != nil {
			return nil, err
		}
	}
	return f.signHead(&o, s)
}

// keyCounts checks the key against the keys document, if that is there.
func (f folder) keyCounts(o *SignOptions, issued time.Time) error {
	k, err := readKeys(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	public := o.Key.Public().(ed25519.PublicKey)
	for _, at := range []time.Time{issued, o.Now} {
		if !hasKey(k.ForList(o.List, at), public) {
			return fmt.Errorf("by the keys document with serial %d this key does not count for what is issued %s", k.Serial, at.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// signHead moves groups to a version.
func (f folder) signHead(o *SignOptions, s *Signed) (*SignedHead, error) {
	before, err := f.head()
	if err != nil {
		return nil, err
	}
	h, err := nextHead(before, s, o.Groups, o.Now)
	if err != nil {
		return nil, err
	}
	if h.Inline, err = readLimited(f.signedFile(h.Version), MaxMessage); err != nil {
		return nil, err
	}
	b, err := SignHead(*h, o.Key)
	if err != nil {
		return nil, err
	}
	if err := writeFile(f.headFile(), b); err != nil {
		return nil, err
	}
	return f.head()
}

// nextHead returns the head after another, which may be nil, with groups moved to a version.
// A group that is not ahead of all the others is one of them again.
func nextHead(before *SignedHead, s *Signed, groups []string, now time.Time) (*Head, error) {
	h := &Head{
		List: s.List, System: s.System, Version: s.Version, Manifest: s.Hash, Issued: now.UTC(),
		Nonce: make([]byte, nonceSize), Groups: map[string]Target{},
	}
	rand.Read(h.Nonce)
	if before != nil {
		if before.System != s.System {
			return nil, fmt.Errorf("the head is of system %s", before.System)
		}
		if before.Version == s.Version && before.Manifest != s.Hash {
			return nil, fmt.Errorf("the head names another version %d: %w", s.Version, gallery.ErrFork)
		}
		maps.Copy(h.Groups, before.Groups)
		if before.Version >= s.Version {
			h.Version, h.Manifest = before.Version, before.Manifest
		}
		if !h.Issued.After(before.Issued) { // a clock that was set back
			h.Issued = before.Issued.Add(time.Millisecond)
		}
	}
	if len(groups) == 0 {
		groups = []string{All}
	}
	for _, group := range groups {
		if now := h.For(group); now.Version > s.Version {
			return nil, fmt.Errorf("group %s has version %d and cannot go back", group, now.Version)
		}
		h.Groups[group] = Target{s.Version, s.Hash}
	}
	if h.Groups[All].Version == 0 {
		return nil, errors.New("the first version must be for all: there is none that the others could have")
	}
	maps.DeleteFunc(h.Groups, func(group string, t Target) bool {
		return group != All && t.Version <= h.Groups[All].Version
	})
	return h, nil
}

// VersionInfo is what Inspect and Verify tell of a version.
type VersionInfo struct {
	Version  uint64       `json:"version"`
	Hash     gallery.Hash `json:"hash"`
	Signed   bool         `json:"signed"`
	Key      string       `json:"key,omitempty"` // that signed it
	System   string       `json:"system"`
	Entries  int          `json:"entries"`
	Issued   time.Time    `json:"issued"`
	Expires  time.Time    `json:"expires"`
	Changes  int          `json:"changes"`  // lines of the delta
	Delta    int64        `json:"delta"`    // bytes to fetch; 0 if there is none
	Snapshot int64        `json:"snapshot"` // bytes to fetch; 0 if there is none
}

// Inspect tells of the versions in a list's folder, the oldest first.
func Inspect(dir, list string) ([]VersionInfo, error) {
	f := openFolder(dir, list)
	all, err := f.versions()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("inspect list %s: no version in %s", list, f.dir)
	}
	var infos []VersionInfo
	for _, v := range all {
		s, err := f.manifest(v)
		if err != nil {
			return nil, err
		}
		infos = append(infos, s.info())
	}
	return infos, nil
}

func (s *Signed) info() VersionInfo {
	i := VersionInfo{
		Version: s.Version, Hash: s.Hash, Signed: len(s.signatures) > 0, Key: s.key(), System: s.System,
		Entries: s.Entries, Issued: s.Issued, Expires: s.Expires,
	}
	if s.Delta != nil {
		i.Changes, i.Delta = s.Delta.Lines, s.Delta.Packed
	}
	if s.Snapshot != nil {
		i.Snapshot = s.Snapshot.Packed
	}
	return i
}
