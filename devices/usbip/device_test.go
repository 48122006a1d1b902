package usbip

import (
	"bytes"
	"errors"
	"testing"
	"unicode/utf16"

	"boothd/devices"
	"boothd/devices/usb"
)

// The descriptors of a real U.are.U 4500.
const (
	recordedDevice        = "1201000200000040ba050a00030101020301"
	recordedConfiguration = "0902200001010080640904000002ffffff000705810340000807058202400000"
)

func recordedDescriptor() Descriptor {
	return Descriptor{
		ID: devices.ID{Vendor: 0x05ba, Product: 0x000a}, BCDDevice: 0x0103, MilliAmps: 200,
		Manufacturer: "maker", Product: "U.are.U\u00ae", Serial: "1",
		Interfaces: []InterfaceDescriptor{{
			Interface: usb.Interface{Class: 0xff, SubClass: 0xff, Protocol: 0xff},
			Endpoints: []EndpointDescriptor{
				{Address: 0x81, Type: TransferInterrupt, MaxPacket: 64, Interval: 8},
				{Address: 0x82, Type: TransferBulk, MaxPacket: 64},
			},
		}},
	}
}

func TestDescriptorsEqualThoseOfARealDevice(t *testing.T) {
	d := recordedDescriptor()
	if want := unhex(t, recordedDevice); !bytes.Equal(d.deviceBytes(), want) {
		t.Errorf("device % x; want % x", d.deviceBytes(), want)
	}
	if want := unhex(t, recordedConfiguration); !bytes.Equal(d.configurationBytes(), want) {
		t.Errorf("configuration % x; want % x", d.configurationBytes(), want)
	}
}

func TestStandardRequestsAreAnsweredFromTheDescriptors(t *testing.T) {
	const none = -1
	d := recordedDescriptor()
	tests := []struct {
		name    string
		request usb.Setup
		length  int
		want    int // bytes, or none if it is refused
	}{
		{"the device descriptor", usb.Setup{RequestType: 0x80, Request: 6, Value: 0x0100}, 64, 18},
		{"its first 8 bytes, as a kernel asks first", usb.Setup{RequestType: 0x80, Request: 6, Value: 0x0100}, 8, 8},
		{"the head of the configuration", usb.Setup{RequestType: 0x80, Request: 6, Value: 0x0200}, 9, 9},
		{"the whole configuration", usb.Setup{RequestType: 0x80, Request: 6, Value: 0x0200}, 255, 32},
		{"a second configuration", usb.Setup{RequestType: 0x80, Request: 6, Value: 0x0201}, 255, none},
		{"the languages", usb.Setup{RequestType: 0x80, Request: 6, Value: 0x0300}, 255, 4},
		{"the product", usb.Setup{RequestType: 0x80, Request: 6, Value: 0x0302, Index: 0x0409}, 255, 2 + 2*8},
		{"a text that it lacks", usb.Setup{RequestType: 0x80, Request: 6, Value: 0x0309, Index: 0x0409}, 255, none},
		{"the qualifier of faster devices", usb.Setup{RequestType: 0x80, Request: 6, Value: 0x0600}, 10, none},
		{"the device's status", usb.Setup{RequestType: 0x80}, 2, 2},
		{"an endpoint's status", usb.Setup{RequestType: 0x82, Index: 0x81}, 2, 2},
		{"configuration 1", usb.Setup{Request: 9, Value: 1}, 0, 0},
		{"configuration 2", usb.Setup{Request: 9, Value: 2}, 0, none},
		{"which configuration", usb.Setup{RequestType: 0x80, Request: 8}, 1, 1},
		{"alternate setting 0", usb.Setup{RequestType: 0x01, Request: 11}, 0, 0},
		{"alternate setting 1", usb.Setup{RequestType: 0x01, Request: 11, Value: 1}, 0, none},
		{"a setting of another interface", usb.Setup{RequestType: 0x01, Request: 11, Index: 5}, 0, none},
		{"which alternate setting", usb.Setup{RequestType: 0x81, Request: 10}, 1, 1},
		{"an end to a halt", usb.Setup{RequestType: 0x02, Request: 1, Index: 0x82}, 0, 0},
		{"a request of no standard", usb.Setup{RequestType: 0x80, Request: 0x33}, 1, none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := standard{Descriptor: d}
			n, err := s.control(tt.request, make([]byte, tt.length))
			switch {
			case tt.want == none && !errors.Is(err, usb.ErrStall):
				t.Errorf("error %v; want a stall", err)
			case tt.want != none && (err != nil || n != tt.want):
				t.Errorf("%d bytes, %v; want %d", n, err, tt.want)
			}
		})
	}
}

func TestTheConfigurationThatWasSetIsTold(t *testing.T) {
	s := standard{Descriptor: recordedDescriptor()}
	var b [1]byte
	for _, want := range []byte{0, 1} {
		if _, err := s.control(usb.Setup{Request: reqSetConfiguration, Value: uint16(want)}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.control(usb.Setup{RequestType: fromDevice, Request: reqGetConfiguration}, b[:]); err != nil || b[0] != want {
			t.Errorf("configuration %d, %v; want %d", b[0], err, want)
		}
	}
}

func TestTextsAreUTF16(t *testing.T) {
	b := recordedDescriptor().stringBytes(stringProduct)
	if int(b[0]) != len(b) || b[1] != descString {
		t.Fatalf("head % x", b[:2])
	}
	var units []uint16
	for i := 2; i < len(b); i += 2 {
		units = append(units, uint16(b[i])|uint16(b[i+1])<<8)
	}
	if got := string(utf16.Decode(units)); got != "U.are.U\u00ae" {
		t.Errorf("text %q", got)
	}
}
