// Package jpegfile makes frames of what cameras send as JPEG.
//
// Cameras are careless: they fill up their buffers with zeros, send bytes after a picture's
// end, and leave out the Huffman tables, which "Motion JPEG" takes for granted (the
// tables are those of ITU-T T.81 annex K.3). Decoders of files want them, so [Frame] puts
// them in. It refuses pictures that have no end, no beginning or no size.
package jpegfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"sync"
	"time"

	"boothd/devices"
)

// MaxBytes is the length of the longest picture.
const MaxBytes = 8 << 20

// maxSide is the greatest width and height of a picture, in pixels. A JPEG of the whole
// square would take 64 MiB as grey pixels.
const maxSide = 8192

// maxTail is how many bytes other than zeros may follow the end of a picture.
const maxTail = 4096

var (
	startOfImage = []byte{0xff, 0xd8}
	endOfImage   = []byte{0xff, 0xd9}
)

// Markers of a JPEG file (ITU-T T.81 table B.1).
const (
	markerTables = 0xc4 // DHT
	markerScan   = 0xda // SOS
)

// Frame copies a whole JPEG file out of data, which was taken at the given time.
func Frame(data []byte, at time.Time) (*devices.Frame, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("it has more than %d bytes", MaxBytes)
	}
	if !bytes.HasPrefix(data, startOfImage) {
		return nil, errors.New("it does not begin as a JPEG")
	}
	data = bytes.TrimRight(data, "\x00")
	end := bytes.LastIndex(data, endOfImage) + len(endOfImage)
	if end < 2*len(endOfImage) || len(data)-end > maxTail {
		return nil, errors.New("it does not end as a JPEG")
	}
	file, err := complete(data[:end])
	if err != nil {
		return nil, err
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("it is not a JPEG: %w", err)
	}
	if config.Width < 1 || config.Height < 1 || config.Width > maxSide || config.Height > maxSide {
		return nil, fmt.Errorf("it is %d by %d pixels", config.Width, config.Height)
	}
	return &devices.Frame{JPEG: file, Width: config.Width, Height: config.Height, At: at}, nil
}

// complete copies the picture, with Huffman tables before its first scan if it has none.
func complete(data []byte) ([]byte, error) {
	for at := len(startOfImage); ; {
		if len(data)-at < 4 || data[at] != 0xff {
			return nil, errors.New("its header is damaged")
		}
		switch marker := data[at+1]; marker {
		case 0xff: // a fill byte
			at++
			continue
		case markerTables:
			return bytes.Clone(data), nil
		case markerScan:
			return bytes.Join([][]byte{data[:at], standardTables(), data[at:]}, nil), nil
		}
		at += 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if at > len(data) {
			return nil, errors.New("its header is cut short")
		}
	}
}

// standardTables returns the segment with the tables of annex K.3, which are those that the
// standard library writes.
var standardTables = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	img := image.NewYCbCr(image.Rect(0, 0, 8, 8), image.YCbCrSubsampleRatio444)
	if err := jpeg.Encode(&b, img, nil); err != nil {
		return nil // a buffer takes everything
	}
	file := b.Bytes()
	for at := len(startOfImage); ; {
		length := 2 + int(binary.BigEndian.Uint16(file[at+2:]))
		if file[at+1] == markerTables {
			return bytes.Clone(file[at : at+length])
		}
		at += length
	}
})
