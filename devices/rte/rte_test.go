package rte_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/devicestest"
	"boothd/devices/rte"
	"boothd/devices/rte/rteemu"
	"boothd/devices/serial"
)

// The specimens of ICAO 9303-4 appendix B and 9303-5 appendix B, a made-up official document
// of 36 characters and a made-up licence.
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
	official = []string{
		"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
		"D231458907UTO7408122F1204159<<<<<<<6",
	}
	licence = []string{"D1UTO1234567890<<<<<<<<<<<<<<4"}
)

// plug returns an emulated reader and the port that a scan finds it at.
func plug(t *testing.T) (*rteemu.Reader, func() devices.Port) {
	t.Helper()
	emu, err := rteemu.New(filepath.Join(t.TempDir(), "reader"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { emu.Close() })
	bus, err := serial.NewBus(serial.Config{Path: emu.Path(), Baud: 9600, Driver: "rte"})
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
		send := func(data []byte) func() { return func() { do(emu.Send(data)) } }
		return &devicestest.Rig{
			Driver:   rte.Driver(),
			Port:     port,
			Golden:   card,
			Present:  func() { do(emu.Present(card)) },
			Withdraw: func() {},
			Unplug:   func() { do(emu.Unplug()) },
			Replug:   func() { do(emu.Replug()) },
			Garble:   send(rteemu.Garbled(card)),
			Truncate: send(rteemu.Cut(card)),
			Faults: map[string]func(){
				"noise":                   send(rteemu.Noise()),
				"an over-long frame":      send(rteemu.TooLong(card)),
				"a line too many":         send(rteemu.FourLines()),
				"an unread document":      send(rteemu.Unread()),
				"a lone start":            send([]byte{0x01}),
				"a header and no more":    send(rteemu.Frame(card)[:6]),
				"a frame without a start": send(rteemu.Frame(card)[6:]),
			},
		}
	})
}

func TestEveryFormIsReadWithoutItsPadding(t *testing.T) {
	emu, port := plug(t)
	d, err := rte.Driver().Open(t.Context(), port())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, want := range [][]string{passport, card, official, licence} {
		got, err := read(t, d.(devices.DocumentReader), func() error { return emu.Present(want) })
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("read %q, %v; want %q", got, err, want)
		}
	}
	// Four documents have proved the block check, so a changed letter shows.
	got, err := read(t, d.(devices.DocumentReader), func() error { return emu.Send(rteemu.Misread(passport)) })
	var retry *devices.RetryError
	if !errors.As(err, &retry) {
		t.Errorf("read %q, %v; want a *RetryError", got, err)
	}
}

// read starts a call and presents a document when it waits, which it does a tenth of a second
// later.
func read(t *testing.T, r devices.DocumentReader, present func() error) ([]string, error) {
	t.Helper()
	done := make(chan struct{})
	var lines []string
	var err error
	go func() {
		defer close(done)
		lines, err = r.ReadMRZ(t.Context())
	}()
	select {
	case <-time.After(500 * time.Millisecond):
	case <-done:
		t.Fatalf("read %q, %v before anything was presented", lines, err)
	}
	if err := present(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing is read")
	}
	return lines, err
}
