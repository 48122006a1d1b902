package uareu_test

import (
	"context"
	"image"
	"math"
	"net"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/devicestest"
	"boothd/devices/uareu"
	"boothd/devices/uareu/uareuemu"
	"boothd/devices/usbip"
)

const busID = "1-1"

// bench is an emulated scanner, exported over a real TCP connection.
type bench struct {
	scanner *uareuemu.Scanner
	server  *usbip.Server
	bus     *usbip.Bus
}

func newBench(t testing.TB, model uareuemu.Model) *bench {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{uareuemu.New(model), usbip.NewServer(nil), usbip.NewBus(nil, l.Addr().String())}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.server.Serve(ctx, l) }()
	t.Cleanup(func() {
		b.server.Unplug(busID)
		cancel()
		<-ended
	})
	b.plug(t)
	return b
}

func (b *bench) plug(t testing.TB) {
	t.Helper()
	if err := b.server.Plug(busID, b.scanner); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) port(t testing.TB) devices.Port {
	t.Helper()
	ports, err := b.bus.Scan(t.Context())
	if err != nil || len(ports) != 1 {
		t.Fatalf("scan: %d ports, %v", len(ports), err)
	}
	return ports[0]
}

func (b *bench) open(t testing.TB) devices.FingerScanner {
	t.Helper()
	d, err := uareu.Driver().Open(t.Context(), b.port(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d.(devices.FingerScanner)
}

// drawnFinger draws ridges around a core, an upright oval on white. It has no symmetry
// that would hide a picture turned or mirrored.
func drawnFinger() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 300, 280))
	for y := range 280 {
		for x := range 300 {
			dx, dy := float64(x-140), float64(y-120)
			v := 255.0
			if dx*dx/(130*130)+dy*dy/(150*150) < 1 {
				v = 140 + 100*math.Sin(math.Hypot(dx, dy*0.8)*0.7+dx*0.03)
			}
			img.Pix[y*img.Stride+x] = uint8(v)
		}
	}
	return img
}

func (b *bench) rig(t *testing.T, model uareuemu.Model) *devicestest.Rig {
	finger := drawnFinger()
	fault := func(f uareuemu.Fault, n int) func() {
		return func() {
			b.scanner.Inject(f, n)
			b.scanner.Lay(finger)
		}
	}
	// The second of two spoilt pictures is the one that ends a capture.
	const twice = 2
	rig := &devicestest.Rig{
		Driver:   uareu.Driver(),
		Port:     func() devices.Port { return b.port(t) },
		Golden:   &devices.FingerImage{Gray: b.scanner.Seen(finger), DPI: 500},
		Present:  func() { b.scanner.Lay(finger) },
		Withdraw: b.scanner.Lift,
		Unplug:   func() { b.server.Unplug(busID) },
		Replug:   func() { b.plug(t) },
		Garble:   fault(uareuemu.Garbage, twice),
		Truncate: fault(uareuemu.TruncatedPicture, twice),
	}
	if model == uareuemu.UareU4500 || model == uareuemu.MicrosoftReaderV2 {
		// What follows is slow, and the same for all models.
		rig.Faults = map[string]func(){
			"an empty picture":                    fault(uareuemu.EmptyPicture, twice),
			"a header with impossible numbers":    fault(uareuemu.BadHeader, twice),
			"an endpoint that stalls":             fault(uareuemu.Stall, 1),
			"a picture that does not come":        fault(uareuemu.Silence, 1),
			"a finger lifted too early":           func() { b.scanner.LayShort(finger) },
			"an event that nobody knows":          func() { b.scanner.Announce(0x7e57); b.scanner.Lay(finger) },
			"power that is reported in mid-air":   func() { b.scanner.Announce(0x56aa); b.scanner.Lay(finger) },
			"an announced failure that comes":     func() { b.scanner.Announce(0x0800); fault(uareuemu.EmptyPicture, twice)() },
			"one empty picture":                   fault(uareuemu.EmptyPicture, 1),
			"an announced failure that stays out": func() { b.scanner.Announce(0x0800); b.scanner.Lay(finger) },
		}
	}
	return rig
}

func TestContract(t *testing.T) {
	for _, model := range uareuemu.Models() {
		if testing.Short() && model != uareuemu.UareU4500 {
			continue
		}
		t.Run(model.String(), func(t *testing.T) {
			devicestest.Run(t, func(t *testing.T) *devicestest.Rig { return newBench(t, model).rig(t, model) })
		})
	}
}

func TestUnpluggedWhileThePictureArrives(t *testing.T) {
	b := newBench(t, uareuemu.UareU4500)
	d := b.open(t)
	b.scanner.Inject(uareuemu.Silence, 1)
	b.scanner.Lay(drawnFinger())
	captured := make(chan error, 1)
	go func() {
		_, err := d.CaptureFinger(t.Context())
		captured <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := b.scanner.Await(ctx, uareuemu.ModeCapture); err != nil {
		t.Fatal(err)
	}
	b.server.Unplug(busID)
	wantGone(t, <-captured)
}
