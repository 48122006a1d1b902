// Package serial finds and opens the serial lines that the configuration names.
//
// A serial line does not say what hangs on it, so the configuration gives each line its
// speed and its driver. Name it by a path that stays the same, such as those that udev
// makes below /dev/serial/by-id; a line is there as long as its path leads to a device.
//
// An open line is locked with flock(2), so that it is opened once among all programs that
// do the same. Programs that ask nobody, such as ModemManager, must be told by a udev rule
// to leave the line alone (ENV{ID_MM_DEVICE_IGNORE}="1").
//
// The bytes go through github.com/tarm/serial, of which three traps are known. A read that
// times out and a read from an unplugged line both return 0 bytes and io.EOF; so after
// each the line looks whether its device is still there. Close blocks while a read
// without time-out is pending; so every read has a time-out of 100 ms. A write can have
// none; so on Linux the line writes through a descriptor of its own.
package serial

import (
	"context"
	"fmt"

	"boothd/devices"
)

// Port is a serial line that was found but not opened.
type Port interface {
	devices.Port
	// Open opens the line with 8 data bits, no parity and 1 stop bit at the configured
	// speed, exclusively: a second Open returns an error matching devices.ErrBusy.
	Open(ctx context.Context) (Line, error)
}

// Line is an opened serial line.
type Line interface {
	// Read waits for bytes and returns those that are there, at least one. It returns
	// ctx.Err() within a second of ctx's end and an error matching devices.ErrGone when
	// the line's device node is no longer there. Bytes that have arrived come first: they
	// are returned even if ctx has ended.
	Read(ctx context.Context, buf []byte) (int, error)
	Write(ctx context.Context, data []byte) (int, error)
	// Discard drops what has arrived and was not read.
	Discard()
	// Close ends a Read under way; it may be repeated.
	Close() error
}

// Retunable is a line whose speed can be changed while it is open. Lines of this package are;
// one whose system cannot do it returns an error matching errors.ErrUnsupported.
type Retunable interface {
	Line
	// Baud returns the speed, one of Bauds.
	Baud() int
	// SetBaud changes the speed to one of Bauds, at once: what is still being sent is not
	// waited for. The configured speed is back when the line is opened again.
	SetBaud(baud int) error
}

// Open opens a port of this transport for a driver.
func Open(ctx context.Context, p devices.Port) (Line, error) {
	s, ok := p.(Port)
	if !ok {
		return nil, fmt.Errorf("open %s: not a serial port", p.Address())
	}
	return s.Open(ctx)
}
