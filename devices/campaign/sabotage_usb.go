package campaign

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"boothd/devices/usb"
)

// errOverflow is what a host sees of a device that sends more than was asked for (babble).
var errOverflow = errors.New("the device sent more than was asked for")

type usbPort struct {
	usb.Port
	saboteur *Saboteur
}

var _ usb.Port = usbPort{}

func (p usbPort) Open(ctx context.Context, want func(usb.Interface) bool) (usb.Conn, error) {
	session := p.saboteur.session()
	if err := p.saboteur.thaw(ctx, session); err != nil {
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	c, err := p.Port.Open(ctx, want)
	if err != nil {
		return nil, err
	}
	u := &usbConn{Conn: c, saboteur: p.saboteur, session: session}
	u.open, u.shut = context.WithCancelCause(context.Background())
	return u, nil
}

// usbConn is a connection one of whose transfers may be spoilt.
type usbConn struct {
	usb.Conn
	saboteur *Saboteur
	session  context.Context
	open     context.Context // ends with Close
	shut     context.CancelCauseFunc
}

func (c *usbConn) Close() error {
	c.shut(net.ErrClosed)
	return c.Conn.Close()
}

func (c *usbConn) Control(ctx context.Context, s usb.Setup, data []byte) (int, error) {
	do := func(ctx context.Context) (int, error) { return c.Conn.Control(ctx, s, data) }
	return c.transfer(ctx, s.RequestType&0x80 != 0, data, do, forever)
}

func (c *usbConn) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	lose := func(ctx context.Context) (int, error) {
		if n, err := c.Conn.Read(ctx, endpoint, buf); err != nil {
			return n, err
		}
		return c.Conn.Read(ctx, endpoint, buf) // the host goes on waiting
	}
	read := func(ctx context.Context) (int, error) { return c.Conn.Read(ctx, endpoint, buf) }
	return c.transfer(ctx, true, buf, read, lose)
}

func (c *usbConn) Write(ctx context.Context, endpoint uint8, data []byte) (int, error) {
	do := func(ctx context.Context) (int, error) { return c.Conn.Write(ctx, endpoint, data) }
	return c.transfer(ctx, false, data, do, forever)
}

// forever is a transfer that is never answered.
func forever(ctx context.Context) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

// transfer does a transfer, or what a fault makes of it: lose, if its answer is lost.
func (c *usbConn) transfer(ctx context.Context, in bool, data []byte, do, lose func(context.Context) (int, error)) (int, error) {
	f := c.saboteur.next()
	defer c.saboteur.ended(f)
	if err := c.before(ctx, f, in); err != nil {
		return 0, err
	}
	if err := c.saboteur.thaw(ctx, c.session); err != nil {
		return 0, err
	}
	if f == Lost {
		do = lose
	}
	began := time.Now()
	n, err := c.under(ctx, do)
	if thawed := c.saboteur.thaw(ctx, c.session); thawed != nil {
		return 0, thawed
	}
	if err != nil {
		return n, err
	}
	c.saboteur.moved(n, time.Since(began))
	if in {
		return c.saboteur.spoil(f, data, n)
	}
	return n, nil
}

// before does what happens to a transfer before it is made.
func (c *usbConn) before(ctx context.Context, f Fault, in bool) error {
	switch f {
	case Late:
		return pause(Delay, ctx, c.open)
	case Garbage, Short, Long:
		if !in {
			return usb.ErrStall
		}
	}
	return nil
}

// under does a transfer that a reset ends.
func (c *usbConn) under(ctx context.Context, do func(context.Context) (int, error)) (int, error) {
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.session, cancel)()
	defer context.AfterFunc(c.open, cancel)()
	n, err := do(both)
	if err == nil || ctx.Err() != nil {
		return n, err
	}
	for _, end := range []context.Context{c.session, c.open} {
		if end.Err() != nil {
			return 0, context.Cause(end)
		}
	}
	return n, err
}
