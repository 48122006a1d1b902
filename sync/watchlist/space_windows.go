package watchlist

import (
	"syscall"

	"golang.org/x/sys/windows"
)

const errNoSpace = syscall.Errno(windows.ERROR_DISK_FULL)
