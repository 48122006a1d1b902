package vpcd

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"boothd/devices"
)

// maxMessage is the longest message that the wire can carry.
const maxMessage = 1<<16 - 1

// The controls of the wire.
const (
	controlOff   = 0
	controlOn    = 1
	controlReset = 2
	controlATR   = 4
)

// errLong is returned for a response that the wire cannot carry.
var errLong = errors.New("response is longer than the wire can carry")

// ATR returns the answer to reset of a laid chip, which is that of a contactless chip of
// ISO/IEC 14443-4 without historical bytes (PC/SC part 3 §3.1.3.2.3.1).
func ATR() []byte { return []byte{0x3b, 0x80, 0x80, 0x01, 0x01} }

// Laid is a chip that lies on a virtual reader.
type Laid struct {
	conn   net.Conn
	chip   devices.Card
	cancel context.CancelFunc
	done   chan struct{}
	lift   sync.Once
	err    error // why the chip left, once done is closed
}

// Lay lays a chip on the reader at the address, a TCP host and port, and answers for it
// until Lift is called, ctx ends or the reader goes. The reader takes a moment to notice.
//
// When the field is taken away or the reader resets, the chip's Reset is called. A chip whose
// Transmit or Reset returns an error leaves the field. Responses are sent as they are, also
// those that no chip should give. The chip is not closed.
func Lay(ctx context.Context, address string, chip devices.Card) (*Laid, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("lay chip: %w", err)
	}
	l := &Laid{conn: conn, chip: chip, done: make(chan struct{})}
	ctx, l.cancel = context.WithCancel(ctx)
	go func() {
		defer close(l.done)
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		err := answer(ctx, wire{conn, bufio.NewReader(quick(conn))}, chip)
		if ctx.Err() == nil {
			l.err = err
		}
	}()
	return l, nil
}

// Done returns a channel that is closed when the chip no longer lies there.
func (l *Laid) Done() <-chan struct{} { return l.done }

// Lift takes the chip away and waits until it has gone. It returns why the chip left if it
// did so earlier of its own accord, io.EOF if it was the reader that went; it may be repeated.
func (l *Laid) Lift() error {
	l.lift.Do(l.cancel)
	<-l.done
	return l.err
}

// wire is the chip's end of a connection.
type wire struct {
	net.Conn
	from *bufio.Reader
}

// answer answers messages until the connection ends.
func answer(ctx context.Context, w wire, chip devices.Card) error {
	for {
		message, err := w.receive()
		if err != nil {
			return err
		}
		response, err := respond(ctx, chip, message)
		if err != nil {
			return err
		}
		if response == nil {
			continue
		}
		if err := w.send(response); err != nil {
			return err
		}
	}
}

// respond returns the response to a message, or nil where none is due.
func respond(ctx context.Context, chip devices.Card, message []byte) ([]byte, error) {
	if len(message) > 1 {
		response, err := chip.Transmit(ctx, message)
		if err == nil && response == nil {
			response = []byte{}
		}
		return response, err
	}
	if len(message) == 0 {
		return nil, nil
	}
	switch message[0] {
	case controlOff, controlReset:
		return nil, chip.Reset(ctx)
	case controlATR:
		return ATR(), nil
	}
	return nil, nil // controlOn: the chip is ready
}

func (w wire) receive() ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(w.from, head[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(head[:]))
	if _, err := io.ReadFull(w.from, message); err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	return message, nil
}

// send sends length and bytes in one piece.
func (w wire) send(response []byte) error {
	if len(response) > maxMessage {
		return errLong
	}
	message := make([]byte, 2, 2+len(response))
	binary.BigEndian.PutUint16(message, uint16(len(response)))
	if err := w.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	_, err := w.Write(append(message, response...))
	return err
}
