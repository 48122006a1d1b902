// Package cute drives the serial readers of machine-readable zones by Access-IS and DESKO,
// which send what they read in the framing of airline check-in desks (CUTE).
//
// The reader speaks without being asked. For every document that passes it sends
//
//	1C 02  line CR  [line CR  [line CR]]  03 1D
//
// at 9600 to 115200 baud, 8 data bits, no parity, 1 stop bit: two or three lines for the
// formats of ICAO 9303, one for some driving licences. There is no checksum, no
// acknowledgement and no way to ask the reader what it is.
//
// What follows from that is package swipe's to say. A frame that is too long or not printable
// is never returned; after a fault the next start of a frame, 1C 02, is a new frame wherever
// it comes.
package cute

import (
	"context"

	"boothd/devices"
	"boothd/devices/serial"
	"boothd/devices/swipe"
)

// Driver returns the driver's row of the table. The configuration chooses it: a serial line
// has no identity.
func Driver() devices.Driver {
	return devices.Driver{Name: "cute", Kind: devices.KindDocumentReader, Open: open}
}

// Reader is an opened reader.
type Reader struct {
	documents *swipe.Reader
	address   string
}

var _ devices.DocumentReader = (*Reader)(nil)

func open(ctx context.Context, p devices.Port) (devices.Device, error) {
	line, err := serial.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	return &Reader{documents: swipe.New(line, new(parser)), address: p.Address()}, nil
}

// Info describes the reader. It cannot be asked for its model.
func (r *Reader) Info() devices.Info {
	return devices.Info{
		Driver:  "cute",
		Kind:    devices.KindDocumentReader,
		Address: r.address,
		Model:   "Access-IS or DESKO serial MRZ reader",
	}
}

// ReadMRZ implements devices.DocumentReader.
func (r *Reader) ReadMRZ(ctx context.Context) ([]string, error) { return r.documents.ReadMRZ(ctx) }

// Close closes the line.
func (r *Reader) Close() error { return r.documents.Line.Close() }
