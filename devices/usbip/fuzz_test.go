package usbip

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"boothd/devices/usb"
)

// tape is the other end of a connection: it says what it was given, then hangs up.
type tape struct {
	io.Reader
}

func (tape) Write(b []byte) (int, error) { return len(b), nil }
func (tape) Close() error                { return nil }

// exporter is a tape that speaks when it was spoken to.
type exporter struct {
	net.Conn
	tape
	asked chan struct{}
	once  *sync.Once
}

func (e exporter) Read(b []byte) (int, error) {
	<-e.asked
	return e.tape.Read(b)
}

func (e exporter) Write(b []byte) (int, error) {
	e.once.Do(func() { close(e.asked) })
	return len(b), nil
}

func (exporter) Close() error                     { return nil }
func (exporter) SetWriteDeadline(time.Time) error { return nil }

func FuzzServe(f *testing.F) {
	ask := read(1, 0, 18)
	ask.setup = [8]byte{0x80, 6, 0, 1, 0, 0, 18, 0}
	f.Add(ask.append(nil))
	f.Add(append(write(1, 2, 3).append(nil), 1, 2, 3))
	f.Add(header{command: cmdUnlink, seq: 2, unlinked: 1}.append(read(1, 1, 64).append(nil)))
	f.Add(unhex(f, cmdIntrIn))
	f.Fuzz(func(t *testing.T, b []byte) {
		dev := newLoop()
		dev.reads = make(chan struct{}, maxPending)
		Serve(context.Background(), tape{bytes.NewReader(b)}, dev)
	})
}

func FuzzServer(f *testing.F) {
	f.Add(opHeader{code: opReqDevlist}.append(nil))
	f.Add(appendPadded(opHeader{code: opReqImport}.append(nil), "1-1", busIDLen))
	f.Add(append(appendPadded(opHeader{code: opReqImport}.append(nil), "1-1", busIDLen), read(1, 2, 64).append(nil)...))
	s := NewServer(nil)
	dev := newLoop()
	dev.reads = make(chan struct{}, 1<<20)
	if err := s.Plug("1-1", dev); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		client, server := net.Pipe()
		go func() {
			client.Write(b)
			client.Close()
		}()
		go io.Copy(io.Discard, client)
		s.serve(t.Context(), server)
		server.Close()
	})
}

func FuzzClient(f *testing.F) {
	f.Add(append(header{command: retSubmit, seq: 1, length: 4}.append(nil), 1, 2, 3, 4))
	f.Add(header{command: retSubmit, seq: 1, status: statusStall}.append(nil))
	f.Add(header{command: retUnlink, seq: 2, status: statusUnlinked}.append(nil))
	f.Add(header{command: retSubmit, seq: 1, length: 65}.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		e := exporter{tape: tape{bytes.NewReader(b)}, asked: make(chan struct{}), once: new(sync.Once)}
		c := newConn(&port{bus: NewBus(nil)}, e, deviceRecord{})
		c.claimed = claimed{endpoints: map[uint8]uint8{0x82: 0}}
		buf := make([]byte, 64)
		if n, err := c.Read(context.Background(), 0x82, buf); err == nil && (n < 0 || n > len(buf)) {
			t.Errorf("read %d bytes", n)
		}
		c.Close()
	})
}

func FuzzOperations(f *testing.F) {
	list := append(opHeader{code: opRepDevlist}.append(nil), 0, 0, 0, 1)
	f.Add(append(deviceRecord{busID: "1-1", interfaces: 1}.append(list), 0xff, 0xff, 0xff, 0))
	f.Add(deviceRecord{busID: "1-1"}.append(opHeader{code: opRepImport}.append(nil)))
	f.Add(opHeader{opRepImport, opBusy}.append(nil))
	f.Add(unhex(f, recordedConfiguration))
	f.Fuzz(func(t *testing.T, b []byte) {
		records, err := readDeviceList(bytes.NewReader(b))
		if err == nil && len(records) > maxDevices {
			t.Errorf("%d devices", len(records))
		}
		if d, err := importDevice(tape{bytes.NewReader(b)}, "1-1"); err == nil && d.busID != "1-1" {
			t.Errorf("imported %q", d.busID)
		}
		config, err := parseConfiguration(b)
		if err == nil && len(config.interfaces) > len(b)/9 {
			t.Errorf("%d interfaces in %d bytes", len(config.interfaces), len(b))
		}
	})
}

func BenchmarkControl(b *testing.B) {
	_, _, bus := exportLoop(b)
	c := openOne(b, bus)
	buf := make([]byte, 1)
	for b.Loop() {
		if _, err := c.Control(b.Context(), usb.Setup{RequestType: 0xc0, Request: 1}, buf); err != nil {
			b.Fatal(err)
		}
	}
}
