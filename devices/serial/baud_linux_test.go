package serial_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"boothd/devices"
	"boothd/devices/serial"
	"boothd/devices/serial/ptyline"
)

func TestTheSpeedOfAnOpenLineCanBeChanged(t *testing.T) {
	far, err := ptyline.New(filepath.Join(t.TempDir(), "reader"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	b, err := serial.NewBus(serial.Config{Path: far.Path(), Baud: 57600, Driver: "cute"})
	if err != nil {
		t.Fatal(err)
	}
	ports, err := b.Scan(t.Context())
	if err != nil || len(ports) != 1 {
		t.Fatalf("scan: %v, %v", ports, err)
	}
	l, err := serial.Open(t.Context(), ports[0])
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tuned := l.(serial.Retunable)
	for _, baud := range append([]int{tuned.Baud()}, serial.Bauds...) {
		if err := tuned.SetBaud(baud); err != nil {
			t.Fatal(err)
		}
		if tuned.Baud() != baud || far.Baud() != baud {
			t.Errorf("set to %d: the line says %d, the far end sees %d", baud, tuned.Baud(), far.Baud())
		}
		if err := far.Send([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, l, 1); string(got) != "x" {
			t.Errorf("read %q at %d", got, baud)
		}
	}
	if err := tuned.SetBaud(12345); err == nil || tuned.Baud() == 12345 {
		t.Errorf("an odd speed was set: %v", err)
	}
	if err := far.Unplug(); err != nil {
		t.Fatal(err)
	}
	if err := tuned.SetBaud(9600); !errors.Is(err, devices.ErrGone) || far.Baud() != 0 {
		t.Errorf("set on an unplugged line: %v", err)
	}
	l.Close()
	if err := tuned.SetBaud(9600); !errors.Is(err, os.ErrClosed) {
		t.Errorf("set on a closed line: %v", err)
	}
}
