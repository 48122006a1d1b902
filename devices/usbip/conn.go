package usbip

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
	"boothd/devices/usb"
)

const (
	// sendTimeout is how long an exporter may refuse to take a request.
	sendTimeout = 900 * time.Millisecond
	// unlinkTimeout is how long a cancelled transfer waits for the exporter's word.
	unlinkTimeout = 500 * time.Millisecond
	// closeTimeout is how long an exporter may take to let a device go.
	closeTimeout = 500 * time.Millisecond
	// maxControl is the longest control transfer of usb.Conn.
	maxControl = 4096
)

// errUnlinked is the end of a cancelled transfer.
var errUnlinked = errors.New("transfer cancelled by the exporter")

// conn is an imported device. It implements usb.Conn.
type conn struct {
	port   *port
	record deviceRecord
	claimed
	ended chan struct{} // closed when nobody reads answers any more

	sending sync.Mutex // keeps requests whole, and in the order of their numbers
	nc      net.Conn

	mu      sync.Mutex // guards what follows
	seq     uint32
	pending map[uint32]*transfer
	unlinks map[uint32]uint32 // cancellation → transfer
	err     error             // why the connection ended
}

var _ usb.Conn = (*conn)(nil)

// transfer is a URB under way.
type transfer struct {
	buf  []byte // receives what an IN transfer reads; nil for OUT
	n    int
	err  error
	done chan struct{} // closed when n and err are set
}

func newConn(p *port, nc net.Conn, record deviceRecord) *conn {
	c := &conn{
		port: p, record: record, nc: nc,
		ended:   make(chan struct{}),
		pending: make(map[uint32]*transfer),
		unlinks: make(map[uint32]uint32),
	}
	p.bus.hold(c)
	go c.read()
	return c
}

// claim looks up the interface that is wanted and selects the configuration. Over USB/IP
// the whole device belongs to the importer, so that there is nothing to claim.
func (c *conn) claim(ctx context.Context, want func(usb.Interface) bool) error {
	b := make([]byte, maxControl)
	n, err := c.Control(ctx, usb.Setup{RequestType: fromDevice, Request: reqGetDescriptor, Value: descConfiguration << 8}, b)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	config, err := parseConfiguration(b[:n])
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	for _, i := range config.interfaces {
		if want(i.Interface) {
			c.claimed = i
			return c.configure(ctx, config.value)
		}
	}
	return errors.New("device has no such interface")
}

func (c *conn) configure(ctx context.Context, value uint8) error {
	if c.record.configuration == value {
		return nil
	}
	s := usb.Setup{RequestType: toDevice, Request: reqSetConfiguration, Value: uint16(value)}
	if _, err := c.Control(ctx, s, nil); err != nil {
		return fmt.Errorf("set configuration %d: %w", value, err)
	}
	return nil
}

// BCDDevice implements usb.Conn.
func (c *conn) BCDDevice() uint16 { return c.record.bcdDevice }

// Control implements usb.Conn.
func (c *conn) Control(ctx context.Context, s usb.Setup, data []byte) (int, error) {
	if len(data) > maxControl {
		return 0, fmt.Errorf("control transfer of %d bytes, at most %d", len(data), maxControl)
	}
	h := header{setup: [8]byte{s.RequestType, s.Request}}
	binary.LittleEndian.PutUint16(h.setup[2:], s.Value)
	binary.LittleEndian.PutUint16(h.setup[4:], s.Index)
	binary.LittleEndian.PutUint16(h.setup[6:], uint16(len(data)))
	if s.RequestType&0x80 != 0 && len(data) > 0 {
		h.direction = dirIn
	}
	n, err := c.transfer(ctx, h, data)
	if err != nil {
		return n, fmt.Errorf("control %02x %02x at %04x: %w", s.RequestType, s.Request, s.Value, err)
	}
	return n, nil
}

// Read implements usb.Conn.
func (c *conn) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	return c.data(ctx, endpoint, dirIn, buf)
}

// Write implements usb.Conn.
func (c *conn) Write(ctx context.Context, endpoint uint8, data []byte) (int, error) {
	return c.data(ctx, endpoint, dirOut, data)
}

func (c *conn) data(ctx context.Context, endpoint uint8, direction uint32, data []byte) (int, error) {
	interval, ok := c.endpoints[endpoint]
	if !ok || (direction == dirIn) != (endpoint&0x80 != 0) {
		return 0, fmt.Errorf("interface %d has no such endpoint: %#02x", c.Number, endpoint)
	}
	if len(data) > maxTransfer {
		return 0, fmt.Errorf("transfer of %d bytes, at most %d", len(data), maxTransfer)
	}
	h := header{direction: direction, endpoint: uint32(endpoint & 0x0f), interval: uint32(interval)}
	n, err := c.transfer(ctx, h, data)
	if err != nil {
		return n, fmt.Errorf("endpoint %#02x: %w", endpoint, err)
	}
	return n, nil
}

