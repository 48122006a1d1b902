//go:build unix

package rest

import (
	"os"
	"path/filepath"
	"syscall"
)

// giveAway makes a new file of root's the folder owner's: a command that root runs must not
// leave files that the daemon cannot read.
func giveAway(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	st, err := os.Stat(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	if owner, ok := st.Sys().(*syscall.Stat_t); ok && owner.Uid != 0 {
		return f.Chown(int(owner.Uid), int(owner.Gid))
	}
	return nil
}
