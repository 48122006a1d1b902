package usbip

import (
	"encoding/binary"
	"fmt"

	"boothd/devices/usb"
)

// configuration is what a configuration descriptor says, as far as a client needs it.
type configuration struct {
	value      uint8
	interfaces []claimed
}

// claimed is an interface in its alternate setting 0.
type claimed struct {
	usb.Interface
	endpoints map[uint8]uint8 // address → bInterval
}

// parseConfiguration reads a configuration descriptor and those that follow it
// (USB 2.0 §9.6.3). Descriptors of other kinds are skipped.
func parseConfiguration(b []byte) (configuration, error) {
	if len(b) < 9 || b[1] != descConfiguration {
		return configuration{}, fmt.Errorf("%d bytes are no configuration descriptor", len(b))
	}
	if total := int(binary.LittleEndian.Uint16(b[2:])); total > len(b) {
		return configuration{}, fmt.Errorf("configuration of %d bytes was cut to %d", total, len(b))
	}
	config := configuration{value: b[5]}
	var current *claimed // nil in other alternate settings
	for len(b) > 0 {
		if len(b) < 2 || b[0] < 2 || int(b[0]) > len(b) {
			return configuration{}, fmt.Errorf("descriptor runs past the end of the configuration")
		}
		d := b[:b[0]]
		b = b[b[0]:]
		switch {
		case d[1] == descInterface && len(d) >= 9:
			current = nil
			if d[3] == 0 {
				config.interfaces = append(config.interfaces, claimed{
					usb.Interface{Number: d[2], Class: d[5], SubClass: d[6], Protocol: d[7]},
					make(map[uint8]uint8),
				})
				current = &config.interfaces[len(config.interfaces)-1]
			}
		case d[1] == descEndpoint && len(d) >= 7 && current != nil:
			current.endpoints[d[2]] = d[6]
		}
	}
	return config, nil
}
