package zfm_test

import (
	"context"
	"errors"
	"image"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/devicestest"
	"boothd/devices/serial"
	"boothd/devices/zfm"
	"boothd/devices/zfm/zfmemu"
)

// bench is an emulated module and the port that a scan finds it at.
type bench struct {
	*zfmemu.Module
	bus *serial.Bus
}

func newBench(t testing.TB, model zfmemu.Model, o zfmemu.Options) *bench {
	t.Helper()
	m, err := zfmemu.New(filepath.Join(t.TempDir(), "module"), model, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	bus, err := serial.NewBus(serial.Config{Path: m.Path(), Baud: 57600, Driver: "zfm"})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{m, bus}
}

func (b *bench) port(t testing.TB) devices.Port {
	t.Helper()
	ports, err := b.bus.Scan(t.Context())
	if err != nil || len(ports) != 1 {
		t.Fatalf("scan: %v, %v", ports, err)
	}
	return ports[0]
}

func (b *bench) open(t testing.TB, c zfm.Config) devices.FingerScanner {
	t.Helper()
	d, err := c.Driver().Open(t.Context(), b.port(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d.(devices.FingerScanner)
}

// capture captures within a time that no capture should take.
func capture(t testing.TB, d devices.FingerScanner) (*devices.FingerImage, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return d.CaptureFinger(ctx)
}

// wantSeen captures and compares with what the module saw.
func (b *bench) wantSeen(t *testing.T, d devices.FingerScanner) {
	t.Helper()
	got, err := capture(t, d)
	if err != nil {
		t.Fatal(err)
	}
	if want := b.Seen(finger()); got.Rect != want.Rect || !slices.Equal(got.Pix, want.Pix) {
		t.Error("the picture is not what the module saw")
	}
}

// finger draws ridges without a symmetry that would hide a picture turned or mirrored.
func finger() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 256, 288))
	for y := range 288 {
		for x := range 256 {
			dx, dy := float64(x-110), float64(y-90)
			img.Pix[y*img.Stride+x] = uint8(140 + 100*math.Sin(math.Hypot(dx, dy*0.8)*0.7+dx*0.03))
		}
	}
	return img
}

func TestContract(t *testing.T) {
	devicestest.Run(t, func(t *testing.T) *devicestest.Rig { return newRig(t, zfmemu.R503) })
}

func newRig(t *testing.T, model zfmemu.Model) *devicestest.Rig {
	b := newBench(t, model, zfmemu.Options{Greets: model.Ring})
	laid := finger()
	do := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	inflict := func(f zfmemu.Fault, n int) func() {
		return func() {
			b.Inject(f, n)
			b.Lay(laid)
		}
	}
	rig := &devicestest.Rig{
		Driver:   zfm.Driver(),
		Port:     func() devices.Port { return b.port(t) },
		Golden:   &devices.FingerImage{Gray: b.Seen(laid), DPI: model.DPI},
		Present:  func() { b.Lay(laid) },
		Withdraw: b.Lift,
		Unplug:   func() { do(b.Unplug()) },
		Replug:   func() { do(b.Replug()) },
		Garble:   inflict(zfmemu.WrongChecksum, 3),
		Truncate: inflict(zfmemu.CutPicture, 3),
		Faults:   make(map[string]func()),
	}
	for _, f := range []zfmemu.Fault{zfmemu.Noise, zfmemu.SpoiltAnswer, zfmemu.Unknown, zfmemu.LostPower, zfmemu.Stutter, zfmemu.Endless} {
		rig.Faults[string(f)] = inflict(f, 1)
	}
	rig.Faults["no picture for long"] = inflict(zfmemu.PictureFailed, 8)
	return rig
}

