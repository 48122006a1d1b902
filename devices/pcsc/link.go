//go:build cgo || windows

package pcsc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ebfe/scard"

	"boothd/devices"
)

const (
	// slice is how long one call waits for a chip. The service cannot be told to stop waiting
	// before it has begun, so a wait that is given up lasts so long.
	slice = 200 * time.Millisecond
	// notice is how long the service may take to see that a chip has left: pcscd looks every
	// 400 ms where the reader does not tell.
	notice = 600 * time.Millisecond
)

// link is a connection to the service, to a reader and in the end to a chip. All calls on it
// are made by one goroutine.
type link struct {
	reader  string
	service *scard.Context
	card    *scard.Card
	seen    scard.StateFlag // of the reader, when it was last looked at
	failed  bool            // a call on the chip

	calls   chan func()
	closing context.Context // ends when the link is to be closed
	close   context.CancelFunc
	ended   chan struct{} // closed when all is given back
}

// newLink starts the link's goroutine, which ends after close.
func newLink(reader string) *link {
	l := &link{reader: reader, calls: make(chan func()), ended: make(chan struct{})}
	l.closing, l.close = context.WithCancel(context.Background())
	go l.run()
	return l
}

func (l *link) run() {
	defer close(l.ended)
	defer l.release()
	for {
		select {
		case f := <-l.calls:
			f()
		case <-l.closing.Done():
			return
		}
	}
}

// release gives back what was taken. Errors say that it is lost already. A chip of which a
// call failed is not reset: when pcscd resets one that has just left, it is blind to the next
// until that has been taken away too.
func (l *link) release() {
	if l.card != nil {
		after := scard.ResetCard
		if l.failed {
			after = scard.LeaveCard
		}
		_ = l.card.Disconnect(after)
	}
	if l.service != nil {
		_ = l.service.Release()
	}
}

// do has the link's goroutine call f and returns its error. If ctx ends first, the link is
// closed and f goes on alone: what it writes to must not be read.
func (l *link) do(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	result := make(chan error, 1)
	select {
	case l.calls <- func() { result <- f() }:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closing.Done():
		return errClosed
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		l.close()
		return ctx.Err()
	case <-l.closing.Done():
		return errClosed
	}
}

// establish connects to the service.
func (l *link) establish() error {
	service, err := scard.EstablishContext()
	switch {
	case errors.Is(err, scard.ErrSecurityViolation):
		return died(err)
	case err != nil:
		return translate(err)
	}
	l.service = service
	return nil
}

// died is the error of a service that ended in the middle of a call, in libpcsclite's words a
// matter of rights. Those to use the service are asked for when the bus is scanned.
func died(err error) error { return fmt.Errorf("%w: the service has ended: %w", devices.ErrGone, err) }

// presence is what a reader says of its field.
type presence struct {
	chip bool   // there is one
	tick uint32 // changes with every chip that comes or leaves
}

// look waits until the field is not as it was when it was last looked at, for a slice at
// most, and returns what there is. The first look returns at once.
func (l *link) look() (presence, error) { return l.lookFor(slice) }

func (l *link) lookFor(d time.Duration) (presence, error) {
	states := []scard.ReaderState{{Reader: l.reader, CurrentState: l.seen}}
	err := l.service.GetStatusChange(states, d)
	switch {
	case errors.Is(err, scard.ErrSecurityViolation):
		return presence{}, died(err)
	case err != nil && !errors.Is(err, scard.ErrTimeout):
		return presence{}, translate(err)
	}
	if err == nil {
		l.seen = states[0].EventState &^ scard.StateChanged
	}
	if l.seen&(scard.StateUnknown|scard.StateUnavailable|scard.StateIgnore) != 0 {
		return presence{}, devices.ErrGone
	}
	return presence{
		chip: l.seen&scard.StatePresent != 0,
		tick: uint32(l.seen) >> 16,
	}, nil
}

// connect takes the chip in the field. An error may be chipLeft.
func (l *link) connect() error {
	card, err := l.service.Connect(l.reader, scard.ShareExclusive, scard.ProtocolT0|scard.ProtocolT1)
	if errors.Is(err, scard.ErrSecurityViolation) { // of the chip, if the service is still there
		if _, looked := l.lookFor(0); looked != nil {
			return looked
		}
	}
	if err != nil {
		return translate(err)
	}
	l.card = card
	return l.agreed()
}

// agreed sees that there is a protocol, without which nothing can be transmitted.
func (l *link) agreed() error {
	switch p := l.card.ActiveProtocol(); p {
	case scard.ProtocolT0, scard.ProtocolT1:
		return nil
	default:
		return fmt.Errorf("protocol %d of the chip is neither T=0 nor T=1", p)
	}
}

// transmit sends a command.
func (l *link) transmit(command []byte) ([]byte, error) {
	response, err := l.card.Transmit(command)
	if err == nil && len(response) < 2 {
		err = &devices.RetryError{Hint: devices.HintPresentAgain, Err: errShort}
	}
	if err == nil {
		return response, nil
	}
	err = l.explain(err)
	if extended := len(command) >= 7 && command[4] == 0; extended && !errors.Is(err, devices.ErrGone) {
		err = &devices.RetryError{Hint: devices.HintPresentAgain,
			Err: fmt.Errorf("extended command: %w: %w", errors.ErrUnsupported, err)}
	}
	return nil, err
}

// reset takes the field from the chip and gives it back.
func (l *link) reset() error {
	if err := l.card.Reconnect(scard.ShareExclusive, scard.ProtocolT0|scard.ProtocolT1, scard.ResetCard); err != nil {
		return l.explain(err)
	}
	return l.agreed()
}

// explain says what an error of a call on a chip means. Most say nothing of their cause, so
// the field is looked at until the service must have noticed that the chip has left it.
func (l *link) explain(err error) error {
	l.failed = true
	now := presence{chip: !chipLeft(err)}
	l.seen = scard.StateUnaware
	for end := time.Now().Add(notice); now.chip && time.Now().Before(end); {
		var looked error
		if now, looked = l.lookFor(time.Until(end)); looked != nil {
			return looked
		}
	}
	if now.chip {
		return translate(err)
	}
	return fmt.Errorf("%w: the chip has left the field: %w", devices.ErrGone, err)
}
