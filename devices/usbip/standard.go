package usbip

import (
	"encoding/binary"
	"fmt"

	"boothd/devices/usb"
)

// Standard requests (USB 2.0 table 9-4).
const (
	reqGetStatus        = 0
	reqClearFeature     = 1
	reqSetFeature       = 3
	reqSetAddress       = 5
	reqGetDescriptor    = 6
	reqGetConfiguration = 8
	reqSetConfiguration = 9
	reqGetInterface     = 10
	reqSetInterface     = 11
)

// Parts of bmRequestType (USB 2.0 table 9-2).
const (
	typeMask     = 0x60
	typeStandard = 0x00

	fromDevice    = 0x80
	fromInterface = 0x81
	fromEndpoint  = 0x82
	toDevice      = 0x00
	toInterface   = 0x01
	toEndpoint    = 0x02
)

// standard answers the standard requests of one session from the device's descriptors.
type standard struct {
	Descriptor
	configuration uint8
}

// control answers a standard request; data is what the host offers to be filled.
func (s *standard) control(r usb.Setup, data []byte) (int, error) {
	refused := fmt.Errorf("request %02x %02x %04x %04x: %w", r.RequestType, r.Request, r.Value, r.Index, usb.ErrStall)
	switch [2]uint8{r.RequestType, r.Request} {
	case [2]uint8{fromDevice, reqGetDescriptor}:
		d := s.descriptor(uint8(r.Value>>8), uint8(r.Value))
		if d == nil {
			return 0, refused
		}
		return copy(data, d), nil
	case [2]uint8{fromDevice, reqGetConfiguration}:
		return copy(data, []byte{s.configuration}), nil
	case [2]uint8{toDevice, reqSetConfiguration}:
		if r.Value > 1 {
			return 0, refused
		}
		s.configuration = uint8(r.Value)
		return 0, nil
	case [2]uint8{fromDevice, reqGetStatus}, [2]uint8{fromInterface, reqGetStatus}, [2]uint8{fromEndpoint, reqGetStatus}:
		return copy(data, binary.LittleEndian.AppendUint16(nil, 0)), nil
	case [2]uint8{fromInterface, reqGetInterface}:
		return copy(data, []byte{0}), nil
	case [2]uint8{toInterface, reqSetInterface}:
		if r.Value != 0 || !s.hasInterface(r.Index) {
			return 0, refused
		}
		return 0, nil
	case [2]uint8{toDevice, reqSetAddress},
		[2]uint8{toDevice, reqClearFeature}, [2]uint8{toInterface, reqClearFeature}, [2]uint8{toEndpoint, reqClearFeature},
		[2]uint8{toDevice, reqSetFeature}, [2]uint8{toInterface, reqSetFeature}, [2]uint8{toEndpoint, reqSetFeature}:
		return 0, nil
	}
	return 0, refused
}

// descriptor returns a descriptor, or nil if the device has none of this kind and index.
func (s *standard) descriptor(kind, index uint8) []byte {
	switch {
	case kind == descDevice && index == 0:
		return s.deviceBytes()
	case kind == descConfiguration && index == 0:
		return s.configurationBytes()
	case kind == descString:
		return s.stringBytes(index)
	}
	return nil
}
