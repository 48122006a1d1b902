package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"boothd/devices"
	"boothd/devices/drivers"
)

// host is this machine as its kernel describes it, below a folder so that a test can have another.
type host struct{ root string }

func newHost(root string) host { return host{root} }

// usbDevice is a plugged USB device (sysfs, Documentation/ABI/testing/sysfs-bus-usb).
type usbDevice struct {
	address string // as package usb has it: "usb:1-10"
	id      devices.ID
	name    string // what it calls itself
	speed   int    // Mbit/s that it runs at; 0: not known
	hubs    int    // on the way to it, the root's left out
	node    string // by which it is opened
}

// usb lists what is plugged, hubs left out. Where there is no sysfs there is nothing.
func (h host) usb() []usbDevice {
	entries, _ := filepath.Glob(filepath.Join(h.root, "sys/bus/usb/devices/[0-9]*-*"))
	var all []usbDevice
	for _, dir := range entries {
		name := filepath.Base(dir)
		const hub = "09"
		if strings.Contains(name, ":") || read(dir, "bDeviceClass") == hub {
			continue
		}
		d := usbDevice{address: "usb:" + name, hubs: strings.Count(name, ".")}
		vendor, err1 := strconv.ParseUint(read(dir, "idVendor"), 16, 16)
		product, err2 := strconv.ParseUint(read(dir, "idProduct"), 16, 16)
		if err1 != nil || err2 != nil {
			continue
		}
		d.id = devices.ID{Vendor: uint16(vendor), Product: uint16(product)}
		d.name = strings.Join(strings.Fields(read(dir, "manufacturer")+" "+read(dir, "product")), " ")
		d.speed, _ = strconv.Atoi(read(dir, "speed"))
		bus, _ := strconv.Atoi(read(dir, "busnum"))
		number, _ := strconv.Atoi(read(dir, "devnum"))
		d.node = filepath.Join(h.root, fmt.Sprintf("dev/bus/usb/%03d/%03d", bus, number))
		all = append(all, d)
	}
	return all
}

// read returns one attribute, or nothing.
func read(dir, attribute string) string {
	b, _ := os.ReadFile(filepath.Join(dir, attribute))
	return strings.TrimSpace(string(b))
}

// driverOf returns the driver that knows a USB identity, or false.
func driverOf(id devices.ID) (devices.Driver, bool) {
	all := drivers.All()
	i := slices.IndexFunc(all, func(d devices.Driver) bool { return slices.Contains(d.IDs, id) })
	if i < 0 {
		return devices.Driver{}, false
	}
	return all[i], true
}

// noDriver is the state of what is plugged in and drives nothing here.
const noDriver devices.State = "no driver"

// strangersIn returns what is plugged in and not among the devices: it has no driver, or boothd
// was told to leave it.
func strangersIn(h host, known []devices.Status) []devices.Status {
	var all []devices.Status
	for _, d := range h.usb() {
		if slices.ContainsFunc(known, func(s devices.Status) bool { return s.Address == d.address }) {
			continue
		}
		s := devices.Status{Address: d.address, State: noDriver, Reason: fmt.Sprintf("%s (%s) is nothing that boothd drives", orDash(d.name), d.id)}
		if driver, ok := driverOf(d.id); ok {
			s.Driver, s.Kind, s.State = driver.Name, driver.Kind, devices.Fault
			s.Reason = "boothd has not taken it: see usb.local in the configuration, and boothctl doctor"
		}
		all = append(all, s)
	}
	return all
}
