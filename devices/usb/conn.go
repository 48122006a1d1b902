//go:build cgo

package usb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/gousb"

	"boothd/devices"
)

const (
	// controlTimeout is the longest time that a control transfer may take.
	controlTimeout = 5 * time.Second
	// maxControl is the longest control transfer of Conn.
	maxControl = 4096
	// maxTransfer is the longest data of one transfer.
	maxTransfer = 1 << 20
)

// conn is an opened device of this machine. It implements Conn.
type conn struct {
	port   *port
	lib    *gousb.Context
	device *gousb.Device
	config *gousb.Config
	intf   *gousb.Interface
	halted atomic.Bool // an endpoint stalled

	control chan struct{} // held by the control transfer under way

	closing   sync.Once
	open      context.Context // ends with Close
	shut      context.CancelFunc
	mu        sync.Mutex // orders begin and Close
	transfers sync.WaitGroup
}

var _ Conn = (*conn)(nil)

// claim opens the device and takes the interface that is wanted.
func (c *conn) claim(want func(Interface) bool) error {
	opened, err := c.lib.OpenDevices(c.port.is)
	if len(opened) == 0 {
		if err == nil {
			return devices.ErrGone
		}
		return translate(err)
	}
	c.device = opened[0]
	for _, twice := range opened[1:] {
		twice.Close()
	}
	number, err := c.configuration()
	if err != nil {
		return err
	}
	if c.config, err = c.device.Config(number); err != nil {
		return translate(err)
	}
	wanted, err := choose(c.config.Desc, want)
	if err != nil {
		return err
	}
	c.intf, err = c.take(wanted)
	return err
}

// configuration returns the number of the active configuration, or of the first one if the
// device has not been configured.
func (c *conn) configuration() (int, error) {
	number, err := c.device.ActiveConfigNum()
	if err != nil {
		return 0, translate(err)
	}
	if number != 0 {
		return number, nil
	}
	var all []int
	for n := range c.device.Desc.Configs {
		all = append(all, n)
	}
	if len(all) == 0 {
		return 0, errors.New("device has no configuration")
	}
	return slices.Min(all), nil
}

// choose returns the number of the first interface that is wanted.
func choose(config gousb.ConfigDesc, want func(Interface) bool) (int, error) {
	for i, d := range config.Interfaces {
		// gousb finds an interface by its place in the list.
		if d.Number != i || len(d.AltSettings) == 0 {
			continue
		}
		a := d.AltSettings[0]
		if want(Interface{uint8(d.Number), uint8(a.Class), uint8(a.SubClass), uint8(a.Protocol)}) {
			return d.Number, nil
		}
	}
	return 0, errors.New("device has no such interface")
}

// take claims an interface, and takes it from its kernel driver if there is one. Auto
// detach is switched on after Config: before, gousb would take all interfaces. Where it is
// refused, there may be no kernel driver to take the interface from.
func (c *conn) take(number int) (*gousb.Interface, error) {
	if err := c.device.SetAutoDetach(true); err != nil {
		return nil, translate(err)
	}
	intf, err := c.config.Interface(number, 0)
	if err == nil || is(err, gousb.ErrorBusy) {
		return intf, translate(err)
	}
	if err := c.device.SetAutoDetach(false); err != nil {
		return nil, translate(err)
	}
	intf, err = c.config.Interface(number, 0)
	return intf, translate(err)
}

// BCDDevice implements Conn.
func (c *conn) BCDDevice() uint16 { return uint16(c.device.Desc.Device) }

// begin admits a transfer, unless the connection was closed.
func (c *conn) begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open.Err() != nil {
		return net.ErrClosed
	}
	c.transfers.Add(1)
	return nil
}

// Control implements Conn.
func (c *conn) Control(ctx context.Context, s Setup, data []byte) (int, error) {
	if len(data) > maxControl {
		return 0, fmt.Errorf("control transfer of %d bytes, at most %d", len(data), maxControl)
	}
	n, err := c.controlTransfer(ctx, s, data)
	if err != nil {
		return 0, fmt.Errorf("control %02x %02x at %04x: %w", s.RequestType, s.Request, s.Value, err)
	}
	return n, nil
}

// controlTransfer leaves the transfer behind if ctx ends first: libusb cannot cancel it.
func (c *conn) controlTransfer(ctx context.Context, s Setup, data []byte) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	select {
	case c.control <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-c.open.Done():
		return 0, net.ErrClosed
	}
	if err := c.begin(); err != nil {
		<-c.control
		return 0, err
	}
	buf := slices.Clone(data)
	var n int
	var err error
	done := make(chan struct{})
	go func() {
		defer c.transfers.Done()
		defer func() { <-c.control }()
		defer close(done)
		c.device.ControlTimeout = timeLeft(ctx)
		n, err = c.device.Control(s.RequestType, s.Request, s.Value, s.Index, buf)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-c.open.Done():
		return 0, net.ErrClosed
	}
	if err != nil {
		return 0, c.explain(ctx, err)
	}
	copy(data, buf[:n])
	return n, nil
}

// timeLeft returns the time-out of a control transfer; libusb takes 0 for none.
func timeLeft(ctx context.Context) time.Duration {
	left := controlTimeout
	if end, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(end))
	}
	return max(left, time.Millisecond)
}

// Read implements Conn.
func (c *conn) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	return c.transfer(ctx, endpoint, buf, true)
}

// Write implements Conn.
func (c *conn) Write(ctx context.Context, endpoint uint8, data []byte) (int, error) {
	return c.transfer(ctx, endpoint, data, false)
}

func (c *conn) transfer(ctx context.Context, endpoint uint8, data []byte, in bool) (int, error) {
	if len(data) > maxTransfer {
		return 0, fmt.Errorf("transfer of %d bytes, at most %d", len(data), maxTransfer)
	}
	if in != (endpoint&0x80 != 0) {
		return 0, fmt.Errorf("endpoint %#02x has the other direction", endpoint)
	}
	if err := c.begin(); err != nil {
		return 0, err
	}
	defer c.transfers.Done()
	n, err := c.dataTransfer(ctx, endpoint, data, in)
	if err != nil {
		return 0, fmt.Errorf("endpoint %#02x: %w", endpoint, err)
	}
	return n, nil
}

func (c *conn) dataTransfer(ctx context.Context, endpoint uint8, data []byte, in bool) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.open, cancel)()
	var n int
	var err error
	if in {
		var e *gousb.InEndpoint
		if e, err = c.intf.InEndpoint(int(endpoint & 0x0f)); err == nil {
			n, err = e.ReadContext(both, data)
		}
	} else {
		var e *gousb.OutEndpoint
		if e, err = c.intf.OutEndpoint(int(endpoint & 0x0f)); err == nil {
			n, err = e.WriteContext(both, data)
		}
	}
	if errors.Is(err, gousb.TransferStall) {
		c.halted.Store(true)
	}
	if err != nil {
		return 0, c.explain(ctx, err)
	}
	return n, nil
}

// Close implements Conn.
func (c *conn) Close() error {
	c.closing.Do(c.close)
	return nil
}

func (c *conn) close() {
	c.mu.Lock()
	c.shut()
	c.mu.Unlock()
	c.transfers.Wait()
	if c.intf != nil {
		c.intf.Close()
	}
	if c.config != nil {
		c.config.Close()
	}
	if c.device != nil {
		if c.halted.Load() {
			c.device.Reset()
		}
		c.device.Close()
	}
	c.lib.Close()
}
