package uareuemu

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"sync"
	"time"

	"boothd/devices/usb"
	"boothd/devices/usbip"
)

// PictureTime is how long a scanner takes for a picture.
const PictureTime = 128 * time.Millisecond

const (
	endpointEvents  = 0x81
	endpointPicture = 0x82
	packetLen       = 64
	maxEvents       = 64 // waiting to be read
)

// Events.
const (
	eventPower   = 0x56aa
	eventFinger  = 0x0101
	eventRemoval = 0x0200
)

// Mode is a mode of the scanner.
type Mode byte

// The modes.
const (
	ModeInitial      Mode = 0x00
	ModeAwaitFinger  Mode = 0x10
	ModeAwaitRemoval Mode = 0x12
	ModeCapture      Mode = 0x20
	ModeOff          Mode = 0x70
)

// Scanner is an emulated scanner. Its methods may be called by several goroutines.
type Scanner struct {
	model Model
	sheet sheet

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when anything below changes

	power    byte
	asleep   bool
	awake    bool // has announced its power
	answered bool // the challenge was answered
	stuck    int  // looks at the power register until it recovers
	mode     Mode

	challenge, response [16]byte
	key                 uint32 // as the host may read it, mixed with its seed

	events  []uint16
	finger  *finger
	blocks  []Block
	due     time.Time // when the picture being taken is ready
	sending []byte    // what is left of the picture being sent
	busy    bool      // a picture is being sent
	taken   int       // pictures

	faults map[Fault]int
}

// finger is what lies on the glass.
type finger struct {
	img   *image.Gray
	short bool // it is lifted before the picture is complete
}

var _ usbip.Device = (*Scanner)(nil)

// New returns a scanner with nothing on its glass.
func New(m Model) *Scanner {
	s := &Scanner{model: m, sheet: sheets[m], changed: make(chan struct{}), faults: make(map[Fault]int)}
	s.power, s.blocks = s.sheet.idle, s.sheet.blocks
	return s
}

// SetBlocks changes how the next pictures are sent: 1 to 15 blocks of together 290 lines,
// at least one of them missing and none missing at the end, where nothing follows that
// could be copied. The first block must be scrambled and have two lines: by them the host
// judges whether a picture is scrambled. Nothing can be both scrambled and missing.
func (s *Scanner) SetBlocks(blocks []Block) error {
	total, rows := 0, len(sent(blocks))
	next := 0
	for i, b := range blocks {
		total += int(b.Lines)
		switch {
		case b.Lines == 0:
			return fmt.Errorf("block %d has no lines", i)
		case b.Flags&(Missing|Scrambled) == Missing|Scrambled:
			return fmt.Errorf("block %d is both missing and scrambled", i)
		case b.Flags&Missing != 0 && next+int(b.Lines) > rows:
			return fmt.Errorf("block %d is missing and has too little after it", i)
		case b.Flags&Missing == 0:
			next += int(b.Lines)
		}
	}
	if len(blocks) == 0 || len(blocks) > maxBlocks || total != Height || rows == Height ||
		blocks[0].Flags&^NewKey != Scrambled || blocks[0].Lines < 2 {
		return fmt.Errorf("%d blocks of %d lines, %d of them sent, make no picture", len(blocks), total, rows)
	}
	s.change(func() { s.blocks = append([]Block(nil), blocks...) })
	return nil
}

// change does something under the lock and wakes up all that wait.
func (s *Scanner) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	s.wake()
}

func (s *Scanner) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Lay lays a finger on the glass, ridges dark, its middle in the middle of the glass. What
// lies there is lifted first, unless it is the same picture: then nothing happens.
func (s *Scanner) Lay(img *image.Gray) { s.lay(img, false) }

// LayShort lays a finger that is lifted before its picture is complete.
func (s *Scanner) LayShort(img *image.Gray) { s.lay(img, true) }

func (s *Scanner) lay(img *image.Gray, short bool) {
	s.change(func() {
		if f := s.finger; f != nil && f.short == short && f.img.Rect == img.Rect && bytes.Equal(f.img.Pix, img.Pix) {
			return
		}
		s.lift()
		own := *img
		own.Pix = bytes.Clone(img.Pix)
		s.finger = &finger{&own, short}
		if s.mode == ModeAwaitFinger {
			s.report(eventFinger)
		}
	})
}

// Lift lifts what lies on the glass.
func (s *Scanner) Lift() { s.change(s.lift) }

func (s *Scanner) lift() {
	if s.finger == nil {
		return
	}
	s.finger = nil
	if s.mode == ModeAwaitRemoval {
		s.report(eventRemoval)
	}
}

// Announce makes the scanner report an event, such as 0x0800 (failure is near).
func (s *Scanner) Announce(event uint16) { s.change(func() { s.report(event) }) }

func (s *Scanner) report(event uint16) {
	if len(s.events) == maxEvents {
		s.events = s.events[1:]
	}
	s.events = append(s.events, event)
}

// Seen returns what a right host makes of a finger laid on the glass: 384 by 290 pixels,
// ridges dark.
func (s *Scanner) Seen(img *image.Gray) *image.Gray {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sense(img, s.sheet.upsideDown).lose(s.blocks).picture(s.sheet.upsideDown)
}

// Await waits until the host has put the scanner into a mode.
func (s *Scanner) Await(ctx context.Context, m Mode) error {
	return s.until(ctx, func() bool { return s.mode == m })
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

// Pictures returns how many pictures were taken.
func (s *Scanner) Pictures() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

// Descriptor implements usbip.Device.
func (s *Scanner) Descriptor() usbip.Descriptor { return s.model.descriptor() }

// Control implements usbip.Device: it is how registers are reached.
func (s *Scanner) Control(_ context.Context, r usb.Setup, data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.wake()
	known := false
	switch {
	case r.Request != requestRegister || r.Index != 0:
	case r.RequestType == 0xc0:
		known = s.read(r.Value, data)
	case r.RequestType == 0x40:
		known = s.write(r.Value, data)
	}
	if !known {
		return 0, usb.ErrStall
	}
	return len(data), nil
}

// Write implements usbip.Device: there is no OUT endpoint.
func (s *Scanner) Write(context.Context, uint8, []byte) (int, error) { return 0, usb.ErrStall }

// Read implements usbip.Device.
func (s *Scanner) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	switch endpoint {
	case endpointEvents:
		return s.readEvent(ctx, buf)
	case endpointPicture:
		return s.readPicture(ctx, buf)
	}
	// The keyboard's or mouse's own: nobody types.
	<-ctx.Done()
	return 0, ctx.Err()
}

func (s *Scanner) readEvent(ctx context.Context, buf []byte) (int, error) {
	var event uint16
	err := s.until(ctx, func() bool {
		if len(s.events) == 0 {
			return false
		}
		event, s.events = s.events[0], s.events[1:]
		return true
	})
	if err != nil {
		return 0, err
	}
	packet := binary.BigEndian.AppendUint16(nil, event)
	for len(packet) < packetLen {
		packet = append(packet, byte(0x0c*len(packet))) // left over in the scanner's memory
	}
	return copy(buf, packet), nil
}
