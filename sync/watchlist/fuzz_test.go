package watchlist

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"boothd/localmatch/gallery"
)

func sampleManifest() *Manifest {
	c := &Content{Hash: hashOf([]byte("x")), Size: 100, Lines: 2, Packed: 80, Chunks: []gallery.Hash{hashOf([]byte("y"))}}
	return &Manifest{
		Format: manifestFormat, List: "sis", System: "SIS", Version: 2, Prev: hashOf([]byte("z")), Issued: testDay,
		Expires: testDay.Add(time.Hour), SoftAge: 60, Entries: 2, LastSnapshot: 2, Delta: c, Snapshot: c,
	}
}

func FuzzParseSigned(f *testing.F) {
	raw, err := encode(sampleManifest())
	if err != nil {
		f.Fatal(err)
	}
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	envelope, err := SignManifest(raw, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(envelope)
	f.Add(bytes.Replace(envelope, []byte(`"version":2`), []byte(`"version":18446744073709551615`), 1))
	f.Add([]byte(`{"document":{"format":"boothd list v2"}}`))
	trusted := []ed25519.PublicKey{key.Public().(ed25519.PublicKey)}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSigned(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if s.Verify(trusted) == nil && s.Hash != hashOf(raw) {
			t.Error("another manifest was verified")
		}
		for _, c := range []*Content{s.Delta, s.Snapshot} {
			if c == nil {
				continue
			}
			for i := range c.Chunks {
				if n := c.ChunkSize(i); n < 1 || n > MaxChunk {
					t.Fatalf("chunk %d of %d bytes", i, n)
				}
			}
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	c := newCentral(f)
	k := c.keys(1)
	k.Revoked = []ed25519.PublicKey{publicOf(newKey(f))}
	good := c.signKeys(k)
	f.Add(good)
	f.Add(bytes.Replace(good, []byte(`"serial":1`), []byte(`"serial":2`), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseKeys(b)
		if err != nil {
			mustBeMalformed(t, err)
			return
		}
		if s.Verify(c.trusted()) == nil && s.Serial != 1 {
			t.Error("another document was verified")
		}
		s.ForList("sis", testDay)
		s.ForOrders(testDay)
	})
}

func FuzzParseHead(f *testing.F) {
	c := newCentral(f)
	c.build(people("A1"), false)
	c.buildFor(people("A1", "B2"), false, "pilot")
	good, err := ParseHead(c.head())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c.head())
	f.Add(bytes.Replace(c.head(), []byte(`"pilot"`), []byte(`"*"`), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHead(b)
		if err != nil {
			mustBeMalformed(t, err)
			return
		}
		if h.Verify([]ed25519.PublicKey{c.public()}) == nil && h.Hash != good.Hash {
			t.Error("another head was verified")
		}
		if v := h.For("pilot").Version; v == 0 || v > h.Version {
			t.Errorf("version %d for a group, of %d", v, h.Version)
		}
		if s := h.Newest(); s != nil && s.Hash != h.Manifest {
			t.Error("carries another manifest than it names")
		}
	})
}

func FuzzParseOrder(f *testing.F) {
	key := newKey(f)
	good, err := SignOrder(Order{ID: "x-1", Booth: "booth-7", List: All, Deed: DeedErase, Issued: testDay, Expires: testDay.Add(time.Hour)}, key)
	if err != nil {
		f.Fatal(err)
	}
	first, err := ParseOrder(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(bytes.Replace(good, []byte(`"booth":"booth-7"`), []byte(`"group":"pilot"`), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := ParseOrder(b)
		if err != nil {
			mustBeMalformed(t, err)
			return
		}
		if o.Verify([]ed25519.PublicKey{publicOf(key)}) == nil && o.Hash != first.Hash {
			t.Error("another order was verified")
		}
		if o.For("", "") != (o.Booth == All) {
			t.Error("means a booth without a name")
		}
	})
}

func mustBeMalformed(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ErrMalformed) {
		t.Fatal(err)
	}
}

// pack packs what write writes.
func pack(t testing.TB, write func(p *packer) error) (*Content, []byte) {
	t.Helper()
	var b bytes.Buffer
	p, err := newPacker(&b)
	if err == nil {
		err = write(p)
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.finish()
	if err != nil {
		t.Fatal(err)
	}
	return c, b.Bytes()
}

func put(entries ...string) func(*packer) error {
	return func(p *packer) error {
		for _, e := range entries {
			if err := p.put([]byte(e)); err != nil {
				return err
			}
		}
		return nil
	}
}

func cut(b []byte) [][]byte { return slices.Collect(slices.Chunk(b, MaxChunk)) }

// FuzzContent reads chunks whose hashes are right but which may hold anything, and are said
// to be of any size.
func FuzzContent(f *testing.F) {
	_, packed := pack(f, put(`{"id":"a","names":["x"]}`))
	f.Add(packed, int64(34), 1)
	f.Add(packed, int64(33), 1)
	f.Add(packed[:len(packed)-3], int64(34), 1)
	f.Add(append(bytes.Clone(packed), packed...), int64(68), 2)
	zip, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(zip.EncodeAll(make([]byte, 4<<20), nil), int64(100), 1)
	f.Fuzz(func(t *testing.T, packed []byte, size int64, lines int) {
		c := &Content{Size: size, Lines: lines, Packed: int64(len(packed))}
		chunks := cut(packed)
		for _, chunk := range chunks {
			c.Chunks = append(c.Chunks, hashOf(chunk))
		}
		if c.validate() != nil {
			return
		}
		n := 0
		for change, err := range c.changes(func(i int) ([]byte, error) { return chunks[i], nil }) {
			if err != nil {
				if !errors.Is(err, ErrAltered) {
					t.Fatal(err)
				}
				return
			}
			if err := change.Validate(); err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != lines {
			t.Errorf("%d changes, %d announced", n, lines)
		}
	})
}

func TestContentThatDiffersFromItsManifestIsAltered(t *testing.T) {
	for what, change := range map[string]func(c *Content){
		"longer than announced":   func(c *Content) { c.Size-- },
		"shorter than announced":  func(c *Content) { c.Size++ },
		"fewer lines":             func(c *Content) { c.Lines++ },
		"more lines":              func(c *Content) { c.Lines-- },
		"another hash":            func(c *Content) { c.Hash[0] ^= 1 },
		"another chunk":           func(c *Content) { c.Chunks[0][0] ^= 1 },
		"a chunk of another size": func(c *Content) { c.Packed++ },
		"nothing":                 nil,
	} {
		c, packed := pack(t, put(`{"id":"a","names":["x"]}`, `{"id":"b","names":["y"]}`))
		if change != nil {
			change(c)
		}
		var last error
		for _, err := range c.lines(func(int) ([]byte, error) { return packed, nil }) {
			last = err
		}
		if (change != nil) != errors.Is(last, ErrAltered) {
			t.Errorf("%s: %v", what, last)
		}
	}
}

func TestAContentOfNothingIsRead(t *testing.T) {
	c, packed := pack(t, put())
	if err := c.validate(); err != nil {
		t.Fatal(err)
	}
	for _, err := range c.lines(func(int) ([]byte, error) { return packed, nil }) {
		t.Errorf("a line, or %v", err)
	}
}

func TestTheLargestManifestFitsAMessage(t *testing.T) {
	m := sampleManifest()
	m.System = strings.Repeat("S", maxSystem)
	m.List = strings.Repeat("l", 64)
	c := &Content{Hash: hashOf(nil), Size: MaxContent, Lines: gallery.MaxEntries, Packed: MaxChunks * MaxChunk}
	for i := range MaxChunks {
		c.Chunks = append(c.Chunks, hashOf([]byte(fmt.Sprint(i))))
	}
	m.Entries, m.Snapshot = c.Lines, c
	m.Delta = &Content{Hash: hashOf(nil), Size: 9 << 10, Lines: 1, Packed: 9 << 10, Inline: make([]byte, 9<<10)}
	raw, err := encode(m)
	if err != nil {
		t.Fatal(err)
	}
	b, err := SignManifest(raw, newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSigned(b)
	if err != nil || !slices.Equal(s.Snapshot.Chunks, c.Chunks) {
		t.Errorf("came back as %v", err)
	}
	t.Logf("%d chunks and %d bytes inline make %d bytes", len(c.Chunks), len(m.Delta.Inline), len(b))
}

// BenchmarkLines reads entries of the usual length, as a booth does.
func BenchmarkLines(b *testing.B) {
	const n = 200_000
	c, packed := pack(b, func(p *packer) error {
		for i := range n {
			e := fmt.Sprintf(`{"id":"SIS-2026-%08d","names":["FAMILY%X, GIVEN%X"],"birth_dates":["19%02d-0%d-1%d"],"nationalities":["UTO"],"documents":[{"number":"P%08X","type":"P","issuer":"UTO"}],"category":"refusal of entry"}`,
				i, i*7919%99991, i*104729%65521, i%100, i%9+1, i%10, i*2654435761%4294967296)
			if err := p.put([]byte(e)); err != nil {
				return err
			}
		}
		return nil
	})
	chunks := cut(packed)
	b.ReportMetric(float64(c.Packed)/n, "packed-bytes/entry")
	for b.Loop() {
		for _, err := range c.lines(func(i int) ([]byte, error) { return chunks[i], nil }) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
