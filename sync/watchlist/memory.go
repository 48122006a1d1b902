package watchlist

import (
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"boothd/internal/keys/rest"
	"boothd/localmatch/gallery"
)

// memory keeps what a booth must not forget: which heads it followed, which orders it carried
// out. Its files are sealed under a key of the booth, so that whoever can write to the disk
// cannot make up others; that he puts back older ones is not noticed. They hold nothing of a
// list.
type memory struct {
	dir  string
	aead cipher.AEAD
}

const maxMemory = 1 << 20

// errForgotten means that a file of the memory does not open.
var errForgotten = errors.New("what was remembered cannot be read")

func openMemory(dir, keysDir string, keeper *rest.Keeper) (*memory, error) {
	for _, d := range []string{dir, keysDir} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	secret, err := keeper.Secret(filepath.Join(keysDir, "lists.key"), 32)
	if err != nil {
		return nil, err
	}
	aead, err := deriveAEAD(secret, "boothd watchlist memory v1")
	return &memory{dir, aead}, err
}

// get reads what is remembered under a name into v, which is left as it is if there is
// nothing. The error matches errForgotten if it does not open.
func (m *memory) get(name string, v any) error {
	box, err := readLimited(filepath.Join(m.dir, name), maxMemory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	b, err := m.aead.Open(nil, nil, box, []byte(name))
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, errForgotten)
	}
	return nil
}

// put remembers v under a name, durably.
func (m *memory) put(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(m.dir, name), m.aead.Seal(nil, nil, b, []byte(name))); err != nil {
		return &storeError{err}
	}
	return nil
}

// followed is what is remembered of the last head of a list.
type followed struct {
	Hash     gallery.Hash      `json:"hash"`
	List     string            `json:"list"`
	System   string            `json:"system"`
	Version  uint64            `json:"version"`
	Manifest gallery.Hash      `json:"manifest"`
	Issued   time.Time         `json:"issued"`
	Nonce    []byte            `json:"nonce"`
	Groups   map[string]Target `json:"groups"`
}

func headName(list string) string { return "head-" + list }

// head returns the last head that was followed, without the manifest that it may have
// carried; nil if there was none.
func (m *memory) head(list string) (*SignedHead, error) {
	var f followed
	if err := m.get(headName(list), &f); err != nil || f.Version == 0 {
		return nil, err
	}
	return &SignedHead{Hash: f.Hash, Head: Head{
		List: f.List, System: f.System, Version: f.Version, Manifest: f.Manifest, Issued: f.Issued, Nonce: f.Nonce, Groups: f.Groups,
	}}, nil
}

func (m *memory) putHead(s *SignedHead) error {
	return m.put(headName(s.List), followed{s.Hash, s.List, s.System, s.Version, s.Manifest, s.Issued, s.Nonce, s.Groups})
}

// clock tells the time, but never one before the latest that central has signed: so a clock
// that was set back keeps no lease and no keys document alive.
type clock struct {
	now func() time.Time

	mu   sync.Mutex
	seen time.Time
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.After(c.seen) {
		return now
	}
	return c.seen
}

func (c *clock) saw(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.seen) {
		c.seen = at
	}
}
