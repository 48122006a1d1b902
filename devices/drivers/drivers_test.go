package drivers_test

import (
	"os"
	"path/filepath"
	"testing"

	"boothd/devices"
	"boothd/devices/drivers"
)

func TestEveryDriverIsARowThatCanBeUsed(t *testing.T) {
	names := make(map[string]bool)
	owners := make(map[devices.ID]string)
	for _, d := range drivers.All() {
		t.Run(d.Name, func(t *testing.T) {
			if names[d.Name] {
				t.Error("another driver has the same name")
			}
			names[d.Name] = true
			if info, err := os.Stat(filepath.Join("..", d.Name)); err != nil || !info.IsDir() {
				t.Errorf("it has no folder devices/%s", d.Name)
			}
			switch d.Kind {
			case devices.KindFingerScanner, devices.KindCamera, devices.KindDocumentReader, devices.KindChipReader,
				devices.KindBarcodeReader, devices.KindPageCamera:
			default:
				t.Errorf("its kind is %q", d.Kind)
			}
			if d.Open == nil {
				t.Error("it cannot open")
			}
			for _, id := range d.IDs {
				if id == (devices.ID{}) {
					t.Error("it claims the ID of ports that have none")
				}
				if owner, ok := owners[id]; ok {
					t.Errorf("%s also drives %s", owner, id)
				}
				owners[id] = d.Name
			}
		})
	}
}

// TestEveryDriverFolderIsListed finds a driver that was written and not listed: a folder
// with an emulator beside its driver. The chip readers' one is named after what it emulates.
func TestEveryDriverFolderIsListed(t *testing.T) {
	listed := make(map[string]bool)
	for _, d := range drivers.All() {
		listed[d.Name] = true
	}
	emulators, err := filepath.Glob("../*/*emu")
	// A page camera is one of the other cameras.
	emulators = append(emulators, "../pcsc/vpcd", "../pagecam/any")
	if err != nil || len(emulators) < len(listed) {
		t.Fatalf("%d emulators for %d drivers, %v", len(emulators), len(listed), err)
	}
	for _, e := range emulators {
		if name := filepath.Base(filepath.Dir(e)); !listed[name] {
			t.Errorf("devices/%s has an emulator and is not in All", name)
		}
	}
}
