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

// complaints returns what udev has to say of the booth's rules. It also complains of Debian's:
// they name groups that this machine lacks.
func complaints() error {
	var lines []string
	for line := range strings.Lines(text(udevLog)) {
		if strings.Contains(line, "boothd") {
			lines = append(lines, line)
		}
	}
	if len(lines) > 0 {
		return fmt.Errorf("udev says %q", lines)
	}
	return nil
}

// checkRights returns an error unless the booth may open the scanner, nobody else may, and
// the hub it is plugged into was left alone.
func checkRights(scanner devices.ID) error {
	if err := complaints(); err != nil {
		return err
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

// videoNodes returns the video devices that udev is done with.
func videoNodes() []string {
	var done []string
	shown, _ := filepath.Glob("/sys/class/video4linux/video*")
	for _, at := range shown {
		if _, err := os.Stat("/run/udev/data/c" + text(filepath.Join(at, "dev"))); err == nil {
			done = append(done, "/dev/"+filepath.Base(at))
		}
	}
	return done
}

// checkVideoRights returns an error unless the group video, and nobody else, may use the cameras.
func checkVideoRights() error {
	for _, path := range videoNodes() {
		if got, want := rights(path), "group 44 rw-rw----"; got != want {
			return fmt.Errorf("%s has %s, want %s", path, got, want)
		}
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
