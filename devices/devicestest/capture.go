package devicestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"boothd/devices"
)

// open opens the rig's device and closes it when the test ends.
func (r *Rig) open(t *testing.T) devices.Device {
	t.Helper()
	d, err := openPort(t, r, r.Port())
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func openPort(t *testing.T, r *Rig, p devices.Port) (devices.Device, error) {
	t.Helper()
	// A driver may take 10 seconds; the rest is for a busy machine.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return r.Driver.Open(ctx, p)
}

func must(d devices.Device, err error) func(*testing.T) devices.Device {
	return func(t *testing.T) devices.Device {
		t.Helper()
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		t.Cleanup(func() { d.Close() })
		return d
	}
}

func closeDevice(t *testing.T, d devices.Device) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- d.Close() }()
	select {
	case err := <-done:
		if err != nil && !errors.Is(err, devices.ErrGone) {
			t.Errorf("close: %v", err)
		}
	case <-time.After(patience):
		t.Fatal("close does not return")
	}
}

// outcome is what a capture returned.
type outcome struct {
	value any
	err   error
}

// running is a capture under way.
type running struct {
	done chan outcome
}

// start begins a capture in its own goroutine. Every caller waits for it.
func start(ctx context.Context, d devices.Device) *running {
	c := &running{done: make(chan outcome, 1)}
	go func() {
		value, err := capture(ctx, d)
		c.done <- outcome{value, err}
	}()
	return c
}

func capture(ctx context.Context, d devices.Device) (any, error) {
	switch d := d.(type) {
	case devices.FingerScanner:
		return d.CaptureFinger(ctx)
	case devices.DocumentReader:
		return d.ReadMRZ(ctx)
	case devices.BarcodeReader:
		return d.ReadBarcode(ctx)
	case devices.Camera:
		return d.Frame(ctx)
	case devices.PageCamera:
		return d.Page(ctx, devices.LightVisible)
	case devices.ChipReader:
		return read(ctx, d)
	}
	return nil, fmt.Errorf("%T is of no known kind", d)
}

// read takes the chip, selects the application of travel documents (ICAO 9303-10 §3.6.2)
// and returns its response.
func read(ctx context.Context, d devices.ChipReader) (any, error) {
	chip, err := d.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer chip.Close()
	return chip.Transmit(ctx, []byte{0x00, 0xa4, 0x04, 0x0c, 0x07, 0xa0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01})
}

// unasked reports whether the device sends what is presented once and whether or not somebody
// waits.
func (r *Rig) unasked() bool {
	return r.Driver.Kind == devices.KindDocumentReader || r.Driver.Kind == devices.KindBarcodeReader
}

func kindOf(d devices.Device) devices.Kind {
	switch d.(type) {
	case devices.FingerScanner:
		return devices.KindFingerScanner
	case devices.DocumentReader:
		return devices.KindDocumentReader
	case devices.BarcodeReader:
		return devices.KindBarcodeReader
	case devices.Camera:
		return devices.KindCamera
	case devices.PageCamera:
		return devices.KindPageCamera
	case devices.ChipReader:
		return devices.KindChipReader
	}
	return ""
}

// startWaiting begins a capture while nothing is presented and sees that it waits. A
// camera may first return pictures that were on their way.
func (r *Rig) startWaiting(ctx context.Context, t *testing.T, d devices.Device) *running {
	t.Helper()
	for range 20 {
		c := start(ctx, d)
		select {
		case got := <-c.done:
			if got.err != nil {
				t.Fatalf("capture with nothing presented: %v", got.err)
			}
			if r.Driver.Kind != devices.KindCamera && r.Driver.Kind != devices.KindPageCamera {
				t.Fatal("capture with nothing presented returned something")
			}
			r.wantEqual(t, got.value)
		case <-time.After(settle):
			return c
		}
	}
	t.Fatal("the pictures do not stop")
	return nil
}

func (c *running) wait(t *testing.T) outcome {
	t.Helper()
	select {
	case got := <-c.done:
		return got
	case <-time.After(patience):
		t.Fatal("the capture does not end")
		return outcome{}
	}
}

func (c *running) wantError(t *testing.T) error {
	t.Helper()
	got := c.wait(t)
	if got.err == nil {
		t.Fatal("the capture returned something")
	}
	return got.err
}

// wantEndSoon is called when the capture's context has ended.
func (c *running) wantEndSoon(t *testing.T, want error) {
	t.Helper()
	const bound = time.Second + Slack
	select {
	case got := <-c.done:
		if !errors.Is(got.err, want) {
			t.Errorf("capture: %v; want %v", got.err, want)
		}
	case <-time.After(bound):
		t.Fatalf("the capture has not ended %v after its context", bound)
	}
}

// wantGolden captures while the golden thing is presented, and compares. A document that is
// presented a moment too early, before the reader waits, must be presented again.
func (r *Rig) wantGolden(t *testing.T, d devices.Device) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var got outcome
	for early := 0; ; early++ {
		got = r.present(t, start(ctx, d))
		var retry *devices.RetryError
		if early == 3 || !r.unasked() || !errors.As(got.err, &retry) {
			break
		}
	}
	if got.err != nil {
		t.Fatalf("capture: %v", got.err)
	}
	r.wantEqual(t, got.value)
}

// present presents the golden thing until the capture ends.
func (r *Rig) present(t *testing.T, c *running) outcome {
	t.Helper()
	again := time.NewTicker(presents)
	defer again.Stop()
	giveUp := time.After(patience + time.Second + Slack)
	for early := r.unasked(); ; early = false {
		if !early {
			r.Present()
		}
		select {
		case got := <-c.done:
			return got
		case <-again.C:
		case <-giveUp:
			t.Fatal("the capture does not end")
		}
	}
}

func (r *Rig) wantEqual(t *testing.T, got any) {
	t.Helper()
	switch got := got.(type) {
	case *devices.FingerImage:
		want := r.Golden.(*devices.FingerImage)
		if got.DPI != want.DPI {
			t.Errorf("finger at %d dpi; want %d", got.DPI, want.DPI)
		}
		if got.Bounds() != want.Bounds() {
			t.Fatalf("finger image %v; want %v", got.Bounds(), want.Bounds())
		}
		if n := differing(got, want); n > 0 {
			t.Errorf("%d pixels differ", n)
		}
	case []string:
		if want := r.Golden.([]string); !slices.Equal(got, want) {
			t.Errorf("document %q; want %q", got, want)
		}
	case *devices.Frame:
		want := r.Golden.(*devices.Frame)
		if got.Width != want.Width || got.Height != want.Height {
			t.Errorf("frame %dx%d; want %dx%d", got.Width, got.Height, want.Width, want.Height)
		}
		if !bytes.Equal(got.JPEG, want.JPEG) {
			t.Error("the frame differs")
		}
		if got.At.IsZero() {
			t.Error("the frame has no time")
		}
	case []byte:
		if want := r.Golden.([]byte); !bytes.Equal(got, want) {
			t.Errorf("bytes % x; want % x", got, want)
		}
	default:
		t.Errorf("capture returned a %T", got)
	}
}

func differing(a, b *devices.FingerImage) int {
	n := 0
	for y := a.Rect.Min.Y; y < a.Rect.Max.Y; y++ {
		for x := a.Rect.Min.X; x < a.Rect.Max.X; x++ {
			if a.GrayAt(x, y) != b.GrayAt(x, y) {
				n++
			}
		}
	}
	return n
}
