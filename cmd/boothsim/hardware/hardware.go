// Package hardware is the emulated devices of one booth and the travellers who use them:
// a U.are.U 4500 fingerprint scanner exported over USB/IP, a document reader on a
// pseudo-terminal, a network camera, and a reader of contactless chips behind a pcscd of its
// own. Where that cannot run there is no chip reader, and the rest goes on.
package hardware

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"net"
	"os"
	"sync"

	"boothd/capture/synthetic"
	"boothd/devices/cute/cuteemu"
	"boothd/devices/mjpeg/mjpegemu"
	"boothd/devices/uareu/uareuemu"
	"boothd/devices/usbip"
)

// Device names a device of the booth.
type Device string

// The devices of the booth.
const (
	Scanner    Device = "scanner"
	Reader     Device = "reader"
	Camera     Device = "camera"
	ChipReader Device = "chip-reader"
)

// Manner is how a finger is laid on the scanner.
type Manner string

// The manners of laying a finger.
const (
	Good  Manner = "good"
	Short Manner = "short" // lifted before the picture is complete
	Wrong Manner = "wrong" // the left index finger instead of the right one
)

// The fingers that are laid (ISO/IEC 19794-2 table 5).
const (
	RightIndex = 2
	LeftIndex  = 7
)

const busID = "1-1"

// Booth is the devices of one booth. Its methods may be called by several goroutines.
type Booth struct {
	usb     *usbip.Server
	scanner *uareuemu.Scanner
	reader  *cuteemu.Reader
	camera  *mjpegemu.Camera
	chips   *chipReader

	presenting sync.Mutex // held while a document is laid or taken

	mu      sync.Mutex
	state   State
	fingers map[fingerOf]*image.Gray // grown so far
}

// fingerOf names a finger of a traveller.
type fingerOf struct{ traveller, position int }

// maxFingers is how many fingers are kept; each has about 100 KB.
const maxFingers = 100

// State tells how the devices are.
type State struct {
	Scanner    DeviceState `json:"scanner"`
	Reader     DeviceState `json:"reader"`
	Camera     DeviceState `json:"camera"`
	ChipReader DeviceState `json:"chip_reader"`
}

// DeviceState tells how one device is.
type DeviceState struct {
	Plugged   bool   `json:"plugged"`
	Traveller int    `json:"traveller,omitempty"` // who uses it, or used it last; 0 nobody
	Doing     string `json:"doing,omitempty"`     // "finger of traveller 3, good"
	Absent    string `json:"absent,omitempty"`    // why this machine cannot emulate it
}

// String is the state in a few words.
func (s DeviceState) String() string {
	switch {
	case s.Absent != "":
		return "not there"
	case !s.Plugged:
		return "pulled out"
	case s.Doing != "":
		return "plugged in (" + s.Doing + ")"
	}
	return "plugged in"
}

// Where says where the devices are.
type Where struct {
	Reader string // path of the link to the reader's device node; one left behind is replaced
	Camera string // address that the camera listens at
	// NoChips leaves the chip reader out.
	NoChips bool
}

// New makes the devices, all plugged in. ctx bounds that only.
func New(ctx context.Context, w Where, log *slog.Logger) (*Booth, error) {
	if st, err := os.Lstat(w.Reader); err == nil && st.Mode()&os.ModeSymlink != 0 {
		os.Remove(w.Reader)
	}
	b := &Booth{
		usb:     usbip.NewServer(log),
		scanner: uareuemu.New(uareuemu.UareU4500),
		fingers: make(map[fingerOf]*image.Gray),
	}
	plugged := DeviceState{Plugged: true}
	b.state = State{Scanner: plugged, Reader: plugged, Camera: plugged}
	if err := b.usb.Plug(busID, b.scanner); err != nil {
		return nil, err
	}
	var err error
	if b.reader, err = cuteemu.New(w.Reader); err != nil {
		return nil, err
	}
	if b.camera, err = mjpegemu.New(w.Camera, mjpegemu.Options{}); err == nil {
		err = b.camera.SetPortrait(wall())
	}
	if err != nil {
		return nil, errors.Join(err, b.reader.Close())
	}
	if b.chips, err = newChipReader(ctx, w.NoChips); err != nil {
		b.state.ChipReader.Absent = err.Error()
	} else {
		b.state.ChipReader = plugged
	}
	return b, nil
}

