package main

import (
	"context"
	"errors"
	"fmt"
	"image/png"
	"os"
	"slices"
	"strings"
	"time"

	"boothd/devices"
	"boothd/devices/tape"
)

const recordWarning = "a tape holds everything that crosses the wire, fingerprints, names and document numbers among it: they are personal data of whoever is captured. Record only yourself or what is invented, and delete the tape when it has served. If you agree: --yes"

type devicesRecord struct {
	Address  string        `arg:"" help:"The device's address, as boothctl devices tells it."`
	Out      string        `short:"o" required:"" type:"path" help:"The tape to write; nothing may be there yet."`
	Yes      bool          `help:"It is agreed that the tape is personal data."`
	Captures int           `default:"1" help:"How many captures."`
	Wait     time.Duration `default:"1m" help:"How long to wait for each."`
}

// Run opens the device, captures on it and writes down what was said. boothd must not have it.
func (d *devicesRecord) Run(c *call) (err error) {
	if !d.Yes {
		return errors.New(recordWarning)
	}
	port, driver, baud, err := c.find(d.Address)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(d.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	recorded, recorder, err := tape.Record(port, driver.Name, baud, f)
	if err != nil {
		return errors.Join(err, os.Remove(d.Out))
	}
	opened, err := driver.Open(c.ctx, recorded)
	if err != nil {
		events, _ := recorder.Events()
		return fmt.Errorf("%w; %d events until then are in %s; if boothd runs, stop it first", err, events, d.Out)
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	for n := range d.Captures {
		c.say("%s is ready: present (%d of %d)", opened.Info().Model, n+1, d.Captures)
		if _, err := captureWithin(c.ctx, opened, d.Wait); err != nil {
			c.say("capture %d: %v", n+1, err)
		}
	}
	events, failed := recorder.Events()
	if failed != nil {
		return failed
	}
	c.say("%d events in %s. They are personal data.", events, d.Out)
	return nil
}

func captureWithin(ctx context.Context, d devices.Device, wait time.Duration) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	switch d := d.(type) {
	case devices.FingerScanner:
		return d.CaptureFinger(ctx)
	case devices.DocumentReader:
		return d.ReadMRZ(ctx)
	case devices.BarcodeReader:
		return d.ReadBarcode(ctx)
	}
	return nil, fmt.Errorf("a %s is not recorded", d.Info().Kind)
}

// find returns the port at an address, its driver and its speed if it is a serial line.
func (c *call) find(address string) (devices.Port, devices.Driver, int, error) {
	none := devices.Driver{}
	booth, err := c.booth()
	if err != nil {
		return nil, none, 0, err
	}
	buses, err := busesOf(booth)
	if err != nil {
		return nil, none, 0, err
	}
	var there []string
	for _, bus := range buses {
		ports, err := bus.Scan(c.ctx)
		if err != nil {
			return nil, none, 0, err
		}
		for _, p := range ports {
			if p.Address() != address {
				there = append(there, p.Address())
				continue
			}
			driver, ok := chooseDriver(driversOf(booth), p)
			if !ok {
				return nil, none, 0, fmt.Errorf("%s (%s) is nothing that boothd drives", address, p.ID())
			}
			for _, s := range booth.Serial {
				if "serial:"+s.Path == address {
					return p, driver, s.Baud, nil
				}
			}
			return p, driver, 0, nil
		}
	}
	return nil, none, 0, fmt.Errorf("nothing is plugged in at %s; there is: %s", address, orDash(strings.Join(there, ", ")))
}

func chooseDriver(all []devices.Driver, p devices.Port) (devices.Driver, bool) {
	i := slices.IndexFunc(all, func(d devices.Driver) bool {
		if p.Driver() != "" {
			return d.Name == p.Driver()
		}
		return slices.Contains(d.IDs, p.ID())
	})
	if i < 0 {
		return devices.Driver{}, false
	}
	return all[i], true
}

type devicesReplay struct {
	Tape string        `arg:"" type:"existingfile" help:"A tape of boothctl devices record."`
	Out  string        `short:"o" type:"path" help:"Write the finger that was captured to this PNG file; nothing may be there yet."`
	Wait time.Duration `default:"1m" help:"How long to wait for a capture."`
}

// Run gives the tape to its driver and tells what became of it.
func (d *devicesReplay) Run(c *call) (err error) {
	f, err := os.Open(d.Tape)
	if err != nil {
		return err
	}
	defer f.Close()
	played, err := tape.Parse(f)
	if err != nil {
		return err
	}
	booth, err := c.booth()
	if err != nil {
		return err
	}
	port := played.Port()
	driver, ok := chooseDriver(driversOf(booth), port)
	if !ok {
		return fmt.Errorf("the tape is of the driver %q, which is none of boothd's", played.Driver)
	}
	opened, err := driver.Open(c.ctx, port)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	value, err := captureWithin(c.ctx, opened, d.Wait)
	if err != nil {
		return err
	}
	info := opened.Info()
	c.say("%s, %s%s: %s", info.Driver, info.Model, firmware(info), shape(value))
	finger, ok := value.(*devices.FingerImage)
	if d.Out == "" || !ok {
		return nil
	}
	picture, err := os.OpenFile(d.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(picture, finger.Gray), picture.Close())
}

// shape says what was captured, and nothing of its content.
func shape(value any) string {
	switch v := value.(type) {
	case *devices.FingerImage:
		return fmt.Sprintf("a finger of %d by %d pixels at %d dpi", v.Rect.Dx(), v.Rect.Dy(), v.DPI)
	case []string:
		return fmt.Sprintf("a zone of %d lines", len(v))
	case []byte:
		return fmt.Sprintf("%d bytes", len(v))
	case *devices.Frame:
		return fmt.Sprintf("a picture of %d by %d pixels", v.Width, v.Height)
	}
	return "something else"
}
