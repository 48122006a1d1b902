package main

import (
	"context"
	"fmt"
	"image"

	"boothd/devices/kerneltest/prints"
	"boothd/devices/secugen/secugenemu"
	"boothd/devices/uareu/uareuemu"
	"boothd/devices/usbip"
)

// scanner is an emulated scanner.
type scanner interface {
	usbip.Device
	Lay(*image.Gray)
	Lift()
	seen(n int) string // what the booth answers for finger n
}

// secugenScanner is a SecuGen, of which the test outside has found out what a host sees.
type secugenScanner struct{ *secugenemu.Scanner }

// seen is what the booth must answer for finger n.
func (secugenScanner) seen(n int) string { return text(fmt.Sprintf("/golden/secugen-%d", n)) }

// uareuScanner is a U.are.U.
type uareuScanner struct{ *uareuemu.Scanner }

func (u uareuScanner) seen(n int) string { return prints.Describe(u.Seen(prints.Draw(n))) }

func (s *scenario) plugUareu(ctx context.Context) error {
	return s.plug(ctx, uareuScanner{uareuemu.New(uareuemu.UareU4500)}, 0x82)
}

func (s *scenario) plugSecugen(ctx context.Context) error {
	return s.plug(ctx, secugenScanner{secugenemu.New(secugenemu.Unit{})}, 0x82)
}

func (s *scenario) plugSecugenAndCapture(ctx context.Context) error {
	if err := s.plugSecugen(ctx); err != nil {
		return err
	}
	return s.capture(ctx)
}

// plug plugs a scanner that was never used before, whose pictures come from an endpoint.
func (s *scenario) plug(ctx context.Context, dev scanner, pictures uint8) error {
	s.scanner, s.device = dev, &cutter{Device: dev, endpoint: pictures}
	var err error
	s.cable, err = plug(ctx, s.device)
	if err != nil {
		return err
	}
	return await("the scanner's device node", func() bool { return node(s.device.id()) != "" })
}

func (s *scenario) rights(context.Context) error { return checkRights(s.device.id()) }

func (s *scenario) capture(context.Context) error {
	n := s.fingers
	s.fingers++
	s.scanner.Lay(prints.Draw(n))
	defer s.scanner.Lift()
	return s.ask(orderFinger, s.scanner.seen(n))
}

// cut unplugs the scanner when it has taken a picture and the host has not got it yet.
func (s *scenario) cut(ctx context.Context) error {
	taken := s.device.hold()
	s.scanner.Lay(prints.Draw(s.fingers))
	if err := s.booth.order(orderFinger); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, captureLimit)
	defer cancel()
	select {
	case <-taken:
	case <-ctx.Done():
		return fmt.Errorf("wait for the capture: %w", ctx.Err())
	}
	if err := s.unplug(ctx); err != nil {
		return err
	}
	return s.booth.answer(answerGone)
}

func (s *scenario) unplug(context.Context) error {
	if err := s.cable.unplug(); err != nil {
		return err
	}
	return await("the device node to go", func() bool { return node(s.device.id()) == "" })
}
