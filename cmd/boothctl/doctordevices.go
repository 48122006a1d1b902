package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"boothd/devices"
	"boothd/devices/drivers"
)

// plugs looks at what devices need of this machine: the rules that give them to boothd, their
// nodes, their cables and their lines.
func (d *doctor) plugs() { d.plugsOf(newHost("/"), boothdUser()) }

func (d *doctor) plugsOf(h host, who *account) {
	if d.booth.USB.Local {
		d.udevRules(h)
		d.usbDevices(h, who)
	}
	for _, s := range d.booth.Serial {
		d.serialLine(s.Path, s.Driver, who)
	}
}

// ruleFolders are where udev looks, the first found file of a name counts (udev(7)).
var ruleFolders = []string{"etc/udev/rules.d", "run/udev/rules.d", "usr/local/lib/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"}

const rulesFile = "60-boothd.rules"

// udevRules looks whether the installed rules know all USB devices that the drivers do.
func (d *doctor) udevRules(h host) {
	const what, do = "udev rules", "apt install --reinstall boothd; udevadm control --reload; udevadm trigger"
	for _, folder := range ruleFolders {
		path := filepath.Join(h.root, folder, rulesFile)
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			d.tell(unwell, what, err.Error(), do)
			return
		}
		if missing := lacking(string(b)); len(missing) > 0 {
			d.tell(unwell, what, path+" is of another version: it lacks "+strings.Join(missing, ", "), do)
			return
		}
		d.tell(fine, what, path+" knows every USB device that boothd drives", "")
		return
	}
	d.tell(unwell, what, "are not installed: boothd may not open USB devices", do)
}

// lacking returns the identities that no rule gives away.
func lacking(rules string) []string {
	var missing []string
	for _, driver := range drivers.All() {
		for _, id := range driver.IDs {
			rule := fmt.Sprintf("ATTR{idVendor}==\"%04x\", ATTR{idProduct}==\"%04x\", GROUP=\"boothd\"", id.Vendor, id.Product)
			if !strings.Contains(rules, rule) {
				missing = append(missing, fmt.Sprintf("%s (%s)", id, driver.Name))
			}
		}
	}
	return missing
}

// highSpeed are the drivers whose devices need 480 Mbit/s: their pictures are half a megabyte.
var highSpeed = []string{"secugen"}

func (d *doctor) usbDevices(h host, who *account) {
	for _, u := range h.usb() {
		driver, ok := driverOf(u.id)
		if !ok {
			continue
		}
		what := fmt.Sprintf("%s at %s", driver.Name, u.address)
		if fast := slices.Contains(highSpeed, driver.Name); fast && u.speed > 0 && u.speed < 480 {
			d.tell(unwell, "cable", fmt.Sprintf("%s runs at %d Mbit/s instead of 480", what, u.speed), "another cable, or another socket: not behind an old hub")
		}
		if u.hubs > 0 {
			d.tell(uneasy, "cable", fmt.Sprintf("%s is behind %d hub(s)", what, u.hubs), "if it is lost now and then, plug it into the machine itself or a hub with its own power")
		}
		d.node(u.node, what, who, "udevadm trigger; unplug it and plug it in again")
	}
}

func (d *doctor) serialLine(path, driver string, who *account) {
	what := fmt.Sprintf("line %s for %s", path, driver)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.tell(unwell, "line", path+" is not there: nothing is plugged in that would make it", "ls /dev/serial/by-id tells what is; correct [[serial]] path, or plug it in")
		return
	case err != nil:
		d.tell(unwell, "line", err.Error(), "run boothctl as the user boothd or as root")
		return
	case info.Mode()&os.ModeCharDevice == 0:
		d.tell(unwell, "line", path+" is no serial line", "correct [[serial]] path")
		return
	case strings.HasPrefix(path, "/dev/ttyUSB"), strings.HasPrefix(path, "/dev/ttyACM"):
		d.tell(uneasy, "line", path+" changes its name with the order of plugging", "name it by its link below /dev/serial/by-id")
	}
	d.node(path, what, who, "usermod -aG dialout boothd; systemctl restart boothd")
}

// node looks whether boothd may open a device.
func (d *doctor) node(path, what string, who *account, do string) {
	info, err := os.Stat(path)
	if err != nil {
		return // it has just gone, or there are no nodes here
	}
	if who == nil {
		d.tell(uneasy, "permission", what+": there is no user boothd on this machine", "")
		return
	}
	if !who.may(info) {
		d.tell(unwell, "permission", fmt.Sprintf("boothd may not open %s (%s)", what, path), do)
	}
}

// account is a user and the groups it is in.
type account struct {
	uid    uint32
	groups []uint32
}

// boothdUser is whom boothd runs as, or nil where there is no such user.
func boothdUser() *account {
	u, err := user.Lookup("boothd")
	if err != nil {
		return nil
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	ids, err2 := u.GroupIds()
	if err != nil || err2 != nil {
		return nil
	}
	a := &account{uid: uint32(uid)}
	for _, id := range ids {
		if gid, err := strconv.ParseUint(id, 10, 32); err == nil {
			a.groups = append(a.groups, uint32(gid))
		}
	}
	return a
}

// whatToDo is what helps a device of such an address.
func whatToDo(s devices.Status) string {
	switch {
	case strings.HasPrefix(s.Address, "serial:"):
		return "is it switched on, is it the right line, speed and driver in [[serial]]? boothd tries again by itself"
	case strings.HasPrefix(s.Address, "usbip:"):
		return "does the machine that exports it answer? boothd tries again by itself"
	case strings.HasPrefix(s.Address, "http"):
		return "does the camera have power and network, do user and password suit? boothd tries again by itself"
	}
	return "check cable and power; boothd uses it again by itself"
}
