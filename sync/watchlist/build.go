package watchlist

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
// the same manifest.
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
	entries, err := readSorted(o.Entries)
	if err != nil {
		return nil, err
	}
	f := openFolder(o.Dir, o.List)
	last, err := f.lastSigned()
	if err != nil {
		return nil, err
	}
	m := &Manifest{
		Format: manifestFormat, List: o.List, System: o.System, Version: 1, Entries: len(entries),
		Issued: o.Now.UTC().Truncate(time.Second), SoftAge: int64(o.SoftAge / time.Second),
	}
	m.Expires = m.Issued.Add(o.Lease)
	whole, packed, err := diff(nil, entries)
	if err != nil {
		return nil, err
	}
	if last != nil {
		if err := f.addDelta(m, last, entries); err != nil {
			return nil, err
		}
	}
	if last == nil || o.Snapshot || f.snapshotIsDue(m, whole) {
		m.Snapshot, m.LastSnapshot = whole, m.Version
		if err := f.writeChunks(whole, packed); err != nil {
			return nil, err
		}
	}
	return m, f.writeVersion(m, packed)
}

// addDelta makes m the successor of last.
func (f folder) addDelta(m *Manifest, last *Signed, entries []listEntry) error {
	switch {
	case last.System != m.System:
		return fmt.Errorf("version %d is of system %s", last.Version, last.System)
	case m.Issued.Before(last.Issued):
		return fmt.Errorf("version %d was issued later", last.Version)
	}
	before, err := f.entries(last.Version)
	if err != nil {
		return err
	}
	m.Version, m.Prev, m.LastSnapshot = last.Version+1, last.Hash, last.LastSnapshot
	delta, packed, err := diff(before, entries)
	if err != nil {
		return err
	}
	m.Delta = delta
	return f.writeChunks(delta, packed)
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

func (f folder) writeVersion(m *Manifest, packed []byte) error {
	raw, err := m.encode()
	if err != nil {
		return err
	}
	if err := writeFile(f.entriesFile(m.Version), packed); err != nil {
		return err
	}
	if err := writeFile(f.manifestFile(m.Version), raw); err != nil {
		return err
	}
	if m.Version > 2 { // the entries of the last version serve to make the next delta
		if err := os.Remove(f.entriesFile(m.Version - 2)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// lastSigned returns the newest signed version; nil if there is none. Only the newest
// version may lack its signature.
func (f folder) lastSigned() (*Signed, error) {
	all, err := f.versions()
	if err != nil {
		return nil, err
	}
	for i, v := range slices.Backward(all) {
		s, err := f.signed(v)
		switch {
		case err == nil:
			return s, nil
		case !errors.Is(err, os.ErrNotExist):
			return nil, err
		case i < len(all)-1:
			return nil, fmt.Errorf("version %d is not signed, but there is a later one", v)
		}
	}
	return nil, nil
}

// listEntry is an entry as it goes over the wire.
type listEntry struct {
	id    string
	json  json.RawMessage
	place int // in the file, from 1
}

func readSorted(r io.Reader) ([]listEntry, error) {
	var all []listEntry
	for e, err := range gallery.ReadEntries(r) {
		if err != nil {
			return nil, err
		}
		b, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		if all = append(all, listEntry{e.ID, b, len(all) + 1}); len(all) > gallery.MaxEntries {
			return nil, fmt.Errorf("more than %d entries", gallery.MaxEntries)
		}
	}
	slices.SortStableFunc(all, byID)
	for i := 1; i < len(all); i++ {
		if all[i].id == all[i-1].id {
			return nil, fmt.Errorf("entries %d and %d have the same id", all[i-1].place, all[i].place)
		}
	}
	return all, nil
}

func byID(a, b listEntry) int { return cmp.Compare(a.id, b.id) }

// entries reads the whole list that a version was built of.
func (f folder) entries(v uint64) ([]listEntry, error) {
	file, err := os.Open(f.entriesFile(v))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	zip, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.entriesFile(v), err)
	}
	var all []listEntry
	for c, err := range gallery.ReadChanges(io.LimitReader(zip, MaxContent)) {
		if err == nil && c.Put == nil {
			err = ErrAltered
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.entriesFile(v), err)
		}
		b, err := json.Marshal(c.Put)
		if err != nil {
			return nil, err
		}
		all = append(all, listEntry{c.Put.ID, b, len(all) + 1})
	}
	return all, nil
}

// diff packs what leads from one list to another, both in the order of their ids.
func diff(from, to []listEntry) (*Content, []byte, error) {
	p := newPacker()
	for len(from) > 0 || len(to) > 0 {
		var err error
		switch order := compareHeads(from, to); {
		case order < 0:
			err = p.drop(from[0].id)
			from = from[1:]
		case order > 0:
			err = p.put(to[0].json)
			to = to[1:]
		default:
			if !bytes.Equal(from[0].json, to[0].json) {
				err = p.put(to[0].json)
			}
			from, to = from[1:], to[1:]
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return p.finish()
}

func compareHeads(from, to []listEntry) int {
	switch {
	case len(from) == 0:
		return 1
	case len(to) == 0:
		return -1
	}
	return byID(from[0], to[0])
}

func hashOf(b []byte) gallery.Hash { return sha256.Sum256(b) }
