package idbox_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/devicestest"
	"boothd/devices/idbox"
	"boothd/devices/idbox/idboxemu"
	"boothd/devices/serial"
)

// The specimens of ICAO 9303-4 appendix B and 9303-5 appendix B, and a made-up licence.
var (
	passport = []string{
		"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
		"L898902C36UTO7408122F1204159ZE184226B<<<<<10",
	}
	card = []string{
		"I<UTOD231458907<<<<<<<<<<<<<<<",
		"7408122F1204159UTO<<<<<<<<<<<6",
		"ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
	}
	licence = []string{"D1UTO1234567890<<<<<<<<<<<<<<4"}
)

// plug returns an emulated reader and the port that a scan finds it at.
func plug(t *testing.T) (*idboxemu.Reader, func() devices.Port) {
	t.Helper()
	emu, err := idboxemu.New(filepath.Join(t.TempDir(), "reader"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { emu.Close() })
	bus, err := serial.NewBus(serial.Config{Path: emu.Path(), Baud: 115200, Driver: "idbox"})
	if err != nil {
		t.Fatal(err)
	}
	return emu, func() devices.Port {
		ports, err := bus.Scan(t.Context())
		if err != nil || len(ports) != 1 {
			t.Fatalf("scan: %v, %v", ports, err)
		}
		return ports[0]
	}
}

func TestContract(t *testing.T) {
	devicestest.Run(t, func(t *testing.T) *devicestest.Rig {
		emu, port := plug(t)
		do := func(err error) {
			if err != nil {
				t.Error(err)
			}
		}
		spoil := func(data []byte) func() { return func() { do(emu.Spoil(data)) } }
		return &devicestest.Rig{
			Driver:   idbox.Driver(),
			Port:     port,
			Golden:   card,
			Present:  func() { do(emu.Present(card)) },
			Withdraw: func() {},
			Unplug:   func() { do(emu.Unplug()) },
			Replug:   func() { do(emu.Replug()) },
			Garble:   spoil(idboxemu.Garbled(card)),
			Truncate: spoil(idboxemu.Cut(card)),
			Faults: map[string]func(){
				"an over-long frame":        spoil(idboxemu.TooLong(card)),
				"an unread document":        spoil(idboxemu.Unread()),
				"a zone of four lines":      spoil(idboxemu.Zone([]string{"A", "B", "C", "D"})),
				"a lone start":              spoil([]byte{'I'}),
				"noise before the document": spoil(append([]byte{0, 0xff}, idboxemu.Zone(card)...)),
			},
		}
	})
}

// open opens the reader.
func open(t *testing.T, p devices.Port) devices.DocumentReader {
	t.Helper()
	d, err := idbox.Driver().Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d.(devices.DocumentReader)
}

func TestTheReaderIsAskedWhatItIs(t *testing.T) {
	emu, port := plug(t)
	info := open(t, port()).Info()
	if info.Model != "IDBOX One" || info.Serial != "EL0000042" || info.Firmware != "1.27" {
		t.Errorf("info %+v", info)
	}
	if !emu.Armed() {
		t.Error("the reader is not reading")
	}
}

func TestAReaderThatDoesNotAnswerIsNotOpened(t *testing.T) {
	emu, port := plug(t)
	emu.Mute()
	d, err := idbox.Driver().Open(t.Context(), port())
	if err == nil {
		d.Close()
		t.Fatal("open succeeded")
	}
	if errors.Is(err, devices.ErrGone) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("open: %v; want a fault", err)
	}
}

func TestAReaderThatFallsSilentIsAFault(t *testing.T) {
	emu, port := plug(t)
	r := open(t, port())
	emu.Mute()
	if err := emu.Present(card); err != nil {
		t.Fatal(err)
	}
	var retry *devices.RetryError
	if _, err := r.ReadMRZ(t.Context()); !errors.As(err, &retry) {
		t.Errorf("read: %v; want a *RetryError for the early document", err)
	}
	if _, err := r.ReadMRZ(t.Context()); err == nil || errors.As(err, &retry) {
		t.Errorf("read: %v; want a fault", err)
	}
}

func TestTheReaderIsToldToGoOnAfterEveryDocument(t *testing.T) {
	emu, port := plug(t)
	r := open(t, port())
	for _, want := range [][]string{passport, card, licence, passport} {
		waitArmed(t, emu)
		if got, err := read(t, r, emu, want); err != nil || !slices.Equal(got, want) {
			t.Errorf("read %q, %v; want %q", got, err, want)
		}
	}
}

// read starts a call and presents a document when it waits, which it does a tenth of a second
// later. On a machine so busy that it does not, the document is presented once more.
func read(t *testing.T, r devices.DocumentReader, emu *idboxemu.Reader, document []string) ([]string, error) {
	t.Helper()
	for {
		done := make(chan struct{})
		var lines []string
		var err error
		go func() {
			defer close(done)
			lines, err = r.ReadMRZ(t.Context())
		}()
		select {
		case <-time.After(300 * time.Millisecond):
		case <-done:
			t.Fatalf("read %q, %v before anything was presented", lines, err)
		}
		if err := emu.Present(document); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatal("nothing is read")
		}
		var retry *devices.RetryError
		if !errors.As(err, &retry) {
			return lines, err
		}
		waitArmed(t, emu)
	}
}

func TestADocumentBetweenTwoCallsIsAskedForAgain(t *testing.T) {
	emu, port := plug(t)
	r := open(t, port())
	for range 3 {
		if err := emu.Present(passport); err != nil {
			t.Fatal(err)
		}
		var retry *devices.RetryError
		if lines, err := r.ReadMRZ(t.Context()); lines != nil || !errors.As(err, &retry) {
			t.Fatalf("read %q, %v; want a *RetryError", lines, err)
		}
		waitArmed(t, emu)
	}
}

func waitArmed(t *testing.T, emu *idboxemu.Reader) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(10 * time.Second)
	for !emu.Armed() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the reader is not told to go on")
		}
	}
}
