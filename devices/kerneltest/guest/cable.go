package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"boothd/devices"
	"boothd/devices/usbip"
)

const vhci = "/sys/devices/platform/vhci_hcd.0"

// cable joins an emulated device to port 0 of the kernel's virtual host controller.
type cable struct {
	served chan error
}

// plug hands one end of a socket to the kernel and serves the device on the other.
func plug(ctx context.Context, dev usbip.Device) (*cable, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socketpair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "device"), os.NewFile(uintptr(pair[1]), "kernel")
	defer ours.Close()
	defer theirs.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		return nil, err
	}
	c := &cable{served: make(chan error, 1)}
	go func() { c.served <- usbip.Serve(ctx, conn, dev) }()

	const port, devID, fullSpeed = 0, 1<<16 | 2, 2
	line := fmt.Sprintf("%d %d %d %d", port, theirs.Fd(), devID, fullSpeed)
	if err := os.WriteFile(filepath.Join(vhci, "attach"), []byte(line), 0); err != nil {
		conn.Close()
		<-c.served
		return nil, fmt.Errorf("attach: %w", err)
	}
	return c, nil
}

// unplug takes the device away and returns when no transfer is under way any more.
func (c *cable) unplug() error {
	if err := os.WriteFile(filepath.Join(vhci, "detach"), []byte("0"), 0); err != nil {
		return fmt.Errorf("detach: %w", err)
	}
	// A device that was sending is cut off, others are hung up on.
	if err := <-c.served; err != nil && !errors.Is(err, unix.ECONNRESET) {
		return err
	}
	return nil
}

// cutter is a device whose data can be stopped on their way to the host.
type cutter struct {
	usbip.Device
	endpoint uint8                         // of the data
	taken    atomic.Pointer[chan struct{}] // closed when data were stopped; nil: none are
}

// hold stops what is sent next, and closes the channel when that is ready.
func (c *cutter) hold() <-chan struct{} {
	taken := make(chan struct{})
	c.taken.Store(&taken)
	return taken
}

func (c *cutter) id() devices.ID { return c.Descriptor().ID }

// Read implements usbip.Device.
func (c *cutter) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	n, err := c.Device.Read(ctx, endpoint, buf)
	taken := c.taken.Load()
	if endpoint != c.endpoint || taken == nil || err != nil {
		return n, err
	}
	close(*taken)
	<-ctx.Done()
	return 0, ctx.Err()
}
