package bdir

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Bytes writes the record. It refuses values that the edition has no room for and records of
// more than a megabyte.
func (r *MinutiaeRecord) Bytes() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("write finger minutiae: %w", err)
	}
	var b []byte
	if r.Edition == ISO2011 {
		b = r.bytes11()
	} else {
		b = r.bytesOld()
	}
	if len(b) > mostMinutiaeBytes {
		return nil, fmt.Errorf("write finger minutiae: length of %d bytes is over %d", len(b), mostMinutiaeBytes)
	}
	return b, nil
}

// bytesOld writes ISO2005 and INCITS2004. The length is filled in last: in INCITS2004 its field
// grows by four bytes if it does not fit in two.
func (r *MinutiaeRecord) bytesOld() []byte {
	var b []byte
	if r.Edition == INCITS2004 {
		b = binary.BigEndian.AppendUint16(b, r.Owner)
		b = binary.BigEndian.AppendUint16(b, r.Product)
	}
	first := &r.Views[0]
	b = first.Device.appendOld(b)
	for _, n := range []int{first.Width, first.Height, first.ResolutionX, first.ResolutionY} {
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	b = append(b, uint8(len(r.Views)), 0)
	for i := range r.Views {
		b = r.Views[i].appendOld(b, r.Edition)
	}
	start := []byte(startMinutiaeOld)
	switch length := len(start) + len(b); {
	case r.Edition == ISO2005:
		start = binary.BigEndian.AppendUint32(start, uint32(length+4))
	case length+2 <= 0xffff:
		start = binary.BigEndian.AppendUint16(start, uint16(length+2))
	default:
		start = append(start, 0, 0)
		start = binary.BigEndian.AppendUint32(start, uint32(length+6))
	}
	return append(start, b...)
}

func (v *View) appendOld(b []byte, e Edition) []byte {
	impression, _ := v.Impression.code(e, impressionLimit(e)) // checked
	b = append(b, uint8(v.Position), v.Number<<4|impression, v.Quality[0].Score)
	return v.appendMinutiae(b, e, true)
}

func (r *MinutiaeRecord) bytes11() []byte {
	certified := slices.ContainsFunc(r.Views, func(v View) bool { return len(v.Certificates) > 0 })
	b := append([]byte(startMinutiae11), 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.Views)))
	b = append(b, flagByte(certified))
	for i := range r.Views {
		b = r.Views[i].append11(b, certified)
	}
	binary.BigEndian.PutUint32(b[len(startMinutiae11):], uint32(len(b)))
	return b
}

func flagByte(set bool) byte {
	if set {
		return 1
	}
	return 0
}

func (v *View) append11(b []byte, certified bool) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = v.Origin.append(b, certified)
	b = append(b, uint8(v.Position), v.Number)
	b = binary.BigEndian.AppendUint16(b, uint16(v.ResolutionX))
	b = binary.BigEndian.AppendUint16(b, uint16(v.ResolutionY))
	b = append(b, uint8(v.Impression))
	b = binary.BigEndian.AppendUint16(b, uint16(v.Width))
	b = binary.BigEndian.AppendUint16(b, uint16(v.Height))
	withQuality := slices.ContainsFunc(v.Minutiae, func(m Minutia) bool { return m.Quality != NotGiven })
	b = append(b, (5+flagByte(withQuality))<<4|uint8(v.Endings))
	b = v.appendMinutiae(b, ISO2011, withQuality)
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start))
	return b
}

func (v *View) appendMinutiae(b []byte, e Edition, withQuality bool) []byte {
	b = append(b, uint8(len(v.Minutiae)))
	for _, m := range v.Minutiae {
		b = binary.BigEndian.AppendUint16(b, uint16(m.Kind)<<14|uint16(m.X))
		b = binary.BigEndian.AppendUint16(b, uint16(m.Y))
		b = append(b, angleCode(m.Angle, angleUnits(e)))
		switch {
		case withQuality && e != ISO2011 && m.Quality == NotGiven:
			b = append(b, 0)
		case withQuality:
			b = append(b, m.Quality)
		}
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(v.Extended)))
	return append(b, v.Extended...)
}

// angleCode is the nearest of so many units of a turn.
func angleCode(degrees float64, units int) uint8 {
	return uint8(int(math.Round(degrees*float64(units)/360)) % units)
}
