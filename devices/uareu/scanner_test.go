package uareu_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boothd/devices"
	"boothd/devices/uareu"
	"boothd/devices/uareu/uareuemu"
	"boothd/devices/usb"
)

// cable joins driver and emulator in one process, so that synctest's clock runs in both.
// It is a usb.Port, and a usb.Conn once it is open.
type cable struct {
	*uareuemu.Scanner
	id     devices.ID
	open   context.Context
	close  context.CancelFunc
	silent atomic.Bool // control transfers get no answer
	mute   atomic.Bool // event packets are empty
}

func newCable(m uareuemu.Model) *cable {
	return &cable{Scanner: uareuemu.New(m), id: m.ID()}
}

func (c *cable) Address() string { return "cable:1" }
func (c *cable) ID() devices.ID  { return c.id }
func (c *cable) Driver() string  { return "" }

func (c *cable) Open(_ context.Context, want func(usb.Interface) bool) (usb.Conn, error) {
	for _, i := range c.Descriptor().Interfaces {
		if want(i.Interface) {
			c.open, c.close = context.WithCancel(context.Background())
			return (*plugged)(c), nil
		}
	}
	return nil, errors.New("no such interface")
}

type plugged cable

func (p *plugged) Control(ctx context.Context, s usb.Setup, data []byte) (int, error) {
	if p.silent.Load() {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return p.Scanner.Control(ctx, s, data)
}

func (p *plugged) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	if p.mute.Load() && endpoint == 0x81 {
		return 0, nil
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
func (c *cable) start(t *testing.T) devices.FingerScanner {
	t.Helper()
	d, err := uareu.Driver().Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d.(devices.FingerScanner)
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
}

func wantRetry(t *testing.T, got captured) {
	t.Helper()
	var retry *devices.RetryError
	if !errors.As(got.err, &retry) || retry.Hint != devices.HintPressLonger {
		t.Errorf("error %v; want the hint to press longer", got.err)
	}
}

func wantGone(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, devices.ErrGone) {
		t.Errorf("error %v; want one matching ErrGone", err)
	}
}

func TestEveryModelIsNamedAndCapturesWhatWasLaid(t *testing.T) {
	names := map[uareuemu.Model]string{
		uareuemu.MicrosoftKeyboard:     "Microsoft Keyboard with Fingerprint Reader",
		uareuemu.MicrosoftIntelliMouse: "Microsoft IntelliMouse with Fingerprint Reader",
		uareuemu.MicrosoftReader:       "Microsoft Fingerprint Reader",
		uareuemu.MicrosoftReaderV2:     "Microsoft Fingerprint Reader v2",
		uareuemu.UareU4000:             "DigitalPersona U.are.U 4000",
		uareuemu.UareUKeyboard:         "DigitalPersona U.are.U Fingerprint Keyboard",
		uareuemu.UareU4000B:            "DigitalPersona U.are.U 4000B",
		uareuemu.UareU4500:             "DigitalPersona U.are.U 4500",
	}
	for _, m := range uareuemu.Models() {
		t.Run(m.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCable(m)
				d := c.start(t)
				if d.Info().Model != names[m] || d.Info().Firmware == "" {
					t.Errorf("info %+v", d.Info())
				}
				c.Lay(drawnFinger())
				wantPicture(t, <-capture(t.Context(), d), c.Seen(drawnFinger()))
			})
		})
	}
}

