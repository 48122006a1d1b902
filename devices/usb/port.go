package usb

import (
	"context"
	"fmt"

	"boothd/devices"
)

// Port is a USB device that was found but not opened.
type Port interface {
	devices.Port
	// Open claims the first interface that want accepts and returns a connection to it.
	// It returns an error matching devices.ErrBusy if somebody else holds the device and
	// one matching devices.ErrGone if it is no longer there.
	Open(ctx context.Context, want func(Interface) bool) (Conn, error)
}

// Interface describes one interface of a device by its class triple (USB 2.0 §9.6.5).
type Interface struct {
	Number                    uint8
	Class, SubClass, Protocol uint8
}

// Setup is the head of a control transfer on endpoint 0 (USB 2.0 §9.3). Bit 7 of
// RequestType tells the direction: set for device to host. wLength is len(data).
type Setup struct {
	RequestType, Request uint8
	Value, Index         uint16
}

// Conn is an opened device with one claimed interface. Its methods may be called by
// several goroutines; transfers on one endpoint run in the order of the calls.
//
// Every transfer ends when its context does, with ctx.Err(), and at the latest after the
// time-out that the caller put on the context: callers set one on every exchange that has
// a natural bound. An error matching devices.ErrGone means that the device was unplugged;
// ErrStall that the endpoint refused.
type Conn interface {
	// Control does a control transfer and returns how many bytes were moved. Fewer bytes
	// than asked is no error. At most 4096 bytes.
	Control(ctx context.Context, s Setup, data []byte) (int, error)
	// Read fills buf from an IN endpoint (bulk or interrupt, bit 7 of the address set). A
	// short transfer ends it; only buf[:n] holds data. n may be 0 without an error.
	Read(ctx context.Context, endpoint uint8, buf []byte) (int, error)
	// Write sends data to an OUT endpoint.
	Write(ctx context.Context, endpoint uint8, data []byte) (int, error)
	// BCDDevice is the device's release number (USB 2.0 §9.6.1), 0x0103 for 1.03.
	BCDDevice() uint16
	// Close gives up the interface and waits until the transfers under way were given
	// back. It may be repeated.
	Close() error
}

// Open opens a port of this transport for a driver.
func Open(ctx context.Context, p devices.Port, want func(Interface) bool) (Conn, error) {
	u, ok := p.(Port)
	if !ok {
		return nil, fmt.Errorf("open %s: not a usb port", p.Address())
	}
	return u.Open(ctx, want)
}
