package chipemu

import (
	"bytes"
	"encoding/binary"

	"boothd/capture/chip/lds"
)

// padded returns the picture with at least size bytes, in a way that decoders skip.
func padded(picture []byte, size int) ([]byte, error) {
	missing := size - len(picture)
	if missing <= 0 {
		return picture, nil
	}
	switch lds.FormatOf(picture) {
	case lds.FormatJPEG:
		return commented(picture, missing), nil
	case lds.FormatJP2: // a box "free"
		missing = max(missing, 8)
		box := append(binary.BigEndian.AppendUint32(nil, uint32(missing)), "free"...)
		return append(append(bytes.Clone(picture), box...), make([]byte, missing-8)...), nil
	case lds.FormatJ2K: // behind the end of the codestream
		return append(bytes.Clone(picture), make([]byte, missing)...), nil
	}
	return nil, wrong("portrait is neither JPEG nor JPEG 2000")
}

// commented puts comments of together n bytes, or a few more, behind the start of a JPEG.
func commented(picture []byte, n int) []byte {
	const (
		head    = 4      // marker and length
		largest = 0xFFFF // length with its own two bytes
	)
	out := bytes.Clone(picture[:2])
	for n > 0 {
		length := min(max(n-2, 2), largest)
		out = append(out, 0xFF, 0xFE, byte(length>>8), byte(length))
		out = append(out, make([]byte, length-(head-2))...)
		n -= length + 2
	}
	return append(out, picture[2:]...)
}

// place returns where the picture announces its size: the two numbers begin at a byte and have
// a width of 2 bytes, height first, in a JPEG, and of 4, width first, in JPEG 2000.
func place(picture []byte) (at, width int, ok bool) {
	if lds.FormatOf(picture) != lds.FormatJPEG {
		at = bytes.Index(picture, []byte{0xFF, 0x4F, 0xFF, 0x51}) // SOC, SIZ
		return at + 8, 4, at >= 0 && at+16 <= len(picture)
	}
	for at = 2; at+9 <= len(picture) && picture[at] == 0xFF; {
		marker := picture[at+1]
		if marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC {
			return at + 5, 2, true
		}
		at += 2 + int(picture[at+2])<<8 + int(picture[at+3])
	}
	return 0, 0, false
}

// dimensions returns what the picture announces, 0 where it cannot be told.
func dimensions(picture []byte) (width, height int) {
	at, wide, ok := place(picture)
	switch {
	case !ok:
		return 0, 0
	case wide == 2:
		return int(binary.BigEndian.Uint16(picture[at+2:])), int(binary.BigEndian.Uint16(picture[at:]))
	}
	return int(binary.BigEndian.Uint32(picture[at:])), int(binary.BigEndian.Uint32(picture[at+4:]))
}

// bomb returns the picture announcing as many pixels as its format can, which a decoder that
// believes it takes gigabytes for.
func bomb(picture []byte) ([]byte, error) {
	at, wide, ok := place(picture)
	if !ok {
		return nil, wrong("portrait has no place for its size")
	}
	out := bytes.Clone(picture)
	for i := range 2 * wide {
		out[at+i] = 0xFF
	}
	if wide == 4 { // the sign bit would be refused at a glance
		out[at], out[at+4] = 0x7F, 0x7F
	}
	return out, nil
}
