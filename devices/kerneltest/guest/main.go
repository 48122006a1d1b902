// Command guest runs inside the virtual machine of package kerneltest, twice: as the
// program that plugs and unplugs emulated devices ("machine"), and in the place of boothd,
// under the booth's own unit.
//
// The machine writes a line to its serial line for each step, "ok - " and its name, or "not
// ok - ", its name and why, after which it gives up.
package main

import (
	"context"
	"fmt"
	"os"
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

// scenario is what happens to the devices.
type scenario struct {
	booth   *booth
	scanner scanner // in use
	device  *cutter
	cable   *cable
	fingers int // laid so far
	camera  *webcam
}

func (s *scenario) run(ctx context.Context) {
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"the booth starts under its hardened unit", s.start},
		{"the kernel enumerates a U.are.U", s.plugUareu},
		{"udev gives the scanner to the booth and to nobody else", s.rights},
		{"the booth captures the finger that is laid, every pixel", s.capture},
		{"unplugging in mid-capture ends the capture with ErrGone", s.cut},
		{"a scanner plugged in again is found", s.plugUareu},
		{"it captures the next finger, every pixel", s.capture},
		{"it is unplugged", s.unplug},
		{"the kernel enumerates a SecuGen", s.plugSecugen},
		{"udev gives it to the booth too", s.rights},
		{"it captures a finger, every pixel", s.capture},
		{"unplugging it in mid-capture ends the capture with ErrGone", s.cut},
		{"plugged in again it captures the next finger", s.plugSecugenAndCapture},
		{"it is unplugged too", s.unplug},
		{"udev gives the cameras to the group video and to nobody else", s.videoRights},
		{"the kernel's virtual camera shows its bars in their colours", s.bars},
		{"a camera that is taken away while it is watched is gone", s.removeVivid},
		{"the camera is back", s.returnVivid},
		{"the kernel makes a video device of a USB camera", s.plugWebcam},
		{"the booth takes its picture, every byte, under automatic exposure", s.face},
		{"unplugging it while a picture comes is noticed", s.cutWebcam},
		{"plugged in again it is found", s.plugWebcam},
		{"it shows its picture again", s.face},
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

// ask has the booth do something and wants an answer.
func (s *scenario) ask(order, want string) error {
	if err := s.booth.order(order); err != nil {
		return err
	}
	return s.booth.answer(want)
}