// CameraURL is the address of the camera's stream.
func (b *Booth) CameraURL() string { return b.camera.URL() }

// Run serves the scanner until ctx ends, and pulls everything out then. It closes the
// listener.
func (b *Booth) Run(ctx context.Context, usb net.Listener) error {
	err := b.usb.Serve(ctx, usb)
	return errors.Join(err, b.camera.Close(), b.reader.Close(), b.chips.close())
}

// State tells how the devices are.
func (b *Booth) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// Lay lays a traveller's finger on the scanner. What lay there is lifted first.
func (b *Booth) Lay(traveller int, how Manner) error {
	finger := RightIndex
	if how == Wrong {
		finger = LeftIndex
	}
	picture := b.finger(fingerOf{traveller, finger})
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.state.Scanner.Plugged {
		return errPulledOut(Scanner)
	}
	b.scanner.Lift()
	if how == Short {
		b.scanner.LayShort(picture)
	} else {
		b.scanner.Lay(picture)
	}
	b.state.Scanner.Traveller = traveller
	b.state.Scanner.Doing = fmt.Sprintf("finger of traveller %d, %s", traveller, how)
	return nil
}

// finger returns a finger's picture. Growing one takes a while.
func (b *Booth) finger(p fingerOf) *image.Gray {
	b.mu.Lock()
	picture := b.fingers[p]
	b.mu.Unlock()
	if picture != nil {
		return picture
	}
	picture = synthetic.New(p.traveller).Finger(p.position)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.fingers) >= maxFingers {
		clear(b.fingers)
	}
	b.fingers[p] = picture
	return picture
}

// Lift lifts the finger from the scanner.
func (b *Booth) Lift() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.scanner.Lift()
	b.state.Scanner.Traveller, b.state.Scanner.Doing = 0, ""
}

// Stand lets a traveller stand before the camera; 0 is nobody.
func (b *Booth) Stand(traveller int) error {
	picture, doing := wall(), ""
	if traveller != 0 {
		picture, doing = synthetic.New(traveller).Portrait(), fmt.Sprintf("sees traveller %d", traveller)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.state.Camera.Plugged {
		return errPulledOut(Camera)
	}
	b.state.Camera.Traveller, b.state.Camera.Doing = traveller, doing
	return b.camera.SetPortrait(picture)
}

// wall is what the camera sees when nobody stands there.
func wall() image.Image {
	img := image.NewGray(image.Rect(0, 0, 480, 600))
	for i := range img.Pix {
		img.Pix[i] = 0xc8
	}
	return img
}

// Plug plugs a device in. One that is plugged in is left alone.
func (b *Booth) Plug(d Device) error { return b.plug(d, true) }

// Unplug pulls a device out. One that is pulled out is left alone.
func (b *Booth) Unplug(d Device) error { return b.plug(d, false) }

func (b *Booth) plug(d Device, in bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	state := map[Device]*DeviceState{
		Scanner: &b.state.Scanner, Reader: &b.state.Reader, Camera: &b.state.Camera, ChipReader: &b.state.ChipReader,
	}[d]
	if state == nil {
		return fmt.Errorf("no device %q", d)
	}
	if state.Absent != "" {
		return errAbsent(state.Absent)
	}
	if state.Plugged == in {
		return nil
	}
	if err := b.turn(d, in); err != nil {
		return err
	}
	*state = DeviceState{Plugged: in}
	if d == ChipReader {
		*state = b.chips.state() // what lies on it stays
	}
	return nil
}

func (b *Booth) turn(d Device, in bool) error {
	switch {
	case d == Reader && in:
		return b.reader.Replug()
	case d == Reader:
		return b.reader.Unplug()
	case d == Scanner && in:
		b.scanner = uareuemu.New(uareuemu.UareU4500) // as after a loss of power
		return b.usb.Plug(busID, b.scanner)
	case d == Scanner:
		b.usb.Unplug(busID)
		return nil
	case d == ChipReader && in:
		return b.chips.plug()
	case d == ChipReader:
		b.chips.unplug()
		return nil
	}
	if !in {
		return b.camera.Unplug()
	}
	return errors.Join(b.camera.SetPortrait(wall()), b.camera.Replug())
}

func errPulledOut(d Device) error { return fmt.Errorf("the %s is pulled out", d) }
