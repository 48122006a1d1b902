//go:build !windows

package outbox

import "syscall"

const errNoSpace = syscall.ENOSPC

// FreeSpace is how many bytes the daemon may still write on the disk of the folder.
func FreeSpace(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
