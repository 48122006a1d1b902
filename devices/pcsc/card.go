//go:build cgo || windows

package pcsc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"boothd/devices"
)

const (
	minCommand = 4      // CLA INS P1 P2
	maxCommand = 65_544 // the longest extended command of ISO/IEC 7816-4
)

// card is a connection to a chip. It implements devices.Card.
type card struct{ link *link }

var _ devices.Card = (*card)(nil)

// Transmit implements devices.Card. After it was given up because ctx ended, the card is
// closed. An error of the transmission while the chip is in the field is a
// *devices.RetryError.
func (c *card) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if len(command) < minCommand || len(command) > maxCommand {
		return nil, fmt.Errorf("transmit: command of %d bytes; want %d to %d", len(command), minCommand, maxCommand)
	}
	var response []byte
	command = slices.Clone(command) // a call that is given up reads it later
	err := c.link.do(ctx, func() (err error) {
		response, err = c.link.transmit(command)
		return err
	})
	if err != nil {
		return nil, cardError("transmit", err)
	}
	return response, nil
}

// Reset implements devices.Card.
func (c *card) Reset(ctx context.Context) error {
	if err := c.link.do(ctx, c.link.reset); err != nil {
		return cardError("reset chip", err)
	}
	return nil
}

// Close resets the chip and gives it back.
func (c *card) Close() error {
	c.link.close()
	waitEnd(c.link)
	return nil
}

func cardError(deed string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%s: %w", deed, err)
}
