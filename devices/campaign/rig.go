package campaign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"boothd/devices"
)

// Rig is one emulated device, the bus that lists it, and the hands that work it. Its functions
// return when they have done what they say.
type Rig struct {
	Name   string // of the device, unique in a campaign
	Driver devices.Driver
	Bus    devices.Bus
	// Golden is what a capture of the golden thing returns, as in devicestest.Rig.
	Golden any
	// Unchecked says that the device's wire has no checksum: bytes that were changed there
	// can look right, and only those who understand them can tell.
	Unchecked bool
	// Rate is how many bytes a second the wire can move at most; 0: not told.
	Rate float64

	// Present puts the golden thing in front of the device, Withdraw takes it away.
	Present, Withdraw func() error
	// Unplug pulls the device, Replug plugs it in.
	Unplug, Replug func() error
	// Close ends the emulator.
	Close func() error
}

// Wires.
const (
	FullSpeed = 1216e3  // bytes a second of bulk transfers, USB 2.0 table 5-9: 19 packets of 64 a ms
	HighSpeed = 53248e3 // USB 2.0 table 5-10: 13 packets of 512 a microframe
)

// Capture captures whatever a device is for: it returns a *devices.FingerImage, the []string of
// a document's zone, a barcode's []byte, a *devices.Frame, or what a chip answers when the
// application of travel documents is selected.
func Capture(ctx context.Context, d devices.Device) (any, error) {
	switch d := d.(type) {
	case devices.FingerScanner:
		return d.CaptureFinger(ctx)
	case devices.DocumentReader:
		return d.ReadMRZ(ctx)
	case devices.BarcodeReader:
		return d.ReadBarcode(ctx)
	case devices.Camera:
		return d.Frame(ctx)
	case devices.ChipReader:
		return selectApplication(ctx, d)
	}
	return nil, fmt.Errorf("%T is of no known kind", d)
}

// selectApplication is ICAO 9303-10 §3.6.2.
func selectApplication(ctx context.Context, d devices.ChipReader) (any, error) {
	chip, err := d.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer chip.Close()
	return chip.Transmit(ctx, []byte{0x00, 0xa4, 0x04, 0x0c, 0x07, 0xa0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01})
}

// port returns the place where the device is plugged, as a bus has it: the rig's, or a saboteur
// before it. A machine that is busy may take a while to list it.
func (r *Rig) port(ctx context.Context, bus devices.Bus) (devices.Port, error) {
	limited, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	for {
		ports, err := bus.Scan(limited)
		if err == nil && len(ports) == 1 {
			return ports[0], nil
		}
		if pause(100*time.Millisecond, limited, context.Background()) != nil {
			return nil, fmt.Errorf("%s: %d devices are plugged, not one: %w", r.Name, len(ports), errors.Join(err, limited.Err()))
		}
	}
}

// golden says whether a capture returned the golden thing.
func (r *Rig) golden(got any) bool {
	switch got := got.(type) {
	case *devices.FingerImage:
		want, ok := r.Golden.(*devices.FingerImage)
		return ok && got.DPI == want.DPI && got.Rect == want.Rect && bytes.Equal(got.Pix, want.Pix)
	case []string:
		want, ok := r.Golden.([]string)
		return ok && slices.Equal(got, want)
	case []byte:
		want, ok := r.Golden.([]byte)
		return ok && bytes.Equal(got, want)
	case *devices.Frame:
		want, ok := r.Golden.(*devices.Frame)
		return ok && bytes.Equal(got.JPEG, want.JPEG)
	}
	return false
}

// patience is how long a traveller waits before everything is begun anew.
const patience = 5 * time.Second

// presents is how long a traveller takes to present, and waits before presenting the same thing
// once more; after lays of them that came to nothing the finger is lifted and laid anew.
const (
	presents = 300 * time.Millisecond
	lays     = 6
)

// capture captures on d while the golden thing is presented, for as long as a traveller has
// patience.
func (r *Rig) capture(ctx context.Context, d devices.Device) (any, error) {
	if err := r.Withdraw(); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	type outcome struct {
		value any
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := Capture(limited, d)
		done <- outcome{value, err}
	}()
	again := time.NewTicker(presents)
	defer again.Stop()
	for lay := 1; ; lay++ {
		select {
		case got := <-done:
			return got.value, got.err
		case <-again.C:
		}
		hand := r.Present
		if lay%lays == 0 {
			hand = r.Withdraw
		}
		if err := hand(); err != nil {
			cancel()
			<-done
			return nil, err
		}
	}
}
