package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"boothd/devices"
	"boothd/devices/kerneltest/prints"
	"boothd/devices/secugen"
	"boothd/devices/uareu"
	"boothd/devices/usb"
	"boothd/devices/v4l2"
)

// door is where the booth takes orders: in its unit's state folder.
const door = "/var/lib/boothd/door"

// captureLimit is how long a capture may take; the machine is emulated and slow.
const captureLimit = 2 * time.Minute

// answerGone is the booth's answer when the scanner was unplugged.
const answerGone = "gone"

// runBooth is boothd as far as this test goes: the device manager and the drivers, behind
// a door at which each line is an order and is answered by a line.
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
	cameras, err := v4l2.NewBus(v4l2.Config{Path: v4l2.Any})
	if err != nil {
		return err
	}
	manager := &devices.Manager{
		Buses:   []devices.Bus{usb.Bus{}, cameras},
		Drivers: []devices.Driver{uareu.Driver(), secugen.Driver(), v4l2.Driver()},
	}
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
		fmt.Fprintln(conn, obey(ctx, manager, orders.Text()))
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

// The booth's orders.
const (
	orderFinger = "finger"
	orderFace   = "face"  // one picture
	orderWatch  = "watch" // pictures until the camera is gone
)

func obey(ctx context.Context, manager *devices.Manager, order string) string {
	ctx, cancel := context.WithTimeout(ctx, captureLimit)
	defer cancel()
	answer, err := "", error(nil)
	switch order {
	case orderFinger:
		answer, err = captureFinger(ctx, manager)
	case orderFace:
		answer, err = takeFace(ctx, manager)
	case orderWatch:
		err = watch(ctx, manager)
	}
	switch {
	case errors.Is(err, devices.ErrGone):
		return answerGone
	case err != nil:
		return fmt.Sprintf("error %v; devices: %+v", err, manager.Status())
	}
	return answer
}

// takeFace describes a picture: its size, and the sum of its file or, of what was encoded here,
// the colours of the third and the fifth of eight bars.
func takeFace(ctx context.Context, manager *devices.Manager) (string, error) {
	var f *devices.Frame
	var model string
	err := devices.Use(ctx, manager, func(ctx context.Context, c devices.Camera) error {
		var err error
		model = c.Info().Model
		f, err = c.Frame(ctx)
		return err
	})
	if err != nil {
		return "", err
	}
	if age := time.Since(f.At); age < 0 || age > captureLimit {
		return "", fmt.Errorf("the picture was taken %v ago", age)
	}
	if !strings.Contains(model, "YUYV") {
		return describeFile(f.JPEG), nil
	}
	img, err := jpeg.Decode(bytes.NewReader(f.JPEG))
	if err != nil || img.Bounds() != image.Rect(0, 0, f.Width, f.Height) {
		return "", fmt.Errorf("%v is none: %w", f, err)
	}
	at := func(bar int) string {
		r, g, b, _ := img.At((2*bar+1)*f.Width/16, f.Height*3/4).RGBA()
		return fmt.Sprint(r>>8 > 128, g>>8 > 128, b>>8 > 128)
	}
	return fmt.Sprintf("%dx%d %s %s", f.Width, f.Height, at(3), at(5)), nil
}

func describeFile(file []byte) string { return fmt.Sprintf("file %x", sha256.Sum256(file)) }

func watch(ctx context.Context, manager *devices.Manager) error {
	return devices.Use(ctx, manager, func(ctx context.Context, c devices.Camera) error {
		for {
			if _, err := c.Frame(ctx); err != nil {
				return err
			}
		}
	})
}

func captureFinger(ctx context.Context, manager *devices.Manager) (string, error) {
	var picture *devices.FingerImage
	err := devices.Use(ctx, manager, func(ctx context.Context, s devices.FingerScanner) error {
		var err error
		picture, err = s.CaptureFinger(ctx)
		return err
	})
	if err != nil {
		return "", err
	}
	return prints.Describe(picture.Gray), nil
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

// order gives an order; answer waits for its end.
func (b *booth) order(order string) error {
	_, err := fmt.Fprintln(b.conn, order)
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
