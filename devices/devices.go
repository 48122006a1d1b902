// Package devices finds, opens and keeps the booth's fingerprint scanners, cameras and
// document readers.
//
// A [Driver] is a table entry: the device kinds it drives, the USB identities it knows and
// how it opens one. It receives its transport as an argument (a [Port], found by a [Bus]),
// so that the same code runs on hardware, on an emulator and on a recording, and never
// knows which. The [Manager] scans the buses, compares with what is open and acts on the
// difference: a lost or doubled hot-plug event does nothing.
package devices

import (
	"context"
	"fmt"
	"image"
	"log/slog"
	"time"
)

// Kind says what a device is for.
type Kind string

// The kinds of device of a booth.
const (
	KindFingerScanner  Kind = "finger-scanner"
	KindCamera         Kind = "camera"
	KindDocumentReader Kind = "document-reader"
	KindChipReader     Kind = "chip-reader"
	KindBarcodeReader  Kind = "barcode-reader"
	KindPageCamera     Kind = "page-camera"
)

// ID is a USB identity. The zero ID belongs to ports that have none, such as serial lines.
type ID struct {
	Vendor, Product uint16
}

// String returns the usual notation, four hexadecimal digits each: "05ba:000a".
func (id ID) String() string { return fmt.Sprintf("%04x:%04x", id.Vendor, id.Product) }

// Port is a place where a device is attached, as a Bus found it. A transport's ports can
// also be opened; the driver asks the transport's package to do so (usb.Open, serial.Open).
type Port interface {
	// Address names the place, unique within the booth and stable while the device stays
	// plugged: "usb:1-10", "usbip:127.0.0.1:3240/1-1", "serial:/dev/ttyUSB0".
	Address() string
	// ID returns the USB identity, or the zero ID.
	ID() ID
	// Driver names the driver that the configuration chose for this port. Empty: the
	// driver is chosen by ID.
	Driver() string
}

// Bus lists the ports of one transport that have a device now.
type Bus interface {
	// Scan returns the ports. A bus that is absent on this machine has no ports; an error
	// means that the bus cannot tell, and leaves what is open alone.
	Scan(ctx context.Context) ([]Port, error)
}

// Driver is one row of the driver table.
type Driver struct {
	// Name is the driver's folder below devices/: "uareu".
	Name string
	// Kind is what its devices are for.
	Kind Kind
	// IDs are the USB identities it drives, also the source of the udev rules. Empty for
	// drivers that only the configuration can choose.
	IDs []ID
	// Open makes the device on the port ready for use. It returns within 10 seconds.
	Open func(ctx context.Context, p Port) (Device, error)
}

// Info describes an opened device. It holds nothing of a traveller.
type Info struct {
	Driver   string `json:"driver"`
	Kind     Kind   `json:"kind"`
	Address  string `json:"address"`
	Model    string `json:"model"`
	Serial   string `json:"serial,omitempty"`
	Firmware string `json:"firmware,omitempty"`
}

// Device is what every opened device can do. Its methods but Close are called by one
// goroutine at a time; Close may come at any time, ends a call under way and may be
// repeated.
type Device interface {
	Info() Info
	Close() error
}

// FingerScanner takes pictures of single fingers.
type FingerScanner interface {
	Device
	// CaptureFinger waits for a finger and returns its picture. It returns a *RetryError
	// if the finger must be laid again, an error matching ErrGone if the scanner was
	// unplugged, and ctx.Err() within a second of ctx's end; the next call works again.
	CaptureFinger(ctx context.Context) (*FingerImage, error)
}

// FingerImage is a picture of a finger: 8-bit grey, ridges dark on light ground.
type FingerImage struct {
	*image.Gray
	DPI int // pixels per inch, equal in both directions
}

// LogValue keeps the picture out of logs.
func (f *FingerImage) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("finger image %v at %d dpi", f.Bounds().Size(), f.DPI))
}

// DocumentReader reads machine-readable zones.
type DocumentReader interface {
	Device
	// ReadMRZ waits for a document and returns the lines of its machine-readable zone as
	// the device sent them: two or three (one on driving licences), printable ASCII, not
	// yet checked. A document that was presented before the call is not returned: it may
	// be another traveller's. Errors as in FingerScanner.CaptureFinger.
	ReadMRZ(ctx context.Context) ([]string, error)
}

// BarcodeReader reads two-dimensional barcodes: the seals of visa stickers, boarding passes.
type BarcodeReader interface {
	Device
	// ReadBarcode waits for a barcode and returns its content as the device sent it, 1 to
	// MaxBarcode bytes, text or binary, not yet checked. What was presented before the call is
	// not returned: it may be another traveller's. Errors as in FingerScanner.CaptureFinger.
	ReadBarcode(ctx context.Context) ([]byte, error)
}

// MaxBarcode is the length of the longest barcode in bytes. The densest in use, a QR code of
// version 40, holds 2,953.
const MaxBarcode = 4096

// ChipReader is a reader of the contactless chips of travel documents.
type ChipReader interface {
	Device
	// Connect waits until a chip is in the field, selects it and returns the connection to it,
	// which the caller closes before the next call. Errors as in FingerScanner.CaptureFinger.
	Connect(ctx context.Context) (Card, error)
}

// Card is a connection to a chip. Its methods but Close are called by one goroutine at a time.
type Card interface {
	// Transmit sends a command APDU of ISO/IEC 7816-4, at most 65,544 bytes, and returns the
	// response with its status word, 2 to 65,538 bytes. The error matches ErrGone if the chip has
	// left the field or the reader was unplugged. A chip that is slow is waited for until ctx ends.
	Transmit(ctx context.Context, command []byte) (response []byte, err error)
	// Reset takes the field from the chip and gives it back: the chip forgets every session.
	Reset(ctx context.Context) error
	Close() error
}

// Camera takes pictures of the traveller's face.
type Camera interface {
	Device
	// Frame returns the next picture. Errors as in FingerScanner.CaptureFinger.
	Frame(ctx context.Context) (*Frame, error)
}

// Frame is one picture of a camera as a complete JPEG file of at most 8 MiB.
type Frame struct {
	JPEG          []byte
	Width, Height int       // pixels
	At            time.Time // when it was taken, as far as the camera tells; else when it came
}

// PageCamera takes pictures of the pages of documents.
type PageCamera interface {
	Device
	// Lights returns the lights under which it takes pictures, at least LightVisible, which
	// comes first.
	Lights() []Light
	// Page returns the next picture under one of Lights; its exposure began after the light
	// was there. Errors as in FingerScanner.CaptureFinger.
	Page(ctx context.Context, light Light) (*Frame, error)
}

// Light is what a page is lit with.
type Light string

// The lights of page cameras.
const (
	LightVisible     Light = "visible"
	LightInfrared    Light = "infrared"
	LightUltraviolet Light = "ultraviolet"
)

// Lights returns all lights, visible first.
func Lights() []Light { return []Light{LightVisible, LightInfrared, LightUltraviolet} }

// Previewer is a camera that can be watched, also while it is used. Find one with [Preview].
type Previewer interface {
	Device
	// Preview returns the next picture, which is shared: nobody changes it. It may be called
	// by several goroutines at any time, also beside the other methods. Errors as in
	// FingerScanner.CaptureFinger.
	Preview(ctx context.Context) (*Frame, error)
}

// LogValue keeps the picture out of logs.
func (f *Frame) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("frame %dx%d", f.Width, f.Height))
}
