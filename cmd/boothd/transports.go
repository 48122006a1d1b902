package main

import (
	"context"

	"boothd/devices"
	"boothd/devices/barcode"
	"boothd/devices/drivers"
	"boothd/devices/pagecam"
	"boothd/devices/pcsc"
	"boothd/devices/serial"
	"boothd/devices/usb"
	"boothd/devices/usbip"
	"boothd/devices/v4l2"
	"boothd/devices/zfm"
)

// openDevices makes the manager of all devices on all transports.
func (b *booth) openDevices(context.Context) error {
	var buses []devices.Bus
	if b.config.USB.Local {
		buses = append(buses, usb.Bus{})
	}
	if len(b.config.USB.USBIP) > 0 {
		buses = append(buses, usbip.NewBus(b.log, b.config.USB.USBIP...))
	}
	var lines []serial.Config
	for _, s := range b.config.Serial {
		lines = append(lines, serial.Config{Path: s.Path, Baud: s.Baud, Driver: s.Driver})
	}
	if len(lines) > 0 {
		bus, err := serial.NewBus(lines...)
		if err != nil {
			return err
		}
		buses = append(buses, bus)
	}
	if readers, use := b.config.Documents.ReaderNames(); use {
		buses = append(buses, pcsc.NewBus(readers...))
	}
	cameras, err := b.cameras()
	if err != nil {
		return err
	}
	buses = append(buses, cameras...)
	b.devices = &devices.Manager{Buses: buses, Drivers: b.drivers(), Log: b.log}
	return nil
}

// drivers returns the drivers as the configuration sets them up.
func (b *booth) drivers() []devices.Driver {
	z, c := b.config.ZFM, b.config.Barcode
	return drivers.With(
		zfm.Config{Address: z.Address, Password: z.Password, MaxBaud: z.MaxBaud, Log: b.log}.Driver(),
		barcode.Config{Prefix: c.Prefix, Suffix: c.Suffix, Bare: c.Bare}.Driver(),
	)
}

// cameras returns the buses of the network's cameras and of those of this machine.
func (b *booth) cameras() ([]devices.Bus, error) {
	var network devices.Fixed
	var local []v4l2.Config
	for _, c := range b.config.Cameras {
		driver := c.Driver
		if c.Page() {
			driver = pagecam.Driver().Name
		}
		if c.Device == "" {
			port, err := devices.NewFixedPort(c.URL, driver)
			if err != nil {
				return nil, err
			}
			network = append(network, port)
			continue
		}
		width, height, _ := c.LeastSize()
		local = append(local, v4l2.Config{Path: c.Device, Settings: v4l2.Settings{
			Driver: driver, Width: width, Height: height, Input: c.Input, Lights: c.Lights, Controls: c.Controls,
		}})
	}
	var buses []devices.Bus
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
