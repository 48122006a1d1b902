package usbip

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/usb"
)

// loop is an emulated device: what is written to endpoint 0x02 is read from 0x82 in the
// same pieces. Endpoint 0x81 never has anything to say, 0x83 stalls. Vendor request 1
// stores bytes and gives them back, 2 is refused, 3 fails.
type loop struct {
	mu     sync.Mutex
	store  []byte
	pieces chan []byte
	reads  chan struct{} // has an element for every read of 0x81 that waits
}

func newLoop() *loop { return &loop{pieces: make(chan []byte, 16), reads: make(chan struct{}, 16)} }

func (l *loop) Descriptor() Descriptor {
	d := recordedDescriptor()
	d.Interfaces[0].Endpoints = append(d.Interfaces[0].Endpoints,
		EndpointDescriptor{Address: 0x02, Type: TransferBulk, MaxPacket: 64},
		EndpointDescriptor{Address: 0x83, Type: TransferBulk, MaxPacket: 64})
	return d
}

func (l *loop) Control(_ context.Context, s usb.Setup, data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case s.Request == 1 && s.RequestType&0x80 == 0:
		l.store = slices.Clone(data)
		return len(data), nil
	case s.Request == 1:
		return copy(data, l.store), nil
	case s.Request == 3:
		return 0, errors.New("broken")
	}
	return 0, usb.ErrStall
}

func (l *loop) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	switch endpoint {
	case 0x81:
		l.reads <- struct{}{}
		<-ctx.Done()
		return 0, ctx.Err()
	case 0x82:
		select {
		case piece := <-l.pieces:
			return copy(buf, piece), nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return 0, usb.ErrStall
}

func (l *loop) Write(ctx context.Context, _ uint8, data []byte) (int, error) {
	select {
	case l.pieces <- slices.Clone(data):
		return len(data), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// exportLoop serves a loop at bus id 1-1 and returns a bus that sees it.
func exportLoop(t testing.TB) (*Server, *loop, *Bus) {
	t.Helper()
	s, dev := NewServer(nil), newLoop()
	if err := s.Plug("1-1", dev); err != nil {
		t.Fatal(err)
	}
	return s, dev, NewBus(nil, listen(t, s))
}

// listen serves s on a free port until the test ends.
func listen(t testing.TB, s *Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("serve: %v", err)
		}
	})
	return l.Addr().String()
}

func scanOne(t testing.TB, b *Bus) devices.Port {
	t.Helper()
	ports, err := b.Scan(t.Context())
	if err != nil || len(ports) != 1 {
		t.Fatalf("scan: %d ports, %v", len(ports), err)
	}
	return ports[0]
}

func anyInterface(usb.Interface) bool { return true }

