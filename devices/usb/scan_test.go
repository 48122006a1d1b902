//go:build cgo

package usb_test

import (
	"testing"

	"boothd/devices/usb"
)

func TestScanOfThisMachineIsNoError(t *testing.T) {
	ports, err := usb.Bus{}.Scan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d devices", len(ports))
}

// BenchmarkScan includes the time, mostly slept, that gousb takes to end its event loop.
func BenchmarkScan(b *testing.B) {
	for b.Loop() {
		if _, err := (usb.Bus{}).Scan(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
