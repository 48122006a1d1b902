package watchlist

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// folder is a list's part of the lists' folder.
type folder struct{ dir, list string }

func openFolder(dir, list string) folder { return folder{dir, list} }

func (f folder) path(slashed string) string { return filepath.Join(f.dir, filepath.FromSlash(slashed)) }

func (f folder) headFile() string              { return f.path(headPath(f.list)) }
func (f folder) signedFile(v uint64) string    { return f.path(manifestPath(f.list, v)) }
func (f folder) contentFile(c *Content) string { return f.path(contentPath(f.list, c.Name())) }

// work holds what is not for booths: versions that are not signed, and what the next version
// is made of.
func (f folder) work() string { return filepath.Join(f.dir, f.list, "work") }

func (f folder) manifestFile(v uint64) string {
	return filepath.Join(f.work(), strconv.FormatUint(v, 10)+".json")
}

func (f folder) wholeFile(v uint64) string {
	return filepath.Join(f.work(), strconv.FormatUint(v, 10)+".jsonl.zst")
}

func (f folder) idsFile(v uint64) string {
	return filepath.Join(f.work(), strconv.FormatUint(v, 10)+".ids")
}

// versions returns the versions in the folder, signed or not, in their order; none if there
// is no folder.
func (f folder) versions() ([]uint64, error) {
	var all []uint64
	for _, dir := range []string{f.work(), filepath.Dir(f.signedFile(1))} {
		files, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, file := range files {
			if v, ok := versionOf(file.Name()); ok {
				all = append(all, v)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
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
	s = &Signed{Hash: hashOf(raw), signedBytes: signedBytes{format: manifestFormat, raw: raw}}
	err = decode(raw, &s.Manifest)
	if err == nil && (s.Version != v || s.List != f.list) {
		err = errors.New("is of another list or version")
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.manifestFile(v), err)
	}
	return s, nil
}

// signed reads a version's signed manifest.
func (f folder) signed(v uint64) (*Signed, error) {
	b, err := readLimited(f.signedFile(v), MaxMessage)
	if err != nil {
		return nil, err
	}
	s, err := ParseSigned(b)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.signedFile(v), err)
	}
	if s.Version != v || s.List != f.list {
		return nil, fmt.Errorf("read %s: is of another list or version", f.signedFile(v))
	}
	return s, nil
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
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		case i < len(all)-1:
			return nil, fmt.Errorf("version %d is not signed, but there is a later one", v)
		}
	}
	return nil, nil
}

// head reads the signed head; nil if there is none.
func (f folder) head() (*SignedHead, error) {
	b, err := readLimited(f.headFile(), MaxMessage)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h, err := ParseHead(b)
	if err == nil && h.List != f.list {
		err = errors.New("is of another list")
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.headFile(), err)
	}
	return h, nil
}

// readKeys reads the keys document in the lists' folder. The error matches fs.ErrNotExist if
// there is none.
func readKeys(dir string) (*SignedKeys, error) {
	path := filepath.Join(dir, keysPath)
	b, err := readLimited(path, MaxMessage)
	if err != nil {
		return nil, err
	}
	k, err := ParseKeys(b)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return k, nil
}

// chunk reads the chunks of a content, each by its place.
func (f folder) chunk(c *Content) func(i int) ([]byte, error) {
	return func(i int) ([]byte, error) {
		file, err := os.Open(f.contentFile(c))
		if err != nil {
			return nil, err
		}
		defer file.Close()
		b := make([]byte, c.ChunkSize(i))
		n, err := file.ReadAt(b, int64(i)*MaxChunk)
		if err == io.EOF {
			err = nil // proving it tells if it is short
		}
		return b[:n], err
	}
}

// packed is a content that is being written to a file.
type packed struct {
	*packer
	file *os.File
}

// create begins a content in a file that is nothing yet.
func (f folder) create() (*packed, error) {
	file, err := newFile(filepath.Join(f.work(), "content"))
	if err != nil {
		return nil, err
	}
	p, err := newPacker(file)
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	return &packed{p, file}, nil
}

// discard removes the file, if it was not placed.
func (p *packed) discard() {
	if p != nil {
		p.file.Close()
		os.Remove(p.file.Name())
	}
}

// place makes the file durable and puts it where it belongs.
func (p *packed) place(path string) error {
	return finishFile(p.file, path)
}

// bytes returns the whole packed content.
func (p *packed) bytes() ([]byte, error) {
	b := make([]byte, p.content.Packed)
	_, err := p.file.ReadAt(b, 0)
	return b, err
}

// share makes a file appear at a second place too, without a second copy of its bytes where
// the file system can.
func share(from, to string) error {
	if st, err := os.Stat(to); err == nil {
		if old, err := os.Stat(from); err == nil && st.Size() == old.Size() {
			return nil // named by its content
		}
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if os.Link(from, to) == nil {
		return syncFolder(filepath.Dir(to))
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := newFile(to)
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	if _, err := io.Copy(out, in); err != nil {
		return errors.Join(err, out.Close())
	}
	return finishFile(out, to)
}

// writeFile replaces a file whole and durably, with the folders that it needs.
func writeFile(path string, b []byte) error {
	f, err := newFile(path)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(b); err != nil {
		return errors.Join(err, f.Close())
	}
	return finishFile(f, path)
}

// newFile begins a file beside its place.
func newFile(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.CreateTemp(filepath.Dir(path), ".new-")
}

// finishFile makes the file durable and moves it to its place.
func finishFile(f *os.File, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
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
