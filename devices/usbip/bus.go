package usbip

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"boothd/devices"
	"boothd/devices/usb"
)

const (
	// scanTimeout bounds a Scan: an exporter that does not answer within it has no ports.
	scanTimeout = 500 * time.Millisecond
	// openTimeout bounds connecting to an exporter and importing a device.
	openTimeout = 3 * time.Second
)

// Bus lists the devices of one or more exporters. It implements devices.Bus.
type Bus struct {
	log       *slog.Logger
	exporters []string

	mu   sync.Mutex
	held map[string]*conn  // what is open, by address
	down map[string]string // what is wrong with an exporter
}

var _ devices.Bus = (*Bus)(nil)

// NewBus returns a bus of the exporters, each a "host:port". The port of usbipd is 3240.
// The log, told when an exporter stops or begins to answer, may be nil.
func NewBus(log *slog.Logger, exporters ...string) *Bus {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Bus{
		log:       log,
		exporters: slices.Clone(exporters),
		held:      make(map[string]*conn),
		down:      make(map[string]string),
	}
}

// Scan asks all exporters at the same time, and returns within half a second. An exporter
// that does not answer has no ports but those that are open: whether an open device is
// still there is for its connection to say.
func (b *Bus) Scan(ctx context.Context) ([]devices.Port, error) {
	scan, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	found := make([][]*port, len(b.exporters))
	var asked sync.WaitGroup
	for i, exporter := range b.exporters {
		asked.Go(func() {
			records, err := list(scan, exporter)
			if ctx.Err() == nil {
				b.report(exporter, err)
			}
			for _, r := range records {
				found[i] = append(found[i], &port{b, exporter, r})
			}
		})
	}
	asked.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return b.merge(slices.Concat(found...)), nil
}

// merge adds what is open and drops what an exporter listed twice.
func (b *Bus) merge(found []*port) []devices.Port {
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := make(map[string]bool)
	var ports []devices.Port
	for address, c := range b.held {
		seen[address] = true
		ports = append(ports, c.port)
	}
	for _, p := range found {
		if !seen[p.Address()] {
			seen[p.Address()] = true
			ports = append(ports, p)
		}
	}
	slices.SortFunc(ports, func(x, y devices.Port) int { return strings.Compare(x.Address(), y.Address()) })
	return ports
}

// report logs an exporter's trouble when it begins, changes or ends.
func (b *Bus) report(exporter string, err error) {
	trouble := ""
	if err != nil {
		trouble = err.Error()
	}
	b.mu.Lock()
	before := b.down[exporter]
	b.down[exporter] = trouble
	b.mu.Unlock()
	switch {
	case trouble == before:
	case trouble != "":
		b.log.Warn("usbip exporter does not answer", "exporter", exporter, "err", trouble)
	default:
		b.log.Info("usbip exporter answers again", "exporter", exporter)
	}
}

func (b *Bus) hold(c *conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held[c.port.Address()] = c
}

func (b *Bus) drop(c *conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[c.port.Address()] == c {
		delete(b.held, c.port.Address())
	}
}

// list asks one exporter for its devices.
func list(ctx context.Context, exporter string) ([]deviceRecord, error) {
	nc, err := dial(ctx, exporter)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	if _, err := nc.Write(opHeader{code: opReqDevlist}.append(nil)); err != nil {
		return nil, fmt.Errorf("ask %s for its devices: %w", exporter, err)
	}
	records, err := readDeviceList(nc)
	if err != nil {
		return nil, fmt.Errorf("read devices of %s: %w", exporter, err)
	}
	return records, nil
}

func dial(ctx context.Context, exporter string) (net.Conn, error) {
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3,
	}}
	return d.DialContext(ctx, "tcp", exporter)
}

func readDeviceList(r io.Reader) ([]deviceRecord, error) {
	h, err := readOpHeader(r)
	if err != nil {
		return nil, err
	}
	if h.code != opRepDevlist || h.status != opOK {
		return nil, fmt.Errorf("answer %#04x with status %d", h.code, h.status)
	}
	var b [4]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(b[:])
	if n > maxDevices {
		return nil, fmt.Errorf("%d devices, at most %d are accepted", n, maxDevices)
	}
	var records []deviceRecord
	for range n {
		d, err := readDeviceRecord(r)
		if err != nil {
			return nil, err
		}
		if _, err := io.CopyN(io.Discard, r, 4*int64(d.interfaces)); err != nil {
			return nil, err
		}
		if printable(d.busID) {
			records = append(records, d)
		}
	}
	return records, nil
}

// printable keeps control characters and blanks out of addresses.
func printable(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return s != ""
}

// port is an exported device. It implements usb.Port.
type port struct {
	bus      *Bus
	exporter string
	record   deviceRecord
}

var _ usb.Port = (*port)(nil)

func (p *port) Address() string { return "usbip:" + p.exporter + "/" + p.record.busID }

func (p *port) ID() devices.ID {
	return devices.ID{Vendor: p.record.vendor, Product: p.record.product}
}

func (p *port) Driver() string { return "" }

func (p *port) Open(ctx context.Context, want func(usb.Interface) bool) (usb.Conn, error) {
	c, err := p.open(ctx, want)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	return c, nil
}

func (p *port) open(ctx context.Context, want func(usb.Interface) bool) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	nc, err := dial(ctx, p.exporter)
	if err != nil {
		return nil, gone(err)
	}
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	record, err := importDevice(nc, p.record.busID)
	if !stop() || err != nil {
		nc.Close()
		return nil, err
	}
	c := newConn(p, nc, record)
	if err := c.claim(ctx, want); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// importDevice asks the exporter for a device.
func importDevice(rw io.ReadWriter, busID string) (deviceRecord, error) {
	req := appendPadded(opHeader{code: opReqImport}.append(nil), busID, busIDLen)
	if _, err := rw.Write(req); err != nil {
		return deviceRecord{}, gone(fmt.Errorf("ask for import: %w", err))
	}
	h, err := readOpHeader(rw)
	if err != nil {
		return deviceRecord{}, gone(fmt.Errorf("read import answer: %w", err))
	}
	if h.code != opRepImport {
		return deviceRecord{}, fmt.Errorf("import answered with operation %#04x", h.code)
	}
	switch h.status {
	case opOK:
	case opUnavailable, opBusy:
		return deviceRecord{}, devices.ErrBusy
	case opNoDevice:
		return deviceRecord{}, devices.ErrGone
	default:
		return deviceRecord{}, fmt.Errorf("import refused with status %d", h.status)
	}
	record, err := readDeviceRecord(rw)
	if err != nil {
		return deviceRecord{}, gone(fmt.Errorf("read imported device: %w", err))
	}
	if record.busID != busID {
		return deviceRecord{}, errors.New("exporter gave another device")
	}
	return record, nil
}

// gone marks an error as the end of the device: its exporter cannot be reached.
func gone(err error) error { return fmt.Errorf("%w: %w", devices.ErrGone, err) }
