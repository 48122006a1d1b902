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

// ErrDenied is matched by no error here.
var ErrDenied = errors.New("the PC/SC service does not let this user in")

// Reach returns an error matching errors.ErrUnsupported.
func Reach(context.Context) error { return fmt.Errorf("reach pcsc: %w", errNone) }

func (p port) open(context.Context) (devices.Device, error) { return nil, errNone }