func openOne(t testing.TB, b *Bus) usb.Conn {
	t.Helper()
	c, err := usb.Open(t.Context(), scanOne(t, b), anyInterface)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestScanNamesWhatIsExported(t *testing.T) {
	_, _, bus := exportLoop(t)
	p := scanOne(t, bus)
	if want := "usbip:" + bus.exporters[0] + "/1-1"; p.Address() != want {
		t.Errorf("address %s; want %s", p.Address(), want)
	}
	if p.ID().String() != "05ba:000a" || p.Driver() != "" {
		t.Errorf("id %s, driver %q", p.ID(), p.Driver())
	}
}

func TestTransfersOfEveryKindPass(t *testing.T) {
	_, _, bus := exportLoop(t)
	c, ctx := openOne(t, bus), t.Context()
	if c.BCDDevice() != 0x0103 {
		t.Errorf("release %#04x", c.BCDDevice())
	}
	if n, err := c.Control(ctx, usb.Setup{RequestType: 0x40, Request: 1}, []byte("abc")); n != 3 || err != nil {
		t.Errorf("control out: %d, %v", n, err)
	}
	b := make([]byte, 8)
	if n, err := c.Control(ctx, usb.Setup{RequestType: 0xc0, Request: 1}, b); err != nil || string(b[:n]) != "abc" {
		t.Errorf("control in: %q, %v", b[:n], err)
	}
	long := bytes.Repeat([]byte("0123456789abcdef"), 10000)
	for _, piece := range [][]byte{[]byte("piece"), {}, long} {
		if n, err := c.Write(ctx, 0x02, piece); n != len(piece) || err != nil {
			t.Errorf("write: %d, %v", n, err)
		}
		got := make([]byte, len(long)+1)
		if n, err := c.Read(ctx, 0x82, got); err != nil || !bytes.Equal(got[:n], piece) {
			t.Errorf("read %d bytes, %v; want %d", n, err, len(piece))
		}
	}
}

func TestErrorsPassAsWhatTheyAre(t *testing.T) {
	_, _, bus := exportLoop(t)
	c, ctx := openOne(t, bus), t.Context()
	if _, err := c.Control(ctx, usb.Setup{RequestType: 0xc0, Request: 2}, make([]byte, 1)); !errors.Is(err, usb.ErrStall) {
		t.Errorf("a refused request: %v", err)
	}
	if _, err := c.Read(ctx, 0x83, make([]byte, 1)); !errors.Is(err, usb.ErrStall) {
		t.Errorf("a halted endpoint: %v", err)
	}
	_, err := c.Control(ctx, usb.Setup{RequestType: 0xc0, Request: 3}, make([]byte, 1))
	if err == nil || errors.Is(err, usb.ErrStall) || errors.Is(err, devices.ErrGone) {
		t.Errorf("a fault of the device: %v", err)
	}
	for _, tt := range []struct {
		name string
		call func() (int, error)
	}{
		{"an endpoint that the interface lacks", func() (int, error) { return c.Read(ctx, 0x8f, make([]byte, 1)) }},
		{"reading from an out endpoint", func() (int, error) { return c.Read(ctx, 0x02, make([]byte, 1)) }},
		{"writing to an in endpoint", func() (int, error) { return c.Write(ctx, 0x82, make([]byte, 1)) }},
		{"a control transfer that is too long", func() (int, error) { return c.Control(ctx, usb.Setup{}, make([]byte, 5000)) }},
		{"a transfer that is too long", func() (int, error) { return c.Write(ctx, 0x02, make([]byte, maxTransfer+1)) }},
	} {
		if _, err := tt.call(); err == nil {
			t.Errorf("%s: no error", tt.name)
		}
	}
}

func TestACancelledReadLeavesTheEndpointUsable(t *testing.T) {
	_, _, bus := exportLoop(t)
	c := openOne(t, bus)
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := c.Read(ctx, 0x82, make([]byte, 64))
			ended <- err
		}()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled read: %v", err)
		}
	}
	if _, err := c.Write(t.Context(), 0x02, []byte("later")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	if n, err := c.Read(t.Context(), 0x82, b); err != nil || string(b[:n]) != "later" {
		t.Errorf("read %q, %v", b[:n], err)
	}
}

func TestReadsOfOneEndpointDoNotHoldUpOthers(t *testing.T) {
	_, dev, bus := exportLoop(t)
	c := openOne(t, bus)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := c.Read(ctx, 0x81, make([]byte, 64))
		ended <- err
	}()
	<-dev.reads
	if _, err := c.Control(t.Context(), usb.Setup{RequestType: 0x40, Request: 1}, []byte("x")); err != nil {
		t.Errorf("control beside a read that waits: %v", err)
	}
	cancel()
	<-ended
}

