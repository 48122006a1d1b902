// Package rte drives the passport readers of the RTE family by Rochford Thompson, later 3M,
// now Thales, which send what they read in the protocol called RTE Native.
//
// The reader speaks without being asked and takes no commands. For every document that
// passes it sends
//
//	SOH lenLo lenHi 'O' 'U' STX flag  line CR line CR line CR  ETX BCC
//
// at 9600 to 115200 baud, 8 data bits, no parity, 1 stop bit. There are always three lines;
// those that the document lacks come first and are empty. A zone of three lines is sent as 30
// characters each and one of two as 44, padded with '_', which is taken off again. (3M,
// RTE6701-OEM Integration Manual V1.03, §9.1.)
//
// What becomes of documents that come early or spoilt is package swipe's to say.
//
// # What could not be settled
//
// The manual refers to another one (3M 74-0200-31) for the block check and the flag, and that
// one could not be had; nor is it clear from where the length counts, or whether its bytes have
// seven bits or eight. So a frame is found by its shape: the header, three lines of printable
// characters, ETX and one byte more. The flag and the length are passed over. For the block
// check the driver knows the formulas in use, and learns: once a formula has been right for
// three documents in a row it is the reader's, and a frame for which it is wrong is spoilt.
// Until then nothing but the zone's own check digits, which package mrz verifies, shows a
// character that was changed on the line, and those cover neither names nor sex.
package rte

import (
	"context"

	"boothd/devices"
	"boothd/devices/serial"
	"boothd/devices/swipe"
)

// Driver returns the driver's row of the table. The configuration chooses it: a serial line
// has no identity.
func Driver() devices.Driver {
	return devices.Driver{Name: "rte", Kind: devices.KindDocumentReader, Open: open}
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
		Driver:  "rte",
		Kind:    devices.KindDocumentReader,
		Address: r.address,
		Model:   "3M or Thales RTE serial MRZ reader",
	}
}

// ReadMRZ implements devices.DocumentReader.
func (r *Reader) ReadMRZ(ctx context.Context) ([]string, error) { return r.documents.ReadMRZ(ctx) }

// Close closes the line.
func (r *Reader) Close() error { return r.documents.Line.Close() }
