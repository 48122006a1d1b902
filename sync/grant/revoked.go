package grant

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"boothd/internal/signed"
)

// Revocations is the list of grants that count no more. A grant that has expired need not
// stay on it.
type Revocations struct {
	Version uint64    `json:"version"` // a greater one replaces a smaller one
	Issued  time.Time `json:"issued"`
	IDs     []string  `json:"ids"`
}

// SignRevocations signs the list. One with a fault is not signed.
func SignRevocations(r *Revocations, key ed25519.PrivateKey) (string, error) {
	if err := r.validate(); err != nil {
		return "", err
	}
	return signed.Sign(KindRevocations, r, key)
}

// OpenRevocations verifies a signed list with the trusted keys.
func OpenRevocations(text string, trusted []ed25519.PublicKey) (*Revocations, error) {
	var r Revocations
	if err := signed.Open(KindRevocations, text, trusted, &r); err != nil {
		return nil, err
	}
	if err := r.validate(); err != nil {
		return nil, err
	}
	return &r, nil
}

func (r *Revocations) validate() error {
	switch {
	case r.Version == 0:
		return errors.New("revocations: version: must be 1 or more")
	case r.Issued.IsZero():
		return errors.New("revocations: issued: is missing")
	case slices.ContainsFunc(r.IDs, func(id string) bool { return !idPattern.MatchString(id) }):
		return errors.New("revocations: ids: there is one that is no name")
	}
	return nil
}

// What [Revoked.Add] refuses.
var (
	ErrOlderList  = errors.New("a newer list of revoked grants is in force")
	ErrForkedList = errors.New("another list of revoked grants of this version is in force")
)

// Revoked holds the newest list of revoked grants. It is safe for concurrent use.
type Revoked struct {
	trusted []ed25519.PublicKey
	mu      sync.RWMutex
	text    string
	list    Revocations
	ids     map[string]bool
}

// NewRevoked returns a holder without a list, for lists that the trusted keys sign.
func NewRevoked(trusted ...ed25519.PublicKey) *Revoked { return &Revoked{trusted: trusted} }

// Add verifies a signed list and puts it in force if it is newer than the one that is. It
// reports whether that changed anything. Errors are those of [OpenRevocations], or match
// ErrOlderList or ErrForkedList.
func (r *Revoked) Add(text string) (changed bool, err error) {
	list, err := OpenRevocations(text, r.trusted)
	if err != nil {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.text == text:
		return false, nil
	case list.Version < r.list.Version:
		return false, fmt.Errorf("version %d: %w", list.Version, ErrOlderList)
	case list.Version == r.list.Version:
		return false, fmt.Errorf("version %d: %w", list.Version, ErrForkedList)
	}
	ids := make(map[string]bool, len(list.IDs))
	for _, id := range list.IDs {
		ids[id] = true
	}
	r.text, r.list, r.ids = text, *list, ids
	return true, nil
}

// Has reports whether the grant was revoked.
func (r *Revoked) Has(id string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.ids[id]
}

// Issued is when the list was issued; zero if there is none.
func (r *Revoked) Issued() time.Time {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.list.Issued
}

// Document returns the signed list, as central serves it; empty if there is none.
func (r *Revoked) Document() string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.text
}

// ReadFile adds the list in the file. A file that is not there changes nothing.
func (r *Revoked) ReadFile(path string) error {
	text, err := signed.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		_, err = r.Add(text)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// WriteFile keeps the list in the file, durably and at once: a crash leaves the file as it
// was or as it is to be. Without a list it writes nothing.
func (r *Revoked) WriteFile(path string) error {
	text := r.Document()
	if text == "" {
		return nil
	}
	return signed.WriteFile(path, text)
}
