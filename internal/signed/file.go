package signed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"boothd/internal/keys"
)

// ReadFile reads a signed document, unverified.
func ReadFile(path string) (string, error) {
	st, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !st.Mode().IsRegular() || st.Size() > MaxSize+1 {
		return "", fmt.Errorf("%w: not a file of at most %d bytes", ErrNotValid, MaxSize)
	}
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}

// WriteFile puts a signed document into a file, readable by its owner only, durably and at
// once: a crash leaves the file as it was or as it is to be.
func WriteFile(path, text string) error {
	part := path + ".new"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := keys.WriteNew(part, []byte(text+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(part, path)
}
