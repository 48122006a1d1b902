package main

import (
	"os"
	"testing"

	"boothd/devices"
	"boothd/devices/drivers"
)

func TestPackagedRulesAreThoseOfTheDrivers(t *testing.T) {
	const file = "../60-boothd.rules"
	packaged, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(packaged) != rules(drivers.All()) {
		t.Errorf("%s is not what the drivers' tables say: write it again with make udev", file)
	}
}

func TestRulesNameEachIdentityOnce(t *testing.T) {
	table := []devices.Driver{
		{Name: "one", Kind: devices.KindFingerScanner, IDs: []devices.ID{{Vendor: 0x05ba, Product: 0x000a}, {Vendor: 0x045e, Product: 0x00bb}}},
		{Name: "serial", Kind: devices.KindDocumentReader},
		{Name: "two", Kind: devices.KindFingerScanner, IDs: []devices.ID{{Vendor: 0x05ba, Product: 0x000a}, {Vendor: 0x1162, Product: 0x2000}}},
	}
	want := head + `
# one (finger-scanner)
ATTR{idVendor}=="05ba", ATTR{idProduct}=="000a", GROUP="boothd", MODE="0660"
ATTR{idVendor}=="045e", ATTR{idProduct}=="00bb", GROUP="boothd", MODE="0660"

# two (finger-scanner)
ATTR{idVendor}=="1162", ATTR{idProduct}=="2000", GROUP="boothd", MODE="0660"

LABEL="boothd_end"
`
	if got := rules(table); got != want {
		t.Errorf("rules:\n%s\nwant:\n%s", got, want)
	}
}
