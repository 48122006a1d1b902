package bdir

import (
	"encoding/binary"
	"fmt"
	"log/slog"
)

// Area is one part of the extended data of a minutiae view.
type Area struct {
	// Type is one of the area types; from 0x0100 on it is a vendor's own.
	Type uint16
	Data []byte
}

// LogValue keeps the area out of logs.
func (Area) LogValue() slog.Value { return slog.StringValue("area of extended data") }

// The types of areas that the standards define.
const (
	AreaRidgeCounts uint16 = 1
	AreaCoreDelta   uint16 = 2
	AreaZonal       uint16 = 3 // quality of zones; ISO editions
)

// Areas splits the extended data of a view into its areas, which stay part of it. The length
// of an area counts its own four bytes of type and length. It fails if the areas do not fill
// the extended data; the view can then still be written again as it was.
func Areas(extended []byte) ([]Area, error) {
	var areas []Area
	for c := (cursor{rest: extended}); len(c.rest) > 0; {
		kind, length := c.u16(), int(c.u16())
		data := c.take(length - 4)
		if c.err != nil {
			return nil, fmt.Errorf("read area %d of extended data: %w", len(areas), c.err)
		}
		areas = append(areas, Area{Type: kind, Data: data})
	}
	return areas, nil
}

// JoinAreas makes the extended data of a view of its areas.
func JoinAreas(areas []Area) ([]byte, error) {
	var b []byte
	for i, a := range areas {
		if len(b)+4+len(a.Data) > 0xffff {
			return nil, fmt.Errorf("write area %d of extended data: over 65535 bytes", i)
		}
		b = binary.BigEndian.AppendUint16(b, a.Type)
		b = binary.BigEndian.AppendUint16(b, uint16(4+len(a.Data)))
		b = append(b, a.Data...)
	}
	return b, nil
}
