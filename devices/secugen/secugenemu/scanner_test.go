package secugenemu

import (
	"bytes"
	"context"
	"errors"
	"image"
	"math"
	"testing"
	"testing/synctest"

	"boothd/devices/usb"
)

func TestTraceIsTheInverseOfProject(t *testing.T) {
	for x := 0.0; x <= Width; x += 30 {
		for y := 0.0; y <= Height; y += 40 {
			u, v := project(x, y)
			if u < 0 || u >= rawWidth || v < 0 || v >= rawHeight {
				t.Errorf("%v, %v is seen at %v, %v: not on the frame", x, y, u, v)
			}
			if a, b := trace(u, v); math.Hypot(a-x, b-y) > 1e-6 {
				t.Errorf("%v, %v is seen at %v, %v and traced to %v, %v", x, y, u, v, a, b)
			}
		}
	}
}

func TestTheBlobHasItsLengthAndSum(t *testing.T) {
	if got := sum([]byte("123456789")); got != 0x31c3 { // CRC-16/XMODEM
		t.Errorf("sum %04x; want 31c3", got)
	}
	b := New(Unit{}).Blob()
	if len(b) != blobLen {
		t.Fatalf("%d bytes; want %d", len(b), blobLen)
	}
	if got, want := sum(b[:blobLen-2]), uint16(b[blobLen-2])|uint16(b[blobLen-1])<<8; got != want {
		t.Errorf("sum %04x; it says %04x", got, want)
	}
}

func send(s *Scanner, request uint8, value, index uint16, data ...byte) error {
	_, err := s.Control(context.Background(), usb.Setup{RequestType: 0x40, Request: request, Value: value, Index: index}, data)
	return err
}

func TestWhatNoHostAsksIsRefused(t *testing.T) {
	fetch := func(request uint8, value, index uint16, n int) func(*Scanner) error {
		return func(s *Scanner) error {
			_, err := s.Control(t.Context(), usb.Setup{RequestType: 0xc0, Request: request, Value: value, Index: index}, make([]byte, n))
			return err
		}
	}
	tests := []struct {
		name string
		ask  func(*Scanner) error
	}{
		{"a request that nobody knows", func(s *Scanner) error { return send(s, 0x77, 0, 0) }},
		{"a class request", func(s *Scanner) error {
			_, err := s.Control(t.Context(), usb.Setup{RequestType: 0xa1, Request: 1}, make([]byte, 1))
			return err
		}},
		{"memory before the calibration", fetch(requestMemory, 0, 0x1fff, 2)},
		{"memory beyond it", fetch(requestMemory, 0, 0x7000, 2463)},
		{"a register of another chip", fetch(requestRegister, 0x38, 3, 1)},
		{"two registers at once", fetch(requestRegister, sensor, 3, 2)},
		{"an exposure of two bytes", func(s *Scanner) error { return send(s, requestExposure, 0, 0, 1, 2) }},
		{"another endpoint", func(s *Scanner) error { _, err := s.Read(t.Context(), 0x81, make([]byte, 64)); return err }},
		{"a write", func(s *Scanner) error { _, err := s.Write(t.Context(), 0x02, make([]byte, 64)); return err }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.ask(New(Unit{})); !errors.Is(err, usb.ErrStall) {
				t.Errorf("error %v; want a stall", err)
			}
		})
	}
}

// ready sets the sensor's window and the exposure.
func ready(t *testing.T, s *Scanner) {
	t.Helper()
	settings := map[uint16]byte{
		0x03: 0x05, 0x30: 0x04, 0x31: 0x5c, 0x41: 0x01, 0x42: 0x48, 0x43: 0x03, 0x44: 0xbf, 0x46: 0xcc, 0x47: 0x02, 0x48: 0xb3,
	}
	for register, v := range settings {
		if err := send(s, requestRegister, sensor, register, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := send(s, requestExposure, 0, 0, 0x04, 0x5c, 0, 0); err != nil {
		t.Fatal(err)
	}
}

// take takes a frame, in pieces of the given length.
func take(t *testing.T, s *Scanner, piece int) []byte {
	t.Helper()
	for _, err := range []error{send(s, requestExpose, 1, 0), send(s, requestStart, 0, 0)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var frame []byte
	for len(frame) < frameLen {
		b := make([]byte, piece)
		n, err := s.Read(t.Context(), endpointFrame, b)
		if err != nil {
			t.Fatal(err)
		}
		frame = append(frame, b[:n]...)
	}
	if err := send(s, requestStop, 0, 0); err != nil {
		t.Fatal(err)
	}
	return frame
}

func TestAFrameIsTheSameInPiecesOfAnyLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Unit{})
		ready(t, s)
		finger := image.NewGray(image.Rect(0, 0, 100, 100))
		s.Lay(finger)
		for _, piece := range []int{512, 65536, frameLen, frameLen + 512} {
			if !bytes.Equal(take(t, s, piece), s.Frame(finger)) {
				t.Errorf("pieces of %d bytes make another frame", piece)
			}
		}
	})
}

func TestAfterALiftOneFrameShowsTheEmptyGlass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Unit{})
		ready(t, s)
		finger := image.NewGray(image.Rect(0, 0, 100, 100))
		empty, laid := s.Frame(nil), s.Frame(finger)
		s.Lay(finger)
		s.Lay(finger) // changes nothing
		if !bytes.Equal(take(t, s, frameLen), laid) {
			t.Error("the first frame does not show the finger")
		}
		s.Lift()
		s.Lay(finger)
		if !bytes.Equal(take(t, s, frameLen), empty) {
			t.Error("the frame after the lift does not show the empty glass")
		}
		if !bytes.Equal(take(t, s, frameLen), laid) {
			t.Error("the frame after it does not show the finger")
		}
	})
}

func TestAWrongWindowShowsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Unit{X: 300, Y: 204})
		ready(t, s)
		s.Lay(image.NewGray(image.Rect(0, 0, 100, 100)))
		frame := take(t, s, frameLen)
		if !bytes.Equal(frame[:rawPixels], bytes.Repeat([]byte{darkness}, rawPixels)) {
			t.Error("it shows something")
		}
	})
}
