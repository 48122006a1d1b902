package rest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFile limits a key file and the root file, in bytes.
const maxFile = 64 << 10

// disk is what is done to the file system, one thing at a time.
type disk interface {
	create(path string) (file, error) // empties one that is there
	open(path string) (file, error)   // to overwrite it
	rename(from, to string) error
	remove(path string) error
	syncDir(dir string) error
}

type file interface {
	io.WriteCloser
	io.Seeker
	Sync() error
}

type osDisk struct{}

func (osDisk) create(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := giveAway(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (osDisk) open(path string) (file, error) { return os.OpenFile(path, os.O_WRONLY, 0) }
func (osDisk) rename(from, to string) error   { return os.Rename(from, to) }
func (osDisk) remove(path string) error       { return os.Remove(path) }
func (osDisk) syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// put makes data the content of the file at path, durably: after a power cut there is the old
// file or the new one. What the old one held is overwritten.
func put(d disk, path string, data []byte) error {
	part := path + ".part"
	f, err := d.create(part)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		d.remove(part)
		return err
	}
	return displace(d, path, func() error { return d.rename(part, path) })
}

// erase removes the file, durably, and overwrites what it held. One that is not there is
// erased already; that it is gone is made durable all the same.
func erase(d disk, path string) error {
	err := displace(d, path, func() error {
		if err := d.remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) { // nor is its folder
		return nil
	}
	return err
}

// displace takes the file at path out of its folder by away, durably. Only then is its content
// overwritten, through the file that is still open.
func displace(d disk, path string, away func() error) error {
	old, err := d.open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old = nil
	case err != nil:
		return err
	default:
		defer old.Close()
	}
	if err := away(); err != nil {
		return err
	}
	if err := d.syncDir(filepath.Dir(path)); err != nil || old == nil {
		return err
	}
	return overwrite(old)
}

// overwrite writes zeros over the whole file.
func overwrite(f file) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := f.Write(make([]byte, min(size, maxFile))); err != nil {
		return err
	}
	return f.Sync()
}

// readLimited reads a file of at most maxFile bytes.
func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("read %s: longer than %d bytes", path, maxFile)
	}
	return b, nil
}
