//go:build !cgo && !windows

package pcsc

import (
	"context"
	"errors"
	"fmt"

	"boothd/devices"
)

var errNone = fmt.Errorf("built without cgo: %w", errors.ErrUnsupported)

// Scan returns an error matching errors.ErrUnsupported.
func (b *Bus) Scan(context.Context) ([]devices.Port, error) {
	return nil, fmt.Errorf("scan pcsc: %w", errNone)
}

func (p port) open(context.Context) (devices.Device, error) { return nil, errNone }