func TestUnpluggedDevicesAreGone(t *testing.T) {
	s, dev, bus := exportLoop(t)
	p := scanOne(t, bus)
	c := openOne(t, bus)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Read(t.Context(), 0x81, make([]byte, 64))
		ended <- err
	}()
	<-dev.reads
	s.Unplug("1-1")
	if err := <-ended; !errors.Is(err, devices.ErrGone) {
		t.Errorf("the read under way: %v", err)
	}
	if _, err := c.Control(t.Context(), usb.Setup{RequestType: 0xc0, Request: 1}, nil); !errors.Is(err, devices.ErrGone) {
		t.Errorf("the next transfer: %v", err)
	}
	if ports, err := bus.Scan(t.Context()); err != nil || len(ports) != 0 {
		t.Errorf("scan: %d ports, %v", len(ports), err)
	}
	if _, err := usb.Open(t.Context(), p, anyInterface); !errors.Is(err, devices.ErrGone) {
		t.Errorf("open: %v", err)
	}
	s.Unplug("1-1")
}

func TestADeviceHasOneUserAtATime(t *testing.T) {
	_, _, bus := exportLoop(t)
	other := NewBus(nil, bus.exporters...)
	c := openOne(t, bus)
	for _, b := range []*Bus{bus, other} {
		if _, err := usb.Open(t.Context(), scanOne(t, b), anyInterface); !errors.Is(err, devices.ErrBusy) {
			t.Errorf("second open: %v", err)
		}
	}
	for range 20 {
		c.Close()
		c = openOne(t, other)
	}
}

func TestOpenRefusesADeviceWithoutTheWantedInterface(t *testing.T) {
	_, _, bus := exportLoop(t)
	p := scanOne(t, bus)
	if _, err := usb.Open(t.Context(), p, func(usb.Interface) bool { return false }); err == nil {
		t.Fatal("open succeeded")
	}
	openOne(t, bus)
}

func TestCloseEndsTransfersAndMayBeRepeated(t *testing.T) {
	_, dev, bus := exportLoop(t)
	c := openOne(t, bus)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Read(t.Context(), 0x81, make([]byte, 64))
		ended <- err
	}()
	<-dev.reads
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("the read under way: %v", err)
	}
	if _, err := c.Write(t.Context(), 0x02, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write after close: %v", err)
	}
}

func TestPlacesAreTakenOnce(t *testing.T) {
	s := NewServer(nil)
	if err := s.Plug("1-1", newLoop()); err != nil {
		t.Fatal(err)
	}
	if err := s.Plug("1-1", newLoop()); !errors.Is(err, devices.ErrBusy) {
		t.Errorf("second device at a place: %v", err)
	}
	for _, busID := range []string{"", "123456789012345678901234567890123"} {
		if err := s.Plug(busID, newLoop()); err == nil {
			t.Errorf("bus id %q was accepted", busID)
		}
	}
}

func TestADeadExporterHidesNoOther(t *testing.T) {
	_, _, alive := exportLoop(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	bus := NewBus(nil, silent.Addr().String(), gone.Addr().String(), alive.exporters[0], "no port")
	if p := scanOne(t, bus); p.Address() != "usbip:"+alive.exporters[0]+"/1-1" {
		t.Errorf("found %s", p.Address())
	}
}

func TestWhatIsOpenStaysListedWhenItsExporterListsItNoMore(t *testing.T) {
	_, _, bus := exportLoop(t)
	c := openOne(t, bus)
	bus.exporters = nil
	scanOne(t, bus)
	c.Close()
	if ports, err := bus.Scan(t.Context()); err != nil || len(ports) != 0 {
		t.Errorf("scan: %d ports, %v", len(ports), err)
	}
}

func TestScanEndsWithItsContext(t *testing.T) {
	_, _, bus := exportLoop(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := bus.Scan(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("scan: %v", err)
	}
	if _, err := usb.Open(ctx, scanOne(t, bus), anyInterface); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
}

func TestAnExporterThatFallsSilentDoesNotHoldUpACancelledTransfer(t *testing.T) {
	client, exporter := net.Pipe()
	c := newConn(&port{bus: NewBus(nil)}, client, deviceRecord{})
	c.claimed = claimed{endpoints: map[uint8]uint8{0x82: 0}}
	drained := make(chan struct{})
	go func() {
		io.Copy(io.Discard, exporter)
		close(drained)
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := c.Read(ctx, 0x82, make([]byte, 64)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	c.Close()
	<-drained
}
