package serial

import (
	"context"
	"fmt"
	"slices"

	"boothd/devices"
)

// Bauds are the speeds that a line can have, in bits per second.
var Bauds = []int{9600, 19200, 38400, 57600, 115200}

// Config is one line.
type Config struct {
	Path   string // of the device node or of a link to it: "/dev/serial/by-id/usb-DESKO_…"
	Baud   int    // one of Bauds
	Driver string // the driver's name: "cute"
}

// Bus lists the configured lines whose device is plugged. It implements devices.Bus.
type Bus struct {
	lines []Config
}

var _ devices.Bus = (*Bus)(nil)

// NewBus returns the bus of the lines. It refuses a line without path or driver and a
// speed that is not one of Bauds.
func NewBus(lines ...Config) (*Bus, error) {
	for _, l := range lines {
		switch {
		case l.Path == "":
			return nil, fmt.Errorf("serial line for %s: no path", l.Driver)
		case l.Driver == "":
			return nil, fmt.Errorf("serial line %s: no driver", l.Path)
		case !slices.Contains(Bauds, l.Baud):
			return nil, fmt.Errorf("serial line %s: %d baud is none of %v", l.Path, l.Baud, Bauds)
		}
	}
	return &Bus{lines: slices.Clone(lines)}, nil
}

// Scan returns the lines whose path leads to a device node now.
func (b *Bus) Scan(ctx context.Context) ([]devices.Port, error) {
	var ports []devices.Port
	for _, l := range b.lines {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if isDevice(l.Path) {
			ports = append(ports, port{l})
		}
	}
	return ports, nil
}

// String names the bus in the manager's status.
func (b *Bus) String() string { return "serial" }

type port struct{ Config }

var _ Port = port{}

func (p port) Address() string { return "serial:" + p.Path }
func (p port) ID() devices.ID  { return devices.ID{} }
func (p port) Driver() string  { return p.Config.Driver }

func (p port) Open(ctx context.Context) (Line, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l, err := open(p.Config)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	return l, nil
}
