package uareuemu

import (
	"boothd/devices"
	"boothd/devices/usb"
	"boothd/devices/usbip"
)

// Model is a member of the family.
type Model int

// The models. 4000B and 4500 have the same USB identity and differ in their release.
const (
	MicrosoftKeyboard Model = iota
	MicrosoftIntelliMouse
	MicrosoftReader
	MicrosoftReaderV2
	UareU4000
	UareUKeyboard
	UareU4000B
	UareU4500
)

// Models returns all models.
func Models() []Model {
	return []Model{
		MicrosoftKeyboard, MicrosoftIntelliMouse, MicrosoftReader, MicrosoftReaderV2,
		UareU4000, UareUKeyboard, UareU4000B, UareU4500,
	}
}

// sheet is what is particular about a model.
type sheet struct {
	maker, product  string
	vendor, id, bcd uint16
	idle            byte // power register before the first power-up
	challenge       bool
	upsideDown      bool
	human           int // interfaces of a keyboard or mouse that come before the scanner's
	version         [16]byte
	blocks          []Block
}

const (
	microsoft      = "Microsoft"
	digitalPersona = "DigitalPersona, Inc."
)

var sheets = map[Model]sheet{
	MicrosoftKeyboard: {
		maker: microsoft, product: "Microsoft Fingerprint Reader Keyboard", vendor: 0x045e, id: 0x00bb, bcd: 0x0100,
		idle: 0x01, human: 1, version: version4000, blocks: blocksManyKeys,
	},
	MicrosoftIntelliMouse: {
		maker: microsoft, product: "Microsoft IntelliMouse with Fingerprint Reader", vendor: 0x045e, id: 0x00bc, bcd: 0x0100,
		idle: 0x01, human: 1, version: version4000, blocks: blocksManyMissing,
	},
	MicrosoftReader: {
		maker: microsoft, product: "Fingerprint Reader", vendor: 0x045e, id: 0x00bd, bcd: 0x0100,
		idle: 0x01, version: version4000, blocks: blocksManyKeys,
	},
	MicrosoftReaderV2: {
		maker: microsoft, product: "Fingerprint Reader v2", vendor: 0x045e, id: 0x00ca, bcd: 0x0100,
		idle: 0x03, challenge: true, version: versionV2, blocks: blocksV2,
	},
	UareU4000: {
		maker: digitalPersona, product: "U.are.U 4000", vendor: 0x05ba, id: 0x0007, bcd: 0x0100,
		idle: 0x01, version: version4000, blocks: blocksManyMissing,
	},
	UareUKeyboard: {
		maker: digitalPersona, product: "U.are.U Fingerprint Keyboard", vendor: 0x05ba, id: 0x0008, bcd: 0x0100,
		idle: 0x01, human: 2, version: version4000, blocks: blocksManyKeys,
	},
	UareU4000B: {
		maker: digitalPersona, product: "U.are.U 4000B", vendor: 0x05ba, id: 0x000a, bcd: 0x0100,
		idle: 0x01, upsideDown: true, version: version4000, blocks: blocksManyKeys,
	},
	UareU4500: {
		maker: digitalPersona, product: "U.are.U\u00ae 4500 Fingerprint Reader", vendor: 0x05ba, id: 0x000a, bcd: 0x0103,
		idle: 0x01, upsideDown: true, version: version4500, blocks: blocks4500,
	},
}

// Version blocks; those of the 4500 and the Microsoft v2 are as recorded, the other one is
// ours.
var (
	version4500 = [16]byte{0x1a, 0x0a, 0x1a, 0x0a, 0x01, 0x15, 0, 0, 0, 0x20, 0x00, 0x10, 0x8b, 0x21, 0x11, 0x30}
	versionV2   = [16]byte{0x50, 0x25, 0x50, 0x25, 0x00, 0x34, 0, 0, 0, 0x13, 0x00, 0x59, 0x67, 0x19, 0x18, 0x00}
	version4000 = [16]byte{0x10, 0x40, 0x10, 0x40, 0x01, 0x00, 0, 0, 0, 0x10, 0x00, 0x01, 0, 0, 0, 0}
)

// String returns the product's name.
func (m Model) String() string { return sheets[m].product }

// ID returns the USB identity.
func (m Model) ID() devices.ID { return devices.ID{Vendor: sheets[m].vendor, Product: sheets[m].id} }

// descriptor describes a full-speed device with the scanner's interface, after those of
// the keyboard or mouse that it is built into.
func (m Model) descriptor() usbip.Descriptor {
	s := sheets[m]
	d := usbip.Descriptor{
		ID: m.ID(), BCDDevice: s.bcd, MilliAmps: 200,
		Manufacturer: s.maker, Product: s.product, Serial: "{EMULATED}",
	}
	for i := range s.human {
		d.Interfaces = append(d.Interfaces, usbip.InterfaceDescriptor{
			Interface: usb.Interface{Number: uint8(i), Class: 3, SubClass: 1, Protocol: uint8(i + 1)},
			Endpoints: []usbip.EndpointDescriptor{
				{Address: uint8(0x83 + i), Type: usbip.TransferInterrupt, MaxPacket: 8, Interval: 10},
			},
		})
	}
	d.Interfaces = append(d.Interfaces, usbip.InterfaceDescriptor{
		Interface: usb.Interface{Number: uint8(s.human), Class: 0xff, SubClass: 0xff, Protocol: 0xff},
		Endpoints: []usbip.EndpointDescriptor{
			{Address: endpointEvents, Type: usbip.TransferInterrupt, MaxPacket: packetLen, Interval: 8},
			{Address: endpointPicture, Type: usbip.TransferBulk, MaxPacket: packetLen},
		},
	})
	return d
}
