package watchlist

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"boothd/localmatch/gallery"
)

// A file of ids stands beside the file of a whole list. It tells of each id what its entry
// is, without the list being read: a line for each, in the order of the ids, of a sum of the
// entry's JSON, a space, and the id in quotes. It takes some 40 bytes for an entry.

// sum tells entries apart.
type sum [16]byte

func sumOf(entry []byte) sum {
	h := sha256.Sum256(entry)
	return sum(h[:16])
}

// maxIDLine is longer than any line: each byte of an id takes at most ten in quotes.
const maxIDLine = 24 + 10*gallery.MaxID + 4

// idWriter writes a file of ids.
type idWriter struct {
	file *os.File
	out  *bufio.Writer
	line []byte
}

func (f folder) createIDs() (*idWriter, error) {
	file, err := newFile(f.idsFile(0))
	if err != nil {
		return nil, err
	}
	return &idWriter{file: file, out: bufio.NewWriterSize(file, 256<<10)}, nil
}

func (w *idWriter) add(e listEntry) error {
	s := sumOf(e.json)
	w.line = base64.RawStdEncoding.AppendEncode(w.line[:0], s[:])
	w.line = append(strconv.AppendQuote(append(w.line, ' '), e.id), '\n')
	_, err := w.out.Write(w.line)
	return err
}

// place makes the file durable and puts it where it belongs.
func (w *idWriter) place(path string) error {
	if err := w.out.Flush(); err != nil {
		return err
	}
	return finishFile(w.file, path)
}

// discard removes the file, if it was not placed.
func (w *idWriter) discard() {
	w.file.Close()
	os.Remove(w.file.Name())
}

// makeIDs writes the file of ids of a whole list that has none.
func (f folder) makeIDs(v uint64) error {
	w, err := f.createIDs()
	if err != nil {
		return err
	}
	defer w.discard()
	for e, err := range readWhole(f.wholeFile(v)) {
		if err == nil {
			err = w.add(e)
		}
		if err != nil {
			return err
		}
	}
	return w.place(f.idsFile(v))
}

// holding tells what a version holds, without reading it.
type holding struct {
	file  *os.File
	size  int64
	since map[string]*sum // what came after the file; nil is an entry that was dropped
}

// holding opens what is known of a version. It must be closed.
func (f folder) holding(v uint64) (*holding, error) {
	w, err := f.lastWhole(v)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(f.idsFile(w))
	if errors.Is(err, fs.ErrNotExist) {
		if err = f.makeIDs(w); err == nil {
			file, err = os.Open(f.idsFile(w))
		}
	}
	if err != nil {
		return nil, err
	}
	h := &holding{file: file, since: map[string]*sum{}}
	if err := h.open(f, w, v); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return h, nil
}

// open reads the deltas between two versions.
func (h *holding) open(f folder, whole, v uint64) error {
	st, err := h.file.Stat()
	if err != nil {
		return err
	}
	h.size = st.Size()
	for w := whole + 1; w <= v; w++ {
		for e, err := range f.delta(w) {
			if err != nil {
				return err
			}
			h.since[strings.Clone(e.id)] = nil
			if e.json != nil {
				s := sumOf(e.json)
				h.since[strings.Clone(e.id)] = &s
			}
		}
	}
	return nil
}

func (h *holding) close() error { return h.file.Close() }

// find returns the sum of an entry; nil if there is none with the id.
func (h *holding) find(id string) (*sum, error) {
	if s, ok := h.since[id]; ok {
		return s, nil
	}
	for low, high := int64(0), h.size; low < high; {
		line, start, err := h.lineAround((low + high) / 2)
		if err != nil {
			return nil, err
		}
		s, there, err := parseIDLine(line)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", h.file.Name(), err)
		}
		switch cmp.Compare(id, there) {
		case 0:
			return &s, nil
		case -1:
			high = start
		default:
			low = start + int64(len(line)) + 1
		}
	}
	return nil, nil
}

// lineAround returns the line that a place of the file is in, and where it starts.
func (h *holding) lineAround(at int64) (line []byte, start int64, err error) {
	from := max(0, at-maxIDLine)
	b := make([]byte, min(h.size, at+maxIDLine)-from)
	if _, err := h.file.ReadAt(b, from); err != nil {
		return nil, 0, err
	}
	i := bytes.LastIndexByte(b[:at-from], '\n') + 1
	n := bytes.IndexByte(b[i:], '\n')
	if n < 0 || i == 0 && from > 0 {
		return nil, 0, fmt.Errorf("read %s: %w", h.file.Name(), ErrAltered)
	}
	return b[i : i+n], from + int64(i), nil
}

func parseIDLine(line []byte) (s sum, id string, err error) {
	text, quoted, _ := bytes.Cut(line, []byte(" "))
	if base64.RawStdEncoding.DecodedLen(len(text)) != len(s) {
		return s, "", ErrAltered
	}
	if _, err := base64.RawStdEncoding.Decode(s[:], text); err != nil {
		return s, "", ErrAltered
	}
	if id, err = strconv.Unquote(string(quoted)); err != nil {
		return s, "", ErrAltered
	}
	return s, id, nil
}
