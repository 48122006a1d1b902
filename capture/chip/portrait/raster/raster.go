// Package raster is what the program boothd-jp2 and its caller have in common: how a
// decoded picture goes through a pipe, how large it may be, and how the program ends.
//
// The program reads a JPEG 2000 file from its standard input, writes the picture to its
// standard output and ends with 0, or it writes nothing and ends with one of the Exit codes.
// The caller believes none of it: the program decodes hostile bytes, and may be theirs.
//
// A picture is "BJP2\x01", width, height, number of colours, and then its pixels, row by row from
// the top, one byte a colour: grey, or red, green, blue. Width and height have 4 bytes, most
// significant first; the number of colours, 1 or 3, has one.
package raster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
)

// What a picture may have. A portrait scanned at 600 dpi has 1063 × 827 pixels.
const (
	MaxInput  = 1 << 20 // bytes of a coded picture
	MaxSide   = 4096    // pixels
	MaxPixels = 8 << 20
)

// How the program ends when it has no picture. Other codes are accidents.
const (
	ExitDamaged     = 10 // the picture cannot be decoded
	ExitTooLarge    = 11 // it is beyond the limits above
	ExitUnsupported = 12 // its colours or its kind are none that are known
	ExitUnconfined  = 13 // the system does not let the program give up its rights
)

// ErrLimits is matched if a picture is beyond the limits.
var ErrLimits = errors.New("picture too large")

// Picture is a decoded picture.
type Picture struct {
	Width, Height int // pixels
	Colours       int // 1: grey; 3: red, green, blue
	Pix           []byte
}

const (
	magic  = "BJP2\x01"
	header = len(magic) + 4 + 4 + 1
)

// Check returns an error for a picture that may not be. It matches ErrLimits if the picture
// is too large.
func Check(width, height, colours int) error {
	if width < 1 || height < 1 || colours != 1 && colours != 3 {
		return fmt.Errorf("picture of %d × %d pixels in %d colours", width, height, colours)
	}
	if width > MaxSide || height > MaxSide || width*height > MaxPixels {
		return fmt.Errorf("%w: %d × %d pixels, want at most %d on a side and %d in all", ErrLimits, width, height, MaxSide, MaxPixels)
	}
	return nil
}

// Write writes the picture.
func (p *Picture) Write(w io.Writer) error {
	if err := Check(p.Width, p.Height, p.Colours); err != nil {
		return err
	}
	if len(p.Pix) != p.Width*p.Height*p.Colours {
		return fmt.Errorf("%d bytes for %d × %d pixels in %d colours", len(p.Pix), p.Width, p.Height, p.Colours)
	}
	b := binary.BigEndian.AppendUint32([]byte(magic), uint32(p.Width))
	b = binary.BigEndian.AppendUint32(b, uint32(p.Height))
	if _, err := w.Write(append(b, byte(p.Colours))); err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	if _, err := w.Write(p.Pix); err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	return nil
}

// Read reads a picture and nothing behind it. Memory grows with what arrives.
func Read(r io.Reader) (*Picture, error) {
	var b [header]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	if string(b[:len(magic)]) != magic {
		return nil, errors.New("read picture: not a picture")
	}
	width, height := binary.BigEndian.Uint32(b[len(magic):]), binary.BigEndian.Uint32(b[len(magic)+4:])
	if width > MaxSide || height > MaxSide {
		return nil, fmt.Errorf("read picture: %w: a side of more than %d pixels", ErrLimits, MaxSide)
	}
	p := &Picture{Width: int(width), Height: int(height), Colours: int(b[header-1])}
	if err := Check(p.Width, p.Height, p.Colours); err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	want := p.Width * p.Height * p.Colours
	var err error
	if p.Pix, err = io.ReadAll(io.LimitReader(r, int64(want)+1)); err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	if len(p.Pix) != want {
		return nil, fmt.Errorf("read picture: not the %d bytes of pixels that were announced", want)
	}
	return p, nil
}

// Image returns the picture as Go's image package has it; a grey one shares its pixels.
func (p *Picture) Image() image.Image {
	bounds := image.Rect(0, 0, p.Width, p.Height)
	if p.Colours == 1 {
		return &image.Gray{Pix: p.Pix, Stride: p.Width, Rect: bounds}
	}
	img := image.NewRGBA(bounds)
	for i, j := 0, 0; i+2 < len(p.Pix); i, j = i+3, j+4 {
		copy(img.Pix[j:j+3], p.Pix[i:i+3])
		img.Pix[j+3] = 0xFF
	}
	return img
}
