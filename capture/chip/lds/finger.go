package lds

import (
	"errors"
	"fmt"
	"log/slog"
)

// Fingers is DG3 (ICAO 9303-10 §4.7.3). Terminal Authentication guards it.
type Fingers struct {
	Fingers    []Finger
	Filler     []byte   // random bytes of a document without fingers
	Deviations []string // from the standards, for people
}

// Finger is the picture of a finger or palm and what its record says of it, in the codes of
// ISO/IEC 19794-4:2005 §7 and §8.
type Finger struct {
	Picture       Picture
	Position      byte // 0 unknown, 1 right thumb … 5 right little, 6 left thumb … 10 left little
	View, Views   byte // number of this view, from 1, and of all of this finger
	Quality       byte // 0 to 100; 254 not said
	Impression    byte // 0 live-scan plain, …
	Width, Height int  // pixels
	DPIX, DPIY    int  // pixels per inch of the picture; 0: not said
	Depth         byte // bits per pixel
	Device        uint16
	Level         uint16 // image acquisition level; 31: 500 dpi
	Modern        bool   // in a record of ISO/IEC 39794-4, of which position, impression and picture are read
}

// LogValue keeps the fingers out of logs.
func (f Fingers) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("%d fingers", len(f.Fingers)))
}

// LogValue keeps the finger out of logs.
func (f Finger) LogValue() slog.Value { return f.Picture.LogValue() }

const (
	fingerMagic  = "FIR\x00"
	fingerHeader = 32 // bytes of the record's header
	fingerFixed  = 14 // bytes of a finger without its picture

	perInch       = 1 // units of the resolution
	perCentimetre = 2
)

// fingerFormats are the picture formats by their codes (ISO/IEC 19794-4:2005 table 3).
var fingerFormats = []Format{FormatRaw, FormatRawPacked, FormatWSQ, FormatJPEG, FormatJP2, FormatPNG}

// ParseFingers reads DG3. A document without fingers has none, and its filler.
func ParseFingers(b []byte) (*Fingers, error) {
	g, err := kindFinger.parseGroup(b)
	if err != nil {
		return nil, err
	}
	var fingers []Finger
	for i, block := range g.blocks {
		read := g.fingers
		if block.nested {
			read = modernFingers
		}
		got, err := read(block.record)
		if err != nil {
			return nil, fmt.Errorf("%v: template %d: %w", DG3, i+1, err)
		}
		if fingers = append(fingers, got...); len(fingers) > maxPictures {
			return nil, fmt.Errorf("%v: %w", DG3, malformed("more than %d fingers", maxPictures))
		}
	}
	return &Fingers{Fingers: fingers, Filler: g.filler, Deviations: g.deviations}, nil
}

func (g *group) fingers(record []byte) ([]Finger, error) {
	c := cursor{rest: record}
	if string(c.take(4)) != fingerMagic || string(c.take(4)) != versionOf05 {
		return nil, fmt.Errorf("record that is no finger's of 2005: %w", errors.ErrUnsupported)
	}
	length := c.number(6)
	var common Finger
	common.Device, common.Level = uint16(c.number(2)), uint16(c.number(2))
	n, unit := c.number(1), c.byte()
	c.take(4) // resolution of the scan
	common.DPIX, common.DPIY = inches(c.number(2), unit), inches(c.number(2), unit)
	common.Depth = c.byte()
	announced := FormatUnknown
	if code := c.number(1); code < len(fingerFormats) {
		announced = fingerFormats[code]
	}
	c.take(2) // reserved
	switch {
	case c.short:
		return nil, malformed("finger record of %d bytes, want at least %d", len(record), fingerHeader)
	case n == 0:
		return nil, malformed("finger record without fingers")
	case length != len(record):
		g.deviates("finger record announces %d bytes, %d are there", length, len(record))
	}
	// The header counts fingers, the record has a part for each of their views.
	var fingers []Finger
	for len(c.rest) > 0 {
		if len(fingers) == maxPictures {
			return nil, malformed("finger record with more than %d views", maxPictures)
		}
		part, err := g.part(&c, 4, fingerFixed, false)
		if err != nil {
			return nil, fmt.Errorf("finger %d: %w", len(fingers)+1, err)
		}
		finger := common
		finger.parse(part, announced)
		fingers = append(fingers, finger)
	}
	return fingers, nil
}

// parse reads a part that has at least its numbers.
func (f *Finger) parse(part []byte, announced Format) {
	c := cursor{rest: part}
	f.Position, f.Views, f.View = c.byte(), c.byte(), c.byte()
	f.Quality, f.Impression = c.byte(), c.byte()
	f.Width, f.Height = c.number(2), c.number(2)
	c.take(1) // reserved
	f.Picture = pictureOf(c.rest, announced)
}

// inches returns pixels per inch.
func inches(n int, unit byte) int {
	switch unit {
	case perInch:
		return n
	case perCentimetre:
		return (n*254 + 50) / 100
	}
	return 0
}

// Marshal returns DG3 with a template for each finger, or with the filler.
func (f *Fingers) Marshal() ([]byte, error) {
	var blocks []block
	for i := range f.Fingers {
		write := f.Fingers[i].record
		if f.Fingers[i].Modern {
			write = f.Fingers[i].modernRecord
		}
		record, err := write()
		if err != nil {
			return nil, fmt.Errorf("%v: finger %d: %w", DG3, i+1, err)
		}
		blocks = append(blocks, block{record: record, nested: f.Fingers[i].Modern, subtype: f.Fingers[i].subtype()})
	}
	return kindFinger.marshal(blocks, f.Filler)
}

// subtype returns the position as a template's header has it: side and finger.
func (f *Finger) subtype() byte {
	const right, left = 1, 2
	switch {
	case f.Position >= 1 && f.Position <= 5:
		return f.Position<<2 | right
	case f.Position >= 6 && f.Position <= 10:
		return (f.Position-5)<<2 | left
	}
	return 0
}

func (f *Finger) record() ([]byte, error) {
	code := indexOf(fingerFormats, f.Picture.Format)
	if code < 0 {
		return nil, fmt.Errorf("picture %q: %w", string(f.Picture.Format), errors.ErrUnsupported)
	}
	if !fits(2, f.Width, f.Height, f.DPIX, f.DPIY) {
		return nil, malformed("a number that its field does not hold")
	}
	length := fingerFixed + len(f.Picture.Data)
	b := append([]byte(fingerMagic), versionOf05...)
	b = appendNumber(b, 6, fingerHeader+length)
	b = appendNumber(b, 2, int(f.Device))
	b = appendNumber(b, 2, int(f.Level))
	b = append(b, 1, perInch)
	for _, dpi := range []int{f.DPIX, f.DPIY, f.DPIX, f.DPIY} { // of the scan, of the picture
		b = appendNumber(b, 2, dpi)
	}
	b = append(b, f.Depth, byte(code), 0, 0)
	b = appendNumber(b, 4, length)
	b = append(b, f.Position, f.Views, f.View, f.Quality, f.Impression)
	b = appendNumber(b, 2, f.Width)
	b = appendNumber(b, 2, f.Height)
	return append(append(b, 0), f.Picture.Data...), nil
}

func indexOf(formats []Format, wanted Format) int {
	if wanted == FormatJ2K { // the records do not tell the two kinds of JPEG 2000 apart
		wanted = FormatJP2
	}
	for i, f := range formats {
		if f == wanted && f != FormatUnknown {
			return i
		}
	}
	return -1
}