func TestBlocksOfEveryKindAreUndone(t *testing.T) {
	const scrambled, missing, hold, newKey = uareuemu.Scrambled, uareuemu.Missing, uareuemu.Hold, uareuemu.NewKey
	tests := []struct {
		name   string
		blocks []uareuemu.Block
	}{
		{"one line missing near the end", []uareuemu.Block{{Flags: scrambled, Lines: 200}, {Flags: scrambled, Lines: 88}, {Flags: missing, Lines: 1}, {Flags: scrambled, Lines: 1}}},
		{"a new key for every block", []uareuemu.Block{{Flags: newKey | scrambled, Lines: 2}, {Flags: newKey | missing, Lines: 1}, {Flags: newKey | hold, Lines: 9}, {Flags: newKey | scrambled, Lines: 78}, {Flags: newKey, Lines: 200}}},
		{"twenty missing lines", []uareuemu.Block{{Flags: scrambled, Lines: 100}, {Flags: missing, Lines: 20}, {Flags: scrambled, Lines: 170}}},
		{"held blocks", []uareuemu.Block{{Flags: scrambled, Lines: 2}, {Flags: hold, Lines: 100}, {Flags: scrambled, Lines: 87}, {Flags: hold | missing, Lines: 1}, {Flags: hold, Lines: 100}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCable(uareuemu.UareU4500)
				if err := c.SetBlocks(tt.blocks); err != nil {
					t.Fatal(err)
				}
				d := c.start(t)
				c.Lay(drawnFinger())
				wantPicture(t, <-capture(t.Context(), d), c.Seen(drawnFinger()))
			})
		})
	}
}

func TestALayGivesOnePicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable(uareuemu.UareU4500)
		d := c.start(t)
		c.Lay(drawnFinger())
		wantPicture(t, <-capture(t.Context(), d), c.Seen(drawnFinger()))

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if got := <-capture(ctx, d); got.err != context.DeadlineExceeded {
			t.Fatalf("a finger that was not lifted: %v", got.err)
		}
		again := capture(t.Context(), d)
		c.Lift()
		synctest.Wait()
		if c.Pictures() != 1 {
			t.Errorf("%d pictures were taken", c.Pictures())
		}
		c.Lay(drawnFinger())
		wantPicture(t, <-again, c.Seen(drawnFinger()))
	})
}

func TestAFingerLiftedBetweenCapturesNeedNotBeLiftedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable(uareuemu.UareU4500)
		d := c.start(t)
		for range 3 {
			c.Lay(drawnFinger())
			wantPicture(t, <-capture(t.Context(), d), c.Seen(drawnFinger()))
			c.Lift()
		}
	})
}

func TestASpoiltPictureIsFetchedOnceMore(t *testing.T) {
	tests := []struct {
		name  string
		fault uareuemu.Fault
	}{
		{"an empty one", uareuemu.EmptyPicture},
		{"one that ends early", uareuemu.TruncatedPicture},
		{"a bad header", uareuemu.BadHeader},
		{"noise", uareuemu.Garbage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCable(uareuemu.UareU4500)
				d := c.start(t)
				c.Inject(tt.fault, 1)
				c.Lay(drawnFinger())
				wantPicture(t, <-capture(t.Context(), d), c.Seen(drawnFinger()))
				c.Lift()

				c.Inject(tt.fault, 2)
				c.Lay(drawnFinger())
				wantRetry(t, <-capture(t.Context(), d))
				wantPicture(t, <-capture(t.Context(), d), c.Seen(drawnFinger()))
			})
		})
	}
}

func TestAPictureThatDoesNotComeRestartsTheScanner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable(uareuemu.MicrosoftReaderV2)
		d := c.start(t)
		c.Inject(uareuemu.Silence, 1)
		c.Lay(drawnFinger())
		wantRetry(t, <-capture(t.Context(), d))
		wantPicture(t, <-capture(t.Context(), d), c.Seen(drawnFinger()))
	})
}

func TestAnAnnouncedFailureRestartsTheScannerAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable(uareuemu.UareU4500)
		d := c.start(t)
		got := capture(t.Context(), d)
		synctest.Wait()
		c.Inject(uareuemu.EmptyPicture, 1)
		c.Lay(drawnFinger())
		if err := c.Await(t.Context(), uareuemu.ModeCapture); err != nil {
			t.Fatal(err)
		}
		c.Announce(0x0800)
		wantRetry(t, <-got)
		if c.Pictures() != 1 {
			t.Errorf("%d pictures were taken", c.Pictures())
		}
	})
}

func TestAFingerLiftedTooEarlyMustPressLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable(uareuemu.UareU4500)
		d := c.start(t)
		c.LayShort(drawnFinger())
		wantRetry(t, <-capture(t.Context(), d))
		c.Lay(drawnFinger())
		wantPicture(t, <-capture(t.Context(), d), c.Seen(drawnFinger()))
	})
}

func TestACancelledCaptureEndsWithinASecondWhateverItWaitsFor(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(*cable)
	}{
		{"a finger", func(c *cable) {}},
		{"a picture on its way", func(c *cable) { c.Lay(drawnFinger()) }},
		{"a picture that does not come", func(c *cable) { c.Inject(uareuemu.Silence, 1); c.Lay(drawnFinger()) }},
		{"a register", func(c *cable) { c.silent.Store(true) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCable(uareuemu.UareU4500)
				d := c.start(t)
				tt.prepare(c)
				const after = uareuemu.PictureTime / 2
				ctx, cancel := context.WithTimeout(t.Context(), after)
				defer cancel()
				begin := time.Now()
				if got := <-capture(ctx, d); got.err != context.DeadlineExceeded {
					t.Errorf("error %v", got.err)
				}
				if took := time.Since(begin); took > after+time.Second {
					t.Errorf("ended after %v", took)
				}
				c.silent.Store(false)
				c.Lay(drawnFinger())
				wantPicture(t, <-capture(t.Context(), d), c.Seen(drawnFinger()))
			})
		})
	}
}

func TestPowerUp(t *testing.T) {
	tests := []struct {
		name   string
		inject func(*cable)
		opens  bool
	}{
		{"a scanner in order", func(c *cable) {}, true},
		{"a stuck scanner recovers", func(c *cable) { c.Inject(uareuemu.Stuck, 1) }, true},
		{"a scanner stuck for good does not open", func(c *cable) { c.Inject(uareuemu.Dead, 1) }, false},
		{"power that is not announced twice", func(c *cable) { c.Inject(uareuemu.NoPower, 2) }, true},
		{"power that is not announced three times", func(c *cable) { c.Inject(uareuemu.NoPower, 3) }, false},
		{"a silent scanner does not open", func(c *cable) { c.silent.Store(true) }, false},
		{"a scanner with nothing but empty events does not open", func(c *cable) { c.mute.Store(true) }, false},
		{"a scanner of another family does not open", func(c *cable) { c.id.Product++ }, false},
	}
	for _, tt := range tests {
		for _, m := range []uareuemu.Model{uareuemu.UareU4500, uareuemu.MicrosoftReaderV2} {
			t.Run(tt.name+", "+m.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := newCable(m)
					tt.inject(c)
					begin := time.Now()
					d, err := uareu.Driver().Open(t.Context(), c)
					if took := time.Since(begin); took > 10*time.Second {
						t.Errorf("open took %v", took)
					}
					if err == nil {
						d.Close()
					}
					if (err == nil) != tt.opens {
						t.Errorf("open: %v", err)
					}
				})
			})
		}
	}
}

func TestASilentScannerIsAFaultAndNotTheCallersDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable(uareuemu.UareU4500)
		d := c.start(t)
		c.silent.Store(true)
		got := <-capture(t.Context(), d)
		if got.err == nil || errors.Is(got.err, context.DeadlineExceeded) {
			t.Errorf("error %v", got.err)
		}
	})
}

func TestCloseSwitchesTheLampOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable(uareuemu.UareU4500)
		d := c.start(t)
		got := capture(t.Context(), d)
		synctest.Wait()
		for range 2 {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		if r := <-got; !errors.Is(r.err, net.ErrClosed) {
			t.Errorf("the capture under way: %v", r.err)
		}
		if err := c.Await(t.Context(), uareuemu.ModeOff); err != nil {
			t.Error(err)
		}
		if r := <-capture(t.Context(), d); !errors.Is(r.err, net.ErrClosed) {
			t.Errorf("a capture after close: %v", r.err)
		}
	})
}
