package drivers_test

import (
	"context"
	"errors"
	"image"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/cute/cuteemu"
	"boothd/devices/drivers"
	"boothd/devices/mjpeg/mjpegemu"
	"boothd/devices/serial"
	"boothd/devices/uareu/uareuemu"
	"boothd/devices/usbip"
)

// booth is a manager of all drivers and one emulated device on each transport.
type booth struct {
	*devices.Manager
	reader  *cuteemu.Reader
	camera  *mjpegemu.Camera
	scanner *usbip.Server
}

const slot = "1-1" // the scanner's, on the USB/IP server

func newBooth(t *testing.T) *booth {
	t.Helper()
	reader, err := cuteemu.New(filepath.Join(t.TempDir(), "reader"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	camera, err := mjpegemu.New("127.0.0.1:0", mjpegemu.Options{Rate: 50})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { camera.Close() })
	lines, err := serial.NewBus(serial.Config{Path: reader.Path(), Baud: 115200, Driver: "cute"})
	if err != nil {
		t.Fatal(err)
	}
	place, err := devices.NewFixedPort(camera.URL(), "mjpeg")
	if err != nil {
		t.Fatal(err)
	}
	scanner, address := newScanner(t)
	b := &booth{reader: reader, camera: camera, scanner: scanner}
	b.Manager = &devices.Manager{
		Buses:    []devices.Bus{usbip.NewBus(nil, address), lines, devices.Fixed{place}},
		Drivers:  drivers.All(),
		Interval: 50 * time.Millisecond,
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return b
}

func newScanner(t *testing.T) (*usbip.Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := usbip.NewServer(nil)
	if err := server.Plug(slot, uareuemu.New(uareuemu.UareU4500)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return server, l.Addr().String()
}

// want waits until the status says what is wanted of every kind: "camera ready".
func (b *booth) want(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	deadline := time.After(30 * time.Second)
	for {
		changed := b.Changed()
		var got []string
		for _, s := range b.Status() {
			got = append(got, string(s.Kind)+" "+string(s.State))
		}
		slices.Sort(got)
		if slices.Equal(got, want) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("status %s; want %s", strings.Join(got, ", "), strings.Join(want, ", "))
		}
	}
}

func TestABoothOfAllTransportsFollowsItsPlugs(t *testing.T) {
	b := newBooth(t)
	b.want(t, "camera ready", "document-reader ready", "finger-scanner ready")

	if err := b.camera.Unplug(); err != nil {
		t.Error(err)
	}
	b.want(t, "camera fault", "document-reader ready", "finger-scanner ready")
	b.scanner.Unplug(slot)
	if err := b.reader.Unplug(); err != nil {
		t.Error(err)
	}
	b.want(t, "camera fault")

	if err := b.reader.Replug(); err != nil {
		t.Error(err)
	}
	if err := b.scanner.Plug(slot, uareuemu.New(uareuemu.UareU4500)); err != nil {
		t.Error(err)
	}
	if err := b.camera.Replug(); err != nil {
		t.Error(err)
	}
	b.want(t, "camera ready", "document-reader ready", "finger-scanner ready")
	if err := b.camera.SetPortrait(image.NewGray(image.Rect(0, 0, 30, 40))); err != nil {
		t.Fatal(err)
	}
	err := devices.Use(t.Context(), b.Manager, func(ctx context.Context, c devices.Camera) error {
		f, err := c.Frame(ctx)
		if err == nil && (f.Width != 30 || f.Height != 40) {
			t.Errorf("a picture of %d by %d", f.Width, f.Height)
		}
		return err
	})
	if err != nil {
		t.Errorf("use the camera: %v", err)
	}
}

func TestAReaderPulledInMidReadIsReplacedForTheNextUse(t *testing.T) {
	b := newBooth(t)
	b.want(t, "camera ready", "document-reader ready", "finger-scanner ready")
	done := make(chan error, 1)
	var lines []string
	read := func() {
		done <- devices.Use(t.Context(), b.Manager, func(ctx context.Context, d devices.DocumentReader) (err error) {
			lines, err = d.ReadMRZ(ctx)
			return err
		})
	}
	go read()
	b.want(t, "camera ready", "document-reader busy", "finger-scanner ready")
	if err := b.reader.Send([]byte("\x1c\x02P<UTO")); err != nil {
		t.Error(err)
	}
	if err := b.reader.Unplug(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, devices.ErrGone) {
		t.Errorf("use: %v; want an error matching ErrGone", err)
	}
	go read()
	if err := b.reader.Replug(); err != nil {
		t.Error(err)
	}
	b.want(t, "camera ready", "document-reader busy", "finger-scanner ready")
	want := []string{"D1UTO1234567890<<<<<<<<<<<<<<4"}
	again := time.NewTicker(300 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case err := <-done:
			var retry *devices.RetryError
			if errors.As(err, &retry) { // it was presented before the reader listened
				go read()
				continue
			}
			if err != nil || !slices.Equal(lines, want) {
				t.Errorf("read %q, %v; want %q", lines, err, want)
			}
			return
		case <-again.C:
			if err := b.reader.Present(want); err != nil {
				t.Error(err)
			}
		}
	}
}
