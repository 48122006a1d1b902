package watchlist

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"boothd/localmatch/gallery"
)

// listEntry is an entry as it goes over the wire.
type listEntry struct {
	id    string
	json  []byte
	place int // in the file that it was read from, from 1
}

// entries are entries in the order of their ids; what they hold is valid until the next.
type entries = iter.Seq2[listEntry, error]

// batchSize is how many bytes of entries are sorted in memory at a time; the rest is on disk.
const batchSize = 64 << 20

// sorter sorts a list of any length: batches in memory, each written to a file, merged as
// they are read. A file that is sorted already makes one run, and is only copied.
type sorter struct {
	dir   string
	batch []listEntry
	size  int
	runs  []*sortedRun
	count int
	of    sort // what they are, all of them
}

// sortedRun is a file of entries in their order.
type sortedRun struct {
	file *os.File
	last string // id
}

// sortEntries reads JSON Lines of gallery.Entry. The sorter must be closed.
func sortEntries(r io.Reader, dir string) (*sorter, error) {
	s := &sorter{dir: dir}
	for e, err := range gallery.ReadEntries(r) {
		if err == nil {
			err = s.add(e)
		}
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	slices.SortStableFunc(s.batch, byID)
	return s, nil
}

func (s *sorter) add(e *gallery.Entry) error {
	if err := s.of.take(sortOf(e)); err != nil {
		return fmt.Errorf("entry %d: %w", s.count+1, err)
	}
	b, err := encodeEntry(e)
	if err != nil {
		return err
	}
	if s.count++; s.count > gallery.MaxEntries {
		return fmt.Errorf("more than %d entries", gallery.MaxEntries)
	}
	const overhead = 64
	s.batch = append(s.batch, listEntry{e.ID, b, s.count})
	if s.size += len(b) + len(e.ID) + overhead; s.size < batchSize {
		return nil
	}
	return s.spill()
}

// encodeEntry writes an entry as it goes over the wire. The id comes first.
func encodeEntry(e *gallery.Entry) ([]byte, error) { return json.Marshal(e) }

// spill writes the batch to the last run if it comes after it, else to a new one.
func (s *sorter) spill() error {
	slices.SortStableFunc(s.batch, byID)
	n := len(s.runs)
	if n == 0 || s.runs[n-1].last >= s.batch[0].id {
		if err := os.MkdirAll(s.dir, 0o755); err != nil {
			return err
		}
		file, err := os.CreateTemp(s.dir, ".run-") // for its owner only
		if err != nil {
			return err
		}
		s.runs = append(s.runs, &sortedRun{file: file})
		n++
	}
	last := s.runs[n-1]
	w := bufio.NewWriterSize(last.file, 1<<20)
	for i := range s.batch {
		s.batch[i].write(w)
	}
	last.last = s.batch[len(s.batch)-1].id
	clear(s.batch)
	s.batch, s.size = s.batch[:0], 0
	return w.Flush()
}

func (e *listEntry) write(w *bufio.Writer) {
	var n [3 * binary.MaxVarintLen64]byte
	b := binary.AppendUvarint(n[:0], uint64(e.place))
	b = binary.AppendUvarint(b, uint64(len(e.id)))
	b = binary.AppendUvarint(b, uint64(len(e.json)))
	w.Write(b)
	w.WriteString(e.id)
	w.Write(e.json)
}

func byID(a, b listEntry) int {
	return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.place, b.place))
}

// all gives the entries in their order; two of one id are an error.
func (s *sorter) all() entries {
	return func(yield func(listEntry, error) bool) {
		m, err := s.begin()
		if err != nil {
			yield(listEntry{}, err)
			return
		}
		before := listEntry{}
		for len(m) > 0 {
			e := m[0].entry
			if e.id == before.id {
				yield(listEntry{}, fmt.Errorf("entries %d and %d have the same id", before.place, e.place))
				return
			}
			before = listEntry{id: e.id, place: e.place}
			if !yield(e, nil) {
				return
			}
			if err := m.advance(); err != nil {
				yield(listEntry{}, err)
				return
			}
		}
	}
}

// merging are runs, the one with the first entry on top; it is a heap.
type merging []*runReader

// runReader reads a run from a file or from memory.
type runReader struct {
	r      *bufio.Reader // nil: from rest
	rest   []listEntry
	entry  listEntry
	buffer bytes.Buffer
}

func (m merging) Len() int           { return len(m) }
func (m merging) Less(i, j int) bool { return byID(m[i].entry, m[j].entry) < 0 }
func (m merging) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *merging) Push(x any)        { *m = append(*m, x.(*runReader)) }

func (m *merging) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

func (s *sorter) begin() (merging, error) {
	all := []*runReader{{rest: s.batch}}
	for _, run := range s.runs {
		if _, err := run.file.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		all = append(all, &runReader{r: bufio.NewReaderSize(run.file, 256<<10)})
	}
	var m merging
	for _, r := range all {
		more, err := r.next()
		if err != nil {
			return nil, err
		}
		if more {
			m = append(m, r)
		}
	}
	heap.Init(&m)
	return m, nil
}

func (m *merging) advance() error {
	more, err := (*m)[0].next()
	if more {
		heap.Fix(m, 0)
	} else {
		heap.Pop(m)
	}
	return err
}

// next reads the next entry; there may be none.
func (r *runReader) next() (bool, error) {
	if r.r == nil {
		if len(r.rest) == 0 {
			return false, nil
		}
		r.entry, r.rest = r.rest[0], r.rest[1:]
		return true, nil
	}
	place, err := binary.ReadUvarint(r.r)
	if err == io.EOF {
		return false, nil
	}
	id, idErr := binary.ReadUvarint(r.r)
	size, sizeErr := binary.ReadUvarint(r.r)
	if err := errors.Join(err, idErr, sizeErr); err != nil {
		return false, err
	}
	if id > gallery.MaxID || size > gallery.MaxLine {
		return false, errors.New("a file of sorted entries was changed")
	}
	r.buffer.Reset()
	if _, err := io.CopyN(&r.buffer, r.r, int64(id+size)); err != nil {
		return false, err
	}
	b := r.buffer.Bytes()
	r.entry = listEntry{string(b[:id]), b[id:], int(place)}
	return true, nil
}

// close removes the files.
func (s *sorter) close() error {
	var errs []error
	for _, run := range s.runs {
		errs = append(errs, run.file.Close(), os.Remove(run.file.Name()))
	}
	return errors.Join(errs...)
}
