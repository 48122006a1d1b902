//go:build cgo || windows

package pcsc

import (
	"errors"
	"fmt"

	"github.com/ebfe/scard"

	"boothd/devices"
)

// What is wrapped in the *devices.RetryError of a chip that is in the field.
var (
	errMute  = errors.New("the chip does not answer")
	errShort = errors.New("the chip's answer has no status word")
)

// translate adds to an error of the service what it means to the booth: the reader or the
// service has gone, another program holds the chip, the traveller must present again.
func translate(err error) error {
	var code scard.Error
	if !errors.As(err, &code) {
		return err
	}
	switch code {
	case scard.ErrNoService, scard.ErrServiceStopped, scard.ErrCommError, scard.ErrShutdown,
		scard.ErrInvalidHandle, scard.ErrUnknownReader, scard.ErrReaderUnavailable, scard.ErrNoReadersAvailable:
		return fmt.Errorf("%w: %w", devices.ErrGone, err)
	case scard.ErrSharingViolation:
		return fmt.Errorf("%w: %w", devices.ErrBusy, err)
	case scard.ErrUnresponsiveCard, scard.ErrUnpoweredCard, scard.ErrUnsupportedCard, scard.ErrProtoMismatch,
		scard.ErrCardUnsupported, scard.ErrInvalidAtr, scard.ErrNotTransacted:
		return &devices.RetryError{Hint: devices.HintPresentAgain, Err: fmt.Errorf("%w: %w", errMute, err)}
	}
	return err
}

// chipLeft tells the errors which say that there is no chip in the field.
func chipLeft(err error) bool {
	return errors.Is(err, scard.ErrNoSmartcard) || errors.Is(err, scard.ErrRemovedCard)
}
