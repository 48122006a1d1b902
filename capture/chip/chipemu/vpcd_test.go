//go:build cgo && linux

package chipemu_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"boothd/capture/chip/chipemu"
	"boothd/devices"
	"boothd/devices/pcsc"
	"boothd/devices/pcsc/vpcd"
	"boothd/devices/pcsc/vpcd/vpcdtest"
)

// The chip behind Debian's pcscd, read through its virtual readers: a whole chip on the first,
// one that is torn off on the second.
func TestTheChipIsReadThroughPCSC(t *testing.T) {
	daemon := vpcdtest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	issuer := newIssuer(t, false)
	d := document(t, 1, nil)
	whole, torn := issue(t, d, issuer), issue(t, d, issuer, "torn-off=25")
	for slot, test := range []struct {
		reader string
		issued *chipemu.Issued
		want   error
	}{{"00 00", whole, nil}, {"00 01", torn, devices.ErrGone}} {
		laid, err := vpcd.Lay(ctx, daemon.Reader(slot), lay(t, test.issued))
		if err != nil {
			t.Fatal(err)
		}
		ports, err := pcsc.NewBus(test.reader).Scan(ctx)
		if err != nil || len(ports) != 1 {
			t.Fatalf("%d readers, %v", len(ports), err)
		}
		device, err := pcsc.Driver().Open(ctx, ports[0])
		if err != nil {
			t.Fatal(err)
		}
		defer device.Close()
		card, err := device.(devices.ChipReader).Connect(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := inspect(t, card, d); !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: %v", test.reader, err)
		}
		if err := card.Close(); err != nil && test.want == nil {
			t.Error(err)
		}
		if err := laid.Lift(); !errors.Is(err, test.want) {
			t.Errorf("%s: lifted: %v", test.reader, err)
		}
	}
}
