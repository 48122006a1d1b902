// Package drivers is the one list of the booth's drivers.
//
// A driver is a folder below devices/ and a line here. The udev rules are generated from
// the same list.
package drivers

import (
	"slices"

	"boothd/devices"
	"boothd/devices/barcode"
	"boothd/devices/cute"
	"boothd/devices/demo"
	"boothd/devices/idbox"
	"boothd/devices/mjpeg"
	"boothd/devices/pagecam"
	"boothd/devices/pcsc"
	"boothd/devices/rte"
	"boothd/devices/secugen"
	"boothd/devices/uareu"
	"boothd/devices/v4l2"
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
		v4l2.Driver(),
		pagecam.Driver(),
		demo.Driver(),
	}
}

// With returns a row for every driver, the given ones in place of those with their names: drivers
// that were set up otherwise than by default.
func With(rows ...devices.Driver) []devices.Driver {
	all := All()
	for _, row := range rows {
		if i := slices.IndexFunc(all, func(d devices.Driver) bool { return d.Name == row.Name }); i >= 0 {
			all[i] = row
		}
	}
	return all
}
