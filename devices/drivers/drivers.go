// Package drivers is the one list of the booth's drivers.
//
// A driver is a folder below devices/ and a line here. The udev rules are generated from
// the same list.
package drivers

import (
	"boothd/devices"
	"boothd/devices/cute"
	"boothd/devices/idbox"
	"boothd/devices/mjpeg"
	"boothd/devices/pcsc"
	"boothd/devices/rte"
	"boothd/devices/uareu"
)

// All returns a row for every driver. Where two know the same USB identity, the first one
// drives it.
func All() []devices.Driver {
	return []devices.Driver{
		uareu.Driver(),
		cute.Driver(),
		idbox.Driver(),
		rte.Driver(),
		pcsc.Driver(),
		mjpeg.Driver(),
	}
}
