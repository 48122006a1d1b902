package ocr

import (
	"bytes"
	"encoding/binary"
	"image"
)

// orientation is Exif's tag 0x0112 (CIPA DC-008, 4.6.5): how a picture is turned, after it
// was mirrored left to right or not, before it is shown. 1 is as it is.
type orientation uint16

func (o orientation) mirrored() bool { return o == 2 || o == 4 || o == 5 || o == 7 }

// turned returns where a place of the (mirrored) picture of a size is shown.
func (o orientation) turned(p, size image.Point) image.Point {
	switch o {
	case 3, 4:
		return image.Pt(size.X-1-p.X, size.Y-1-p.Y)
	case 6, 7:
		return image.Pt(size.Y-1-p.Y, p.X)
	case 5, 8:
		return image.Pt(p.Y, size.X-1-p.X)
	}
	return p
}

// orientationOf finds the orientation of a JPEG file. It is 1 if none is given.
func orientationOf(file []byte) orientation {
	const (
		startOfImage = 0xffd8
		application1 = 0xffe1
		startOfScan  = 0xffda
	)
	if len(file) < 2 || binary.BigEndian.Uint16(file) != startOfImage {
		return 1
	}
	for file = file[2:]; len(file) >= 4; {
		marker, length := binary.BigEndian.Uint16(file), int(binary.BigEndian.Uint16(file[2:]))
		if marker>>8 != 0xff || marker == startOfScan || length < 2 || len(file) < 2+length {
			break
		}
		if exif, ok := bytes.CutPrefix(file[4:2+length], []byte("Exif\x00\x00")); ok && marker == application1 {
			return orientationIn(exif)
		}
		file = file[2+length:]
	}
	return 1
}

// orientationIn looks through the first directory of a TIFF structure (TIFF 6.0, section 2).
func orientationIn(tiff []byte) orientation {
	const (
		header, entry  = 8, 12
		tagOrientation = 0x0112
		typeShort      = 3
	)
	if len(tiff) < header {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	directory := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(directory) < entry {
			break
		}
		if order.Uint16(directory) == tagOrientation && order.Uint16(directory[2:]) == typeShort {
			if o := orientation(order.Uint16(directory[8:])); o >= 1 && o <= 8 {
				return o
			}
			break
		}
		directory = directory[entry:]
	}
	return 1
}
