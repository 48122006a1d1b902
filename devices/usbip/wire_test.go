package usbip

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// The examples are those of the kernel's Documentation/usb/usbip_protocol.rst.
const (
	cmdIntrIn  = "00000001 00000d05 0001000f 00000001 00000001 00000200 00000040 ffffffff 00000000 00000004 00000000 00000000"
	cmdIntrOut = "00000001 00000d06 0001000f 00000000 00000001 00000000 00000040 ffffffff 00000000 00000004 00000000 00000000"
	retIntrIn  = "00000003 00000d05 00000000 00000000 00000000 00000000 00000040 ffffffff 00000000 00000000 00000000 00000000"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestHeadersOfTheKernelsDocumentation(t *testing.T) {
	tests := []struct {
		name, example string
		want          header
	}{
		{"an input transfer", cmdIntrIn, header{
			command: cmdSubmit, seq: 0xd05, devID: 0x1000f, direction: dirIn, endpoint: 1,
			flags: 0x200, length: 64, interval: 4,
		}},
		{"an output transfer", cmdIntrOut, header{
			command: cmdSubmit, seq: 0xd06, devID: 0x1000f, direction: dirOut, endpoint: 1,
			length: 64, interval: 4,
		}},
		{"an answer", retIntrIn, header{command: retSubmit, seq: 0xd05, length: 64}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := unhex(t, tt.example)
			got, err := readHeader(bytes.NewReader(b))
			if err != nil || got != tt.want {
				t.Fatalf("%+v, %v; want %+v", got, err, tt.want)
			}
			// The start frame, which only isochronous transfers have, is sent as 0.
			copy(b[28:32], []byte{0, 0, 0, 0})
			if out := got.append(nil); !bytes.Equal(out, b) {
				t.Errorf("encoded as % x; want % x", out, b)
			}
		})
	}
}

func TestHeadersSurviveTheWire(t *testing.T) {
	for _, h := range []header{
		{command: cmdUnlink, seq: 9, devID: 0x10002, unlinked: 7},
		{command: retUnlink, seq: 9, status: statusUnlinked},
		{command: retSubmit, seq: 7, status: statusStall},
		{command: cmdSubmit, seq: 1, setup: [8]byte{0xc0, 4, 7, 0, 0, 0, 1, 0}, length: 1, direction: dirIn},
	} {
		got, err := readHeader(bytes.NewReader(h.append(nil)))
		if err != nil || got != h {
			t.Errorf("%+v became %+v, %v", h, got, err)
		}
	}
}

func TestHeadersThatCannotBeServedAreRefused(t *testing.T) {
	tests := []struct {
		name string
		h    header
	}{
		{"an unknown command", header{command: 9}},
		{"more data than is accepted", header{command: cmdSubmit, length: maxTransfer + 1}},
		{"an answer with more data than is accepted", header{command: retSubmit, length: 0xffffffff}},
		{"an isochronous transfer", header{command: cmdSubmit, packets: 8}},
		{"an endpoint beyond the last", header{command: cmdSubmit, endpoint: 16}},
		{"a third direction", header{command: cmdSubmit, direction: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := readHeader(bytes.NewReader(tt.h.append(nil))); err == nil {
				t.Error("accepted")
			}
		})
	}
	if _, err := readHeader(bytes.NewReader(unhex(t, cmdIntrIn)[:47])); err == nil {
		t.Error("a header that ends early was accepted")
	}
}

func TestDeviceRecordsSurviveTheWire(t *testing.T) {
	want := deviceRecord{
		path: "/sys/devices/pci0000:00/usb1/1-10", busID: "1-10", busNum: 1, devNum: 50, speed: 2,
		vendor: 0x05ba, product: 0x000a, bcdDevice: 0x0103, configuration: 1, configurations: 1, interfaces: 1,
	}
	b := want.append(nil)
	if len(b) != deviceLen {
		t.Fatalf("%d bytes", len(b))
	}
	got, err := readDeviceRecord(bytes.NewReader(b))
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if id := got.devID(); id != 1<<16|50 {
		t.Errorf("device id %#x", id)
	}
	long := deviceRecord{busID: strings.Repeat("1", 100)}
	if got, _ = readDeviceRecord(bytes.NewReader(long.append(nil))); len(got.busID) != busIDLen-1 {
		t.Errorf("a long bus id became %q", got.busID)
	}
}

func TestDeviceListsThatMakeNoSenseAreRefused(t *testing.T) {
	head := opHeader{code: opRepDevlist}.append(nil)
	tests := []struct {
		name string
		list []byte
	}{
		{"nothing", nil},
		{"another version", append([]byte{0x01, 0x06}, head[2:]...)},
		{"another operation", append(opHeader{code: opRepImport}.append(nil), 0, 0, 0, 0)},
		{"an error", append(opHeader{opRepDevlist, opError}.append(nil), 0, 0, 0, 0)},
		{"more devices than are accepted", append(head[:8:8], 0xff, 0xff, 0xff, 0xff)},
		{"fewer devices than announced", append(head[:8:8], 0, 0, 0, 2)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d, err := readDeviceList(bytes.NewReader(tt.list)); err == nil {
				t.Errorf("accepted as %+v", d)
			}
		})
	}
}

func TestDevicesWithUnprintableNamesAreLeftOut(t *testing.T) {
	list := append(opHeader{code: opRepDevlist}.append(nil), 0, 0, 0, 3)
	for _, busID := range []string{"1-1\n", "", "1-2"} {
		list = deviceRecord{busID: busID}.append(list)
	}
	got, err := readDeviceList(bytes.NewReader(list))
	if err != nil || len(got) != 1 || got[0].busID != "1-2" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestConfigurationsAreReadWithTheirInterfaces(t *testing.T) {
	config, err := parseConfiguration(unhex(t, recordedConfiguration))
	if err != nil {
		t.Fatal(err)
	}
	if config.value != 1 || len(config.interfaces) != 1 {
		t.Fatalf("%+v", config)
	}
	i := config.interfaces[0]
	if i.Class != 0xff || len(i.endpoints) != 2 || i.endpoints[0x81] != 8 {
		t.Errorf("%+v", i)
	}
	if _, ok := i.endpoints[0x82]; !ok {
		t.Error("the bulk endpoint is missing")
	}
}

func TestConfigurationsThatMakeNoSenseAreRefused(t *testing.T) {
	whole := unhex(t, recordedConfiguration)
	for n := range whole {
		if _, err := parseConfiguration(whole[:n]); err == nil {
			t.Errorf("the first %d bytes were accepted", n)
		}
	}
	still := bytes.Clone(whole)
	still[9] = 0 // a descriptor that does not move on
	if _, err := parseConfiguration(still); err == nil {
		t.Error("a descriptor of no length was accepted")
	}
}
