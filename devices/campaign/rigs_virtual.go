package campaign

import (
	"fmt"

	"boothd/devices"
	"boothd/devices/barcode"
	"boothd/devices/cute"
	"boothd/devices/cute/cuteemu"
	"boothd/devices/demo"
	"boothd/devices/demo/demoemu"
	"boothd/devices/rte"
	"boothd/devices/rte/rteemu"
	"boothd/devices/secugen"
	"boothd/devices/secugen/secugenemu"
	"boothd/devices/uareu"
	"boothd/devices/uareu/uareuemu"
)

// The golden things.
var (
	card = []string{ // ICAO 9303-5 appendix B
		"I<UTOD231458907<<<<<<<<<<<<<<<",
		"7408122F1204159UTO<<<<<<<<<<<6",
		"ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
	}
	pass = []byte("M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 326J001A0025 100") // IATA Resolution 792
)

// Virtual makes a rig in memory of the named driver. Drivers whose emulators need a
// pseudo-terminal, a network or a service have none; see [VirtualDrivers].
func Virtual(driver string, number int) (*Rig, error) {
	name := fmt.Sprintf("%s-%d", driver, number)
	address := "memory:" + name
	switch driver {
	case "uareu":
		return virtualUareu(name, address), nil
	case "secugen":
		return virtualSecugen(name, address), nil
	case "cute":
		return virtualReader(name, address, cute.Driver(), cuteemu.Frame(card), card), nil
	case "rte":
		return virtualReader(name, address, rte.Driver(), rteemu.Frame(card), card), nil
	case "barcode":
		frame := append(append([]byte{}, pass...), "\r\n"...)
		return virtualReader(name, address, barcode.Driver(), frame, pass), nil
	case "demo":
		return virtualDemo(name, address), nil
	}
	return nil, fmt.Errorf("%s has no emulator in memory", driver)
}

// VirtualDrivers are the drivers that Virtual has rigs of.
func VirtualDrivers() []string {
	return []string{"uareu", "secugen", "cute", "rte", "barcode", "demo"}
}

func virtualUareu(name, address string) *Rig {
	scanner, finger := uareuemu.New(uareuemu.UareU4500), demoemu.Draw(1)
	s := newUSBSocket(address, scanner)
	return &Rig{
		// Pixels that were changed are no fault that anybody could see.
		Name: name, Driver: uareu.Driver(), Bus: s, Rate: FullSpeed, Unchecked: true,
		Golden:  &devices.FingerImage{Gray: scanner.Seen(finger), DPI: 500},
		Present: did(func() { scanner.Lay(finger) }), Withdraw: did(scanner.Lift),
		Unplug: s.unplug, Replug: s.replug, Close: s.unplug,
	}
}

func virtualSecugen(name, address string) *Rig {
	scanner, finger := secugenemu.New(secugenemu.Unit{}), demoemu.Draw(1)
	s := newUSBSocket(address, scanner)
	return &Rig{
		Name: name, Driver: secugen.Driver(), Bus: s, Rate: HighSpeed,
		Present: did(func() { scanner.Lay(finger) }), Withdraw: did(scanner.Lift),
		Unplug: s.unplug, Replug: s.replug, Close: s.unplug,
	}
}

// virtualReader is a reader that sends a frame for what passes it.
func virtualReader(name, address string, d devices.Driver, frame []byte, golden any) *Rig {
	s := newLineSocket(address, d.Name)
	return &Rig{
		Name: name, Driver: d, Bus: s, Golden: golden, Unchecked: true, Rate: 11520,
		Present: func() error { return s.send(frame) }, Withdraw: did(func() {}),
		Unplug: s.unplug, Replug: s.replug, Close: s.unplug,
	}
}

func virtualDemo(name, address string) *Rig {
	s, finger := newLineSocket(address, "demo"), demoemu.Draw(1)
	scanner := demoemu.New(s.send)
	s.receive = scanner.Receive
	return &Rig{
		Name: name, Driver: demo.Driver(), Bus: s,
		Golden:  &devices.FingerImage{Gray: finger, DPI: demoemu.DPI},
		Present: did(func() { scanner.Lay(finger) }), Withdraw: did(scanner.Lift),
		Unplug: s.unplug, Close: s.unplug,
		Replug: func() error {
			scanner.Forget()
			return s.replug()
		},
	}
}

func did(f func()) func() error {
	return func() error {
		f()
		return nil
	}
}
