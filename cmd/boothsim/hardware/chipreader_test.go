package hardware

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"boothd/capture/chip/chipemu"
	"boothd/capture/synthetic"
	"boothd/devices"
	"boothd/devices/pcsc"
	"boothd/devices/pcsc/vpcd"
	"boothd/internal/testtool"
)

// documentOf is a traveller's document with a chip.
func documentOf(t *testing.T, issuer *chipemu.Issuer, n int, faults ...chipemu.Fault) Document {
	t.Helper()
	d, err := chipemu.DocumentOf(synthetic.New(n))
	if err != nil {
		t.Fatal(err)
	}
	issued, err := chipemu.Issue(d, issuer, faults...)
	if err != nil {
		t.Fatal(err)
	}
	return Document{Traveller: n, MRZ: d.MRZ, Chip: issued, What: "so"}
}

// openChipReader opens the reader as boothd does.
func openChipReader(t *testing.T) devices.ChipReader {
	t.Helper()
	bus := pcsc.NewBus("Virtual PCD 00 00")
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		ports, err := bus.Scan(t.Context())
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip("built without PC/SC")
		}
		if err != nil || len(ports) == 0 {
			continue
		}
		d, err := pcsc.Driver().Open(t.Context(), ports[0])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		return d.(devices.ChipReader)
	}
	t.Fatal("pcscd has no reader of that name")
	return nil
}

// offersPACE reads EF.CardAccess of the chip that lies on the reader.
func offersPACE(t *testing.T, r devices.ChipReader) bool {
	t.Helper()
	card, err := r.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer card.Close()
	answer, err := card.Transmit(t.Context(), []byte{0x00, 0xb0, 0x9c, 0x00, 0x00})
	if err != nil {
		t.Fatal(err)
	}
	return len(answer) > 2
}

// A process has one pcscd, so all of it is one test.
func TestChipLiesOnTheReaderUntilItIsTakenAway(t *testing.T) {
	testtool.Need(t, "pcscd")
	b, _ := startWith(t, false)
	if err := b.Chips(); err != nil {
		if os.Geteuid() != 0 {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	t.Setenv(vpcd.SocketVariable, b.ChipSocket())
	issuer, err := chipemu.NewIssuer(chipemu.State{})
	if err != nil {
		t.Fatal(err)
	}
	r := openChipReader(t)
	whole, stripped := documentOf(t, issuer, 1), documentOf(t, issuer, 2, chipemu.Fault{Name: "stripped"})
	present := func(d Document) {
		t.Helper()
		if err := b.Present(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}

	present(whole)
	if !offersPACE(t, r) {
		t.Error("the chip that lies there is not the one that was presented")
	}
	if s := b.State().ChipReader; s.Traveller != 1 || s.Doing != "chip of traveller 1, so" {
		t.Errorf("state %+v", s)
	}
	present(stripped) // at once
	if offersPACE(t, r) {
		t.Error("the chip before lies there still")
	}

	card, err := r.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Take()
	if _, err := card.Transmit(t.Context(), []byte{0x00, 0xb0, 0x9c, 0x00, 0x00}); !errors.Is(err, devices.ErrGone) {
		t.Errorf("command to a chip that was taken away: %v", err)
	}
	card.Close()
	if s := b.State(); s.ChipReader.Doing != "" || s.Reader.Doing != "" {
		t.Errorf("state %+v", s)
	}

	if err := b.Unplug(ChipReader); err != nil {
		t.Fatal(err)
	}
	present(whole) // lies there and waits
	if s := b.State().ChipReader; s.String() != "pulled out" {
		t.Errorf("state %+v", s)
	}
	if conn, err := net.Dial("unix", b.ChipSocket()); err == nil {
		conn.Close()
		t.Error("somebody answers for a reader that is pulled out")
	}
	if err := b.Plug(ChipReader); err != nil {
		t.Fatal(err)
	}
	if !offersPACE(t, openChipReader(t)) {
		t.Error("after it was plugged in another chip lies there")
	}
	if s := b.State().ChipReader; !strings.Contains(s.String(), "traveller 1") {
		t.Errorf("state %+v", s)
	}
}
