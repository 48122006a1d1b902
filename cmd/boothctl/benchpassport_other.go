//go:build !linux

package main

import "context"

// overPCSC says that the virtual reader is Debian's.
func (b *passportBench) overPCSC(context.Context, int) (*passportTimes, error) {
	return &passportTimes{Skipped: "the virtual reader is for Linux only"}, nil
}
