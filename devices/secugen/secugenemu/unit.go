package secugenemu

import (
	"encoding/binary"
	"math"
)

// Unit is what differs from unit to unit. What is zero is as in the recorded one.
type Unit struct {
	Serial        string // at most 15 characters
	X, Y          int    // picture window's corner, as the calibration counts
	Width, Height int    // pixels; the scanner itself only sends 956 by 688
	Exposure      uint16
}

func (u Unit) withDefaults() Unit {
	if u.Serial == "" {
		u.Serial = "H00000000000"
	}
	if u.X == 0 && u.Y == 0 {
		u.X, u.Y = 316, 204
	}
	if u.Width == 0 && u.Height == 0 {
		u.Width, u.Height = rawWidth, rawHeight
	}
	if u.Exposure == 0 {
		u.Exposure = 1116
	}
	return u
}

// serial is the answer to the request for it.
func (u Unit) serial() []byte {
	var b []byte
	for i := range 15 {
		c := byte(' ')
		if i < len(u.Serial) {
			c = u.Serial[i]
		}
		b = append(b, c, 0)
	}
	return b
}

const (
	blobLen  = 22942
	target   = 240 // grey of an evenly lit field
	darkness = 18  // grey of glass that nothing touches
)

// blob is the calibration as the scanner's memory holds it.
func (u Unit) blob() []byte {
	le := binary.LittleEndian
	b := []byte{3, 0, 11, 8, 20, 0}
	for _, v := range []int{u.X, u.Y, u.Width, u.Height} {
		b = le.AppendUint16(b, uint16(v))
	}
	for _, o := range bandOffsets {
		b = le.AppendUint16(b, uint16(o))
	}
	for j := 0; j <= Height; j += 10 {
		for i := 0; i <= Width; i += 10 {
			x, y := project(float64(i), float64(j))
			b = appendHundredths(appendHundredths(b, x), y)
		}
	}
	for y := range 100 {
		for x := range 150 {
			b = append(b, byte(target-lacking(float64(x)*(Width-1)/149, float64(y)*(Height-1)/99)))
		}
	}
	b = le.AppendUint16(b, u.Exposure)
	b = le.AppendUint16(b, target)
	for v := range 256 {
		b = append(b, weight(v))
	}
	b = append(b, 6, 10, 30, 200, 0, 5, 0, 0)
	return le.AppendUint16(b, sum(b))
}

func appendHundredths(b []byte, v float64) []byte {
	h := int(math.Round(100 * v))
	return append(binary.LittleEndian.AppendUint16(b, uint16(h/100)), byte(h%100))
}

// weight is how much of what the field lacks a grey is given back, in 1/256.
func weight(v int) byte { return byte(max(0, min(255, (v-16)*255/176))) }

// sum is the CRC-16 over a blob, by polynomial division of the message as it stands.
func sum(b []byte) uint16 {
	var rest uint32
	for _, v := range append(append([]byte(nil), b...), 0, 0) {
		rest = rest<<8 | uint32(v)
		for bit := 23; bit >= 16; bit-- {
			if rest>>bit&1 == 1 {
				rest ^= 0x11021 << (bit - 16)
			}
		}
	}
	return uint16(rest)
}
