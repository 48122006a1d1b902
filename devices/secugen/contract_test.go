package secugen_test

import (
	"context"
	"image"
	"math"
	"net"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/devicestest"
	"boothd/devices/secugen"
	"boothd/devices/secugen/secugenemu"
	"boothd/devices/usbip"
)

const busID = "1-1"

// bench is an emulated scanner, exported over a real TCP connection.
type bench struct {
	scanner *secugenemu.Scanner
	server  *usbip.Server
	bus     *usbip.Bus
}

func newBench(t testing.TB) *bench {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{secugenemu.New(secugenemu.Unit{}), usbip.NewServer(nil), usbip.NewBus(nil, l.Addr().String())}
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
	d, err := secugen.Driver().Open(t.Context(), b.port(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d.(devices.FingerScanner)
}

// drawnFinger draws ridges around a core, an upright oval on white. It has no symmetry that would
// hide a picture turned or mirrored.
func drawnFinger() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 260, 360))
	for y := range 360 {
		for x := range 260 {
			dx, dy := float64(x-120), float64(y-150)
			v := 255.0
			if dx*dx/(120*120)+dy*dy/(170*170) < 1 {
				v = 128 + 110*math.Sin(math.Hypot(dx, dy*0.8)*0.7+dx*0.03)
			}
			img.Pix[y*img.Stride+x] = uint8(v)
		}
	}
	return img
}

// developed returns the picture that a right driver takes of a finger.
func developed(t testing.TB, s *secugenemu.Scanner, finger *image.Gray) *image.Gray {
	t.Helper()
	img, err := secugen.Develop(s.Blob(), s.Frame(finger), false)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func (b *bench) rig(t *testing.T) *devicestest.Rig {
	finger := drawnFinger()
	fault := func(f secugenemu.Fault, n int) func() {
		return func() {
			b.scanner.Inject(f, n)
			b.scanner.Lay(finger)
		}
	}
	// The second of two spoilt frames is the one that ends a capture.
	const twice = 2
	return &devicestest.Rig{
		Driver:   secugen.Driver(),
		Port:     func() devices.Port { return b.port(t) },
		Golden:   &devices.FingerImage{Gray: developed(t, b.scanner, finger), DPI: 500},
		Present:  func() { b.scanner.Lay(finger) },
		Withdraw: b.scanner.Lift,
		Unplug:   func() { b.server.Unplug(busID) },
		Replug:   func() { b.plug(t) },
		Garble:   fault(secugenemu.Garbage, twice),
		Truncate: fault(secugenemu.ShortFrame, twice),
		Faults: map[string]func(){
			"one frame of noise":                fault(secugenemu.Garbage, 1),
			"one frame that ends early":         fault(secugenemu.ShortFrame, 1),
			"an empty frame":                    fault(secugenemu.EmptyFrame, twice),
			"a frame behind a packet too many":  fault(secugenemu.Misplaced, twice),
			"an endpoint that stalls":           fault(secugenemu.Stall, twice),
			"a frame that does not come":        fault(secugenemu.Silence, 1),
			"a request that is refused":         fault(secugenemu.Refusal, 1),
			"a request that gets no answer":     fault(secugenemu.Deafness, 1),
			"a lamp that comes on for a moment": func() { b.scanner.Shine(120); b.scanner.Shine(0); b.scanner.Lay(finger) },
		},
	}
}

func TestContract(t *testing.T) {
	devicestest.Run(t, func(t *testing.T) *devicestest.Rig { return newBench(t).rig(t) })
}

func TestUnpluggedWhileTheFrameArrives(t *testing.T) {
	b := newBench(t)
	d := b.open(t)
	b.scanner.Inject(secugenemu.Silence, 1)
	b.scanner.Lay(drawnFinger())
	captured := make(chan error, 1)
	go func() {
		_, err := d.CaptureFinger(t.Context())
		captured <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := b.scanner.AwaitStream(ctx); err != nil {
		t.Fatal(err)
	}
	b.server.Unplug(busID)
	wantGone(t, <-captured)
}
