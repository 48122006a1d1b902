//go:build cgo || windows

package pcsc

import (
	"context"
	"errors"
	"fmt"

	"github.com/ebfe/scard"
)

// ErrDenied is matched if the service runs and does not let this user in.
var ErrDenied = errors.New("the PC/SC service does not let this user in")

// Reach asks whether the machine's PC/SC service can be asked at all, with readers or without:
// to Scan one that does not run has none. Where systemd starts the service on demand, asking
// starts it. The error matches devices.ErrGone if it does not run, and ErrDenied.
func Reach(ctx context.Context) error {
	done := make(chan error, 1) // a call that hangs is given up
	go func() {
		service, err := scard.EstablishContext()
		if err == nil {
			err = service.Release()
		}
		done <- err
	}()
	select {
	case err := <-done:
		switch {
		case errors.Is(err, scard.ErrSecurityViolation):
			return fmt.Errorf("%w: %w", ErrDenied, err)
		case err != nil:
			return fmt.Errorf("reach pcsc: %w", translate(err))
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("reach pcsc: %w", ctx.Err())
	}
}
