// Command guest runs inside the virtual machine of package kerneltest, twice: as the
// program that plugs and unplugs an emulated scanner ("machine"), and in the place of
// boothd, under the booth's own unit.
//
// The machine writes a line to its serial line for each step, "ok - " and its name, or "not
// ok - ", its name and why, after which it gives up.
package main

import (
	"context"
	"fmt"
	"image"
	"math"
	"os"

	"boothd/devices/uareu/uareuemu"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "machine" {
		(&scenario{}).run(context.Background())
		powerOff()
	}
	if err := runBooth(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// scenario is what happens to the scanner.
type scenario struct {
	booth   *booth
	device  *cutter
	cable   *cable
	fingers int // laid so far
}

func (s *scenario) run(ctx context.Context) {
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"the booth starts under its hardened unit", s.start},
		{"the kernel enumerates the scanner", s.plug},
		{"udev gives the scanner to the booth and to nobody else", s.rights},
		{"the booth captures the finger that is laid, every pixel", s.capture},
		{"unplugging in mid-capture ends the capture with ErrGone", s.cut},
		{"a scanner plugged in again is found", s.plug},
		{"it captures the next finger, every pixel", s.capture},
	}
	for _, step := range steps {
		if err := step.do(ctx); err != nil {
			fmt.Printf("not ok - %s: %v\n", step.name, err)
			return
		}
		fmt.Printf("ok - %s\n", step.name)
	}
}

// start boots the system as far as the booth needs it.
func (s *scenario) start(context.Context) error {
	if err := startMachine(); err != nil {
		return err
	}
	var err error
	s.booth, err = enter()
	return err
}

// plug plugs a scanner that was never used before.
func (s *scenario) plug(ctx context.Context) error {
	s.device = &cutter{Scanner: uareuemu.New(uareuemu.UareU4500)}
	var err error
	s.cable, err = plug(ctx, s.device)
	if err != nil {
		return err
	}
	return await("the scanner's device node", func() bool { return node(s.device.id()) != "" })
}

func (s *scenario) rights(context.Context) error { return checkRights(s.device.id()) }

func (s *scenario) capture(context.Context) error {
	finger := draw(s.fingers)
	s.fingers++
	s.device.Lay(finger)
	defer s.device.Lift()
	if err := s.booth.capture(); err != nil {
		return err
	}
	return s.booth.answer(describe(s.device.Seen(finger)))
}

// cut unplugs the scanner when it has taken a picture and the host has not got it yet.
func (s *scenario) cut(ctx context.Context) error {
	taken := s.device.hold()
	s.device.Lay(draw(s.fingers))
	if err := s.booth.capture(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, captureLimit)
	defer cancel()
	select {
	case <-taken:
	case <-ctx.Done():
		return fmt.Errorf("wait for the capture: %w", ctx.Err())
	}
	if err := s.cable.unplug(); err != nil {
		return err
	}
	if err := s.booth.answer(answerGone); err != nil {
		return err
	}
	return await("the device node to go", func() bool { return node(s.device.id()) == "" })
}

// draw returns a picture of ridges around a middle that depends on n.
func draw(n int) *image.Gray {
	const x0, y0, ridge = 180, 150, 9.0
	img := image.NewGray(image.Rect(0, 0, uareuemu.Width, uareuemu.Height))
	for i := range img.Pix {
		x, y := float64(i%img.Stride-x0-20*n), float64(i/img.Stride-y0)
		img.Pix[i] = uint8(128 + 100*math.Sin(2*math.Pi/ridge*math.Hypot(x, y)))
	}
	return img
}
