package outbox

import (
	"syscall"

	"golang.org/x/sys/windows"
)

const errNoSpace = syscall.Errno(windows.ERROR_DISK_FULL)

// FreeSpace is how many bytes the daemon may still write on the disk of the folder.
func FreeSpace(dir string) (int64, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, err
	}
	return int64(free), nil
}
