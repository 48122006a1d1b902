package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"boothd/capture/chip/chipemu"
	"boothd/devices"
	"boothd/devices/pcsc/vpcd"
)

// overPCSC lays the chip on a virtual reader of a pcscd of its own. Where that is not installed,
// or may not be started, it says so.
func (b *passportBench) overPCSC(ctx context.Context, n int) (t *passportTimes, err error) {
	dir, err := os.MkdirTemp("", "boothctl-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	daemon, err := vpcd.Start(ctx, filepath.Join(dir, "pcscd"))
	if errors.Is(err, fs.ErrNotExist) || err != nil && os.Geteuid() != 0 {
		return &passportTimes{Skipped: err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, daemon.Close()) }()
	if err := os.Setenv(vpcd.SocketVariable, daemon.Socket()); err != nil {
		return nil, err
	}
	emulated, err := chipemu.New(b.issued)
	if err != nil {
		return nil, err
	}
	defer emulated.Close()
	laid, err := vpcd.Lay(ctx, daemon.Reader(0), emulated)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, laid.Lift()) }()
	reader, err := openReader(ctx, "00 00")
	if errors.Is(err, errors.ErrUnsupported) {
		return &passportTimes{Skipped: err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	return b.measure(ctx, n, func(ctx context.Context) (devices.Card, error) { return reader.Connect(ctx) })
}
