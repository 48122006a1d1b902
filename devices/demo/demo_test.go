package demo_test

import (
	"context"
	"errors"
	"image"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/demo"
	"boothd/devices/demo/demoemu"
	"boothd/devices/devicestest"
	"boothd/devices/serial"
)

// plug returns a scanner and the port that a scan finds it at.
func plug(t *testing.T) (*demoemu.Plugged, func() devices.Port) {
	t.Helper()
	emu, err := demoemu.Plug(filepath.Join(t.TempDir(), "scanner"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { emu.Close() })
	bus, err := serial.NewBus(serial.Config{Path: emu.Path(), Baud: 115200, Driver: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	return emu, func() devices.Port {
		ports, err := bus.Scan(t.Context())
		if err != nil || len(ports) != 1 {
			t.Fatalf("scan: %v, %v", ports, err)
		}
		return ports[0]
	}
}

func TestContract(t *testing.T) {
	finger := demoemu.Draw(1)
	devicestest.Run(t, func(t *testing.T) *devicestest.Rig {
		emu, port := plug(t)
		do := func(f func() error) func() {
			return func() {
				if err := f(); err != nil {
					t.Error(err)
				}
			}
		}
		spoil := func(change func([]byte) []byte) func() {
			return func() {
				emu.Spoil(change)
				emu.Lay(finger)
			}
		}
		return &devicestest.Rig{
			Driver:   demo.Driver(),
			Port:     port,
			Golden:   &devices.FingerImage{Gray: finger, DPI: demoemu.DPI},
			Present:  func() { emu.Lay(finger) },
			Withdraw: emu.Lift,
			Unplug:   do(emu.Unplug),
			Replug:   do(emu.Replug),
			Garble:   spoil(demoemu.Garble),
			Truncate: spoil(demoemu.Cut),
			Faults: map[string]func(){
				"a finger lifted too early":  func() { emu.LiftEarly(); emu.Lay(finger) },
				"an answer to nobody":        func() { do(func() error { return emu.Send(demoemu.Picture(200, demoemu.Draw(2))) })(); emu.Lay(finger) },
				"a picture of another size":  spoil(func(b []byte) []byte { b[2] = 0xff; return b }),
				"a picture without end":      spoil(func(b []byte) []byte { return slices.Repeat(b[:len(b)-4], 3) }),
				"an answer of an other kind": spoil(func(b []byte) []byte { b[0] = 'Z'; return b }),
			},
		}
	})
}

func TestAScannerThatDoesNotAnswerIsNotOpened(t *testing.T) {
	emu, port := plug(t)
	emu.Mute()
	d, err := demo.Driver().Open(t.Context(), port())
	if err == nil {
		d.Close()
		t.Fatal("open succeeded")
	}
	if errors.Is(err, devices.ErrGone) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("open: %v; want a fault", err)
	}
}

func TestAnotherNumberIsAnotherFinger(t *testing.T) {
	if slices.Equal(demoemu.Draw(1).Pix, demoemu.Draw(2).Pix) {
		t.Error("two numbers give one finger")
	}
	if !slices.Equal(demoemu.Draw(7).Pix, demoemu.Draw(7).Pix) {
		t.Error("one number gives two fingers")
	}
}

// bytesLine is a line on which the scanner has said something, and then says no more.
type bytesLine struct{ said []byte }

func (l *bytesLine) Read(ctx context.Context, buf []byte) (int, error) {
	if len(l.said) == 0 {
		return 0, devices.ErrGone
	}
	n := copy(buf, l.said)
	l.said = l.said[n:]
	return n, nil
}
func (l *bytesLine) Write(_ context.Context, data []byte) (int, error) { return len(data), nil }
func (l *bytesLine) Discard()                                          {}
func (l *bytesLine) Close() error                                      { return nil }

func FuzzAnswer(f *testing.F) {
	small := demoemu.Picture(1, image.NewGray(image.Rect(0, 0, 8, 6)))
	f.Add(small)
	f.Add(demoemu.Cut(small))
	f.Add(demoemu.Garble(small))
	f.Add([]byte{'A', 1})
	f.Add([]byte("F\x01\xff\xff\xff\xff\x01\xf4"))
	f.Add([]byte("Dboothd demo scanner\n"))
	f.Fuzz(func(t *testing.T, said []byte) {
		img, err := demo.ReadAnswer(t.Context(), &bytesLine{said}, time.Minute)
		if err == nil && (img == nil || len(img.Pix) != img.Rect.Dx()*img.Rect.Dy() || img.DPI <= 0) {
			t.Errorf("picture %v", img)
		}
		model, err := demo.ReadModel(t.Context(), &bytesLine{said})
		if err == nil && (model == "" || len(model) > 64) {
			t.Errorf("model %q", model)
		}
	})
}
