package main

import (
	"context"

	"boothd/devices"
	"boothd/devices/barcode"
	"boothd/devices/drivers"
	"boothd/devices/pcsc"
	"boothd/devices/serial"
	"boothd/devices/usb"
	"boothd/devices/usbip"
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
	var cameras devices.Fixed
	for _, c := range b.config.Cameras {
		port, err := devices.NewFixedPort(c.URL, c.Driver)
		if err != nil {
			return err
		}
		cameras = append(cameras, port)
	}
	if len(cameras) > 0 {
		buses = append(buses, cameras)
	}
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
