package campaign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"net"
	"path/filepath"

	"boothd/devices"
	"boothd/devices/barcode"
	"boothd/devices/barcode/barcodeemu"
	"boothd/devices/cute"
	"boothd/devices/cute/cuteemu"
	"boothd/devices/demo"
	"boothd/devices/demo/demoemu"
	"boothd/devices/idbox"
	"boothd/devices/idbox/idboxemu"
	"boothd/devices/mjpeg"
	"boothd/devices/mjpeg/mjpegemu"
	"boothd/devices/rte"
	"boothd/devices/rte/rteemu"
	"boothd/devices/secugen"
	"boothd/devices/secugen/secugenemu"
	"boothd/devices/serial"
	"boothd/devices/uareu"
	"boothd/devices/uareu/uareuemu"
	"boothd/devices/usbip"
	"boothd/devices/zfm"
	"boothd/devices/zfm/zfmemu"
)

// RealDrivers are the drivers that Real has rigs of: all but those that need a service of the
// machine.
func RealDrivers() []string {
	return []string{"uareu", "secugen", "zfm", "cute", "idbox", "rte", "barcode", "mjpeg", "demo"}
}

// Real makes a rig of the named driver on real sockets and pseudo-terminals, whose links are made
// in the folder.
func Real(driver string, number int, folder string) (*Rig, error) {
	name := fmt.Sprintf("%s-%d", driver, number)
	link := filepath.Join(folder, name)
	switch driver {
	case "uareu":
		scanner, finger := uareuemu.New(uareuemu.UareU4500), demoemu.Draw(1)
		r := &Rig{
			Name: name, Driver: uareu.Driver(), Rate: FullSpeed, Unchecked: true,
			Golden:  &devices.FingerImage{Gray: scanner.Seen(finger), DPI: 500},
			Present: did(func() { scanner.Lay(finger) }), Withdraw: did(scanner.Lift),
		}
		return r, r.export(scanner)
	case "secugen":
		scanner, finger := secugenemu.New(secugenemu.Unit{}), demoemu.Draw(1)
		r := &Rig{
			Name: name, Driver: secugen.Driver(), Rate: HighSpeed, Unchecked: true,
			Present: did(func() { scanner.Lay(finger) }), Withdraw: did(scanner.Lift),
		}
		return r, r.export(scanner)
	case "zfm":
		return realModule(name, link)
	case "cute":
		emu, err := cuteemu.New(link)
		if err != nil {
			return nil, err
		}
		r := &Rig{Name: name, Driver: cute.Driver(), Golden: card, Unchecked: true, Present: func() error { return emu.Present(card) }}
		return r, r.connect(emu, 9600)
	case "idbox":
		emu, err := idboxemu.New(link)
		if err != nil {
			return nil, err
		}
		r := &Rig{Name: name, Driver: idbox.Driver(), Golden: card, Unchecked: true, Present: func() error { return emu.Present(card) }}
		return r, r.connect(emu, 115200)
	case "rte":
		emu, err := rteemu.New(link)
		if err != nil {
			return nil, err
		}
		r := &Rig{Name: name, Driver: rte.Driver(), Golden: card, Unchecked: true, Present: func() error { return emu.Present(card) }}
		return r, r.connect(emu, 9600)
	case "barcode":
		emu, err := barcodeemu.New(link, "", "\r\n")
		if err != nil {
			return nil, err
		}
		r := &Rig{Name: name, Driver: barcode.Driver(), Golden: pass, Unchecked: true, Present: func() error { return emu.Present(pass) }}
		return r, r.connect(emu, 9600)
	case "demo":
		return realDemo(name, link)
	case "mjpeg":
		return realCamera(name)
	}
	return nil, fmt.Errorf("%s has no rig here", driver)
}

// export plugs the rig's device into a USB/IP server of its own.
func (r *Rig) export(d usbip.Device) error {
	const busID = "1-1"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := usbip.NewServer(nil)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(ctx, l) // its end is ours
	}()
	r.Bus = usbip.NewBus(nil, l.Addr().String())
	r.Unplug = did(func() { server.Unplug(busID) })
	r.Replug = func() error {
		err := server.Plug(busID, d)
		if errors.Is(err, devices.ErrBusy) {
			err = nil // it is plugged
		}
		return err
	}
	r.Close = func() error {
		server.Unplug(busID)
		cancel()
		<-ended
		return nil
	}
	return r.Replug()
}

// plugged is an emulator on a pseudo-terminal.
type plugged interface {
	Path() string
	Unplug() error
	Replug() error
	Close() error
}

// connect makes the rig's bus of the emulator's line.
func (r *Rig) connect(emu plugged, baud int) error {
	bus, err := serial.NewBus(serial.Config{Path: emu.Path(), Baud: baud, Driver: r.Driver.Name})
	if err != nil {
		return errors.Join(err, emu.Close())
	}
	r.Bus, r.Unplug, r.Replug, r.Close = bus, emu.Unplug, emu.Replug, emu.Close
	r.Rate = float64(baud) / 10
	if r.Withdraw == nil {
		r.Withdraw = did(func() {})
	}
	return nil
}

func realModule(name, link string) (*Rig, error) {
	emu, err := zfmemu.New(link, zfmemu.R503, zfmemu.Options{Baud: 115200, Packet: 256})
	if err != nil {
		return nil, err
	}
	finger := demoemu.Draw(1)
	r := &Rig{
		Name: name, Driver: zfm.Driver(),
		Golden:  &devices.FingerImage{Gray: emu.Seen(finger), DPI: zfmemu.R503.DPI},
		Present: did(func() { emu.Lay(finger) }), Withdraw: did(emu.Lift),
	}
	return r, r.connect(emu, 57600)
}

func realDemo(name, link string) (*Rig, error) {
	emu, err := demoemu.Plug(link)
	if err != nil {
		return nil, err
	}
	finger := demoemu.Draw(1)
	r := &Rig{
		Name: name, Driver: demo.Driver(), Golden: &devices.FingerImage{Gray: finger, DPI: demoemu.DPI},
		Present: did(func() { emu.Lay(finger) }), Withdraw: did(emu.Lift),
	}
	return r, r.connect(emu, 115200)
}

// realCamera puts a relay, on which transfers are counted and spoilt, before a camera.
func realCamera(name string) (*Rig, error) {
	emu, err := mjpegemu.New("127.0.0.1:0", mjpegemu.Options{Rate: 20})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, demoemu.Draw(1), nil); err != nil {
		return nil, errors.Join(err, emu.Close())
	}
	emu.SetJPEG(b.Bytes())
	bus, err := newRelay(emu.URL())
	if err != nil {
		return nil, errors.Join(err, emu.Close())
	}
	return &Rig{
		Name: name, Driver: mjpeg.Driver(), Bus: bus, Unchecked: true,
		Golden:  &devices.Frame{JPEG: b.Bytes(), Width: demoemu.Width, Height: demoemu.Height},
		Present: did(func() { emu.Stall(false) }), Withdraw: did(func() { emu.Stall(true) }),
		Unplug: emu.Unplug, Replug: emu.Replug,
		Close: func() error { return errors.Join(bus.close(), emu.Close()) },
	}, nil
}
