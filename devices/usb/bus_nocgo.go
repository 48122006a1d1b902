//go:build !cgo

package usb

import (
	"context"
	"errors"
	"fmt"

	"boothd/devices"
)

// Bus stands for the USB devices of this machine, which need cgo.
type Bus struct{}

var _ devices.Bus = Bus{}

// Scan returns an error matching errors.ErrUnsupported.
func (Bus) Scan(context.Context) ([]devices.Port, error) {
	return nil, fmt.Errorf("scan usb: built without cgo: %w", errors.ErrUnsupported)
}
