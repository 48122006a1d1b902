package watchlist

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"time"

	"boothd/localmatch/gallery"
)

// BuildOptions say what the next version of a list is to hold.
type BuildOptions struct {
	Dir     string // the lists' folder
	List    string
	System  string
	Entries io.Reader // JSON Lines of gallery.Entry, in any order: the whole list
	Now     time.Time // when the data was drawn
	Lease   time.Duration
	SoftAge time.Duration // 0 for none
	// Snapshot asks for a snapshot beside the delta. There is one anyway in version 1, when
	// the deltas since the last one have grown to half its size, and after 64 versions.
	Snapshot bool
}

// snapshotAfter is how many versions may go without a snapshot.
const snapshotAfter = 64

// Build makes the next version in the list's folder, not yet signed. If the newest version
// there was not signed, it is made anew. Building the same entries at the same time gives
// the same manifest. The list may be longer than memory: what is not in the order of its ids
// is sorted in files beside the list, which need as much room as it has bytes.
func Build(o BuildOptions) (*Manifest, error) {
	m, err := build(o)
	if err != nil {
		return nil, fmt.Errorf("build list %s: %w", o.List, err)
	}
	return m, nil
}

func build(o BuildOptions) (*Manifest, error) {
	if !gallery.ValidListName(o.List) || o.System == "" {
		return nil, errors.New("a list needs a name of a to z, 0 to 9 and \"-\", and a system")
	}
	f := openFolder(o.Dir, o.List)
	last, err := f.lastSigned()
	if err != nil {
		return nil, err
	}
	m := &Manifest{
		Format: manifestFormat, List: o.List, System: o.System, Version: 1,
		Issued: o.Now.UTC().Truncate(time.Second), SoftAge: int64(o.SoftAge / time.Second),
	}
	m.Expires = m.Issued.Add(o.Lease)
	if last != nil {
		if err := m.follow(last); err != nil {
			return nil, err
		}
	}
	sorted, err := sortEntries(o.Entries, f.work())
	if err != nil {
		return nil, err
	}
	defer sorted.close()
	if last != nil {
		before, err := f.sort(last.Version)
		if err == nil {
			err = before.take(sorted.of)
		}
		if err != nil {
			return nil, err
		}
	}
	return m, f.write(m, last, sorted.all(), o.Snapshot)
}

// wholeList is a whole list that is being written, with its ids.
type wholeList struct {
	*packed
	ids *idWriter
}

func (f folder) createWhole() (*wholeList, error) {
	p, err := f.create()
	if err != nil {
		return nil, err
	}
	ids, err := f.createIDs()
	if err != nil {
		p.discard()
		return nil, err
	}
	return &wholeList{p, ids}, nil
}

func (w *wholeList) put(e listEntry) error {
	return errors.Join(w.packed.put(e.json), w.ids.add(e))
}

func (w *wholeList) discard() {
	w.packed.discard()
	w.ids.discard()
}

// follow makes m the successor of a version.
func (m *Manifest) follow(last *Signed) error {
	switch {
	case last.System != m.System:
		return fmt.Errorf("version %d is of system %s", last.Version, last.System)
	case m.Issued.Before(last.Issued):
		return fmt.Errorf("version %d was issued later", last.Version)
	}
	m.Version, m.Prev, m.LastSnapshot = last.Version+1, last.Hash, last.LastSnapshot
	return nil
}

// write writes the version's contents and its manifest, with the list in it.
func (f folder) write(m *Manifest, last *Signed, list entries, snapshot bool) error {
	whole, err := f.createWhole()
	if err != nil {
		return err
	}
	defer whole.discard()
	before, delta := entries(nothing), (*packed)(nil)
	if last != nil {
		before = f.entries(last.Version)
		if delta, err = f.create(); err != nil {
			return err
		}
		defer delta.discard()
	}
	if err := compare(before, list, whole, delta); err != nil {
		return err
	}
	content, err := whole.finish()
	if err != nil {
		return err
	}
	m.Entries = content.Lines
	if delta != nil {
		if m.Delta, err = delta.finish(); err != nil {
			return err
		}
	}
	return locked(f.dir, func() error {
		if err := f.unchanged(last); err != nil {
			return err
		}
		if last == nil || snapshot || f.snapshotIsDue(m, content) {
			m.Snapshot, m.LastSnapshot = content, m.Version
		}
		return f.place(m, whole, delta)
	})
}

