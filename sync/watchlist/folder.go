package watchlist

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"boothd/localmatch/gallery"
)

// folder is a list's folder at central operations.
type folder struct{ dir string }

func openFolder(dir, list string) folder { return folder{filepath.Join(dir, list)} }

func (f folder) version(v uint64) string { return filepath.Join(f.dir, strconv.FormatUint(v, 10)) }

func (f folder) manifestFile(v uint64) string { return filepath.Join(f.version(v), "manifest.json") }
func (f folder) signedFile(v uint64) string   { return filepath.Join(f.version(v), "signed.json") }
func (f folder) entriesFile(v uint64) string  { return filepath.Join(f.version(v), "entries.jsonl.gz") }

func (f folder) chunkFile(h gallery.Hash) string { return filepath.Join(f.dir, "chunks", h.String()) }

// versions returns the versions in the folder in their order; none if there is no folder.
func (f folder) versions() ([]uint64, error) {
	files, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []uint64
	for _, file := range files {
		if v, err := strconv.ParseUint(file.Name(), 10, 64); err == nil && v > 0 && file.IsDir() {
			all = append(all, v)
		}
	}
	slices.Sort(all)
	return all, nil
}

// manifest reads a version's manifest with or without its signature.
func (f folder) manifest(v uint64) (*Signed, error) {
	s, err := f.signed(v)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	raw, err := readLimited(f.manifestFile(v), MaxMessage)
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.manifestFile(v), err)
	}
	return &Signed{Manifest: m, Hash: hashOf(raw), raw: raw}, nil
}

// signed reads a version's signed manifest and checks that it is the one beside it.
func (f folder) signed(v uint64) (*Signed, error) {
	b, err := readLimited(f.signedFile(v), MaxMessage)
	if err != nil {
		return nil, err
	}
	s, err := ParseSigned(b)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.signedFile(v), err)
	}
	raw, err := readLimited(f.manifestFile(v), MaxMessage)
	if err != nil {
		return nil, err
	}
	if s.Version != v || !bytes.Equal(raw, s.raw) {
		return nil, fmt.Errorf("read %s: signs another manifest than the one beside it", f.signedFile(v))
	}
	return s, nil
}

// chunk reads the i-th chunk of a content.
func (f folder) chunk(c *Content) func(i int) ([]byte, error) {
	return func(i int) ([]byte, error) { return readLimited(f.chunkFile(c.Chunks[i]), MaxChunk) }
}

// writeChunks writes a content's chunks that are not there yet.
func (f folder) writeChunks(c *Content, packed []byte) error {
	for i, b := range cut(packed) {
		path := f.chunkFile(c.Chunks[i])
		if st, err := os.Stat(path); err == nil && st.Size() == int64(len(b)) {
			continue
		}
		if err := writeFile(path, b); err != nil {
			return err
		}
	}
	return nil
}

// writeFile replaces a file whole and durably, with the folders that it needs.
func writeFile(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func readLimited(path string, most int64) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Size() > most {
		return nil, fmt.Errorf("read %s: longer than %d bytes", path, most)
	}
	return os.ReadFile(path)
}
