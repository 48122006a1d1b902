//go:build cgo

package pcsc_test

import (
	"context"
	"testing"

	"boothd/devices"
	"boothd/devices/pcsc"
	"boothd/devices/pcsc/vpcd"
	"boothd/devices/pcsc/vpcd/vpcdtest"
)

// BenchmarkTransmit asks a chip that answers at once for 200 bytes, through pcscd and vpcd.
func BenchmarkTransmit(b *testing.B) {
	d := newBenchDesk(b)
	c, err := d.Connect(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Transmit(b.Context(), selectApplication); err != nil {
		b.Fatal(err)
	}
	read := []byte{0x00, 0xb0, 0x00, 0x00, 0x00, 0x00, 200}
	for b.Loop() {
		if _, err := c.Transmit(b.Context(), read); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkConnect takes a chip that lies there and gives it back.
func BenchmarkConnect(b *testing.B) {
	d := newBenchDesk(b)
	for b.Loop() {
		c, err := d.Connect(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

// newBenchDesk returns a reader with a chip on it.
func newBenchDesk(b *testing.B) devices.ChipReader {
	daemon := vpcdtest.Start(b)
	laid, err := vpcd.Lay(context.Background(), daemon.Reader(0), &chip{file: make([]byte, 1000)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { laid.Lift() })
	ports, err := pcsc.NewBus("00 00").Scan(b.Context())
	if err != nil || len(ports) != 1 {
		b.Fatalf("scan: %v, %v", ports, err)
	}
	r, err := pcsc.Driver().Open(b.Context(), ports[0])
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.Close() })
	return r.(devices.ChipReader)
}
