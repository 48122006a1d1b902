package main

import (
	"io/fs"
	"slices"
	"syscall"
)

// may reports whether the account may read and write a file, by its owner, group and mode.
func (a *account) may(info fs.FileInfo) bool {
	const readWrite = 06
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	mode := uint32(info.Mode().Perm())
	switch {
	case a.uid == 0:
		return true
	case stat.Uid == a.uid:
		return mode>>6&readWrite == readWrite
	case slices.Contains(a.groups, stat.Gid):
		return mode>>3&readWrite == readWrite
	}
	return mode&readWrite == readWrite
}