func TestAModuleIsFoundWhateverWasDoneToIt(t *testing.T) {
	for name, o := range map[string]zfmemu.Options{
		"at 9600":                      {Baud: 9600},
		"at 38400":                     {Baud: 38400},
		"at 57600":                     {},
		"at 115200":                    {Baud: 115200},
		"at address 0 and 115200":      {Readdressed: true, Baud: 115200},
		"that says 55 first":           {Greets: true},
		"that refuses to change":       {Frozen: true},
		"that stays slow":              {StaysSlow: true},
		"with the smallest packets":    {Packet: 32},
		"as we would set it ourselves": {Packet: 256, Baud: 115200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, zfmemu.ZFM20, o)
			d := b.open(t, zfm.Config{})
			b.Lay(finger())
			b.wantSeen(t, d)
			if want := 115200; !o.Frozen && !o.StaysSlow && b.Baud() != want {
				t.Errorf("the module is at %d baud; want %d", b.Baud(), want)
			}
			// What is right is not written again: flash wears.
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			writes := b.Writes()
			if o.Packet == 256 && o.Baud == 115200 && writes > 0 || writes > 2 {
				t.Errorf("the flash was written %d times", writes)
			}
			d = b.open(t, zfm.Config{})
			if b.Writes() != writes {
				t.Error("the flash was written again at the second open")
			}
			b.Lift()
			b.Lay(finger())
			b.wantSeen(t, d)
			if b.Forbidden() > 0 {
				t.Error("the module was asked for what changes its templates")
			}
		})
	}
}

func TestASlowerSpeedMayBeChosen(t *testing.T) {
	b := newBench(t, zfmemu.ZFM20, zfmemu.Options{Baud: 9600})
	b.open(t, zfm.Config{MaxBaud: 57600})
	if b.Baud() != 57600 {
		t.Errorf("the module is at %d baud", b.Baud())
	}
}

func TestPasswordAndAddress(t *testing.T) {
	o := zfmemu.Options{Password: 0x12345678, Address: 0xcafe0001, Readdressed: true}
	b := newBench(t, zfmemu.R503, o)
	d := b.open(t, zfm.Config{Password: o.Password, Address: o.Address})
	b.Lay(finger())
	b.wantSeen(t, d)
	d.Close()
	if _, err := (zfm.Config{Address: o.Address}).Driver().Open(t.Context(), b.port(t)); !mentions(err, "another password") {
		t.Errorf("open without the password: %v", err)
	}
	if _, err := zfm.Driver().Open(t.Context(), b.port(t)); !mentions(err, "does not answer") {
		t.Errorf("open without the address: %v", err)
	}
}

func TestAnR503SaysWhatItIs(t *testing.T) {
	b := newBench(t, zfmemu.R503, zfmemu.Options{})
	want := devices.Info{Driver: "zfm", Kind: devices.KindFingerScanner, Address: b.port(t).Address(),
		Model: "Grow R503 fingerprint module", Serial: "EMU00001", Firmware: "1.4"}
	if got := b.open(t, zfm.Config{}).Info(); got != want {
		t.Errorf("info %+v; want %+v", got, want)
	}
}

func TestModelsThatCannotBeUsedAreRefusedInPlainWords(t *testing.T) {
	for name, tt := range map[string]struct {
		model zfmemu.Model
		says  string
	}{
		"a clone that refuses its pictures":    {zfmemu.Clone, "model without image upload"},
		"one that does not even say so":        {zfmemu.Closed, "model without image upload"},
		"a sensor too small to tell anyone by": {zfmemu.Tiny, "8320 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, tt.model, zfmemu.Options{})
			d := b.open(t, zfm.Config{})
			b.Lay(finger())
			_, err := capture(t, d)
			var retry *devices.RetryError
			if !mentions(err, tt.says) || errors.As(err, &retry) || errors.Is(err, devices.ErrGone) {
				t.Errorf("capture: %v; want a fault that says %q", err, tt.says)
			}
		})
	}
}

func TestAPictureSpoiltOnTheLineIsSentAgain(t *testing.T) {
	for _, f := range zfmemu.PictureFaults() {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			wantSentAgain(t, f)
		})
	}
}

func wantSentAgain(t *testing.T, f zfmemu.Fault) {
	b := newBench(t, zfmemu.R503, zfmemu.Options{})
	d := b.open(t, zfm.Config{})
	for n := range 4 {
		before := b.Uploads()
		b.Lift()
		b.Inject(f, n)
		b.Lay(finger())
		_, err := capture(t, d)
		sent := b.Uploads() - before
		if n < 3 && (err != nil || sent != n+1) {
			t.Errorf("%d times: %v after %d uploads; want the picture after %d", n, err, sent, n+1)
		}
		if n == 3 && (err == nil || sent != 3) {
			t.Errorf("%d times: %v after %d uploads; want an error after 3", n, err, sent)
		}
	}
}

