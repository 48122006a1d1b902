package profile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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
		text, err := signed.ReadFile(filepath.Join(dir, file.Name()))
		if err == nil {
			_, err = s.Add(text)
		}
		if err != nil {
			faults = append(faults, Fault{file.Name(), err})
		}
	}
	return faults, nil
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
		if text, err := signed.ReadFile(path); err == nil && text == h.text {
			continue
		}
		if err := signed.WriteFile(path, h.text); err != nil {
			return err
		}
	}
	return nil
}
