//go:build !linux

package main

import (
	"errors"
	"io/fs"
)

var errLinux = errors.New("emulated devices are for Linux only")

type benchDevices struct{}

func (benchDevices) Run(*call) error { return errLinux }

type devicesDemo struct{}

func (devicesDemo) Run(*call) error { return errLinux }

// may leaves the judgement to who tries.
func (*account) may(fs.FileInfo) bool { return true }
