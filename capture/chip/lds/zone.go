package lds

import (
	"fmt"

	"boothd/capture/chip/tlv"
)

const tagZone tlv.Tag = 0x5F1F

// zones are the forms of the machine-readable zone (ICAO 9303-4 to -6): number of
// characters, lines.
var zones = map[int]int{90: 3, 72: 2, 88: 2}

// ParseZone reads DG1 and returns the lines of the machine-readable zone, unjudged: three
// of 30 characters, or two of 36 or 44, printable ASCII.
func ParseZone(b []byte) ([]string, error) {
	content, err := DG1.content(b)
	if err != nil {
		return nil, err
	}
	zone, err := tlv.Find(content, tagZone)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", DG1, err)
	}
	n := zones[len(zone)]
	if n == 0 {
		return nil, fmt.Errorf("%v: %w", DG1, malformed("zone of %d characters, want 72, 88 or 90", len(zone)))
	}
	for _, c := range zone {
		if c < 0x20 || c > 0x7E {
			return nil, fmt.Errorf("%v: %w", DG1, malformed("zone with something that is no character"))
		}
	}
	lines := make([]string, n)
	for i, length := 0, len(zone)/n; i < n; i++ {
		lines[i] = string(zone[i*length : (i+1)*length])
	}
	return lines, nil
}

// MarshalZone returns DG1 with the lines.
func MarshalZone(lines []string) ([]byte, error) {
	var zone []byte
	for _, line := range lines {
		zone = append(zone, line...)
	}
	n := zones[len(zone)]
	if n == 0 || n != len(lines) {
		return nil, fmt.Errorf("%v: %w", DG1, malformed("%d lines of together %d characters", len(lines), len(zone)))
	}
	for _, line := range lines {
		if len(line) != len(zone)/n {
			return nil, fmt.Errorf("%v: %w", DG1, malformed("lines of different lengths"))
		}
	}
	b, err := DG1.file(tlv.Append(nil, tagZone, zone))
	if err != nil {
		return nil, err
	}
	if _, err := ParseZone(b); err != nil {
		return nil, err
	}
	return b, nil
}
