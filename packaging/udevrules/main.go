// Udevrules writes the udev rules that let the booth's user open the USB devices which the
// drivers know, and nobody else:
//
//	go run ./packaging/udevrules > packaging/60-boothd.rules
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"boothd/devices"
	"boothd/devices/drivers"
)

func main() {
	if _, err := os.Stdout.WriteString(rules(drivers.All())); err != nil {
		fmt.Fprintln(os.Stderr, "udevrules:", err)
		os.Exit(1)
	}
}

const head = `# Written by packaging/udevrules from the drivers' tables: do not edit.
# Gives the booth's USB devices to the group boothd, and to nobody else.
ACTION=="remove", GOTO="boothd_end"
SUBSYSTEM!="usb", GOTO="boothd_end"
ENV{DEVTYPE}!="usb_device", GOTO="boothd_end"
`

// rules returns the rules file for the drivers' USB identities. An identity that several
// drivers know has one rule, under the first of them.
func rules(table []devices.Driver) string {
	var b strings.Builder
	b.WriteString(head)
	seen := map[devices.ID]bool{}
	for _, driver := range table {
		ids := slices.DeleteFunc(slices.Clone(driver.IDs), func(id devices.ID) bool { return seen[id] })
		if len(ids) > 0 {
			fmt.Fprintf(&b, "\n# %s (%s)\n", driver.Name, driver.Kind)
		}
		for _, id := range ids {
			seen[id] = true
			fmt.Fprintf(&b, "ATTR{idVendor}==\"%04x\", ATTR{idProduct}==\"%04x\", GROUP=\"boothd\", MODE=\"0660\"\n",
				id.Vendor, id.Product)
		}
	}
	b.WriteString("\nLABEL=\"boothd_end\"\n")
	return b.String()
}
