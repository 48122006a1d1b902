package demo

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"boothd/internal/keys"
	"boothd/sync/watchlist"
)

// The root keys above the key that signs lists. An authority keeps them in three safes.
const (
	rootKeys      = 3
	rootThreshold = 2
)

// rootName is the file of a root key, from 1.
func rootName(n int) string { return fmt.Sprintf("root-%d", n) }

// Roots are the files of the public root keys.
func Roots() []string {
	var names []string
	for n := range rootKeys {
		names = append(names, rootName(n+1)+".pub")
	}
	return names
}

// makeKeys makes the root keys and has them sign who may sign lists and give orders: the
// folder's one key for lists.
func makeKeys(dir string, now time.Time) error {
	signing, err := keys.GenerateSigning(filepath.Join(dir, "lists-signing"))
	if err != nil {
		return err
	}
	public := signing.Public().(ed25519.PublicKey)
	from, until := now.AddDate(0, 0, -1).UTC(), now.AddDate(10, 0, 0).UTC()
	b, err := watchlist.NewKeys(watchlist.KeysDocument{
		Serial: 1, Issued: now.UTC(), Expires: until,
		Keys:   []watchlist.ListKey{{Key: public, Lists: []string{watchlist.All}, From: from, Until: until}},
		Orders: []watchlist.OrderKey{{Key: public, From: from, Until: until}},
	})
	if err != nil {
		return err
	}
	roots := watchlist.Roots{Threshold: rootThreshold}
	for n := range rootKeys {
		root, err := keys.GenerateSigning(filepath.Join(dir, rootName(n+1)))
		if err != nil {
			return err
		}
		roots.Keys = append(roots.Keys, root.Public().(ed25519.PublicKey))
		if n >= rootThreshold {
			continue
		}
		if b, err = watchlist.SignKeys(b, root); err != nil {
			return err
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "lists"), 0o755); err != nil {
		return err
	}
	_, err = watchlist.InstallKeys(filepath.Join(dir, "lists"), b, roots, now)
	return err
}
