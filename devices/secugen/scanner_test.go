package secugen_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"math"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boothd/devices"
	"boothd/devices/secugen"
	"boothd/devices/secugen/secugenemu"
	"boothd/devices/usb"
)

// cable joins driver and emulator in one process, so that synctest's clock runs in both. It is a
// usb.Port, and a usb.Conn once it is open.
type cable struct {
	*secugenemu.Scanner
	open  context.Context
	close context.CancelFunc
	left  atomic.Int64 // transfers until it is pulled
	deaf  atomic.Int64 // transfers until it gives no answer any more
}

func newCable() *cable { return newCableOf(secugenemu.Unit{}) }

func newCableOf(u secugenemu.Unit) *cable {
	c := &cable{Scanner: secugenemu.New(u)}
	c.left.Store(math.MaxInt64)
	c.deaf.Store(math.MaxInt64)
	return c
}

func (c *cable) Address() string { return "cable:1" }
func (c *cable) ID() devices.ID  { return secugenemu.ID() }
func (c *cable) Driver() string  { return "" }

func (c *cable) Open(_ context.Context, want func(usb.Interface) bool) (usb.Conn, error) {
	if !want(c.Descriptor().Interfaces[0].Interface) {
		return nil, errors.New("no such interface")
	}
	c.open, c.close = context.WithCancel(context.Background())
	return (*plugged)(c), nil
}

type plugged cable

// admit lets a transfer through, or not.
func (p *plugged) admit(ctx context.Context) error {
	if p.left.Add(-1) < 0 {
		return devices.ErrGone
	}
	if p.deaf.Add(-1) < 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (p *plugged) Control(ctx context.Context, s usb.Setup, data []byte) (int, error) {
	if err := p.admit(ctx); err != nil {
		return 0, err
	}
	return p.Scanner.Control(ctx, s, data)
}

func (p *plugged) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	if err := p.admit(ctx); err != nil {
		return 0, err
	}
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.open, cancel)()
	n, err := p.Scanner.Read(both, endpoint, buf)
	if err != nil && p.open.Err() != nil {
		err = net.ErrClosed
	}
	return n, err
}

func (p *plugged) Write(ctx context.Context, endpoint uint8, data []byte) (int, error) {
	return p.Scanner.Write(ctx, endpoint, data)
}

func (p *plugged) BCDDevice() uint16 { return p.Descriptor().BCDDevice }

func (p *plugged) Close() error {
	p.close()
	return nil
}

// start opens the scanner and closes it at the end of the test's bubble.
func (c *cable) start(t *testing.T) devices.FingerScanner { return c.startAs(t, secugen.Config{}) }

func (c *cable) startAs(t *testing.T, config secugen.Config) devices.FingerScanner {
	t.Helper()
	d, err := config.Driver().Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d.(devices.FingerScanner)
}

// looks waits for n more exposures.
func (c *cable) looks(t *testing.T, n int) {
	t.Helper()
	if err := c.AwaitExposures(t.Context(), c.Exposures()+n); err != nil {
		t.Fatal(err)
	}
}

// captured is what a capture returned.
type captured struct {
	img *devices.FingerImage
	err error
}

func capture(ctx context.Context, d devices.FingerScanner) <-chan captured {
	c := make(chan captured, 1)
	go func() {
		img, err := d.CaptureFinger(ctx)
		c <- captured{img, err}
	}()
	return c
}

func wantPicture(t *testing.T, got captured, want *image.Gray) {
	t.Helper()
	if got.err != nil {
		t.Fatal(got.err)
	}
	if !bytes.Equal(got.img.Pix, want.Pix) {
		t.Error("the picture differs from what was laid")
	}
	if got.img.DPI != 500 {
		t.Errorf("%d dpi", got.img.DPI)
	}
}

func wantRetry(t *testing.T, got captured, hint devices.Hint) {
	t.Helper()
	var retry *devices.RetryError
	if !errors.As(got.err, &retry) || retry.Hint != hint {
		t.Errorf("error %v; want the hint %q", got.err, hint)
	}
}

func wantGone(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, devices.ErrGone) {
		t.Errorf("error %v; want one matching ErrGone", err)
	}
}

func (c *cable) wantQuiet(t *testing.T) {
	t.Helper()
	if c.Lamp() || c.Streaming() {
		t.Errorf("lamp on: %v, stream on: %v; want both off", c.Lamp(), c.Streaming())
	}
}

func (c *cable) want(t *testing.T) *image.Gray { return developed(t, c.Scanner, drawnFinger()) }

func TestAFingerIsCapturedWhenItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		want := c.want(t)
		d := c.start(t)
		got := capture(t.Context(), d)
		c.looks(t, 5)
		if !c.Lamp() {
			t.Error("the lamp is off while a finger is waited for")
		}
		c.Lay(drawnFinger())
		wantPicture(t, <-got, want)
		c.wantQuiet(t)
	})
}

