// Package uvcemu emulates a USB camera of the video class (UVC 1.0), for a kernel that takes it
// through USB/IP: its driver makes a video device of it.
//
// It sends Motion JPEG of one size over a bulk endpoint, which cameras may (UVC 1.1 §2.4.3) and
// few do; USB/IP carries it without a clock. Of controls it has the exposure.
package uvcemu

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image/jpeg"
	"sync"
	"time"

	"boothd/devices/usb"
	"boothd/devices/usbip"
)

const (
	maxPicture = 1 << 20 // bytes
	maxPayload = 16 << 10
	headerLen  = 2
)

// Camera is an emulated camera. Its methods may be called by several goroutines.
type Camera struct {
	picture       []byte
	width, height int

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced when anything below changes
	held     bool
	begun    int    // pictures
	probe    []byte // what the host and the camera agree on
	mode     byte   // of the exposure: 1 manual, 8 automatic
	exposure uint32 // in units of 100 µs
	left     []byte // of the picture being sent
	sending  bool
	odd      byte // the picture's bit in its payloads' headers
	due      time.Time
}

var _ usbip.Device = (*Camera)(nil)

// New returns a camera that sees a picture, a JPEG file of less than 1 MiB.
func New(picture []byte) (*Camera, error) {
	size, err := jpeg.DecodeConfig(bytes.NewReader(picture))
	if err != nil || len(picture) >= maxPicture {
		return nil, fmt.Errorf("picture of %d bytes: %w", len(picture), err)
	}
	c := &Camera{picture: bytes.Clone(picture), width: size.Width, height: size.Height, changed: make(chan struct{}), mode: 1, exposure: 100}
	c.probe = c.agreement()
	return c, nil
}

func (c *Camera) change(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
	close(c.changed)
	c.changed = make(chan struct{})
}

// Hold stops the pictures in the middle of one, or lets them go on.
func (c *Camera) Hold(on bool) { c.change(func() { c.held = on }) }

// Automatic reports whether the host has set the exposure to be automatic.
func (c *Camera) Automatic() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mode == 8
}

// AwaitPicture waits until the camera has begun to send n pictures more.
func (c *Camera) AwaitPicture(ctx context.Context, n int) error {
	c.mu.Lock()
	want := c.begun + n
	c.mu.Unlock()
	for {
		c.mu.Lock()
		changed, begun := c.changed, c.begun
		c.mu.Unlock()
		if begun >= want {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// agreement is what the camera answers to every question about its stream (UVC 1.1 table 4-75).
func (c *Camera) agreement() []byte {
	le := binary.LittleEndian
	b := append(le.AppendUint16(nil, 1), 1, 1) // the interval is the host's; format, frame
	b = le.AppendUint32(b, interval)
	b = append(b, make([]byte, 10)...)
	b = le.AppendUint32(b, maxPicture)
	return le.AppendUint32(b, maxPayload)
}

// Requests and selectors of the class (UVC 1.1 tables ).
const (
	setCur = 0x01
	getCur = 0x81
	getMin = 0x82
	getMax = 0x83
	getRes = 0x84
	getLen = 0x85
	getInf = 0x86
	getDef = 0x87

	selectProbe    = 1
	selectCommit   = 2
	selectAutoMode = 2
	selectExposure = 4
)

// Control implements usbip.Device.
func (c *Camera) Control(_ context.Context, s usb.Setup, data []byte) (int, error) {
	entity, number, selector := byte(s.Index>>8), byte(s.Index), byte(s.Value>>8)
	refused := fmt.Errorf("request %02x of %d: %w", s.Request, selector, usb.ErrStall)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case number == interfaceStreaming && (selector == selectProbe || selector == selectCommit):
		return c.negotiate(s.Request, data)
	case number == interfaceControl && entity == entityCamera && selector == selectAutoMode:
		return answer(s.Request, data, refused, 1, map[byte]uint32{getCur: uint32(c.mode), getRes: 1 | 8, getDef: 8}, func(v uint32) { c.mode = byte(v) })
	case number == interfaceControl && entity == entityCamera && selector == selectExposure:
		return answer(s.Request, data, refused, 4, map[byte]uint32{getCur: c.exposure, getMin: 3, getMax: 2047, getRes: 1, getDef: 250}, func(v uint32) { c.exposure = v })
	}
	return 0, refused
}

func (c *Camera) negotiate(request uint8, data []byte) (int, error) {
	switch request {
	case setCur:
		c.left, c.sending = nil, false
		return len(data), nil
	case getLen:
		return copy(data, binary.LittleEndian.AppendUint16(nil, uint16(len(c.probe)))), nil
	case getInf:
		return copy(data, []byte{3}), nil
	}
	return copy(data, c.probe), nil
}

// answer serves a control of some bytes.
func answer(request uint8, data []byte, refused error, length int, values map[byte]uint32, set func(uint32)) (int, error) {
	if request == setCur {
		var b [4]byte
		copy(b[:length], data)
		set(binary.LittleEndian.Uint32(b[:]))
		return len(data), nil
	}
	if request == getLen {
		return copy(data, []byte{byte(length), 0}), nil
	}
	if request == getInf {
		return copy(data, []byte{3}), nil
	}
	v, ok := values[request]
	if !ok {
		return 0, refused
	}
	return copy(data, binary.LittleEndian.AppendUint32(nil, v)[:length]), nil
}

// Read implements usbip.Device: each transfer is a payload, a header and a part of a picture
// (UVC 1.1 §2.4.3.3).
func (c *Camera) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	if endpoint != endpointVideo || len(buf) <= headerLen {
		return 0, usb.ErrStall
	}
	for {
		n, wait, changed := c.payload(buf[:min(len(buf), maxPayload)])
		if n > 0 {
			return n, nil
		}
		due := time.NewTimer(wait)
		select {
		case <-due.C:
		case <-changed:
		case <-ctx.Done():
		}
		due.Stop()
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
}

// payload fills buf with the next payload, or returns what to wait for.
func (c *Camera) payload(buf []byte) (n int, wait time.Duration, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.sending && time.Until(c.due) > 0:
		return 0, time.Until(c.due), c.changed
	case !c.sending:
		c.left, c.sending, c.due = c.picture, true, time.Now().Add(time.Second/30)
		c.odd ^= 1
		c.begun++
		close(c.changed)
		c.changed = make(chan struct{})
	case c.held:
		return 0, time.Hour, c.changed
	}
	const end, last = 0x80, 0x02
	n = copy(buf[headerLen:], c.left[:min(len(c.left), len(buf)-headerLen-1)])
	c.left = c.left[n:]
	buf[0], buf[1] = headerLen, end|c.odd
	if len(c.left) == 0 {
		buf[1] |= last
		c.sending = false
	}
	return headerLen + n, 0, nil
}

// Write implements usbip.Device: there is no OUT endpoint.
func (c *Camera) Write(context.Context, uint8, []byte) (int, error) { return 0, usb.ErrStall }
