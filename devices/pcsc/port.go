package pcsc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"boothd/devices"
)

// driverName is the driver's name, which every port of the bus asks for.
const driverName = "pcsc"

// Driver returns the driver's row of the table. The readers that a [Bus] lists ask for it.
func Driver() devices.Driver {
	return devices.Driver{Name: driverName, Kind: devices.KindChipReader, Open: open}
}

// Bus lists the readers of this machine's PC/SC service. It implements devices.Bus.
type Bus struct {
	only []string
	turn chan struct{} // held by the listing under way

	mu   sync.Mutex
	held map[string]holder // by reader
}

var _ devices.Bus = (*Bus)(nil)

// NewBus returns the bus of the readers whose name holds one of the texts, or of all readers
// if there are none. Readers with several slots, of which one takes cards with contacts, and
// those by which officers sign in make a choice necessary.
func NewBus(only ...string) *Bus {
	return &Bus{only: slices.Clone(only), turn: make(chan struct{}, 1), held: make(map[string]holder)}
}

// String names the bus in the manager's status.
func (b *Bus) String() string { return "pcsc" }

// wants says whether a reader is one of this bus.
func (b *Bus) wants(reader string) bool {
	return len(b.only) == 0 || slices.ContainsFunc(b.only, func(part string) bool { return strings.Contains(reader, part) })
}

// holder is who opened a reader.
type holder interface {
	// free reports whether it was closed and every call on it has ended.
	free() bool
}

// take notes who opens a reader, unless somebody else holds it.
func (b *Bus) take(reader string, who holder) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if last := b.held[reader]; last != nil && !last.free() {
		return false
	}
	b.held[reader] = who
	return true
}

// port is a reader that was listed. It implements devices.Port.
type port struct {
	bus    *Bus
	reader string
}

var _ devices.Port = port{}

func (p port) Address() string { return "pcsc:" + p.reader }
func (p port) ID() devices.ID  { return devices.ID{} }
func (p port) Driver() string  { return driverName }

func open(ctx context.Context, p devices.Port) (devices.Device, error) {
	found, ok := p.(port)
	if !ok {
		return nil, fmt.Errorf("open %s: not a pcsc port", p.Address())
	}
	d, err := found.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	return d, nil
}
