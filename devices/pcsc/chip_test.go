//go:build cgo

package pcsc_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"sync/atomic"

	"boothd/devices"
)

// selectApplication selects the application of travel documents.
var selectApplication = []byte{0x00, 0xa4, 0x04, 0x0c, 0x07, 0xa0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01}

var (
	ok           = []byte{0x90, 0x00}
	unknown      = []byte{0x6d, 0x00}
	notSelected  = []byte{0x69, 0x86}
	errTornOff   = errors.New("torn off")
	_            = devices.Card(&chip{})
	readBinaryFF = []byte{0x00, 0xb0, 0x00, 0x00, 0x00, 0x00, 0x00}
)

// chip is a small chip with one file: it answers SELECT and, once the application is
// selected, READ BINARY with an offset of 15 bits and an extended length. To whatever else it
// answers the command's length, or what answer returns.
type chip struct {
	file   []byte
	answer func(ctx context.Context, command []byte) ([]byte, error)

	selected atomic.Bool
	resets   atomic.Int32
}

func (c *chip) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	switch {
	case c.answer != nil:
		return c.answer(ctx, command)
	case bytes.Equal(command, selectApplication):
		c.selected.Store(true)
		return ok, nil
	case len(command) == 7 && command[1] == 0xb0:
		return c.read(command), nil
	case command[1] == 0xd6: // UPDATE BINARY: tells how much arrived
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(command))), ok...), nil
	}
	return unknown, nil
}

func (c *chip) read(command []byte) []byte {
	if !c.selected.Load() {
		return notSelected
	}
	from := min(int(binary.BigEndian.Uint16(command[2:])), len(c.file))
	n := int(binary.BigEndian.Uint16(command[5:]))
	if n == 0 {
		n = 1 << 16
	}
	return append(bytes.Clone(c.file[from:min(from+n, len(c.file))]), ok...)
}

func (c *chip) Reset(context.Context) error {
	c.selected.Store(false)
	c.resets.Add(1)
	return nil
}

func (c *chip) Close() error { return nil }
