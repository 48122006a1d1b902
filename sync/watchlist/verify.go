package watchlist

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"boothd/localmatch/gallery"
)

// VerifyOptions say what to prove.
type VerifyOptions struct {
	Dir   string
	List  string
	Roots Roots
	Now   time.Time
}

// Verify proves a list's folder as a booth would: the keys document, every signature, the
// chain of versions without a gap, the head, and that the last snapshot with its deltas leads
// to the number of entries that the newest version has. It returns the newest version.
func Verify(o VerifyOptions) (VersionInfo, error) {
	info, err := verify(o)
	if err != nil {
		return info, fmt.Errorf("verify list %s: %w", o.List, err)
	}
	return info, nil
}

func verify(o VerifyOptions) (VersionInfo, error) {
	trusted, err := verifyKeys(o.Dir, o.Roots, o.Now)
	if err != nil {
		return VersionInfo{}, fmt.Errorf("keys document: %w", err)
	}
	f := openFolder(o.Dir, o.List)
	chain, err := f.chain(trusted)
	if err != nil {
		return VersionInfo{}, err
	}
	newest := chain[len(chain)-1]
	if err := f.verifyHead(trusted, chain); err != nil {
		return VersionInfo{}, fmt.Errorf("head: %w", err)
	}
	return newest.info(), f.verifyContents(chain, newest.LastSnapshot)
}

// verifyKeys reads the keys document in the lists' folder and proves it.
func verifyKeys(dir string, roots Roots, now time.Time) (*SignedKeys, error) {
	k, err := readKeys(dir)
	if err != nil {
		return nil, err
	}
	if err := k.Verify(roots); err != nil {
		return nil, err
	}
	if k.Expired(now) {
		return nil, fmt.Errorf("expired %s", k.Expires.UTC().Format(time.RFC3339))
	}
	return k, nil
}

// chain reads all versions and checks signatures and predecessors.
func (f folder) chain(trusted *SignedKeys) ([]*Signed, error) {
	all, err := f.versions()
	if err != nil {
		return nil, err
	}
	var chain []*Signed
	for _, v := range all {
		s, err := f.signed(v)
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("not signed")
		}
		if err == nil {
			err = s.Verify(trusted.ForList(f.list, s.Issued))
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

// verifyHead checks the head's signature, and that it names versions of the chain.
func (f folder) verifyHead(trusted *SignedKeys, chain []*Signed) error {
	h, err := f.head()
	switch {
	case err != nil:
		return err
	case h == nil:
		return errors.New("there is none")
	}
	if err := h.Verify(trusted.ForList(f.list, h.Issued)); err != nil {
		return err
	}
	for _, t := range h.targets() {
		if !slices.ContainsFunc(chain, func(s *Signed) bool { return s.Version == t.Version && s.Hash == t.Manifest }) {
			return fmt.Errorf("names a version %d that is not in the chain", t.Version)
		}
	}
	return nil
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
	type digest [16]byte // of an id: what it takes in memory does not grow with its length
	ids := map[digest]struct{}{}
	of := func(id string) digest {
		h := sha256.Sum256([]byte(id))
		return digest(h[:])
	}
	for _, s := range chain {
		c := s.Delta
		switch {
		case s.Version < snapshot:
			continue
		case s.Version == snapshot:
			c = s.Snapshot
		}
		if c == nil {
			return fmt.Errorf("version %d: %w: no content", s.Version, ErrMalformed)
		}
		for change, err := range c.changes(f.chunk(c)) {
			if err != nil {
				return fmt.Errorf("version %d: %w", s.Version, err)
			}
			if change.Put != nil {
				ids[of(change.Put.ID)] = struct{}{}
				continue
			}
			id := of(change.Drop)
			if _, ok := ids[id]; !ok {
				return fmt.Errorf("version %d: %w", s.Version, gallery.ErrNoEntry)
			}
			delete(ids, id)
		}
		if len(ids) != s.Entries {
			return fmt.Errorf("version %d: %w", s.Version, gallery.ErrCount)
		}
	}
	return nil
}