func TestAFingerThatLiesOnTheGlassAtStartUpIsCapturedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		want := c.want(t)
		c.Lay(drawnFinger())
		d := c.start(t)
		begin := time.Now()
		wantPicture(t, <-capture(t.Context(), d), want)
		if took := time.Since(begin); took > time.Second {
			t.Errorf("took %v", took)
		}
		c.Lift()
		got := capture(t.Context(), d)
		c.looks(t, 3)
		c.Lay(drawnFinger())
		wantPicture(t, <-got, want)
	})
}

func TestALayGivesOnePicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		want := c.want(t)
		d := c.start(t)
		c.Lay(drawnFinger())
		wantPicture(t, <-capture(t.Context(), d), want)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if got := <-capture(ctx, d); got.err != context.DeadlineExceeded {
			t.Fatalf("a finger that was not lifted: %v", got.err)
		}
		again := capture(t.Context(), d)
		c.Lift()
		c.looks(t, 2)
		c.Lay(drawnFinger())
		wantPicture(t, <-again, want)
	})
}

func TestWaitingLooksFiveTimesASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		d := c.start(t)
		before := c.Exposures()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		<-capture(ctx, d)
		if n := c.Exposures() - before; n < 48 || n > 51 {
			t.Errorf("%d looks in ten seconds; want 50", n)
		}
	})
}

func TestATouchThatIsTooFaintIsSaidToBeDryOncePerLay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		d := c.start(t)
		got := capture(t.Context(), d)
		c.looks(t, 3)
		c.Lay(dimmed(drawnFinger(), 6))
		wantRetry(t, <-got, devices.HintDryFinger)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if got := <-capture(ctx, d); got.err != context.DeadlineExceeded {
			t.Errorf("the same faint finger again: %v", got.err)
		}
		c.Lift()
		got = capture(t.Context(), d)
		c.looks(t, 3)
		c.Lay(drawnFinger())
		if r := <-got; r.err != nil {
			t.Error(r.err)
		}
	})
}

// dimmed divides the darkness of ridges.
func dimmed(img *image.Gray, by int) *image.Gray {
	for i, v := range img.Pix {
		img.Pix[i] = 255 - (255-v)/byte(by)
	}
	return img
}

func TestAFingerLiftedTooEarlyMustPressLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		want := c.want(t)
		d := c.start(t)
		c.Lay(drawnFinger())
		n := c.Exposures()
		got := capture(t.Context(), d)
		if err := c.AwaitExposures(t.Context(), n+1); err != nil {
			t.Fatal(err)
		}
		c.Lift()
		wantRetry(t, <-got, devices.HintPressLonger)
		c.wantQuiet(t)
		c.Lay(drawnFinger())
		wantPicture(t, <-capture(t.Context(), d), want)
	})
}

func TestLightThatFallsOnTheGlassIsNoFinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		d := c.start(t)
		got := capture(t.Context(), d)
		for _, light := range []int{40, 90, 0, 60, 10} {
			c.Shine(light)
			c.looks(t, 3)
		}
		select {
		case r := <-got:
			t.Fatalf("captured something, %v", r.err)
		default:
		}
		c.Lay(drawnFinger())
		if r := <-got; r.err != nil {
			t.Error(r.err)
		}
	})
}

func TestAtOnceTakesWhatLiesThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		d := c.startAs(t, secugen.Config{AtOnce: true})
		wantPicture(t, <-capture(t.Context(), d), developed(t, c.Scanner, image.NewGray(image.Rectangle{})))
		if n := c.Exposures(); n != 4 {
			t.Errorf("%d exposures; want 3 of the start-up and 1", n)
		}
		c.wantQuiet(t)
	})
}

func TestInfoNamesTheUnit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCableOf(secugenemu.Unit{Serial: "H123"})
		info := c.start(t).Info()
		if info.Model != "SecuGen Hamster Pro 20" || info.Serial != "H123" || info.Firmware != "22.06" {
			t.Errorf("info %+v", info)
		}
	})
}

// In real time: Close waits for a mutex, for which synctest's clock stands still.
func TestCloseEndsTheCaptureUnderWay(t *testing.T) {
	c := newCable()
	d := c.start(t)
	got := capture(t.Context(), d)
	c.looks(t, 2)
	for range 2 {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if r := <-got; !errors.Is(r.err, net.ErrClosed) {
		t.Errorf("the capture under way: %v", r.err)
	}
	c.wantQuiet(t)
	if r := <-capture(t.Context(), d); !errors.Is(r.err, net.ErrClosed) {
		t.Errorf("a capture after close: %v", r.err)
	}
}
