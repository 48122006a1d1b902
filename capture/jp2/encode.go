package jp2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"math/bits"
)

// MaxPixels is how large a picture may be.
const MaxPixels = 24 << 20

// Options say how a picture is encoded.
type Options struct {
	// Drop is how many of the lowest bit planes of the wavelet's coefficients are left out, 0
	// (nothing is lost) to 7.
	Drop int
}

const maxDrop = 7

// Encode writes a picture as a JP2 file: grey if img is an *image.Gray, otherwise 24 bits of red,
// green and blue. The same picture gives the same bytes on every machine. Errors are about
// options out of range, the size and writing.
func Encode(w io.Writer, img image.Image, o Options) error {
	size := img.Bounds().Size()
	switch {
	case o.Drop < 0 || o.Drop > maxDrop:
		return fmt.Errorf("encode JPEG 2000: %d bit planes left out, want 0 to %d", o.Drop, maxDrop)
	case size.X < 1 || size.Y < 1:
		return errors.New("encode JPEG 2000: picture without pixels")
	case size.X > MaxPixels/size.Y:
		return fmt.Errorf("encode JPEG 2000: %d by %d pixels are over %d", size.X, size.Y, MaxPixels)
	}
	if _, err := w.Write(boxed(codestream(img, o.Drop), size, components(img))); err != nil {
		return fmt.Errorf("write JPEG 2000: %w", err)
	}
	return nil
}

func components(img image.Image) int {
	if _, ok := img.(*image.Gray); ok {
		return 1
	}
	return 3
}

const (
	depth     = 8 // bits of a sample
	guard     = 2 // bits by which coefficients may exceed their nominal range
	maxLevels = 5
	blockLog  = 6 // of the side of a code block
)

// Markers of a codestream.
const (
	markerSOC = 0xff4f
	markerSIZ = 0xff51
	markerCOD = 0xff52
	markerQCD = 0xff5c
	markerSOT = 0xff90
	markerSOD = 0xff93
	markerEOC = 0xffd9
)

// codestream encodes the picture (Annex A).
func codestream(img image.Image, drop int) []byte {
	size := img.Bounds().Size()
	levels := min(maxLevels, bits.Len(uint(min(size.X, size.Y)))-1)
	planes := split(img)
	for _, p := range planes {
		p.transform(levels)
	}
	body := packets(planes, levels, drop)

	b := binary.BigEndian.AppendUint16(nil, markerSOC)
	b = appendSize(b, size, len(planes))
	b = appendCoding(b, levels, len(planes))
	b = appendQuantization(b, levels)
	b = appendAll(b, markerSOT, 10, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(14+len(body))) // from SOT to the end of the body
	b = append(b, 0, 1)
	b = binary.BigEndian.AppendUint16(b, markerSOD)
	b = append(b, body...)
	return binary.BigEndian.AppendUint16(b, markerEOC)
}

func appendAll(b []byte, values ...uint16) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func appendSize(b []byte, size image.Point, n int) []byte {
	b = appendAll(b, markerSIZ, uint16(38+3*n), 0)
	w, h := uint32(size.X), uint32(size.Y)
	for _, v := range []uint32{w, h, 0, 0, w, h, 0, 0} { // picture and tile with their offsets
		b = binary.BigEndian.AppendUint32(b, v)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	for range n {
		b = append(b, depth-1, 1, 1)
	}
	return b
}

func appendCoding(b []byte, levels, n int) []byte {
	mixed := byte(0)
	if n == 3 {
		mixed = 1
	}
	b = appendAll(b, markerCOD, 12)
	// Precincts as large as can be; by layer, resolution, component; one layer.
	b = append(b, 0, 0, 0, 1, mixed)
	// The 5/3 wavelet, code blocks without any of the variations.
	return append(b, byte(levels), blockLog-2, blockLog-2, 0, 1)
}

// appendQuantization tells the range of each subband; nothing is quantized.
func appendQuantization(b []byte, levels int) []byte {
	b = appendAll(b, markerQCD, uint16(4+3*levels))
	b = append(b, guard<<5, depth<<3)
	for range levels {
		b = append(b, (depth+1)<<3, (depth+1)<<3, (depth+2)<<3)
	}
	return b
}

// boxed wraps a codestream in the file format (Annex I).
func boxed(stream []byte, size image.Point, n int) []byte {
	b := box(nil, "jP  ", []byte("\r\n\x87\n"))
	b = box(b, "ftyp", []byte("jp2 \x00\x00\x00\x00jp2 "))
	header := binary.BigEndian.AppendUint32(nil, uint32(size.Y))
	header = binary.BigEndian.AppendUint32(header, uint32(size.X))
	header = append(header, 0, byte(n), depth-1, 7, 0, 0)
	space := byte(16) // sRGB
	if n == 1 {
		space = 17 // grey
	}
	inner := box(box(nil, "ihdr", header), "colr", []byte{1, 0, 0, 0, 0, 0, space})
	return box(box(b, "jp2h", inner), "jp2c", stream)
}

func box(b []byte, kind string, content []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(8+len(content)))
	return append(append(b, kind...), content...)
}
