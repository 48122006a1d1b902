package watchlist

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"time"
)

// Why nothing can be verified.
var (
	errNoKeys      = errors.New("no keys document has come yet")
	errKeysExpired = errors.New("the keys document has expired")
)

// keyring holds the keys document that counts at a booth. It is kept as it came and verified
// again at each start.
type keyring struct {
	roots Roots
	path  string
	clock *clock
	log   *slog.Logger

	mu   sync.Mutex
	keys *SignedKeys
}

// openKeyring reads the document that counted last. One that does not verify is passed over:
// the roots may have been changed, and central sends the next.
func openKeyring(dir string, roots Roots, c *clock, log *slog.Logger) (*keyring, error) {
	r := &keyring{roots: roots, path: filepath.Join(dir, keysPath), clock: c, log: log}
	b, err := readLimited(r.path, MaxMessage)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	k, err := r.prove(b)
	if err != nil {
		log.Error("the keys document at hand does not verify: waiting for another", "err", err)
		return r, nil
	}
	r.keys = k
	c.saw(k.Issued)
	return r, nil
}

func (r *keyring) prove(b []byte) (*SignedKeys, error) {
	k, err := ParseKeys(b)
	if err != nil {
		return nil, err
	}
	return k, k.Verify(r.roots)
}

// offer takes a document if it follows the one at hand, and reports whether it is another. One
// that has expired is taken too, for what it revokes.
func (r *keyring) offer(b []byte) (bool, error) {
	k, err := r.prove(b)
	if err != nil {
		return false, refusal(DocumentKeys, "", 0, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys != nil {
		if err := k.Follows(r.keys); err != nil {
			return false, refusal(DocumentKeys, "", k.Serial, err)
		}
		if k.Hash == r.keys.Hash {
			return false, nil
		}
	}
	if err := writeFile(r.path, b); err != nil {
		return false, &storeError{err}
	}
	r.keys = k
	r.clock.saw(k.Issued)
	r.log.Info("keys document taken", "serial", k.Serial, "expires", k.Expires)
	return true, nil
}

// current returns the document at hand, expired or not; nil if there is none.
func (r *keyring) current() *SignedKeys {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys
}

// valid returns the document at hand. The error is errNoKeys or errKeysExpired.
func (r *keyring) valid() (*SignedKeys, error) {
	k := r.current()
	switch {
	case k == nil:
		return nil, errNoKeys
	case k.Expired(r.clock.time()):
		return nil, fmt.Errorf("%w on %s", errKeysExpired, k.Expires.UTC().Format(time.DateOnly))
	}
	return k, nil
}

// forList returns the keys that may sign what is issued for a list at a time.
func (r *keyring) forList(list string, at time.Time) ([]ed25519.PublicKey, error) {
	k, err := r.valid()
	if err != nil {
		return nil, err
	}
	return k.ForList(list, at), nil
}

// forOrders returns the keys that may sign orders issued at a time.
func (r *keyring) forOrders(at time.Time) ([]ed25519.PublicKey, error) {
	k, err := r.valid()
	if err != nil {
		return nil, err
	}
	return k.ForOrders(at), nil
}
