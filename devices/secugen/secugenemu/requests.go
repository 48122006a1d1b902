package secugenemu

import (
	"context"
	"encoding/binary"
	"time"

	"boothd/devices/usb"
)

// Requests.
const (
	requestStart    = 0x01
	requestStop     = 0x02
	requestExpose   = 0x05
	requestMemory   = 0x08
	requestLamp     = 0x11
	requestStatus   = 0x16
	requestRegister = 0x22
	requestSerial   = 0x25
	requestExposure = 0x40
)

const (
	sensor      = 0x37
	memoryStart = 0x2000
)

// Control implements usbip.Device.
func (s *Scanner) Control(ctx context.Context, r usb.Setup, data []byte) (int, error) {
	if err := s.obstruct(ctx); err != nil {
		return 0, err
	}
	switch r.RequestType {
	case 0xc0:
		return s.answer(r, data)
	case 0x40:
		return len(data), s.obey(ctx, r, data)
	}
	return 0, usb.ErrStall
}

// answer answers a request for data.
func (s *Scanner) answer(r usb.Setup, data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Request == requestSerial && r.Value == 0 && r.Index == 0:
		return copy(data, s.unit.serial()), nil
	case r.Request == requestStatus && r.Value == 0 && r.Index == 0:
		return copy(data, make([]byte, 4)), nil
	case r.Request == requestRegister && r.Value == sensor && r.Index < 256 && len(data) == 1:
		data[0] = s.registers[r.Index]
		if s.fails(BadRegister) {
			data[0] ^= 0x10
		}
		return 1, nil
	case r.Request == requestMemory && r.Value == 0:
		at := int(r.Index) - memoryStart
		if at < 0 || at+len(data) > len(s.blob) {
			return 0, usb.ErrStall
		}
		copy(data, s.blob[at:])
		if at == 0 && s.fails(BadSum) {
			data[len(data)/2] ^= 0x20
		}
		return len(data), nil
	}
	return 0, usb.ErrStall
}

// obey does what a request asks for.
func (s *Scanner) obey(ctx context.Context, r usb.Setup, data []byte) error {
	switch {
	case r.Request == requestExpose && r.Value == 1 && r.Index == 0 && len(data) == 0:
		s.change(s.expose)
		return wait(ctx, ExposeTime)
	case r.Request == requestStart && r.Value == 0 && r.Index == 0 && len(data) == 0:
		if err := wait(ctx, StartTime); err != nil {
			return err
		}
		s.change(func() { s.streaming = true })
	case r.Request == requestStop && r.Value == 0 && r.Index == 0 && len(data) == 0:
		s.change(func() { s.streaming, s.exposed, s.sending = false, nil, nil })
	case r.Request == requestLamp && r.Value <= 1 && r.Index == 0 && len(data) == 0:
		s.change(func() { s.lamp = r.Value == 1 })
	case r.Request == requestExposure && r.Value == 0 && r.Index == 0 && len(data) == 4:
		s.change(func() { s.exposure = binary.BigEndian.Uint16(data) })
	case r.Request == requestRegister && r.Value == sensor && r.Index < 256 && len(data) == 1:
		s.change(func() { s.registers[r.Index] = data[0] })
	default:
		return usb.ErrStall
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// expose takes a frame.
func (s *Scanner) expose() {
	s.taken++
	scene := s.bare
	if s.lifted {
		s.lifted = false
	} else if s.laid != nil {
		scene = s.frame
	}
	pixels := make([]byte, rawPixels)
	if !s.windowed() {
		scene = nil // elsewhere on the sensor there is nothing to see
	}
	for i := range pixels {
		v := darkness
		if scene != nil {
			v = int(scene[i])
		}
		pixels[i] = byte(min(255, v*int(s.exposure)/int(s.unit.Exposure)+s.light))
	}
	s.exposed, s.sending = complete(pixels), nil
}

// windowed says whether the sensor's window is the unit's own and its reset has ended.
func (s *Scanner) windowed() bool {
	const columns, extra = 12, 3
	want := []int{s.unit.X + columns, s.unit.Width + extra, s.unit.Y, s.unit.Height + extra}
	for i, v := range want {
		if binary.BigEndian.Uint16(s.registers[0x41+2*i:]) != uint16(v) {
			return false
		}
	}
	return s.registers[0x03] == 0x05 && binary.BigEndian.Uint16(s.registers[0x30:]) == s.unit.Exposure
}
