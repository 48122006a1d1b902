// Package devicestest is the contract that every driver passes.
//
// A driver's test builds a [Rig] (an emulator, a transport and what the suite may do to
// them) and hands it to [Run]:
//
//	func TestContract(t *testing.T) {
//		devicestest.Run(t, func(t *testing.T) *devicestest.Rig { … })
//	}
//
// The suite asks for what the package devices promises and for nothing else: it knows no
// model and no transport. Where a promise names a second, the suite allows [Slack] more,
// because the machine that runs it may be busy. Subtests do not run in parallel, and no
// other test of the package may run beside them, since the suite counts goroutines.
package devicestest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"boothd/devices"
)

// Slack is what the suite adds to the second within which a device obeys its context.
const Slack = 2 * time.Second

const (
	patience  = 15 * time.Second       // for what must succeed
	settle    = 200 * time.Millisecond // until a capture that was started surely waits
	faultWait = 2 * time.Second        // for what comes of a fault
	presents  = 200 * time.Millisecond // between two presentations of the same thing
)

// Rig is one emulated device, unplugged and closed by the test's cleanup. Its functions
// return when the emulator has done what they say; all must be set but Faults.
type Rig struct {
	Driver devices.Driver
	// Port returns the port as a scan finds it now. It is asked before every Open.
	Port func() devices.Port
	// Golden is what a capture of the golden thing returns, byte for byte: a
	// *devices.FingerImage, a []string, a *devices.Frame (its time is not compared), or the
	// []byte of a barcode or with which a chip answers when the application of travel documents
	// is selected.
	Golden any

	// Present puts the golden thing in front of the device: lays the finger or the chip,
	// sends the frame. The suite calls it while a capture waits and again every 200 ms until the
	// capture ends; presenting what already lies there changes nothing.
	Present func()
	// Withdraw takes away what lies there, so that a capture waits: lifts the finger,
	// stops the pictures.
	Withdraw func()
	// Unplug takes the device from its port; Replug puts it back.
	Unplug, Replug func()
	// Garble presents something to which the device answers bytes that make no sense;
	// Truncate something whose answer ends early. One call spoils one presentation.
	Garble, Truncate func()
	// Faults are further spoilt presentations, named as the subtests that inflict them.
	Faults map[string]func()
}

// Run runs the whole contract, one new rig for every subtest.
func Run(t *testing.T, newRig func(t *testing.T) *Rig) {
	tests := []struct {
		name string
		run  func(*testing.T, *Rig)
	}{
		{"info after open names the driver, the kind, the place and the model", testInfo},
		{"the golden capture is equal in every byte, again and again", testGolden},
		{"a cancelled capture ends within a second and the next one works", testCancel},
		{"a capture past its deadline ends within a second and the next one works", testDeadline},
		{"unplugged during a capture, it is gone; replugged and opened, it captures", testUnplugDuring},
		{"unplugged between captures, it is gone", testUnplugBetween},
		{"a second open is refused as busy until the first is closed", testBusy},
		{"a port without its device cannot be opened", testOpenUnplugged},
		{"close ends the capture under way and may be repeated", testClose},
		{"nothing runs on after close", testGoroutines},
		{"nothing runs on after unplug and close", testGoroutinesUnplugged},
		{"a document presented before the call is not returned", testEarlyDocument},
		{"a garbage answer does no harm", func(t *testing.T, r *Rig) { testFault(t, r, r.Garble) }},
		{"a truncated answer does no harm", func(t *testing.T, r *Rig) { testFault(t, r, r.Truncate) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, newRig(t)) })
	}
	t.Run("other faults do no harm", func(t *testing.T) {
		for name := range newRig(t).Faults {
			t.Run(name, func(t *testing.T) {
				r := newRig(t)
				testFault(t, r, r.Faults[name])
			})
		}
	})
}

func testInfo(t *testing.T, r *Rig) {
	d := r.open(t)
	info := d.Info()
	if info.Driver != r.Driver.Name || info.Kind != r.Driver.Kind || info.Address != r.Port().Address() {
		t.Errorf("info says %s, %s at %s; want %s, %s at %s", info.Driver, info.Kind, info.Address,
			r.Driver.Name, r.Driver.Kind, r.Port().Address())
	}
	if strings.TrimSpace(info.Model) == "" {
		t.Error("info names no model")
	}
	if kindOf(d) != r.Driver.Kind {
		t.Errorf("a driver for a %s opened a %s", r.Driver.Kind, kindOf(d))
	}
}

func testGolden(t *testing.T, r *Rig) {
	d := r.open(t)
	for range 3 {
		r.wantGolden(t, d)
		r.Withdraw()
	}
}

func testCancel(t *testing.T, r *Rig) {
	d := r.open(t)
	r.Withdraw()
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		c := r.startWaiting(ctx, t, d)
		cancel()
		c.wantEndSoon(t, context.Canceled)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	start(ended, d).wantEndSoon(t, context.Canceled)
	r.wantGolden(t, d)
}