// transfer does one URB.
func (c *conn) transfer(ctx context.Context, h header, data []byte) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	h.command, h.devID, h.length = cmdSubmit, c.record.devID(), uint32(len(data))
	t := &transfer{done: make(chan struct{})}
	var out []byte
	if h.direction == dirIn {
		t.buf = make([]byte, len(data))
	} else {
		out = data
	}
	seq, err := c.send(h, out, func(seq uint32) { c.pending[seq] = t })
	if err != nil {
		return 0, err
	}
	select {
	case <-t.done:
	case <-ctx.Done():
		if !c.cancel(seq, t) {
			return 0, ctx.Err()
		}
	}
	if t.err != nil {
		if ctx.Err() != nil && errors.Is(t.err, errUnlinked) {
			return 0, ctx.Err()
		}
		return 0, t.err
	}
	copy(data, t.buf[:min(t.n, len(t.buf))])
	return min(t.n, len(data)), nil
}

// cancel asks the exporter to give a transfer back, and says whether it did so in time.
func (c *conn) cancel(seq uint32, t *transfer) bool {
	h := header{command: cmdUnlink, devID: c.record.devID(), unlinked: seq}
	if _, err := c.send(h, nil, func(unlink uint32) { c.unlinks[unlink] = seq }); err != nil {
		return true // the connection ended, and the transfer with it
	}
	timeout := time.NewTimer(unlinkTimeout)
	defer timeout.Stop()
	select {
	case <-t.done:
		return true
	case <-timeout.C:
		return false
	}
}

// send numbers a request, notes it and sends it.
func (c *conn) send(h header, data []byte, note func(seq uint32)) (uint32, error) {
	c.sending.Lock()
	defer c.sending.Unlock()
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return 0, c.err
	}
	c.seq++
	h.seq = c.seq
	note(h.seq)
	c.mu.Unlock()
	c.nc.SetWriteDeadline(time.Now().Add(sendTimeout))
	if _, err := c.nc.Write(append(h.append(nil), data...)); err != nil {
		err = gone(fmt.Errorf("send to exporter: %w", err))
		c.end(err)
		return 0, err
	}
	return h.seq, nil
}

// read takes the exporter's answers until the connection ends.
func (c *conn) read() {
	defer close(c.ended)
	r := bufio.NewReader(c.nc)
	for {
		if err := c.readAnswer(r); err != nil {
			c.end(gone(fmt.Errorf("read from exporter: %w", err)))
			return
		}
	}
}

func (c *conn) readAnswer(r io.Reader) error {
	h, err := readHeader(r)
	if err != nil {
		return err
	}
	switch h.command {
	case retSubmit:
		return c.submitted(r, h)
	case retUnlink:
		c.unlinked(h)
		return nil
	}
	return fmt.Errorf("an exporter sent command %d", h.command)
}

// submitted ends a transfer with the exporter's answer.
func (c *conn) submitted(r io.Reader, h header) error {
	c.mu.Lock()
	t := c.pending[h.seq]
	c.mu.Unlock()
	if t == nil {
		return fmt.Errorf("answer to transfer %d, which is not under way", h.seq)
	}
	if t.buf != nil {
		if h.length > uint32(len(t.buf)) {
			return fmt.Errorf("%d bytes in answer to a transfer of %d", h.length, len(t.buf))
		}
		if _, err := io.ReadFull(r, t.buf[:h.length]); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish(h.seq, int(h.length), statusError(h.status))
	return nil
}

// unlinked ends a transfer with the exporter's word that it was cancelled. If it had ended
// before, this word has nothing to say.
func (c *conn) unlinked(h header) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seq := c.unlinks[h.seq]
	delete(c.unlinks, h.seq)
	c.finish(seq, 0, errUnlinked)
}

// finish gives a transfer back to whoever waits for it; c.mu is held.
func (c *conn) finish(seq uint32, n int, err error) {
	t := c.pending[seq]
	if t == nil {
		return
	}
	delete(c.pending, seq)
	t.n, t.err = n, err
	close(t.done)
}

// statusError translates a URB's status.
func statusError(status int32) error {
	switch status {
	case statusOK, statusShortInput:
		return nil
	case statusStall:
		return usb.ErrStall
	case statusNoDevice, statusShutdown:
		return devices.ErrGone
	case statusUnlinked:
		return errUnlinked
	}
	return fmt.Errorf("transfer failed with status %d", status)
}

// refuse admits no more requests for a reason; the first one counts.
func (c *conn) refuse(reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = reason
	}
}

// end gives up the connection and all transfers.
func (c *conn) end(reason error) {
	c.refuse(reason)
	c.mu.Lock()
	defer c.mu.Unlock()
	for seq := range c.pending {
		c.finish(seq, 0, c.err)
	}
	c.nc.Close()
	c.port.bus.drop(c)
}

// Close implements usb.Conn. It lets the exporter close first: then the device is free.
func (c *conn) Close() error {
	c.refuse(net.ErrClosed)
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	patience := time.NewTimer(closeTimeout)
	defer patience.Stop()
	select {
	case <-c.ended:
	case <-patience.C:
	}
	c.end(net.ErrClosed)
	<-c.ended
	return nil
}
