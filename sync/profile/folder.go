package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"boothd/internal/keys"
	"boothd/internal/signed"
)

// suffix ends the names of files with a signed profile.
const suffix = ".profile"

// Fault is a file of a folder that is no profile in force.
type Fault struct {
	File string // without its folder
	Err  error
}

// ReadFolder adds every *.profile file of the folder. Files that are damaged, not signed by
// a trusted key or older than what is in force are passed over and returned as faults. A
// folder that is not there holds nothing.
func (s *Set) ReadFolder(dir string) ([]Fault, error) {
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var faults []Fault
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), suffix) {
			continue
		}
		text, err := ReadFile(filepath.Join(dir, file.Name()))
		if err == nil {
			_, err = s.Add(text)
		}
		if err != nil {
			faults = append(faults, Fault{file.Name(), err})
		}
	}
	return faults, nil
}

// ReadFile reads a signed profile, unverified.
func ReadFile(path string) (string, error) {
	st, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !st.Mode().IsRegular() || st.Size() > signed.MaxSize+1 {
		return "", fmt.Errorf("%w: not a file of at most %d bytes", signed.ErrNotValid, signed.MaxSize)
	}
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}

// WriteFolder writes each profile to its own file, NAME.profile, durably and each at once:
// a crash leaves a file as it was or as it is to be. The folder is made if it is not there;
// files that are the same already are left alone.
func (s *Set) WriteFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, h := range s.sorted() {
		path := filepath.Join(dir, h.profile.Name+suffix)
		if text, err := ReadFile(path); err == nil && text == h.text {
			continue
		}
		if err := replaceFile(path, []byte(h.text+"\n")); err != nil {
			return err
		}
	}
	return nil
}

// replaceFile writes the file beside its place and puts it there once it is on the disk.
func replaceFile(path string, data []byte) error {
	part := path + ".new"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := keys.WriteNew(part, data, 0o600); err != nil {
		return err
	}
	return os.Rename(part, path)
}
