package watchlist

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"time"

	"boothd/localmatch/gallery"
)

// SignOptions say which manifest to sign.
type SignOptions struct {
	Dir     string // the lists' folder; of it only VERSION/manifest.json is needed
	List    string
	Version uint64 // 0 for the newest
	Key     ed25519.PrivateKey
}

// Sign signs a version of a list and returns its manifest. A version that is signed
// already is left as it is if that key signed it, else signed anew.
func Sign(o SignOptions) (*Signed, error) {
	f := openFolder(o.Dir, o.List)
	if o.Version == 0 {
		all, err := f.versions()
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("sign list %s: no version was built", o.List)
		}
		o.Version = all[len(all)-1]
	}
	raw, err := readLimited(f.manifestFile(o.Version), MaxMessage)
	if err != nil {
		return nil, err
	}
	b, err := SignManifest(raw, o.Key)
	if err != nil {
		return nil, fmt.Errorf("sign list %s version %d: %w", o.List, o.Version, err)
	}
	if err := writeFile(f.signedFile(o.Version), b); err != nil {
		return nil, err
	}
	return f.signed(o.Version)
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
		Version: s.Version, Hash: s.Hash, Signed: s.sig != nil, Key: s.key, System: s.System,
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

// VerifyOptions say what to prove.
type VerifyOptions struct {
	Dir  string
	List string
	Keys []ed25519.PublicKey // of which one must have signed each version
}

// Verify proves a list's folder as a booth would: every signature, the chain of versions
// without a gap, and that the last snapshot with its deltas leads to the number of entries
// that the newest version has. It returns the newest version.
func Verify(o VerifyOptions) (VersionInfo, error) {
	f := openFolder(o.Dir, o.List)
	chain, err := f.chain(o.Keys)
	if err != nil {
		return VersionInfo{}, fmt.Errorf("verify list %s: %w", o.List, err)
	}
	head := chain[len(chain)-1]
	if err := f.verifyContents(chain, head.LastSnapshot); err != nil {
		return VersionInfo{}, fmt.Errorf("verify list %s: %w", o.List, err)
	}
	return head.info(), nil
}

// chain reads all versions and checks signatures and predecessors.
func (f folder) chain(trusted []ed25519.PublicKey) ([]*Signed, error) {
	all, err := f.versions()
	if err != nil {
		return nil, err
	}
	var chain []*Signed
	for _, v := range all {
		s, err := f.signed(v)
		if errors.Is(err, os.ErrNotExist) {
			err = errors.New("not signed")
		}
		if err == nil {
			err = s.Verify(trusted)
		}
		if err == nil && len(chain) > 0 {
			err = s.follows(chain[len(chain)-1])
		}
		if err != nil {
			return nil, fmt.Errorf("version %d: %w", v, err)
		}
		chain = append(chain, s)
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("no version in %s", f.dir)
	}
	return chain, nil
}

// follows checks that s is the next version after before.
func (s *Signed) follows(before *Signed) error {
	switch {
	case s.Version != before.Version+1:
		return fmt.Errorf("comes after version %d", before.Version)
	case s.Prev != before.Hash:
		return errors.New("names another predecessor than the one at hand")
	case s.List != before.List || s.System != before.System:
		return errors.New("is of another list or system than its predecessor")
	}
	return nil
}

// verifyContents plays the last snapshot and the deltas after it.
func (f folder) verifyContents(chain []*Signed, snapshot uint64) error {
	ids := map[string]bool{}
	for _, s := range chain {
		c := s.Delta
		switch {
		case s.Version < snapshot:
			continue
		case s.Version == snapshot:
			c = s.Snapshot
		}
		for change, err := range c.changes(f.chunk(c)) {
			if err != nil {
				return fmt.Errorf("version %d: %w", s.Version, err)
			}
			if change.Put != nil {
				ids[change.Put.ID] = true
				continue
			}
			if !ids[change.Drop] {
				return fmt.Errorf("version %d: %w", s.Version, gallery.ErrNoEntry)
			}
			delete(ids, change.Drop)
		}
		if len(ids) != s.Entries {
			return fmt.Errorf("version %d: %w", s.Version, gallery.ErrCount)
		}
	}
	return nil
}
