package cute_test

import (
	"path/filepath"
	"testing"

	"boothd/devices"
	"boothd/devices/cute"
	"boothd/devices/cute/cuteemu"
	"boothd/devices/devicestest"
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
func plug(t *testing.T) (*cuteemu.Reader, func() devices.Port) {
	t.Helper()
	emu, err := cuteemu.New(filepath.Join(t.TempDir(), "reader"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { emu.Close() })
	bus, err := serial.NewBus(serial.Config{Path: emu.Path(), Baud: 9600, Driver: "cute"})
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
	devicestest.Run(t, func(t *testing.T) *devicestest.Rig { return newRig(t, card) })
}

func newRig(t *testing.T, lines []string) *devicestest.Rig {
	emu, port := plug(t)
	do := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	send := func(data []byte) func() { return func() { do(emu.Send(data)) } }
	return &devicestest.Rig{
		Driver:   cute.Driver(),
		Port:     port,
		Golden:   lines,
		Present:  func() { do(emu.Present(lines)) },
		Withdraw: func() {},
		Unplug:   func() { do(emu.Unplug()) },
		Replug:   func() { do(emu.Replug()) },
		Garble:   send(cuteemu.Garbled(lines)),
		Truncate: send(cuteemu.Cut(lines)),
		Faults: map[string]func(){
			"noise":               send(cuteemu.Noise()),
			"an over-long frame":  send(cuteemu.TooLong(lines)),
			"a frame of no lines": send(cuteemu.Frame([]string{""})),
			"a lone start":        send([]byte{0x1c}),
		},
	}
}
