//go:build cgo

package usb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/google/gousb"

	"boothd/devices"
)

// unplugNotice is how long the system may take to notice that a device was unplugged,
// counted from the first transfer that failed.
const unplugNotice = 500 * time.Millisecond

// translate adds to an error of gousb the sentinel that it means.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case is(err, gousb.ErrorNoDevice), errors.Is(err, gousb.TransferNoDevice):
		return fmt.Errorf("%w: %w", devices.ErrGone, err)
	case is(err, gousb.ErrorBusy):
		return fmt.Errorf("%w: %w", devices.ErrBusy, err)
	case is(err, gousb.ErrorPipe), errors.Is(err, gousb.TransferStall):
		return ErrStall
	}
	return err
}

// is says whether err was caused by a code of libusb. gousb formats the cause of a failed
// Config or Interface into a text, so that the text is all that is left to look at.
func is(err error, code gousb.Error) bool {
	return errors.Is(err, code) || err != nil && strings.HasSuffix(err.Error(), code.Error())
}

// explain says why a transfer ended.
func (c *conn) explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, gousb.TransferCancelled) && ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, gousb.TransferCancelled):
		return net.ErrClosed
	case errors.Is(err, gousb.ErrorTimeout), errors.Is(err, gousb.TransferTimedOut):
		return fmt.Errorf("no answer: %w", context.DeadlineExceeded)
	case errors.Is(err, gousb.TransferError), errors.Is(err, gousb.ErrorIO):
		if c.vanished(ctx) {
			return fmt.Errorf("%w: %w", devices.ErrGone, err)
		}
	}
	return translate(err)
}

// vanished says whether the device is no longer there. A device that is pulled first fails
// its transfers; that it is gone the system learns from the hub a moment later.
func (c *conn) vanished(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, unplugNotice)
	defer cancel()
	look := time.NewTicker(unplugNotice / 10)
	defer look.Stop()
	for {
		if !c.listed() {
			return true
		}
		select {
		case <-look.C:
		case <-c.open.Done():
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// listed says whether libusb still lists the device.
func (c *conn) listed() bool {
	lib := newLibrary()
	if lib == nil {
		return false
	}
	defer lib.Close()
	found := false
	_, err := lib.OpenDevices(func(d *gousb.DeviceDesc) bool {
		found = found || d.Bus == c.device.Desc.Bus && d.Address == c.device.Desc.Address
		return false
	})
	return found || err != nil
}
