package secugen_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"boothd/devices"
	"boothd/devices/secugen"
	"boothd/devices/secugen/secugenemu"
)

func TestASpoiltFrameIsTakenOnceMore(t *testing.T) {
	tests := []struct {
		name  string
		fault secugenemu.Fault
	}{
		{"one that ends early", secugenemu.ShortFrame},
		{"an empty one", secugenemu.EmptyFrame},
		{"one behind a packet too many", secugenemu.Misplaced},
		{"noise", secugenemu.Garbage},
		{"an endpoint that stalls", secugenemu.Stall},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCable()
				want := c.want(t)
				d := c.start(t)
				c.Inject(tt.fault, 1)
				c.Lay(drawnFinger())
				wantPicture(t, <-capture(t.Context(), d), want)
				c.Lift()
				got := capture(t.Context(), d)
				c.looks(t, 2)
				c.Inject(tt.fault, 2)
				if r := <-got; r.err == nil || errors.Is(r.err, devices.ErrGone) {
					t.Errorf("error %v; want a fault", r.err)
				}
				c.wantQuiet(t)
			})
		})
	}
}

func TestEveryExitLeavesLampAndStreamOff(t *testing.T) {
	tests := []struct {
		name  string
		fault secugenemu.Fault
	}{
		{"a frame that does not come", secugenemu.Silence},
		{"a request that is refused", secugenemu.Refusal},
		{"a request that gets no answer", secugenemu.Deafness},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCable()
				d := c.start(t)
				got := capture(t.Context(), d)
				c.looks(t, 2)
				c.Inject(tt.fault, 1)
				r := <-got
				if r.err == nil || errors.Is(r.err, context.DeadlineExceeded) || errors.Is(r.err, devices.ErrGone) {
					t.Errorf("error %v; want a fault", r.err)
				}
				c.wantQuiet(t)
			})
		})
	}
}

// TestACancelledCaptureEndsWithinASecondWheneverItIs cancels at 40 moments of a capture.
func TestACancelledCaptureEndsWithinASecondWheneverItIs(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(*cable)
	}{
		{"while it waits for a finger", func(c *cable) {}},
		{"while a finger lies there", func(c *cable) { c.Lay(drawnFinger()) }},
		{"while a frame does not come", func(c *cable) { c.Inject(secugenemu.Silence, 1) }},
		{"while a request gets no answer", func(c *cable) { c.Inject(secugenemu.Deafness, 1) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCable()
				want := c.want(t)
				d := c.start(t)
				for after := time.Duration(0); after < 200*time.Millisecond; after += 5 * time.Millisecond {
					tt.prepare(c)
					ctx, cancel := context.WithTimeout(t.Context(), after)
					begin := time.Now()
					if got := <-capture(ctx, d); got.err != context.DeadlineExceeded {
						t.Errorf("after %v: error %v", after, got.err)
					}
					if took := time.Since(begin); took > after+time.Second {
						t.Errorf("after %v: ended after %v", after, took)
					}
					cancel()
					c.wantQuiet(t)
				}
				c.Heal()
				c.Lay(drawnFinger())
				wantPicture(t, <-capture(t.Context(), d), want)
			})
		})
	}
}

func TestStartUp(t *testing.T) {
	tests := []struct {
		name   string
		unit   secugenemu.Unit
		fault  secugenemu.Fault
		times  int
		opens  bool
		saying string
	}{
		{name: "a unit in order", opens: true},
		{name: "a unit with another window and exposure", unit: secugenemu.Unit{X: 290, Y: 181, Exposure: 700}, opens: true},
		{name: "a calibration that is read wrong once is read again", fault: secugenemu.BadSum, times: 1, opens: true},
		{name: "one that is read wrong twice is refused", fault: secugenemu.BadSum, times: 2, saying: "wrong checksum"},
		{name: "a unit of another size is refused", unit: secugenemu.Unit{Width: 640, Height: 480}, saying: "640 by 480"},
		{name: "a register that does not hold its value is a fault", fault: secugenemu.BadRegister, times: 1, saying: "register 0x03"},
		{name: "one spoilt frame is taken again", fault: secugenemu.ShortFrame, times: 1, opens: true},
		{name: "two are a fault", fault: secugenemu.ShortFrame, times: 2, saying: "first frame"},
		{name: "a silent stream is a fault", fault: secugenemu.Silence, times: 1, saying: "first frame"},
		{name: "a refused request is a fault", fault: secugenemu.Refusal, times: 1, saying: "serial number"},
		{name: "a silent scanner is a fault", fault: secugenemu.Deafness, times: 1000, saying: "no answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCableOf(tt.unit)
				c.Inject(tt.fault, tt.times)
				begin := time.Now()
				d, err := secugen.Driver().Open(t.Context(), c)
				if took := time.Since(begin); took > 10*time.Second {
					t.Errorf("open took %v", took)
				}
				if !tt.opens {
					if err == nil || !strings.Contains(err.Error(), tt.saying) {
						t.Errorf("open: %v; want %q in it", err, tt.saying)
					}
					c.wantQuiet(t)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer d.Close()
				c.Lay(drawnFinger())
				wantPicture(t, <-capture(t.Context(), d.(devices.FingerScanner)), c.want(t))
			})
		})
	}
}

// TestAScannerThatFallsSilentIsAFault lets every single request of a capture be the first that gets
// no answer.
func TestAScannerThatFallsSilentIsAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		c.Lay(drawnFinger())
		for n := int64(0); ; n++ {
			d, err := secugen.Driver().Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			c.deaf.Store(n)
			_, err = d.(devices.FingerScanner).CaptureFinger(t.Context())
			c.deaf.Store(math.MaxInt64)
			d.Close()
			c.wantQuiet(t)
			if err == nil {
				t.Logf("%d requests and reads", n)
				return
			}
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, devices.ErrGone) {
				t.Errorf("silent from request %d on: %v; want a fault", n, err)
			}
			if n > 1000 {
				t.Fatal("there is no end of requests")
			}
		}
	})
}

// TestUnpluggedAtEachTransfer pulls the cable before every single transfer of an open and a
// capture.
func TestUnpluggedAtEachTransfer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finger := drawnFinger()
		c := newCable()
		c.Lay(finger)
		for n := 1; ; n++ {
			c.left.Store(int64(n))
			d, err := secugen.Driver().Open(t.Context(), c)
			if err == nil {
				_, err = d.(devices.FingerScanner).CaptureFinger(t.Context())
				d.Close()
			}
			if err == nil {
				t.Logf("%d transfers", n)
				return
			}
			wantGone(t, err)
			if n > 1000 {
				t.Fatal("there is no end of transfers")
			}
		}
	})
}
