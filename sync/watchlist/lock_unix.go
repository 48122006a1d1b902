//go:build !windows

package watchlist

import (
	"os"
	"syscall"
)

// openLocked opens what stands for the folder and waits until no other process has it locked.
// That is the folder itself, so that one that may only be read can be locked too.
func openLocked(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
