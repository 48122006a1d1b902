package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"boothd/devices"
)

// node returns the device node of the USB device with this identity. It returns "" while
// the kernel has none or udev is not done with it.
func node(id devices.ID) string {
	found, _ := filepath.Glob("/sys/bus/usb/devices/*/idVendor")
	for _, vendor := range found {
		dir := filepath.Dir(vendor)
		if text(vendor)+":"+text(filepath.Join(dir, "idProduct")) != id.String() {
			continue
		}
		if _, err := os.Stat("/run/udev/data/c" + text(filepath.Join(dir, "dev"))); err != nil {
			return ""
		}
		var bus, number int
		fmt.Sscan(text(filepath.Join(dir, "busnum")), &bus)
		fmt.Sscan(text(filepath.Join(dir, "devnum")), &number)
		return fmt.Sprintf("/dev/bus/usb/%03d/%03d", bus, number)
	}
	return ""
}

// checkRights returns an error unless the booth may open the scanner, nobody else may, and
// the hub it is plugged into was left alone.
func checkRights(scanner devices.ID) error {
	var complaints []string
	for line := range strings.Lines(text(udevLog)) {
		// udev also complains of Debian's rules: they name groups that this machine lacks.
		if strings.Contains(line, "boothd") {
			complaints = append(complaints, line)
		}
	}
	if len(complaints) > 0 {
		return fmt.Errorf("udev says %q", complaints)
	}
	rootHub := devices.ID{Vendor: 0x1d6b, Product: 0x0002}
	if got, want := rights(node(scanner)), "group 990 rw-rw----"; got != want {
		return fmt.Errorf("the scanner has %s, want %s", got, want)
	}
	if got, want := rights(node(rootHub)), "group 0 rw-rw-r--"; got != want {
		return fmt.Errorf("the hub has %s, want %s", got, want)
	}
	return nil
}

func rights(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("group %d %s", info.Sys().(*syscall.Stat_t).Gid, info.Mode().Perm().String()[1:])
}

func text(file string) string {
	b, _ := os.ReadFile(file)
	return strings.TrimSpace(string(b))
}
