package lds

import (
	"errors"
	"fmt"
	"log/slog"
)

// Irises is DG4 (ICAO 9303-10 §4.7.4). Terminal Authentication guards it.
type Irises struct {
	Irises     []Iris
	Filler     []byte   // random bytes of a document without irises
	Deviations []string // from the standards, for people
}

// Iris is the picture of an eye and what its record says of it, in the codes of
// ISO/IEC 19794-6:2005 §6.
type Iris struct {
	Picture       Picture
	Eye           byte // 0 unknown, 1 right, 2 left
	Width, Height int  // pixels of a raw picture; 0: not said
	Depth         byte // bits per pixel and colour
	Colour        bool
	Quality       byte // 0 to 100; 254 not said
	Device        uint16
	Modern        bool // in a record of ISO/IEC 39794-6, of which eye, depth and picture are read
}

// LogValue keeps the eyes out of logs.
func (i Irises) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("%d irises", len(i.Irises)))
}

// LogValue keeps the eye out of logs.
func (i Iris) LogValue() slog.Value { return i.Picture.LogValue() }

const (
	irisMagic   = "IIR\x00"
	irisHeader  = 45 // bytes of the record's header
	irisFeature = 3  // bytes of an eye's header
	irisFixed   = 11 // bytes of a picture's header
)

// irisFormats are the picture formats; each has two codes, 2i+2 for grey and for colour the
// next even one (ISO/IEC 19794-6:2005 table 2).
var irisFormats = []Format{
	1: FormatRaw, 2: FormatRaw, 3: FormatJPEG, 4: FormatJPEG,
	5: FormatJPEGLS, 6: FormatJPEGLS, 7: FormatJP2, 8: FormatJP2,
}

// ParseIrises reads DG4. A document without irises has none, and its filler.
func ParseIrises(b []byte) (*Irises, error) {
	g, err := kindIris.parseGroup(b)
	if err != nil {
		return nil, err
	}
	var irises []Iris
	for i, block := range g.blocks {
		read := g.irises
		if block.nested {
			read = modernIrises
		}
		got, err := read(block.record)
		if err != nil {
			return nil, fmt.Errorf("%v: template %d: %w", DG4, i+1, err)
		}
		if irises = append(irises, got...); len(irises) > maxPictures {
			return nil, fmt.Errorf("%v: %w", DG4, malformed("more than %d irises", maxPictures))
		}
	}
	return &Irises{Irises: irises, Filler: g.filler, Deviations: g.deviations}, nil
}

func (g *group) irises(record []byte) ([]Iris, error) {
	c := cursor{rest: record}
	if string(c.take(4)) != irisMagic || string(c.take(4)) != versionOf05 {
		return nil, fmt.Errorf("record that is no iris's of 2005: %w", errors.ErrUnsupported)
	}
	length := c.number(4)
	common := Iris{Device: uint16(c.number(2))}
	eyes := c.number(1)
	c.take(2 + 2 + 2) // length of the header, properties, diameter
	announced := FormatUnknown
	if code := c.number(2); code%2 == 0 && code/2 < len(irisFormats) {
		announced, common.Colour = irisFormats[code/2], code/2%2 == 0 && code > 0
	}
	common.Width, common.Height, common.Depth = c.number(2), c.number(2), c.byte()
	c.take(1 + 16) // transformation, identity of the device
	switch {
	case c.short:
		return nil, malformed("iris record of %d bytes, want at least %d", len(record), irisHeader)
	case length != len(record):
		g.deviates("iris record announces %d bytes, %d are there", length, len(record))
	}
	var irises []Iris
	for range eyes {
		common.Eye = c.byte()
		for range c.number(2) {
			if len(irises) == maxPictures {
				return nil, malformed("iris record with more than %d pictures", maxPictures)
			}
			iris := common
			if err := iris.parse(&c, announced); err != nil {
				return nil, fmt.Errorf("iris %d: %w", len(irises)+1, err)
			}
			irises = append(irises, iris)
		}
	}
	if len(c.rest) > 0 || c.short {
		return nil, malformed("iris record with eyes that are not as announced")
	}
	return irises, nil
}

func (i *Iris) parse(c *cursor, announced Format) error {
	c.take(2) // number of the picture
	i.Quality = c.byte()
	c.take(2 + 2) // rotation, its uncertainty
	length := c.number(4)
	left := len(c.rest)
	data := c.take(length)
	if c.short {
		return malformed("%d bytes announced, %d are there", length, left)
	}
	i.Picture = pictureOf(data, announced)
	return nil
}

// Marshal returns DG4 with a template for each iris, or with the filler.
func (i *Irises) Marshal() ([]byte, error) {
	var blocks []block
	for n := range i.Irises {
		write := i.Irises[n].record
		if i.Irises[n].Modern {
			write = i.Irises[n].modernRecord
		}
		record, err := write()
		if err != nil {
			return nil, fmt.Errorf("%v: iris %d: %w", DG4, n+1, err)
		}
		blocks = append(blocks, block{record: record, nested: i.Irises[n].Modern, subtype: i.Irises[n].Eye & 3})
	}
	return kindIris.marshal(blocks, i.Filler)
}

func (i *Iris) record() ([]byte, error) {
	code := 2 * indexOf(irisFormats, i.Picture.Format)
	if code < 0 {
		return nil, fmt.Errorf("picture %q: %w", string(i.Picture.Format), errors.ErrUnsupported)
	}
	if i.Colour {
		code += 2
	}
	if !fits(2, i.Width, i.Height) {
		return nil, malformed("a number that its field does not hold")
	}
	b := append([]byte(irisMagic), versionOf05...)
	b = appendNumber(b, 4, irisHeader+irisFeature+irisFixed+len(i.Picture.Data))
	b = appendNumber(b, 2, int(i.Device))
	b = append(b, 1)
	b = appendNumber(b, 2, irisHeader)
	b = appendNumber(b, 4, 0) // properties and diameter: not said
	b = appendNumber(b, 2, code)
	b = appendNumber(b, 2, i.Width)
	b = appendNumber(b, 2, i.Height)
	b = append(b, i.Depth, 0)
	b = append(b, make([]byte, 16)...) // identity of the device: not said
	b = append(b, i.Eye)
	b = appendNumber(b, 2, 1)
	b = appendNumber(b, 2, 1)
	b = append(b, i.Quality)
	b = appendNumber(b, 4, 0xFFFFFFFF) // rotation: not said
	b = appendNumber(b, 4, len(i.Picture.Data))
	return append(b, i.Picture.Data...), nil
}
