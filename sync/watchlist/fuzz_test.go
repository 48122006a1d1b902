package watchlist

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

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
	raw, err := sampleManifest().encode()
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
	f.Add([]byte(`{"manifest":{"format":"boothd list v1"}}`))
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
				if n := c.chunkSize(i); n < 1 || n > MaxChunk {
					t.Fatalf("chunk %d of %d bytes", i, n)
				}
			}
		}
	})
}

// FuzzContent reads chunks whose hashes are right but which may hold anything, and are said
// to be of any size.
func FuzzContent(f *testing.F) {
	_, packed, err := diff(nil, []listEntry{{id: "a", json: []byte(`{"id":"a","names":["x"]}`)}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed, int64(34), 1)
	f.Add(packed, int64(33), 1)
	f.Add(packed[:len(packed)-3], int64(34), 1)
	f.Add(append(bytes.Clone(packed), packed...), int64(68), 2)
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	zip.Write(make([]byte, 4<<20))
	zip.Close()
	f.Add(bomb.Bytes(), int64(100), 1)
	f.Fuzz(func(t *testing.T, packed []byte, size int64, lines int) {
		c := &Content{Size: size, Lines: lines, Packed: int64(len(packed))}
		chunks := cut(packed)
		for _, chunk := range chunks {
			c.Chunks = append(c.Chunks, sha256.Sum256(chunk))
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
	entries := []listEntry{{id: "a", json: []byte(`{"id":"a","names":["x"]}`)}, {id: "b", json: []byte(`{"id":"b","names":["y"]}`)}}
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
		c, packed, err := diff(nil, entries)
		if err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(c)
		}
		var last error
		for _, err := range c.changes(func(int) ([]byte, error) { return packed, nil }) {
			last = err
		}
		if (change != nil) != errors.Is(last, ErrAltered) {
			t.Errorf("%s: %v", what, last)
		}
	}
}
