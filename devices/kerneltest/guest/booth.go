package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"net"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"boothd/devices"
	"boothd/devices/uareu"
	"boothd/devices/usb"
)

// door is where the booth takes orders: in its unit's state folder.
const door = "/var/lib/boothd/door"

// captureLimit is how long a capture may take; the machine is emulated and slow.
const captureLimit = 60 * time.Second

// answerGone is the booth's answer when the scanner was unplugged.
const answerGone = "gone"

// runBooth is boothd as far as this test goes: the device manager and the drivers, behind
// a door at which each line asks for a capture and is answered by a line.
func runBooth() error {
	listener, err := net.Listen("unix", door)
	if err != nil {
		return err
	}
	defer listener.Close()
	ctx, cancel := context.WithCancel(context.Background())
	var started sync.WaitGroup
	defer started.Wait()
	defer cancel()
	manager := &devices.Manager{Buses: []devices.Bus{usb.Bus{}}, Drivers: []devices.Driver{uareu.Driver()}}
	started.Go(func() { manager.Run(ctx) })
	started.Go(func() { feedWatchdog(ctx) })
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	for orders := bufio.NewScanner(conn); orders.Scan(); {
		fmt.Fprintln(conn, captureFinger(ctx, manager))
	}
	return nil
}

// feedWatchdog keeps the unit's watchdog quiet.
func feedWatchdog(ctx context.Context) {
	for ctx.Err() == nil {
		daemon.SdNotify(false, daemon.SdNotifyWatchdog)
		select {
		case <-time.After(5 * time.Second):
		case <-ctx.Done():
		}
	}
}

func captureFinger(ctx context.Context, manager *devices.Manager) string {
	ctx, cancel := context.WithTimeout(ctx, captureLimit)
	defer cancel()
	var picture *devices.FingerImage
	err := devices.Use(ctx, manager, func(ctx context.Context, s devices.FingerScanner) error {
		var err error
		picture, err = s.CaptureFinger(ctx)
		return err
	})
	switch {
	case errors.Is(err, devices.ErrGone):
		return answerGone
	case err != nil:
		return fmt.Sprintf("error %v; devices: %+v", err, manager.Status())
	}
	return describe(picture.Gray)
}

// describe is the booth's answer for a picture: its size and the sum of its pixels.
func describe(picture *image.Gray) string {
	sum := sha256.New()
	size := picture.Bounds().Size()
	for y := range size.Y {
		start := picture.PixOffset(picture.Rect.Min.X, picture.Rect.Min.Y+y)
		sum.Write(picture.Pix[start : start+size.X])
	}
	return fmt.Sprintf("picture %dx%d %x", size.X, size.Y, sum.Sum(nil))
}

// booth is the machine's end of the booth's door.
type booth struct {
	conn    net.Conn
	answers *bufio.Reader
}

func enter() (*booth, error) {
	conn, err := net.Dial("unix", door)
	if err != nil {
		return nil, err
	}
	return &booth{conn, bufio.NewReader(conn)}, nil
}

// capture begins a capture; answer waits for its end.
func (b *booth) capture() error {
	_, err := fmt.Fprintln(b.conn, "capture")
	return err
}

func (b *booth) answer(want string) error {
	b.conn.SetReadDeadline(time.Now().Add(captureLimit + 10*time.Second))
	line, err := b.answers.ReadString('\n')
	if err == nil && line != want+"\n" {
		err = fmt.Errorf("the booth answered %q, want %q", line, want)
	}
	return err
}
