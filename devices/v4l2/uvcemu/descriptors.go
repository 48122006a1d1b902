package uvcemu

import (
	"encoding/binary"

	"boothd/devices"
	"boothd/devices/usb"
	"boothd/devices/usbip"
)

// The camera's interfaces, its endpoint and its entities.
const (
	interfaceControl   = 0
	interfaceStreaming = 1
	endpointVideo      = 0x81

	entityCamera = 1
	entityOutput = 2
)

const (
	classVideo  = 0x0e
	subControl  = 1
	subStream   = 2
	descClassIf = 0x24 // CS_INTERFACE
)

// interval is the time of a picture in units of 100 ns: 30 a second.
const interval = 333333

// ID returns the USB identity, one of those that are free for tests.
func ID() devices.ID { return devices.ID{Vendor: 0x1209, Product: 0x0001} }

// Descriptor implements usbip.Device.
func (c *Camera) Descriptor() usbip.Descriptor {
	return usbip.Descriptor{
		ID: ID(), BCDDevice: 0x0100, MilliAmps: 100, Manufacturer: "boothd", Product: "Emulated UVC camera", Serial: "1",
		Interfaces: []usbip.InterfaceDescriptor{
			{Interface: usb.Interface{Number: interfaceControl, Class: classVideo, SubClass: subControl}, Further: controlDescriptors()},
			{
				Interface: usb.Interface{Number: interfaceStreaming, Class: classVideo, SubClass: subStream}, Further: c.streamDescriptors(),
				Endpoints: []usbip.EndpointDescriptor{{Address: endpointVideo, Type: usbip.TransferBulk, MaxPacket: 64}},
			},
		},
	}
}

// described is a descriptor of the class, with its length before it.
func described(subtype byte, body ...byte) []byte {
	return append([]byte{byte(3 + len(body)), descClassIf, subtype}, body...)
}

// controlDescriptors describe the camera and what its pictures go to (UVC 1.1 §3.7).
func controlDescriptors() []byte {
	const header, inputTerminal, outputTerminal = 1, 2, 3
	le := binary.LittleEndian
	camera := []byte{entityCamera}
	camera = le.AppendUint16(camera, 0x0201)                // ITT_CAMERA
	camera = append(camera, 0, 0, 0, 0, 0, 0, 0, 0, 3)      // no lens to zoom; three bytes of controls
	camera = append(camera, 0b00001010, 0, 0)               // automatic exposure, exposure time
	output := le.AppendUint16([]byte{entityOutput}, 0x0101) // TT_STREAMING
	output = append(output, 0, entityCamera, 0)
	rest := append(described(inputTerminal, camera...), described(outputTerminal, output...)...)

	const headerLen = 13
	head := le.AppendUint16(nil, 0x0100)
	head = le.AppendUint16(head, uint16(headerLen+len(rest)))
	head = le.AppendUint32(head, 1_000_000)
	head = append(head, 1, interfaceStreaming)
	return append(described(header, head...), rest...)
}

// streamDescriptors describe one format, Motion JPEG, of one size (UVC 1.1 §3.9).
func (c *Camera) streamDescriptors() []byte {
	const inputHeader, formatMJPEG, frameMJPEG = 1, 6, 7
	le := binary.LittleEndian
	format := []byte{1, 1, 1, 1, 0, 0, 0, 0} // index, frames, fixed size, default frame
	frame := []byte{1, 0}
	frame = le.AppendUint16(frame, uint16(c.width))
	frame = le.AppendUint16(frame, uint16(c.height))
	frame = le.AppendUint32(frame, 1_000_000)   // bits per second, least and most
	frame = le.AppendUint32(frame, 100_000_000) //
	frame = le.AppendUint32(frame, maxPicture)
	frame = le.AppendUint32(frame, interval)
	frame = append(frame, 1)
	frame = le.AppendUint32(frame, interval)
	rest := append(described(formatMJPEG, format...), described(frameMJPEG, frame...)...)

	const headerLen = 14
	head := le.AppendUint16([]byte{1}, uint16(headerLen+len(rest)))
	head = append(head, endpointVideo, 0, entityOutput, 0, 0, 0, 1, 0)
	return append(described(inputHeader, head...), rest...)
}
