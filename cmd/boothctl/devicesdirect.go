package main

import (
	"context"
	"slices"
	"time"

	"boothd/cmd/boothd/config"
	"boothd/devices"
	"boothd/devices/barcode"
	"boothd/devices/drivers"
	"boothd/devices/pagecam"
	"boothd/devices/pcsc"
	"boothd/devices/serial"
	"boothd/devices/uareu"
	"boothd/devices/usb"
	"boothd/devices/usbip"
	"boothd/devices/v4l2"
	"boothd/devices/zfm"
)

// lookFor is how long boothctl waits for what is plugged in to be ready; a driver has 10 s.
const lookFor = 12 * time.Second

// look opens everything there is, as boothd would, tells how that went and closes it again.
func (c *call) look() ([]devices.Status, error) {
	booth, err := c.booth()
	if err != nil {
		return nil, err
	}
	manager, err := managerOf(booth)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.ctx, lookFor)
	defer cancel()
	running, stop := context.WithCancel(c.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = manager.Run(running) // it returns nil
	}()
	defer func() {
		stop()
		<-ended
	}()
	settled(ctx, manager)
	return manager.Status(), c.ctx.Err()
}

// settled waits until a second look found nothing that is still being opened.
func settled(ctx context.Context, m *devices.Manager) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for looks := 0; looks < 2; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		looks++
		if slices.ContainsFunc(m.Status(), func(s devices.Status) bool { return s.State == devices.Opening }) {
			looks = 0
		}
	}
}

// managerOf makes a manager of all that the configuration names.
func managerOf(booth *config.Config) (*devices.Manager, error) {
	buses, err := busesOf(booth)
	return &devices.Manager{Buses: buses, Drivers: driversOf(booth)}, err
}

// driversOf returns the drivers as the configuration sets them up. The seed of the one that sends
// random numbers is always the same: tapes of it can be played again.
func driversOf(booth *config.Config) []devices.Driver {
	z, b := booth.ZFM, booth.Barcode
	return drivers.With(
		uareu.Config{Seed: func() uint32 { return tapeSeed }}.Driver(),
		zfm.Config{Address: z.Address, Password: z.Password, MaxBaud: z.MaxBaud}.Driver(),
		barcode.Config{Prefix: b.Prefix, Suffix: b.Suffix, Bare: b.Bare}.Driver(),
	)
}

// tapeSeed is a number like any other.
const tapeSeed = 0x2b00b7

// busesOf makes the buses that boothd has.
func busesOf(booth *config.Config) ([]devices.Bus, error) {
	var buses []devices.Bus
	if booth.USB.Local {
		buses = append(buses, usb.Bus{})
	}
	if len(booth.USB.USBIP) > 0 {
		buses = append(buses, usbip.NewBus(nil, booth.USB.USBIP...))
	}
	var lines []serial.Config
	for _, s := range booth.Serial {
		lines = append(lines, serial.Config{Path: s.Path, Baud: s.Baud, Driver: s.Driver})
	}
	if len(lines) > 0 {
		bus, err := serial.NewBus(lines...)
		if err != nil {
			return nil, err
		}
		buses = append(buses, bus)
	}
	if readers, use := booth.Documents.ReaderNames(); use {
		buses = append(buses, pcsc.NewBus(readers...))
	}
	cameras, err := camerasOf(booth)
	return append(buses, cameras...), err
}

func camerasOf(booth *config.Config) (buses []devices.Bus, err error) {
	var network devices.Fixed
	var local []v4l2.Config
	for _, c := range booth.Cameras {
		driver := c.Driver
		if c.Page() {
			driver = pagecam.Driver().Name
		}
		if c.Device != "" {
			width, height, _ := c.LeastSize()
			local = append(local, v4l2.Config{Path: c.Device, Settings: v4l2.Settings{
				Driver: driver, Width: width, Height: height, Input: c.Input, Lights: c.Lights, Controls: c.Controls,
			}})
			continue
		}
		port, err := devices.NewFixedPort(c.URL, driver)
		if err != nil {
			return nil, err
		}
		network = append(network, port)
	}
	if len(network) > 0 {
		buses = append(buses, network)
	}
	if len(local) > 0 {
		bus, err := v4l2.NewBus(local...)
		if err != nil {
			return nil, err
		}
		buses = append(buses, bus)
	}
	return buses, nil
}
