// Package drivers is the one list of the booth's drivers.
//
// A driver is a folder below devices/ and a line here. The udev rules are generated from
// the same list.
package drivers

import (
	"boothd/devices"
	"boothd/devices/barcode"
	"boothd/devices/cute"
	"boothd/devices/idbox"
	"boothd/devices/mjpeg"
	"boothd/devices/pcsc"
	"boothd/devices/rte"
	"boothd/devices/secugen"
	"boothd/devices/uareu"
	"boothd/devices/zfm"
)

// All returns a row for every driver. Where two know the same USB identity, the first one
// drives it.
func All() []devices.Driver {
	return []devices.Driver{
		uareu.Driver(),
		secugen.Driver(),
		zfm.Driver(),
		cute.Driver(),
		idbox.Driver(),
		rte.Driver(),
		barcode.Driver(),
		pcsc.Driver(),
		mjpeg.Driver(),
	}
}
