package campaign

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"

	"boothd/devices"
	"boothd/devices/serial"
	"boothd/devices/usb"
	"boothd/devices/usbip"
)

// socket is a place in memory where a device can be plugged. It is a bus of one port.
type socket struct {
	address string

	mu      sync.Mutex
	plugged context.Context // ends when the device is pulled
	pull    context.CancelCauseFunc
	taken   bool
}

func newSocket(address string) *socket {
	s := &socket{address: address}
	s.plugged, s.pull = context.WithCancelCause(context.Background())
	return s
}

func (s *socket) Address() string { return s.address }

func (s *socket) unplug() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pull(devices.ErrGone)
	return nil
}

func (s *socket) replug() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plugged.Err() != nil {
		s.plugged, s.pull = context.WithCancelCause(context.Background())
		s.taken = false
	}
	return nil
}

// scan returns the port if something is plugged there.
func (s *socket) scan(p devices.Port) ([]devices.Port, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plugged.Err() != nil {
		return nil, nil
	}
	return []devices.Port{p}, nil
}

// take opens the port. The context ends when the device is pulled, or by release.
func (s *socket) take() (open context.Context, release context.CancelCauseFunc, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.plugged.Err() != nil:
		return nil, nil, fmt.Errorf("open %s: %w", s.address, devices.ErrGone)
	case s.taken:
		return nil, nil, fmt.Errorf("open %s: %w", s.address, devices.ErrBusy)
	}
	s.taken = true
	plugged := s.plugged
	open, end := context.WithCancelCause(plugged)
	return open, func(why error) {
		end(why)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.plugged == plugged {
			s.taken = false
		}
	}, nil
}

// usbSocket has a USB device. It implements devices.Bus and usb.Port.
type usbSocket struct {
	*socket
	device usbip.Device
}

var _ usb.Port = (*usbSocket)(nil)

func newUSBSocket(address string, d usbip.Device) *usbSocket {
	return &usbSocket{socket: newSocket(address), device: d}
}

func (s *usbSocket) Scan(context.Context) ([]devices.Port, error) { return s.scan(s) }
func (s *usbSocket) ID() devices.ID                               { return s.device.Descriptor().ID }
func (s *usbSocket) Driver() string                               { return "" }

func (s *usbSocket) Open(ctx context.Context, want func(usb.Interface) bool) (usb.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, i := range s.device.Descriptor().Interfaces {
		if !want(i.Interface) {
			continue
		}
		open, release, err := s.take()
		if err != nil {
			return nil, err
		}
		return &memoryConn{device: s.device, open: open, release: release, endpoints: make(map[uint8]chan struct{})}, nil
	}
	return nil, fmt.Errorf("open %s: no such interface", s.address)
}

// memoryConn is a connection to a device in this process.
type memoryConn struct {
	device  usbip.Device
	open    context.Context
	release context.CancelCauseFunc

	mu        sync.Mutex
	endpoints map[uint8]chan struct{} // hold a token while a transfer is under way
	transfers sync.WaitGroup
}

func (c *memoryConn) BCDDevice() uint16 { return c.device.Descriptor().BCDDevice }

func (c *memoryConn) Close() error {
	c.mu.Lock()
	c.release(net.ErrClosed)
	c.mu.Unlock()
	c.transfers.Wait()
	return nil
}

func (c *memoryConn) Control(ctx context.Context, s usb.Setup, data []byte) (int, error) {
	return c.transfer(ctx, 0, func(ctx context.Context) (int, error) { return c.device.Control(ctx, s, data) })
}

func (c *memoryConn) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	return c.transfer(ctx, endpoint, func(ctx context.Context) (int, error) { return c.device.Read(ctx, endpoint, buf) })
}

func (c *memoryConn) Write(ctx context.Context, endpoint uint8, data []byte) (int, error) {
	return c.transfer(ctx, endpoint, func(ctx context.Context) (int, error) { return c.device.Write(ctx, endpoint, data) })
}

// transfer does one transfer at a time on an endpoint.
func (c *memoryConn) transfer(ctx context.Context, endpoint uint8, do func(context.Context) (int, error)) (int, error) {
	turn, err := c.begin(endpoint)
	if err != nil {
		return 0, err
	}
	defer c.transfers.Done()
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-c.open.Done():
		return 0, context.Cause(c.open)
	}
	defer func() { <-turn }()
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.open, cancel)()
	n, err := do(both)
	switch {
	case c.open.Err() != nil:
		return 0, context.Cause(c.open)
	case err != nil && ctx.Err() != nil:
		return 0, ctx.Err()
	}
	return n, err
}

func (c *memoryConn) begin(endpoint uint8) (turn chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open.Err() != nil {
		return nil, context.Cause(c.open)
	}
	c.transfers.Add(1)
	turn, ok := c.endpoints[endpoint]
	if !ok {
		turn = make(chan struct{}, 1)
		c.endpoints[endpoint] = turn
	}
	return turn, nil
}

// lineSocket has a device on a serial line. It implements devices.Bus and serial.Port.
type lineSocket struct {
	*socket
	driver  string
	receive func([]byte) // what the booth sends; may be nil

	arrived chan struct{} // has a token when bytes have come
	bytes   sync.Mutex
	waiting []byte
}

var _ serial.Port = (*lineSocket)(nil)

// lineRoom is how much a line keeps that nobody reads, as a system does.
const lineRoom = 256 << 10

func newLineSocket(address, driver string) *lineSocket {
	return &lineSocket{socket: newSocket(address), driver: driver, arrived: make(chan struct{}, 1)}
}

func (s *lineSocket) Scan(context.Context) ([]devices.Port, error) { return s.scan(s) }
func (s *lineSocket) ID() devices.ID                               { return devices.ID{} }
func (s *lineSocket) Driver() string                               { return s.driver }

// send sends what the device says.
func (s *lineSocket) send(data []byte) error {
	s.bytes.Lock()
	s.waiting = append(s.waiting, data[:min(len(data), lineRoom-len(s.waiting))]...)
	s.bytes.Unlock()
	s.ring()
	return nil
}

func (s *lineSocket) ring() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

func (s *lineSocket) Open(ctx context.Context) (serial.Line, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	open, release, err := s.take()
	if err != nil {
		return nil, err
	}
	l := &memoryLine{s, open, release}
	l.Discard()
	return l, nil
}

// memoryLine is an opened line to a device in this process.
type memoryLine struct {
	socket  *lineSocket
	open    context.Context
	release context.CancelCauseFunc
}

func (l *memoryLine) Close() error {
	l.release(os.ErrClosed)
	return nil
}

func (l *memoryLine) Discard() {
	l.socket.bytes.Lock()
	defer l.socket.bytes.Unlock()
	l.socket.waiting = nil
}

func (l *memoryLine) Write(ctx context.Context, data []byte) (int, error) {
	if l.open.Err() != nil {
		return 0, fmt.Errorf("write: %w", context.Cause(l.open))
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if l.socket.receive != nil {
		l.socket.receive(data)
	}
	return len(data), nil
}

func (l *memoryLine) Read(ctx context.Context, buf []byte) (int, error) {
	for {
		if l.open.Err() != nil {
			return 0, fmt.Errorf("read: %w", context.Cause(l.open))
		}
		if n := l.take(buf); n > 0 {
			return n, nil
		}
		select {
		case <-l.socket.arrived:
		case <-l.open.Done():
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (l *memoryLine) take(buf []byte) int {
	l.socket.bytes.Lock()
	defer l.socket.bytes.Unlock()
	n := copy(buf, l.socket.waiting)
	l.socket.waiting = l.socket.waiting[n:]
	return n
}
