package gallery

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"boothd/localmatch/gallery/segment"
	"boothd/localmatch/names/index"
	"boothd/localmatch/numbers"
)

// catalogue is what is derived of the records of a segment: how they are found. It is cached on
// disk, and made again when the cache is missing, damaged or of another format.
type catalogue struct {
	places  *segment.Places
	ids     *ids
	drops   bitset   // the records that drop an entry
	fingers []uint32 // the records of entries that can be found by a finger, ascending
	numbers *numbers.Index
	names   *index.Index
}

// cataloguer collects what a catalogue is made of.
type cataloguer struct {
	ids     []idOf
	drops   []uint32
	fingers []uint32
	numbers *numbers.Builder
	names   *index.Builder
}

func newCataloguer(s *secrets) *cataloguer {
	return &cataloguer{numbers: numbers.NewBuilder(s.numbers), names: index.NewBuilder()}
}

// finder returns what makes changes ready to be added, for one goroutine.
func (c *cataloguer) finder() *finder { return &finder{names: c.names.Reader()} }

// add adds the next record.
func (c *cataloguer) add(f *finds) error {
	n := uint32(len(c.ids))
	c.ids = append(c.ids, idOf{hashID(f.id), n})
	if f.drop {
		c.drops = append(c.drops, n)
		return nil
	}
	if f.fingers {
		c.fingers = append(c.fingers, n)
	}
	for _, d := range f.numbers {
		if err := c.numbers.Add(d, n); err != nil {
			return err
		}
	}
	return c.names.AddWords(n, f.names, f.births)
}

// build makes the catalogue. Nothing may be added any more.
func (c *cataloguer) build(ctx context.Context, places *segment.Places) (*catalogue, error) {
	k := &catalogue{places: places, fingers: c.fingers, drops: newBitset(len(c.ids))}
	for _, n := range c.drops {
		k.drops.add(n)
	}
	var work sync.WaitGroup
	var errs [2]error
	work.Go(func() { k.names, errs[0] = c.names.Build(ctx) })
	work.Go(func() {
		k.numbers, errs[1] = c.numbers.Build(ctx, 1)
		k.ids = newIDs(c.ids)
	})
	work.Wait()
	return k, errors.Join(errs[:]...)
}

// cacheFormat is raised when what is cached, or how names and numbers are folded, changes.
const cacheFormat = 2

// write writes all but the places' file.
func (k *catalogue) write(w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<16)
	base, rest := k.places.Raw()
	o := &numberWriter{w: b}
	o.put(cacheFormat)
	o.put(uint64(k.places.Len()))
	words(o, base)
	words(o, rest)
	words(o, k.ids.hashes)
	words(o, k.ids.records)
	words(o, k.drops)
	words(o, k.fingers)
	o.put(uint64(k.numbers.Size()))
	if o.err != nil {
		return o.err
	}
	for _, x := range []io.WriterTo{k.numbers, k.names} {
		if _, err := x.WriteTo(b); err != nil {
			return err
		}
	}
	return b.Flush()
}

var errCache = fmt.Errorf("cached index: %w", segment.ErrDamaged)

// readCatalogue reads what write wrote, for a file of records that is size bytes long.
func readCatalogue(r io.Reader, s *secrets, size int64) (*catalogue, error) {
	in := &numberReader{r: bufio.NewReaderSize(r, 1<<20)}
	format, count := in.get(), in.get()
	if in.err != nil || format != cacheFormat || count >= segment.MaxRecords {
		return nil, errCache
	}
	n := int(count)
	base := readWords[int64](in, (n+1+255)/256)
	rest := readWords[uint32](in, n+1)
	k := &catalogue{ids: &ids{readWords[uint64](in, n), readWords[uint32](in, n)}}
	k.drops = readWords[uint64](in, (n+63)/64)
	k.fingers = readWords[uint32](in, -n)
	numbersSize := in.get()
	if in.err != nil {
		return nil, in.err
	}
	var ok bool
	if k.places, ok = segment.FromRaw(base, rest, size); !ok || !k.ordered(count) {
		return nil, errCache
	}
	var err error
	if k.numbers, err = numbers.Read(s.numbers, in.r, int64(min(numbersSize, 1<<62))); err != nil {
		return nil, err
	}
	if k.names, err = index.Read(in.r, 1<<33); err != nil {
		return nil, err
	}
	return k, nil
}

// ordered reports whether the parts speak of so many records.
func (k *catalogue) ordered(count uint64) bool {
	for i, n := range k.ids.records {
		if uint64(n) >= count || i > 0 && k.ids.hashes[i] < k.ids.hashes[i-1] {
			return false
		}
	}
	for i, n := range k.fingers {
		if uint64(n) >= count || i > 0 && n <= k.fingers[i-1] {
			return false
		}
	}
	return true
}

// numberWriter writes numbers, little-endian, until the first error.
type numberWriter struct {
	w   io.Writer
	buf [4096]byte
	err error
}

func (o *numberWriter) put(n uint64) {
	if o.err == nil {
		_, o.err = o.w.Write(binary.LittleEndian.AppendUint64(o.buf[:0], n))
	}
}

type word interface{ uint32 | uint64 | int64 }

// words writes how many words there are, then each.
func words[W word](o *numberWriter, all []W) {
	o.put(uint64(len(all)))
	for len(all) > 0 && o.err == nil {
		n := min(len(all), len(o.buf)/8)
		b, err := binary.Append(o.buf[:0], binary.LittleEndian, all[:n])
		if err == nil {
			_, err = o.w.Write(b)
		}
		o.err, all = err, all[n:]
	}
}

type numberReader struct {
	r   *bufio.Reader
	buf [4096]byte
	err error
}

func (in *numberReader) get() uint64 {
	if in.err == nil {
		_, in.err = io.ReadFull(in.r, in.buf[:8])
	}
	return binary.LittleEndian.Uint64(in.buf[:8])
}

// readWords reads as many words as there must be, or, if want is negative, at most -want.
func readWords[W word](in *numberReader, want int) []W {
	count := in.get()
	if in.err == nil && (want >= 0 && count != uint64(want) || want < 0 && count > uint64(-want)) {
		in.err = errCache
	}
	if in.err != nil {
		return nil
	}
	var zero W
	size := binary.Size(zero)
	all := make([]W, count)
	for left := all; len(left) > 0 && in.err == nil; {
		n := min(len(left), len(in.buf)/size)
		if _, in.err = io.ReadFull(in.r, in.buf[:n*size]); in.err == nil {
			_, in.err = binary.Decode(in.buf[:n*size], binary.LittleEndian, left[:n])
		}
		left = left[n:]
	}
	return all
}
