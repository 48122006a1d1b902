package finger

import (
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
)

// The booth's own encoding of a template, little endian:
//
//	4 bytes  "BFT" and the version, 1
//	2+2      width and height in pixels
//	1+1      number of minutiae; 1 if ridges follow, else 0
//	7 each   minutia: x and y (2+2), direction, kind, quality
//	         ridges: left and top (2+2), columns and lines of patches (1+1),
//	         a flow and a period for each patch (1+1), pattern and clear as bits, line
//	         after line, each line filled up to whole bytes
const (
	magic        = "BFT\x01"
	headerSize   = 10
	minutiaSize  = 7
	ridgesHeader = 6
)

// errTemplate is the cause in all errors of UnmarshalBinary.
var errTemplate = errors.New("not a finger template of version 1")

var (
	_ encoding.BinaryAppender    = (*Template)(nil)
	_ encoding.BinaryUnmarshaler = (*Template)(nil)
)

// AppendBinary appends the template in the booth's own encoding.
func (t *Template) AppendBinary(b []byte) ([]byte, error) {
	if err := t.validate(); err != nil {
		return b, err
	}
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint16(b, uint16(t.Width))
	b = binary.LittleEndian.AppendUint16(b, uint16(t.Height))
	ridges := byte(0)
	if t.Ridges != nil {
		ridges = 1
	}
	b = append(b, byte(len(t.Minutiae)), ridges)
	for _, m := range t.Minutiae {
		b = binary.LittleEndian.AppendUint16(b, uint16(m.X))
		b = binary.LittleEndian.AppendUint16(b, uint16(m.Y))
		b = append(b, m.Direction, byte(m.Kind), m.Quality)
	}
	if t.Ridges != nil {
		b = t.Ridges.append(b)
	}
	return b, nil
}

// UnmarshalBinary reads the booth's own encoding. Anything that AppendBinary would not write
// is an error, and the template is then as it was.
func (t *Template) UnmarshalBinary(data []byte) error {
	if len(data) < headerSize || string(data[:4]) != magic {
		return errTemplate
	}
	n := Template{
		Width:  int(binary.LittleEndian.Uint16(data[4:])),
		Height: int(binary.LittleEndian.Uint16(data[6:])),
	}
	count, ridges := int(data[8]), data[9]
	data = data[headerSize:]
	if len(data) < count*minutiaSize || ridges > 1 {
		return errTemplate
	}
	for range count {
		n.Minutiae = append(n.Minutiae, Minutia{
			X:         int(binary.LittleEndian.Uint16(data)),
			Y:         int(binary.LittleEndian.Uint16(data[2:])),
			Direction: data[4],
			Kind:      Kind(data[5]),
			Quality:   data[6],
		})
		data = data[minutiaSize:]
	}
	if ridges == 1 {
		n.Ridges = new(Ridges)
		var ok bool
		if data, ok = n.Ridges.read(data); !ok {
			return errTemplate
		}
	}
	if len(data) != 0 {
		return errTemplate
	}
	if err := n.validate(); err != nil {
		return fmt.Errorf("%w: %w", errTemplate, err)
	}
	*t = n
	return nil
}

// validate reports why a template cannot be written.
func (t *Template) validate() error {
	if t.Width < 1 || t.Height < 1 || t.Width > MaxSide || t.Height > MaxSide {
		return fmt.Errorf("finger template: picture of %d by %d pixels", t.Width, t.Height)
	}
	if len(t.Minutiae) > MaxMinutiae {
		return fmt.Errorf("finger template: %d minutiae", len(t.Minutiae))
	}
	for _, m := range t.Minutiae {
		if m.X < 0 || m.Y < 0 || m.X >= t.Width || m.Y >= t.Height || m.Kind > Bifurcation || m.Quality > 100 {
			return errors.New("finger template: minutia outside the picture or of no known kind or quality")
		}
	}
	if t.Ridges == nil {
		return nil
	}
	return t.Ridges.validate(t.Width, t.Height)
}

// validate reports whether all grids have the size that the patches have, and lie in the
// picture.
func (r *Ridges) validate(width, height int) error {
	if r.Columns < 1 || len(r.Flow)%r.Columns != 0 || len(r.Period) != len(r.Flow) {
		return errors.New("finger template: patches of ridges do not fill their lines")
	}
	lines := len(r.Flow) / r.Columns
	if r.Left < 0 || r.Top < 0 || r.Left >= width || r.Top >= height || r.Left%RidgePatch != 0 || r.Top%RidgePatch != 0 || lines < 1 ||
		r.Left+r.Columns*RidgePatch >= width+RidgePatch || r.Top+lines*RidgePatch >= height+RidgePatch {
		return errors.New("finger template: ridges outside the picture")
	}
	for _, b := range []struct {
		Bitmap
		side int
	}{{r.Pattern, RidgeDot}, {r.Clear, RidgeCell}} {
		if b.Width != r.Columns*RidgePatch/b.side || b.Height != lines*RidgePatch/b.side || len(b.Words) != b.Stride()*b.Height {
			return errors.New("finger template: ridges of different sizes")
		}
	}
	for _, f := range r.Flow {
		if f > 127 && f != NoFlow {
			return errors.New("finger template: flow of more than half a turn")
		}
	}
	return nil
}

func (r *Ridges) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(r.Left))
	b = binary.LittleEndian.AppendUint16(b, uint16(r.Top))
	b = append(b, byte(r.Columns), byte(len(r.Flow)/r.Columns))
	b = append(append(b, r.Flow...), r.Period...)
	return r.Clear.append(r.Pattern.append(b))
}

func (r *Ridges) read(b []byte) (rest []byte, ok bool) {
	if len(b) < ridgesHeader {
		return nil, false
	}
	r.Left, r.Top = int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
	columns, lines := int(b[4]), int(b[5])
	b = b[ridgesHeader:]
	n := columns * lines
	if len(b) < 2*n {
		return nil, false
	}
	r.Columns = columns
	r.Flow, r.Period = append([]uint8(nil), b[:n]...), append([]uint8(nil), b[n:2*n]...)
	b = b[2*n:]
	if b, ok = r.Pattern.read(b, columns*RidgePatch/RidgeDot, lines*RidgePatch/RidgeDot); !ok {
		return nil, false
	}
	return r.Clear.read(b, columns*RidgePatch/RidgeCell, lines*RidgePatch/RidgeCell)
}

// append leaves out bits beyond a line's end.
func (b Bitmap) append(to []byte) []byte {
	for y := range b.Height {
		line := b.Words[y*b.Stride():][:b.Stride()]
		for i := range (b.Width + 7) / 8 {
			to = append(to, byte(line[i/8]>>(i%8*8)))
		}
		if rest := b.Width % 8; rest != 0 {
			to[len(to)-1] &= 1<<rest - 1
		}
	}
	return to
}

// read fills the bitmap. Bits beyond a line's end are an error.
func (b *Bitmap) read(from []byte, width, height int) (rest []byte, ok bool) {
	bytes := (width + 7) / 8
	if len(from) < bytes*height {
		return nil, false
	}
	*b = NewBitmap(width, height)
	for y := range height {
		line := b.Words[y*b.Stride():][:b.Stride()]
		for i, v := range from[:bytes] {
			line[i/8] |= uint64(v) << (i % 8 * 8)
		}
		if width%8 != 0 && from[bytes-1]>>(width%8) != 0 {
			return nil, false
		}
		from = from[bytes:]
	}
	return from, true
}
