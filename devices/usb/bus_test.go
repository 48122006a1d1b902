//go:build cgo

package usb_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/usb"
	"boothd/internal/shareddata"
	"boothd/internal/testtool"
)

// underUmockdev is set in the process that umockdev plays a scanner to.
const underUmockdev = "BOOTHD_TEST_UNDER_UMOCKDEV"

// TestRecordedDevice runs the tests named inside in a process of its own, whose libusb sees
// a recorded scanner and nothing else. The recording answers no request that the tests
// make: this is a device that is silent.
func TestRecordedDevice(t *testing.T) {
	inside := []struct {
		name string
		run  func(*testing.T)
	}{
		{"scan names the place and the identity", testScan},
		{"open refuses a device without the wanted interface", testOpenUnwanted},
		{"a silent control transfer ends with its context", testSilentControl},
		{"a cancelled read ends with its context", testCancelledRead},
		{"close ends the transfers under way and may be repeated", testClose},
		{"bad arguments are refused", testArguments},
	}
	if os.Getenv(underUmockdev) != "" {
		for _, tt := range inside {
			t.Run(tt.name, tt.run)
		}
		return
	}
	umockdev := testtool.Path(t, "umockdev-run")
	folder := shareddata.Path(t, "data/usb/uru4000-4500")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, umockdev,
		"--device", filepath.Join(folder, "device"),
		"--pcap", "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-10="+filepath.Join(folder, "capture.pcapng"),
		"--", os.Args[0], "-test.run=^TestRecordedDevice$", "-test.v")
	run.Env = append(os.Environ(), underUmockdev+"=1")
	out, err := run.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

func recorded(t *testing.T) usb.Port {
	t.Helper()
	ports, err := usb.Bus{}.Scan(t.Context())
	if err != nil || len(ports) != 1 {
		t.Fatalf("scan: %d ports, %v", len(ports), err)
	}
	return ports[0].(usb.Port)
}

func openRecorded(t *testing.T) usb.Conn {
	t.Helper()
	c, err := usb.Open(t.Context(), recorded(t), func(i usb.Interface) bool { return i.Class == 0xff })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func testScan(t *testing.T) {
	p := recorded(t)
	// umockdev's sysfs lacks what libusb derives the way from.
	if a := p.Address(); a != "usb:1-10" && a != "usb:1.50" {
		t.Errorf("address %s", a)
	}
	if want := (devices.ID{Vendor: 0x05ba, Product: 0x000a}); p.ID() != want {
		t.Errorf("id %s; want %s", p.ID(), want)
	}
	if p.Driver() != "" {
		t.Errorf("driver %q", p.Driver())
	}
	if got := openRecorded(t).BCDDevice(); got != 0x0103 {
		t.Errorf("release %#04x", got)
	}
}

func testOpenUnwanted(t *testing.T) {
	c, err := usb.Open(t.Context(), recorded(t), func(usb.Interface) bool { return false })
	if err == nil {
		c.Close()
		t.Fatal("open succeeded")
	}
}

func testSilentControl(t *testing.T) {
	c := openRecorded(t)
	ask := func(ctx context.Context) error {
		_, err := c.Control(ctx, usb.Setup{RequestType: 0xc0, Request: 0x7e}, make([]byte, 4))
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := ask(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v past the deadline", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	cancelled, stop := context.WithCancel(ctx)
	time.AfterFunc(50*time.Millisecond, stop)
	if err := ask(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after being cancelled", err)
	}
}

func testCancelledRead(t *testing.T) {
	c := openRecorded(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Read(ctx, 0x82, make([]byte, 64)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v past the deadline", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := c.Read(ended, 0x82, make([]byte, 64)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v from a read that was cancelled before", err)
	}
}

func testClose(t *testing.T) {
	c := openRecorded(t)
	errs := make(chan error, 2)
	go func() {
		_, err := c.Read(t.Context(), 0x82, make([]byte, 64))
		errs <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	go func() {
		_, err := c.Control(ctx, usb.Setup{RequestType: 0xc0, Request: 0x7e}, make([]byte, 4))
		errs <- err
	}()
	time.AfterFunc(100*time.Millisecond, func() { c.Close() })
	for range 2 {
		if err := <-errs; !errors.Is(err, net.ErrClosed) {
			t.Errorf("error %v; want one matching net.ErrClosed", err)
		}
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if _, err := c.Control(t.Context(), usb.Setup{}, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("control after close: %v", err)
	}
	if _, err := c.Read(t.Context(), 0x82, make([]byte, 64)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read after close: %v", err)
	}
}

func testArguments(t *testing.T) {
	c := openRecorded(t)
	ctx := t.Context()
	for _, tt := range []struct {
		name string
		call func() (int, error)
	}{
		{"an endpoint that the interface lacks", func() (int, error) { return c.Read(ctx, 0x8f, make([]byte, 1)) }},
		{"reading from an out endpoint", func() (int, error) { return c.Read(ctx, 0x02, make([]byte, 1)) }},
		{"writing to an in endpoint", func() (int, error) { return c.Write(ctx, 0x82, make([]byte, 1)) }},
		{"a control transfer that is too long", func() (int, error) { return c.Control(ctx, usb.Setup{}, make([]byte, 5000)) }},
	} {
		if _, err := tt.call(); err == nil {
			t.Errorf("%s: no error", tt.name)
		}
	}
}

func TestScanEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (usb.Bus{}).Scan(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("scan: %v", err)
	}
}

func TestOpenRefusesPortsOfOtherTransports(t *testing.T) {
	if _, err := usb.Open(t.Context(), notUSB{}, nil); err == nil {
		t.Error("open succeeded")
	}
}

type notUSB struct{}

func (notUSB) Address() string { return "serial:/dev/ttyS0" }
func (notUSB) ID() devices.ID  { return devices.ID{} }
func (notUSB) Driver() string  { return "" }
