package watchlist

import (
	"fmt"
	"os"
)

// locked does something while nobody else changes the lists' folder: each command of central
// operations is a process of its own. It is held for as long as files are put into their
// places, not while a list is read, so that an urgent change never waits for a build.
func locked(dir string, do func() error) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	lock, err := openLocked(dir)
	if err != nil {
		return fmt.Errorf("lock %s: %w", dir, err)
	}
	defer lock.Close()
	return do()
}
