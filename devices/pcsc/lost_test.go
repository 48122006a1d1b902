//go:build cgo

package pcsc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/devicestest"
	"boothd/devices/pcsc"
)

func testRestart(t *testing.T, d *desk) {
	m := &devices.Manager{Buses: []devices.Bus{d.bus}, Drivers: []devices.Driver{pcsc.Driver()}, Interval: 20 * time.Millisecond}
	run, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = m.Run(run)
	}()
	defer func() {
		stop()
		<-ended
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()

	slow, asked, _ := stuck()
	d.lay(t, slow)
	err := devices.Use(ctx, m, func(ctx context.Context, r devices.ChipReader) error {
		c, err := r.Connect(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		done := transmit(ctx, t, c, asked)
		d.Stop()
		return <-done
	})
	if !errors.Is(err, devices.ErrGone) {
		t.Errorf("the reading that was cut short: %v", err)
	}
	d.lift()
	d.restart(t)
	d.lay(t, new(chip))
	err = devices.Use(ctx, m, func(ctx context.Context, r devices.ChipReader) error {
		c, err := r.Connect(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Transmit(ctx, selectApplication)
		return err
	})
	if err != nil {
		t.Errorf("the reading after it: %v", err)
	}
}

// testVanishes takes the reader away, twice, while nothing lies on it and somebody waits, as when
// its cable is knocked out at night.
func testVanishes(t *testing.T, d *desk) {
	m := &devices.Manager{Buses: []devices.Bus{d.bus}, Drivers: []devices.Driver{pcsc.Driver()}, Interval: 20 * time.Millisecond}
	run, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = m.Run(run)
	}()
	defer func() {
		stop()
		<-ended
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	for range 2 {
		err := devices.Use(ctx, m, func(ctx context.Context, r devices.ChipReader) error {
			waiting := make(chan error, 1)
			go func() {
				_, err := r.Connect(ctx)
				waiting <- err
			}()
			d.Stop()
			return <-waiting
		})
		if !errors.Is(err, devices.ErrGone) {
			t.Errorf("waiting for a chip: %v", err)
		}
		if ports, err := d.bus.Scan(ctx); err != nil || len(ports) > 0 {
			t.Errorf("readers that are left: %v, %v", ports, err)
		}
		d.restart(t)
	}
	d.lay(t, new(chip))
	err := devices.Use(ctx, m, func(ctx context.Context, r devices.ChipReader) error {
		c, err := r.Connect(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Transmit(ctx, selectApplication)
		return err
	})
	if err != nil {
		t.Errorf("the reading after it: %v", err)
	}
}

// testMute lays what has no answer to reset on the reader.
func testMute(t *testing.T, d *desk) {
	r := open(t, d.port(t))
	conn, err := net.Dial("tcp", d.Reader(0))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go answerNothing(conn)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var retry *devices.RetryError
	if _, err := r.Connect(ctx); !errors.As(err, &retry) || retry.Hint != devices.HintPresentAgain {
		t.Fatalf("connect: %v; want a *RetryError", err)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := r.Connect(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("connect to the same again: %v", err)
	}
	conn.Close()
	awaitEmpty()
	d.lay(t, new(chip))
	wantResponse(t, connect(t, r), selectApplication, ok)
}

// answerNothing answers the reader's questions with nonsense until it goes.
func answerNothing(conn net.Conn) {
	message := make([]byte, 3)
	for {
		if _, err := io.ReadFull(conn, message); err != nil {
			return
		}
		if message[2] != 4 {
			continue
		}
		if _, err := conn.Write([]byte{0, 1, 0}); err != nil {
			return
		}
	}
}

func testTorn(t *testing.T, d *desk) {
	slow, asked, _ := stuck()
	d.lay(t, slow)
	r := open(t, d.port(t))
	done := transmit(t.Context(), t, connect(t, r), asked)
	d.lift()
	wantEnd(t, done, patience, devices.ErrGone)
	d.lay(t, new(chip))
	wantResponse(t, connect(t, r), selectApplication, ok)
}

func testLeaves(t *testing.T, d *desk) {
	d.lay(t, new(chip))
	r := open(t, d.port(t))
	c := connect(t, r)
	wantResponse(t, c, selectApplication, ok)
	d.lift()
	if _, err := c.Transmit(t.Context(), selectApplication); !errors.Is(err, devices.ErrGone) {
		t.Errorf("transmit: %v", err)
	}
	if err := c.Reset(t.Context()); !errors.Is(err, devices.ErrGone) {
		t.Errorf("reset: %v", err)
	}
	d.lay(t, new(chip))
	wantResponse(t, connect(t, r), selectApplication, ok)
}

func testHeld(t *testing.T, d *desk) {
	d.lay(t, new(chip))
	connect(t, open(t, d.port(t)))
	other := &desk{Daemon: d.Daemon, bus: pcsc.NewBus("00 00")}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := open(t, other.port(t)).Connect(ctx); !errors.Is(err, devices.ErrBusy) {
		t.Errorf("connect: %v", err)
	}
}

func testHangs(t *testing.T, d *desk) {
	port := d.port(t)
	r := open(t, port)
	if err := d.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for name, wait := range map[string]func(context.Context) error{
		"scan":    func(ctx context.Context) error { _, err := d.bus.Scan(ctx); return err },
		"connect": func(ctx context.Context) error { _, err := r.Connect(ctx); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- wait(ctx) }()
		wantEnd(t, done, time.Second+devicestest.Slack, context.DeadlineExceeded)
		if t.Failed() {
			t.Log(name)
		}
	}
	if err := d.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	d.lay(t, new(chip))
	wantResponse(t, connect(t, r), selectApplication, ok)
}

func testUnsupported(t *testing.T, d *desk) {
	d.lay(t, &chip{answer: func(_ context.Context, command []byte) ([]byte, error) {
		if len(command) == len(readBinaryFF) {
			return []byte{0x90}, nil
		}
		return ok, nil
	}})
	c := connect(t, open(t, d.port(t)))
	wantResponse(t, c, selectApplication, ok)
	var retry *devices.RetryError
	if _, err := c.Transmit(t.Context(), readBinaryFF); !errors.Is(err, errors.ErrUnsupported) || !errors.As(err, &retry) {
		t.Errorf("transmit: %v; want a *RetryError that matches errors.ErrUnsupported", err)
	}
}