func TestHintsSayWhatToDo(t *testing.T) {
	b := newBench(t, zfmemu.R503, zfmemu.Options{})
	d := b.open(t, zfm.Config{})
	for f, want := range map[zfmemu.Fault]devices.Hint{
		zfmemu.PictureFailed: devices.HintPressFlat,
		zfmemu.Disorderly:    devices.HintWetFinger,
		zfmemu.TooFew:        devices.HintDryFinger,
	} {
		b.Inject(f, 8)
		b.Lay(finger())
		_, err := capture(t, d)
		var retry *devices.RetryError
		if !errors.As(err, &retry) || retry.Hint != want {
			t.Errorf("%s: %v; want the hint %q", f, err, want)
		}
		b.Lift()
		b.Lay(finger())
		b.wantSeen(t, d)
		b.Lift()
	}
}

func TestAModuleThatFallsSilentIsAtFault(t *testing.T) {
	b := newBench(t, zfmemu.R503, zfmemu.Options{})
	d := b.open(t, zfm.Config{})
	b.Inject(zfmemu.Stuck, 4) // the light, and three looks
	_, err := capture(t, d)
	if !mentions(err, "does not answer") || errors.Is(err, devices.ErrGone) {
		t.Errorf("capture: %v; want a fault", err)
	}
}

func TestAFingerThatStaysIsNotTakenTwice(t *testing.T) {
	b := newBench(t, zfmemu.R503, zfmemu.Options{})
	d := b.open(t, zfm.Config{})
	b.Lay(finger())
	b.wantSeen(t, d)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := d.CaptureFinger(ctx); err != context.DeadlineExceeded {
		t.Errorf("capture: %v; want it to wait", err)
	}
	b.Lift()
	b.Lay(finger())
	b.wantSeen(t, d)
}

func TestLightsBurnWhileAFingerIsAwaited(t *testing.T) {
	for name, model := range map[string]zfmemu.Model{"ring": zfmemu.R503, "lamp": zfmemu.R307} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, model, zfmemu.Options{})
			d := b.open(t, zfm.Config{})
			if b.Lit() {
				t.Error("lit after open")
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() {
				_, err := d.CaptureFinger(ctx)
				ended <- err
			}()
			eventually(t, "the light burns", b.Lit)
			cancel()
			if err := <-ended; err != context.Canceled {
				t.Errorf("capture: %v", err)
			}
			if b.Lit() {
				t.Error("lit after a capture that was cancelled")
			}
			b.Lay(finger())
			b.wantSeen(t, d)
			if b.Lit() {
				t.Error("lit after a capture")
			}
		})
	}
}

func TestACaptureCancelledInMidPictureEndsSoonAndTheNextOneWorks(t *testing.T) {
	b := newBench(t, zfmemu.R503, zfmemu.Options{Pace: true})
	d := b.open(t, zfm.Config{})
	b.Lay(finger())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := d.CaptureFinger(ctx)
		ended <- err
	}()
	eventually(t, "the picture is on its way", func() bool { return b.Uploads() > 0 })
	cancel()
	select {
	case err := <-ended:
		if err != context.Canceled {
			t.Errorf("capture: %v", err)
		}
	case <-time.After(time.Second + devicestest.Slack):
		t.Fatal("the capture does not end")
	}
	b.Lift()
	b.Lay(finger())
	b.wantSeen(t, d)

	// The same, and the scanner is closed and opened while the module talks on.
	ctx, cancel = context.WithCancel(t.Context())
	go func() {
		_, err := d.CaptureFinger(ctx)
		ended <- err
	}()
	uploads := b.Uploads()
	b.Lift()
	b.Lay(finger())
	eventually(t, "the picture is on its way", func() bool { return b.Uploads() > uploads })
	cancel()
	<-ended
	d.Close()
	d = b.open(t, zfm.Config{})
	b.wantSeen(t, d)
}

func mentions(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

// eventually looks until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(15 * time.Second)
	for !so() {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("it never comes to pass that %s", what)
		}
	}
}
