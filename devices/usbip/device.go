package usbip

import (
	"context"
	"encoding/binary"
	"unicode/utf16"

	"boothd/devices"
	"boothd/devices/usb"
)

// Device is an emulated full-speed USB device: what it is, and what stands behind its
// endpoints. The transfers mirror those of usb.Conn, seen from the other side: Control and
// Read fill the buffer that the host offers.
//
// Transfers on different endpoints run at the same time, those on one endpoint one after
// another. A transfer returns soon after its context ends, which it does when the host
// cancels it and when the device is unplugged. An error matching usb.ErrStall refuses the
// transfer, any other is a fault on the bus.
type Device interface {
	// Descriptor says what the device is. It is asked once, when the device is plugged.
	Descriptor() Descriptor
	// Control answers the class and vendor requests; the server answers the standard ones.
	Control(ctx context.Context, s usb.Setup, data []byte) (int, error)
	// Read waits until the device has something to send on an IN endpoint.
	Read(ctx context.Context, endpoint uint8, buf []byte) (int, error)
	// Write takes what the host sends to an OUT endpoint.
	Write(ctx context.Context, endpoint uint8, data []byte) (int, error)
}

// Descriptor holds what the standard descriptors of a device say (USB 2.0 §9.6). The
// device has one configuration, number 1, and its interfaces no alternate settings.
type Descriptor struct {
	ID         devices.ID
	BCDDevice  uint16 // release, 0x0103 for 1.03
	MilliAmps  int    // drawn from the bus, at most 500
	Interfaces []InterfaceDescriptor
	// Texts; an empty one has no string descriptor.
	Manufacturer, Product, Serial string
}

// InterfaceDescriptor describes one interface.
type InterfaceDescriptor struct {
	usb.Interface
	// Further holds the descriptors that its class adds, as they are sent.
	Further   []byte
	Endpoints []EndpointDescriptor
}

// EndpointDescriptor describes one endpoint.
type EndpointDescriptor struct {
	Address   uint8 // bit 7 set: IN
	Type      uint8 // TransferBulk or TransferInterrupt
	MaxPacket uint16
	Interval  uint8 // ms between polls of an interrupt endpoint
}

// Types of endpoints (USB 2.0 §9.6.6, bmAttributes).
const (
	TransferBulk      = 2
	TransferInterrupt = 3
)

// Kinds of descriptor (USB 2.0 table 9-5).
const (
	descDevice        = 1
	descConfiguration = 2
	descString        = 3
	descInterface     = 4
	descEndpoint      = 5
)

const (
	maxPacket0 = 64
	speedFull  = 2

	stringManufacturer = 1
	stringProduct      = 2
	stringSerial       = 3

	languageEnglish = 0x0409
)

// deviceBytes returns the device descriptor.
func (d Descriptor) deviceBytes() []byte {
	le := binary.LittleEndian
	b := []byte{18, descDevice}
	b = le.AppendUint16(b, 0x0200)
	b = append(b, 0, 0, 0, maxPacket0) // the interfaces have the classes
	b = le.AppendUint16(b, d.ID.Vendor)
	b = le.AppendUint16(b, d.ID.Product)
	b = le.AppendUint16(b, d.BCDDevice)
	return append(b,
		indexIf(d.Manufacturer, stringManufacturer),
		indexIf(d.Product, stringProduct),
		indexIf(d.Serial, stringSerial),
		1) // configurations
}

func indexIf(text string, index uint8) uint8 {
	if text == "" {
		return 0
	}
	return index
}

// configurationBytes returns the configuration descriptor and all that belongs to it.
func (d Descriptor) configurationBytes() []byte {
	const busPowered = 0x80
	b := []byte{9, descConfiguration, 0, 0, uint8(len(d.Interfaces)), 1, 0, busPowered, uint8(d.MilliAmps / 2)}
	for _, i := range d.Interfaces {
		b = append(b, 9, descInterface, i.Number, 0, uint8(len(i.Endpoints)), i.Class, i.SubClass, i.Protocol, 0)
		b = append(b, i.Further...)
		for _, e := range i.Endpoints {
			b = append(b, 7, descEndpoint, e.Address, e.Type)
			b = binary.LittleEndian.AppendUint16(b, e.MaxPacket)
			b = append(b, e.Interval)
		}
	}
	binary.LittleEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// stringBytes returns the string descriptor of an index, or nil if there is none.
func (d Descriptor) stringBytes(index uint8) []byte {
	var text string
	switch index {
	case 0:
		return binary.LittleEndian.AppendUint16([]byte{4, descString}, languageEnglish)
	case stringManufacturer:
		text = d.Manufacturer
	case stringProduct:
		text = d.Product
	case stringSerial:
		text = d.Serial
	}
	if text == "" {
		return nil
	}
	units := utf16.Encode([]rune(text))
	units = units[:min(len(units), 126)]
	b := []byte{uint8(2 + 2*len(units)), descString}
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// hasEndpoint says whether the device has an endpoint of this address.
func (d Descriptor) hasEndpoint(address uint8) bool {
	for _, i := range d.Interfaces {
		for _, e := range i.Endpoints {
			if e.Address == address {
				return true
			}
		}
	}
	return false
}

// hasInterface says whether the device has an interface of this number.
func (d Descriptor) hasInterface(number uint16) bool {
	for _, i := range d.Interfaces {
		if uint16(i.Number) == number {
			return true
		}
	}
	return false
}