// unchanged checks that a version is still the newest signed one; nil if there was none.
func (f folder) unchanged(last *Signed) error {
	now, err := f.lastSigned()
	switch {
	case err != nil:
		return err
	case now == nil || last != nil && now.Hash == last.Hash:
		return nil
	}
	return fmt.Errorf("version %d was signed meanwhile: build again", now.Version)
}

func nothing(func(listEntry, error) bool) {}

// compare packs a list, and what leads to it from another one. delta may be nil.
func compare(before, list entries, whole *wholeList, delta *packed) error {
	next, stop := iter.Pull2(before)
	defer stop()
	old, err, more := next()
	for e, listErr := range list {
		for ; listErr == nil && err == nil && more && old.id < e.id; old, err, more = next() {
			err = delta.drop(old.id)
			if err != nil {
				return err
			}
		}
		if err := errors.Join(listErr, err); err != nil {
			return err
		}
		known := more && old.id == e.id
		if delta != nil && !(known && bytes.Equal(old.json, e.json)) {
			if err := delta.put(e.json); err != nil {
				return err
			}
		}
		if err := whole.put(e); err != nil {
			return err
		}
		if known {
			old, err, more = next()
		}
	}
	for ; more; old, err, more = next() {
		if err == nil {
			err = delta.drop(old.id)
		}
		if err != nil {
			return err
		}
	}
	return err
}

// place puts the contents where they belong, then writes the manifest. whole and delta may be
// nil.
func (f folder) place(m *Manifest, whole *wholeList, delta *packed) error {
	raw, err := f.encode(m, delta)
	if err != nil {
		return err
	}
	if m.Delta != nil && m.Delta.Inline == nil {
		if err := delta.place(f.contentFile(m.Delta)); err != nil {
			return err
		}
	}
	if err := f.dropWhole(m.Version); err != nil {
		return err // of a version that was not signed and is made anew
	}
	if whole != nil {
		if err := whole.ids.place(f.idsFile(m.Version)); err != nil {
			return err
		}
		if err := whole.place(f.wholeFile(m.Version)); err != nil {
			return err
		}
	}
	if m.Snapshot != nil {
		if err := share(f.wholeFile(m.Version), f.contentFile(m.Snapshot)); err != nil {
			return err
		}
	}
	if err := writeFile(f.manifestFile(m.Version), raw); err != nil {
		return err
	}
	return f.dropWholes()
}

// encode returns the manifest's bytes for signing. It carries the delta if that is small and
// there is room for it.
func (f folder) encode(m *Manifest, delta *packed) ([]byte, error) {
	const signatures = 1 << 10 // room for the envelope
	if m.Delta == nil || m.Delta.Packed > MaxInline {
		return encode(m)
	}
	plain := *m.Delta
	b, err := delta.bytes()
	if err != nil {
		return nil, err
	}
	m.Delta.Inline, m.Delta.Chunks = b, nil
	raw, err := encode(m)
	if err == nil && len(raw) > MaxMessage-signatures {
		m.Delta = &plain
		return encode(m)
	}
	return raw, err
}

// keptWholes is how many versions' whole lists are kept: of the newest version and, as that
// may be made anew while it is not signed, of the one before.
const keptWholes = 2

// dropWholes removes the whole lists of earlier versions.
func (f folder) dropWholes() error {
	all, err := f.versions()
	if err != nil {
		return err
	}
	kept := 0
	for _, v := range slices.Backward(all) {
		if _, err := os.Stat(f.wholeFile(v)); err != nil {
			continue
		}
		if kept++; kept <= keptWholes {
			continue
		}
		if err := f.dropWhole(v); err != nil {
			return err
		}
	}
	return nil
}

// dropWhole removes the whole list of a version, if there is one: so a file of ids is never
// without the list that it was made of.
func (f folder) dropWhole(v uint64) error {
	for _, path := range []string{f.idsFile(v), f.wholeFile(v)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// snapshotIsDue reports whether a booth that starts from the last snapshot would have to
// read too many deltas.
func (f folder) snapshotIsDue(m *Manifest, whole *Content) bool {
	if m.Version-m.LastSnapshot >= snapshotAfter {
		return true
	}
	sum := m.Delta.Packed
	for v := m.LastSnapshot + 1; v < m.Version; v++ {
		s, err := f.signed(v)
		if err != nil {
			return true // its deltas are not all there
		}
		sum += s.Delta.Packed
	}
	return sum > whole.Packed/2
}

func hashOf(b []byte) gallery.Hash { return sha256.Sum256(b) }
