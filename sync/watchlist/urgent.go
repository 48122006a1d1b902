package watchlist

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"boothd/localmatch/gallery"
)

// maxUrgent is how many entries an urgent change may concern.
const maxUrgent = 10_000

// UrgentOptions say what is to change at once.
type UrgentOptions struct {
	Dir    string
	List   string
	Add    io.Reader // JSON Lines of gallery.Entry: new ones, or others in the place of those of their ids; may be nil
	Revoke []string  // ids of entries that are to go
	Key    ed25519.PrivateKey
	Now    time.Time
	Groups []string // as of SignOptions
}

// Urgent makes the next version of a list out of the last one and a few changes, without the
// new whole list, and signs it. What is small enough goes into the manifest, and that into
// the head: booths have it with one message.
//
// The rest of the list is no younger by that: the version has the issue and the lease of the
// one before. The changes must also be in the file that the next version is built of.
func Urgent(o UrgentOptions) (*SignedHead, error) {
	var h *SignedHead
	err := locked(o.Dir, func() (err error) {
		h, err = urgent(o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("urgent change of list %s: %w", o.List, err)
	}
	return h, nil
}

func urgent(o UrgentOptions) (*SignedHead, error) {
	f := openFolder(o.Dir, o.List)
	last, err := f.lastSigned()
	switch {
	case err != nil:
		return nil, err
	case last == nil:
		return nil, errors.New("no version was built and signed")
	case !o.Now.Before(last.Expires):
		return nil, errors.New("the lease of the last version is over: build the whole list anew")
	}
	of, _ := f.sort(last.Version) // a list that cannot be read just now keeps no urgent change back
	changes, err := o.changes(of)
	if err != nil {
		return nil, err
	}
	delta, err := f.create()
	if err != nil {
		return nil, err
	}
	defer delta.discard()
	m := last.Manifest
	m.Version, m.Prev, m.Snapshot = last.Version+1, last.Hash, nil
	list, err := f.holding(last.Version)
	if err != nil {
		return nil, err
	}
	defer list.close()
	if m.Entries, err = change(list, last.Entries, changes, delta); err != nil {
		return nil, err
	}
	if m.Delta, err = delta.finish(); err != nil {
		return nil, err
	}
	if m.Delta.Lines == 0 {
		return nil, errors.New("the list is so already")
	}
	if err := f.place(&m, nil, delta); err != nil {
		return nil, err
	}
	return sign(SignOptions{Dir: o.Dir, List: o.List, Version: m.Version, Groups: o.Groups, Key: o.Key, Now: o.Now})
}

// changes returns them in the order of their ids; without JSON an entry is to go. of is what the
// list holds.
func (o *UrgentOptions) changes(of sort) ([]listEntry, error) {
	all := map[string]listEntry{}
	add := func(e listEntry) error {
		if _, ok := all[e.id]; ok {
			return errors.New("two changes of one entry")
		}
		all[e.id] = e
		if len(all) > maxUrgent {
			return fmt.Errorf("more than %d changes: build the whole list", maxUrgent)
		}
		return nil
	}
	if o.Add != nil {
		for e, err := range gallery.ReadEntries(o.Add) {
			var b []byte
			if err == nil {
				err = of.take(sortOf(e))
			}
			if err == nil {
				b, err = encodeEntry(e)
			}
			if err == nil {
				err = add(listEntry{id: e.ID, json: b})
			}
			if err != nil {
				return nil, err
			}
		}
	}
	for _, id := range o.Revoke {
		if err := add(listEntry{id: id}); err != nil {
			return nil, err
		}
	}
	return slices.SortedFunc(maps.Values(all), byID), nil
}

// change packs those changes that make a difference to a list of n entries, and returns how
// many it has then.
func change(list *holding, n int, changes []listEntry, delta *packed) (int, error) {
	for _, c := range changes {
		there, err := list.find(c.id)
		switch {
		case err != nil:
		case there == nil && c.json == nil:
			err = gallery.ErrNoEntry
		case c.json == nil:
			n--
			err = delta.drop(c.id)
		case there == nil:
			n++
			err = delta.put(c.json)
		case *there != sumOf(c.json):
			err = delta.put(c.json)
		}
		if err != nil {
			return 0, err
		}
	}
	if n > gallery.MaxEntries {
		return 0, fmt.Errorf("more than %d entries", gallery.MaxEntries)
	}
	return n, nil
}