func testDeadline(t *testing.T, r *Rig) {
	d := r.open(t)
	r.Withdraw()
	ctx, cancel := context.WithTimeout(t.Context(), 3*settle)
	defer cancel()
	c := r.startWaiting(ctx, t, d)
	<-ctx.Done()
	c.wantEndSoon(t, context.DeadlineExceeded)
	r.wantGolden(t, d)
}

func testUnplugDuring(t *testing.T, r *Rig) {
	d := r.open(t)
	r.Withdraw()
	c := r.startWaiting(t.Context(), t, d)
	r.Unplug()
	if err := c.wantError(t); !errors.Is(err, devices.ErrGone) {
		t.Errorf("capture of an unplugged device: %v; want an error matching ErrGone", err)
	}
	closeDevice(t, d)
	r.Replug()
	r.wantGolden(t, r.open(t))
}

func testUnplugBetween(t *testing.T, r *Rig) {
	d := r.open(t)
	r.wantGolden(t, d)
	r.Withdraw()
	r.Unplug()
	if err := start(t.Context(), d).wantError(t); !errors.Is(err, devices.ErrGone) {
		t.Errorf("capture of an unplugged device: %v; want an error matching ErrGone", err)
	}
}

func testBusy(t *testing.T, r *Rig) {
	d := r.open(t)
	second, err := openPort(t, r, r.Port())
	if err == nil {
		second.Close()
		t.Fatal("the second open succeeded")
	}
	if !errors.Is(err, devices.ErrBusy) {
		t.Errorf("second open: %v; want an error matching ErrBusy", err)
	}
	r.wantGolden(t, d)
	r.Withdraw()
	closeDevice(t, d)
	r.wantGolden(t, r.open(t))
}

func testOpenUnplugged(t *testing.T, r *Rig) {
	port := r.Port()
	r.Unplug()
	if d, err := openPort(t, r, port); err == nil {
		d.Close()
		t.Fatal("open succeeded")
	}
	r.Replug()
	r.wantGolden(t, r.open(t))
}

func testClose(t *testing.T, r *Rig) {
	d := r.open(t)
	r.Withdraw()
	c := r.startWaiting(t.Context(), t, d)
	for range 2 {
		closeDevice(t, d)
	}
	c.wantError(t)
	start(t.Context(), d).wantError(t)
	r.wantGolden(t, r.open(t))
}

func testGoroutines(t *testing.T, r *Rig) {
	port := r.Port()
	before := goroutines()
	d := must(openPort(t, r, port))(t)
	r.wantGolden(t, d)
	r.Withdraw()
	ctx, cancel := context.WithCancel(t.Context())
	c := r.startWaiting(ctx, t, d)
	cancel()
	c.wantEndSoon(t, context.Canceled)
	closeDevice(t, d)
	wantNoneSince(t, before)
}

func testGoroutinesUnplugged(t *testing.T, r *Rig) {
	port := r.Port()
	before := goroutines()
	d := must(openPort(t, r, port))(t)
	r.Withdraw()
	c := r.startWaiting(t.Context(), t, d)
	r.Unplug()
	c.wantError(t)
	closeDevice(t, d)
	wantNoneSince(t, before)
}

func testEarlyDocument(t *testing.T, r *Rig) {
	if !r.unasked() {
		t.Skip("the device sends nothing unasked")
	}
	d := r.open(t)
	r.Present()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	got := start(ctx, d).wait(t)
	var retry *devices.RetryError
	if got.err == nil {
		t.Fatal("the document was returned")
	}
	if !errors.As(got.err, &retry) && !errors.Is(got.err, context.DeadlineExceeded) {
		t.Errorf("capture: %v; want a *RetryError or the context's end", got.err)
	}
	r.wantGolden(t, d)
}

// testFault spoils one presentation. The capture may fail or wait on, but must not return
// anything other than the golden thing; the next presentation succeeds, on the same device
// after a *RetryError and on a reopened one after another error.
func testFault(t *testing.T, r *Rig, inflict func()) {
	d := r.open(t)
	r.Withdraw()
	ctx, cancel := context.WithTimeout(t.Context(), settle+faultWait)
	defer cancel()
	c := r.startWaiting(ctx, t, d)
	inflict()
	got := c.wait(t)
	var retry *devices.RetryError
	switch {
	case got.err == nil:
		r.wantEqual(t, got.value)
	case errors.As(got.err, &retry):
		if retry.Hint == "" {
			t.Error("a *RetryError without a hint")
		}
	case errors.Is(got.err, context.DeadlineExceeded):
	default:
		closeDevice(t, d)
		d = r.open(t)
	}
	r.Withdraw()
	r.wantGolden(t, d)
}
