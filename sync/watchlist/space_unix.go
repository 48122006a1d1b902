//go:build !windows

package watchlist

import "syscall"

const errNoSpace = syscall.ENOSPC
