package secugenemu

import (
	"bytes"
	"context"
	"image"
	"sync"
	"time"

	"boothd/devices"
	"boothd/devices/usb"
	"boothd/devices/usbip"
)

// How long a scanner takes, as recorded.
const (
	ExposeTime = 57 * time.Millisecond
	StartTime  = 22 * time.Millisecond
	// ReadTime is for 64 KiB of a frame.
	ReadTime = 3600 * time.Microsecond
)

const (
	endpointFrame = 0x82
	packetLen     = 512
)

// Scanner is an emulated scanner. Its methods may be called by several goroutines.
type Scanner struct {
	unit Unit
	blob []byte
	bare []byte // frame of the empty glass

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when anything below changes

	registers [256]byte
	exposure  uint16
	lamp      bool
	light     int           // that falls on the glass, in grey
	laid      *image.Gray   // nil: nothing
	frame     []byte        // of what is laid
	lifted    bool          // and no exposure has shown it yet
	exposed   []byte        // the frame that the stream would send; nil: none
	streaming bool          // the host wants it
	sending   *bytes.Reader // what is left of it; nil before its first byte was asked for
	taken     int           // exposures
	faults    map[Fault]int
}

var _ usbip.Device = (*Scanner)(nil)

// New returns a scanner with nothing on its glass.
func New(u Unit) *Scanner {
	u = u.withDefaults()
	return &Scanner{
		unit: u, blob: u.blob(), bare: render(nil),
		changed: make(chan struct{}), faults: make(map[Fault]int),
	}
}

// change does something under the lock and wakes up all that wait.
func (s *Scanner) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	close(s.changed)
	s.changed = make(chan struct{})
}

// Lay lays a finger on the glass, ridges dark, at 500 dpi, its middle in the middle of the glass.
// What lies there is lifted first, unless it is the same picture: then nothing happens.
func (s *Scanner) Lay(img *image.Gray) {
	own := image.NewGray(image.Rectangle{Max: img.Rect.Size()})
	for y := range own.Rect.Dy() {
		copy(own.Pix[y*own.Stride:][:own.Stride], img.Pix[y*img.Stride:])
	}
	s.mu.Lock()
	same := s.laid != nil && s.laid.Rect == own.Rect && bytes.Equal(s.laid.Pix, own.Pix)
	s.mu.Unlock()
	if same {
		return
	}
	frame := render(own)
	s.change(func() {
		s.lifted = s.lifted || s.laid != nil
		s.laid, s.frame = own, frame
	})
}

// Lift lifts what lies on the glass.
func (s *Scanner) Lift() {
	s.change(func() {
		s.lifted = s.lifted || s.laid != nil
		s.laid, s.frame = nil, nil
	})
}

// Shine lets light fall on the glass that makes everything so much lighter, in grey.
func (s *Scanner) Shine(light int) { s.change(func() { s.light = light }) }

// Seen returns what an ideal host makes of a finger laid on the glass: 300 by 400 pixels, ridges
// dark.
func (s *Scanner) Seen(img *image.Gray) *image.Gray { return seen(img) }

// Blob returns the unit's calibration.
func (s *Scanner) Blob() []byte { return bytes.Clone(s.blob) }

// Frame returns the frame that is sent of a finger; nil is nothing.
func (s *Scanner) Frame(img *image.Gray) []byte { return complete(render(img)) }

// Lamp says whether the lamp is on.
func (s *Scanner) Lamp() bool { return ask(s, func() bool { return s.lamp }) }

// Streaming says whether the stream runs.
func (s *Scanner) Streaming() bool { return ask(s, func() bool { return s.streaming }) }

// Exposures returns how many exposures were made.
func (s *Scanner) Exposures() int { return ask(s, func() int { return s.taken }) }

func ask[T any](s *Scanner, question func() T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return question()
}

// AwaitStream waits until the host has started the stream.
func (s *Scanner) AwaitStream(ctx context.Context) error {
	return s.until(ctx, func() bool { return s.streaming })
}

// AwaitExposures waits until at least n exposures were made.
func (s *Scanner) AwaitExposures(ctx context.Context, n int) error {
	return s.until(ctx, func() bool { return s.taken >= n })
}

// until waits until a condition holds, which is asked under the lock.
func (s *Scanner) until(ctx context.Context, holds func() bool) error {
	for {
		s.mu.Lock()
		if holds() {
			s.mu.Unlock()
			return nil
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ID returns the USB identity.
func ID() devices.ID { return devices.ID{Vendor: 0x1162, Product: 0x2200} }

// Descriptor implements usbip.Device.
func (s *Scanner) Descriptor() usbip.Descriptor {
	return usbip.Descriptor{
		ID: ID(), BCDDevice: 0x2206, MilliAmps: 150,
		Manufacturer: "SecuGen Corp.", Product: "SecuGen USB U20", Serial: s.unit.Serial,
		Interfaces: []usbip.InterfaceDescriptor{{
			Interface: usb.Interface{Class: 0xff, SubClass: 0xff, Protocol: 0xff},
			Endpoints: []usbip.EndpointDescriptor{
				{Address: endpointFrame, Type: usbip.TransferBulk, MaxPacket: packetLen},
			},
		}},
	}
}

// Write implements usbip.Device: there is no OUT endpoint.
func (s *Scanner) Write(context.Context, uint8, []byte) (int, error) { return 0, usb.ErrStall }
