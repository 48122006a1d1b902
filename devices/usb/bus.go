//go:build cgo

package usb

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/gousb"

	"boothd/devices"
)

// Bus lists the USB devices of this machine. It implements devices.Bus.
type Bus struct{}

var _ devices.Bus = Bus{}

// Scan lists the devices that are plugged now, hubs left out. On a machine without USB
// there are none.
func (Bus) Scan(ctx context.Context) ([]devices.Port, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lib := newLibrary()
	if lib == nil {
		return nil, nil
	}
	defer lib.Close()
	var ports []devices.Port
	_, err := lib.OpenDevices(func(d *gousb.DeviceDesc) bool {
		if d.Class != gousb.ClassHub {
			ports = append(ports, &port{address(d), devices.ID{Vendor: uint16(d.Vendor), Product: uint16(d.Product)}})
		}
		return false
	})
	if err != nil && len(ports) == 0 {
		return nil, fmt.Errorf("scan usb: %w", err)
	}
	return ports, nil
}

// newLibrary returns a libusb context, or nil where there is no USB: gousb panics if
// libusb finds no bus.
func newLibrary() (lib *gousb.Context) {
	defer func() {
		if recover() != nil {
			lib = nil
		}
	}()
	return gousb.NewContext()
}

// address names the place of a device: the bus and the ports on the way to it, or its
// number on the bus where libusb does not know the way.
func address(d *gousb.DeviceDesc) string {
	if len(d.Path) == 0 {
		return fmt.Sprintf("usb:%d.%d", d.Bus, d.Address)
	}
	way := make([]string, len(d.Path))
	for i, p := range d.Path {
		way[i] = strconv.Itoa(p)
	}
	return fmt.Sprintf("usb:%d-%s", d.Bus, strings.Join(way, "."))
}

// port is a device of this machine. It implements Port.
type port struct {
	address string
	id      devices.ID
}

var _ Port = (*port)(nil)

func (p *port) Address() string { return p.address }
func (p *port) ID() devices.ID  { return p.id }
func (p *port) Driver() string  { return "" }

func (p *port) Open(ctx context.Context, want func(Interface) bool) (Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open %s: %w", p.address, err)
	}
	c, err := p.open(want)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.address, err)
	}
	return c, nil
}

func (p *port) open(want func(Interface) bool) (*conn, error) {
	lib := newLibrary()
	if lib == nil {
		return nil, devices.ErrGone
	}
	c := &conn{port: p, lib: lib, control: make(chan struct{}, 1)}
	c.open, c.shut = context.WithCancel(context.Background())
	if err := c.claim(want); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// is says whether a device is the one that the port was made for.
func (p *port) is(d *gousb.DeviceDesc) bool {
	return address(d) == p.address && p.id == devices.ID{Vendor: uint16(d.Vendor), Product: uint16(d.Product)}
}
