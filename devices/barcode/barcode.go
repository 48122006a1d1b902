// Package barcode drives serial readers of two-dimensional barcodes, as every maker of such
// scanners has them: what is read is sent over a serial line (or a USB one that looks like it,
// CDC-ACM), with a few bytes around it that the scanner's setup sheet decides.
//
// There is no common protocol, no checksum and no way to ask a scanner what it is. Three
// framings are recognised: STX before and ETX after the barcode, or CR, LF or CR LF after it. A
// barcode without an end is one that was cut short. Scanners that are set up to send something
// else are told of in [Config].
//
// Set the scanner up to read without a trigger, to send every byte as it is (8 data bits, no
// parity; no code page, no GS substitute), and Data Matrix, Aztec, QR and PDF417. A symbology
// identifier ("]d1") before the barcode does no harm; package capture/barcode takes it off.
//
// Traps:
//   - A digital seal is binary: the bytes that end a barcode may be in the middle of it. So a
//     barcode ends with silence, and only then are the bytes around it looked for.
//   - What ends in CR and is followed by the scanner's LF reads as if CR LF had been the end. For
//     one seal of 256 that costs its last byte, and its signature cannot be verified: set the
//     scanner up to CR LF, or tell the exact Suffix.
//   - Some scanners send a barcode twice while it lies before them.
//
// Whose barcode it is, only time tells, as with documents (package swipe): what arrived before
// ReadBarcode was called is not returned, and asked for again unless it is the barcode that
// was returned last.
package barcode

import (
	"context"
	"fmt"

	"boothd/devices"
	"boothd/devices/serial"
)

const name = "barcode"

// Driver returns the driver with its defaults. The configuration chooses it: a serial line has
// no identity.
func Driver() devices.Driver { return Config{}.Driver() }

// Config says what the scanner sends around a barcode. The zero Config recognises it.
type Config struct {
	// Prefix and Suffix are what comes before and after a barcode, if at least one of them is
	// not empty.
	Prefix, Suffix string
	// Bare says that there is nothing around it. A barcode that was cut short is then one.
	Bare bool
}

// Driver returns the driver.
func (c Config) Driver() devices.Driver {
	return devices.Driver{Name: name, Kind: devices.KindBarcodeReader, Open: c.open}
}

func (c Config) open(ctx context.Context, p devices.Port) (devices.Device, error) {
	if c.Bare && c.Prefix+c.Suffix != "" {
		return nil, fmt.Errorf("open %s: a bare barcode has neither prefix nor suffix", p.Address())
	}
	line, err := serial.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	return newReader(line, c, p.Address()), nil
}
