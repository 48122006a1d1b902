package watchlist

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"boothd/localmatch/gallery"
)

// entries gives the whole list of a version: the latest that was written whole, with the
// deltas after it.
func (f folder) entries(v uint64) entries {
	w, err := f.lastWhole(v)
	if err != nil {
		return func(yield func(listEntry, error) bool) { yield(listEntry{}, err) }
	}
	all := readWhole(f.wholeFile(w))
	for w++; w <= v; w++ {
		all = patched(all, f.delta(w))
	}
	return all
}

// lastWhole returns the latest version up to v that was written whole.
func (f folder) lastWhole(v uint64) (uint64, error) {
	for w := v; w > 0; w-- {
		if _, err := os.Stat(f.wholeFile(w)); err == nil {
			return w, nil
		}
	}
	return 0, fmt.Errorf("there is no whole list of version %d or before in %s", v, f.work())
}

// readWhole reads a file of a whole list.
func readWhole(path string) entries {
	return func(yield func(listEntry, error) bool) {
		file, err := os.Open(path)
		if err != nil {
			yield(listEntry{}, err)
			return
		}
		defer file.Close()
		zip, err := newUnpacker(bufio.NewReaderSize(file, 256<<10))
		if err != nil {
			yield(listEntry{}, fmt.Errorf("read %s: %w", path, err))
			return
		}
		defer zip.Close()
		for e, err := range onlyPuts(splitLines(zip)) {
			if err != nil {
				err = fmt.Errorf("read %s: %w", path, err)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func splitLines(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		lines := bufio.NewReaderSize(r, gallery.MaxLine)
		for {
			line, err := lines.ReadSlice('\n')
			if err == io.EOF && len(line) == 0 {
				return
			}
			if !yield(bytes.TrimSuffix(line, []byte("\n")), err) || err != nil {
				return
			}
		}
	}
}

func onlyPuts(lines iter.Seq2[[]byte, error]) entries {
	return func(yield func(listEntry, error) bool) {
		for c, err := range parseLines(lines) {
			if err == nil && c.json == nil {
				err = ErrAltered
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// delta gives the changes that led to a version; an entry without JSON was dropped.
func (f folder) delta(v uint64) entries {
	return func(yield func(listEntry, error) bool) {
		s, err := f.signed(v)
		if err == nil && s.Delta == nil {
			err = fmt.Errorf("version %d has no delta", v)
		}
		if err != nil {
			yield(listEntry{}, err)
			return
		}
		parseLines(s.Delta.lines(f.chunk(s.Delta)))(yield)
	}
}

// parseLines reads changes as a packer wrote them. It ends with the first error.
func parseLines(lines iter.Seq2[[]byte, error]) entries {
	return func(yield func(listEntry, error) bool) {
		for line, err := range lines {
			var e listEntry
			if err == nil {
				e, err = parseLine(line)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func parseLine(line []byte) (listEntry, error) {
	inner, closed := bytes.CutSuffix(line, []byte("}"))
	if !closed {
		return listEntry{}, ErrAltered
	}
	if entry, ok := bytes.CutPrefix(inner, []byte(`{"put":`)); ok {
		id, err := idOf(entry)
		return listEntry{id: id, json: entry}, err
	}
	if quoted, ok := bytes.CutPrefix(inner, []byte(`{"drop":`)); ok {
		var id string
		if json.Unmarshal(quoted, &id) == nil {
			return listEntry{id: id}, nil
		}
	}
	return listEntry{}, ErrAltered
}

// idOf finds the id in an entry's JSON, of which it is the first field.
func idOf(entry []byte) (string, error) {
	if rest, ok := bytes.CutPrefix(entry, []byte(`{"id":"`)); ok {
		if end := bytes.IndexAny(rest, `"\`); end >= 0 && rest[end] == '"' {
			return string(rest[:end]), nil
		}
	}
	var e struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(entry, &e) != nil {
		return "", ErrAltered
	}
	return e.ID, nil
}

// patched applies changes to a list, both in the order of their ids.
func patched(base, delta entries) entries {
	return func(yield func(listEntry, error) bool) {
		next, stop := iter.Pull2(base)
		defer stop()
		old, err, more := next()
		for change, changeErr := range delta {
			for ; changeErr == nil && err == nil && more && old.id < change.id; old, err, more = next() {
				if !yield(old, nil) {
					return
				}
			}
			known := err == nil && more && old.id == change.id
			if changeErr == nil && err == nil && !known && change.json == nil {
				err = gallery.ErrNoEntry
			}
			if err := errors.Join(err, changeErr); err != nil {
				yield(listEntry{}, err)
				return
			}
			if change.json != nil && !yield(change, nil) {
				return
			}
			if known {
				old, err, more = next()
			}
		}
		for ; more; old, err, more = next() {
			if !yield(old, err) || err != nil {
				return
			}
		}
	}
}
