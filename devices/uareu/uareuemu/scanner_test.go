package uareuemu_test

import (
	"context"
	"errors"
	"image"
	"testing"
	"testing/synctest"
	"time"

	"boothd/devices/uareu/uareuemu"
	"boothd/devices/usb"
)

func TestTablesOfBlocksThatMakeNoPictureAreRefused(t *testing.T) {
	const scrambled, missing = uareuemu.Scrambled, uareuemu.Missing
	many := []uareuemu.Block{{Flags: scrambled, Lines: 200}, {Flags: missing, Lines: 1}}
	for range 14 {
		many = append(many, uareuemu.Block{Flags: scrambled, Lines: 6})
	}
	tests := []struct {
		name   string
		blocks []uareuemu.Block
	}{
		{"none", nil},
		{"more than the header has room for", many},
		{"no missing line", []uareuemu.Block{{Flags: scrambled, Lines: 200}, {Flags: scrambled, Lines: 90}}},
		{"too few lines", []uareuemu.Block{{Flags: scrambled, Lines: 200}, {Flags: missing, Lines: 1}, {Flags: scrambled, Lines: 88}}},
		{"nothing after the missing line", []uareuemu.Block{{Flags: scrambled, Lines: 200}, {Flags: scrambled, Lines: 89}, {Flags: missing, Lines: 1}}},
		{"a plain start", []uareuemu.Block{{Lines: 200}, {Flags: missing, Lines: 1}, {Flags: scrambled, Lines: 89}}},
		{"a block without lines", []uareuemu.Block{{Flags: scrambled, Lines: 200}, {Flags: missing, Lines: 1}, {}, {Flags: scrambled, Lines: 89}}},
		{"missing and scrambled at once", []uareuemu.Block{{Flags: scrambled, Lines: 200}, {Flags: missing | scrambled, Lines: 1}, {Flags: scrambled, Lines: 89}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := uareuemu.New(uareuemu.UareU4500).SetBlocks(tt.blocks); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// write writes a register as a host does.
func write(s *uareuemu.Scanner, register uint16, data ...byte) error {
	_, err := s.Control(context.Background(), usb.Setup{RequestType: 0x40, Request: 4, Value: register}, data)
	return err
}

func read(s *uareuemu.Scanner, register uint16, n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := s.Control(context.Background(), usb.Setup{RequestType: 0xc0, Request: 4, Value: register}, b)
	return b, err
}

func TestRegistersThatCannotBeReachedAreRefused(t *testing.T) {
	asleep := func(s *uareuemu.Scanner) error { return write(s, 0x4e, 0x10) }
	tests := []struct {
		name string
		ask  func(*uareuemu.Scanner) error
	}{
		{"a mode before power-up", asleep},
		{"a key before power-up", func(s *uareuemu.Scanner) error { return write(s, 0x33, 0, 1, 2, 3, 4) }},
		{"a register that nobody knows", func(s *uareuemu.Scanner) error { _, err := read(s, 0x1234, 1); return err }},
		{"more bytes than a register has", func(s *uareuemu.Scanner) error { _, err := read(s, 0x07, 2); return err }},
		{"a challenge that the model does not ask", func(s *uareuemu.Scanner) error { _, err := read(s, 0x2010, 16); return err }},
		{"another request", func(s *uareuemu.Scanner) error {
			_, err := s.Control(t.Context(), usb.Setup{RequestType: 0xc0, Request: 5, Value: 7}, make([]byte, 1))
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.ask(uareuemu.New(uareuemu.UareU4500)); !errors.Is(err, usb.ErrStall) {
				t.Errorf("error %v; want a stall", err)
			}
		})
	}
}

func TestAWrongResponseLeavesTheScannerAsleep(t *testing.T) {
	s := uareuemu.New(uareuemu.MicrosoftReaderV2)
	for _, step := range []error{
		write(s, 0x07, 0x83), write(s, 0x07, 0x03), write(s, 0x2000, make([]byte, 16)...), write(s, 0x07, 0x03),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	if b, err := read(s, 0x07, 1); err != nil || b[0] != 0x83 {
		t.Errorf("power register %#02x, %v; want it asleep", b[0], err)
	}
}

func TestAPictureMayBeReadInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := uareuemu.New(uareuemu.UareU4500)
		s.Lay(image.NewGray(image.Rect(0, 0, 10, 10)))
		for _, step := range []error{write(s, 0x07, 0x81), write(s, 0x07, 0x01), write(s, 0x4e, 0x20)} {
			if step != nil {
				t.Fatal(step)
			}
		}
		const lines, piece = 289, 16384
		begin := time.Now()
		total := 0
		for n := piece; n == piece; {
			var err error
			if n, err = s.Read(t.Context(), 0x82, make([]byte, piece)); err != nil {
				t.Fatal(err)
			}
			total += n
		}
		if total != 64+uareuemu.Width*lines {
			t.Errorf("%d bytes", total)
		}
		if took := time.Since(begin); took != uareuemu.PictureTime {
			t.Errorf("took %v", took)
		}
	})
}

func TestLayingTheSameFingerAgainChangesNothing(t *testing.T) {
	s := uareuemu.New(uareuemu.UareU4500)
	for _, step := range []error{write(s, 0x07, 0x81), write(s, 0x07, 0x01), write(s, 0x4e, 0x12)} {
		if step != nil {
			t.Fatal(step)
		}
	}
	finger := image.NewGray(image.Rect(0, 0, 10, 10))
	packet := make([]byte, 64)
	next := func() [2]byte {
		t.Helper()
		if _, err := s.Read(t.Context(), 0x81, packet); err != nil {
			t.Fatal(err)
		}
		return [2]byte(packet)
	}
	power, removal, on := [2]byte{0x56, 0xaa}, [2]byte{0x02, 0x00}, [2]byte{0x01, 0x01}
	for _, want := range [][2]byte{power, power, removal} { // nothing lay on the glass
		if got := next(); got != want {
			t.Fatalf("event % x; want % x", got, want)
		}
	}
	write(s, 0x4e, 0x10)
	s.Lay(finger)
	s.Lay(finger)
	write(s, 0x4e, 0x12)
	s.Lift()
	for _, want := range [][2]byte{on, removal} {
		if got := next(); got != want {
			t.Fatalf("event % x; want % x", got, want)
		}
	}
}
