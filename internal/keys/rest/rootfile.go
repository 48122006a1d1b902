package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
)

// RootFile is the name of the root file in the folder of the keys.
const RootFile = "root.json"

const (
	rootFormat = 1
	saltSize   = 16
	nameSize   = 2 + 32  // of a TPM object: its hash algorithm and a SHA-256
	maxObject  = 2 << 10 // of a part of a sealed TPM object; 400 bytes are usual
	boxSize    = 12 + rootSize + 16
)

// rootFile is the root secret, sealed.
type rootFile struct {
	Format int    `json:"format"`
	Source Source `json:"source"`

	// Credential and passphrase: the key is made of the salt and the source's secret.
	Salt []byte `json:"salt,omitempty"`
	Box  []byte `json:"box,omitempty"`

	// TPM: the object, the name of the storage key that it lies under, and the registers that
	// its policy names.
	Parent  []byte `json:"parent,omitempty"`
	Public  []byte `json:"public,omitempty"`
	Private []byte `json:"private,omitempty"`
	PCRs    []int  `json:"pcrs,omitempty"`
}

// readRootFile reads the root file. The error matches fs.ErrNotExist if there is none, and is
// a *RootError if there is something else in it.
func readRootFile(dir string) (*rootFile, error) {
	b, err := readLimited(filepath.Join(dir, RootFile))
	if err != nil {
		return nil, err
	}
	s, err := parseRootFile(b)
	if err != nil {
		return nil, &RootError{dir, "", ErrDamaged, err}
	}
	return s, nil
}

func writeRootFile(d disk, dir string, s *rootFile) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := put(d, filepath.Join(dir, RootFile), append(b, '\n')); err != nil {
		return fmt.Errorf("write root of the keys: %w", err)
	}
	return nil
}

func parseRootFile(b []byte) (*rootFile, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var s rootFile
	if err := dec.Decode(&s); err != nil {
		return nil, errors.New("root file is not whole") // JSON's errors quote what they read
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("root file goes on behind its end")
	}
	if s.Format != rootFormat {
		return nil, fmt.Errorf("root file has format %d, want %d", s.Format, rootFormat)
	}
	if !s.fits() {
		return nil, errors.New("root file lacks what its source needs, or has too much")
	}
	return &s, nil
}

// fits reports whether the file has what its source needs, and nothing else.
func (s *rootFile) fits() bool {
	tpm := len(s.Parent) + len(s.Public) + len(s.Private) + len(s.PCRs)
	switch s.Source {
	case SourceCredential, SourcePassphrase:
		return len(s.Salt) == saltSize && len(s.Box) == boxSize && tpm == 0
	case SourceTPM:
		return len(s.Salt)+len(s.Box) == 0 && len(s.Parent) == nameSize && arePCRs(s.PCRs) &&
			len(s.Public) > 0 && len(s.Public) <= maxObject && len(s.Private) > 0 && len(s.Private) <= maxObject
	}
	return false
}

// arePCRs reports whether these are registers, in rising order.
func arePCRs(pcrs []int) bool {
	last := -1
	for _, n := range pcrs {
		if n <= last || n >= PCRLimit {
			return false
		}
		last = n
	}
	return true
}
