package lds

import (
	"encoding/binary"
	"fmt"

	"boothd/capture/chip/tlv"
)

// The objects of a group of biometric templates (ISO/IEC 7816-11, ICAO 9303-10 §4.7.2.1).
const (
	tagGroup     tlv.Tag = 0x7F61
	tagTemplate  tlv.Tag = 0x7F60
	tagHeader    tlv.Tag = 0xA1
	tagBlock     tlv.Tag = 0x5F2E // a record of ISO/IEC 19794
	tagNestBlock tlv.Tag = 0x7F2E // objects: a record of ISO/IEC 39794
	tagFiller    tlv.Tag = 0x53   // beside an empty group: bytes that are the document's own
)

// kind is a kind of biometric data: its type in ISO/IEC 7816-11 and its record format in
// the registry of the owner 0101, ISO/IEC JTC 1/SC 37.
type kind struct {
	file         File
	biometric    byte
	recordFormat uint16
}

var (
	kindFace   = kind{DG2, 0x02, 0x0008}
	kindFinger = kind{DG3, 0x08, 0x0007}
	kindIris   = kind{DG4, 0x10, 0x0009}
)

// block is the record of one template.
type block struct {
	nested  bool // below tagNestBlock
	record  []byte
	subtype byte // when written
}

// group is what a file of biometric templates has.
type group struct {
	blocks     []block
	filler     []byte
	deviations []string
}

func (g *group) deviates(format string, args ...any) {
	if len(g.deviations) < maxPictures {
		g.deviations = append(g.deviations, fmt.Sprintf(format, args...))
	}
}

// parseGroup reads the file's templates. The headers are not needed: the records say
// themselves what they are.
func (k kind) parseGroup(b []byte) (*group, error) {
	content, err := k.file.content(b)
	if err != nil {
		return nil, err
	}
	g := &group{}
	if err := g.parse(content); err != nil {
		return nil, fmt.Errorf("%v: %w", k.file, err)
	}
	return g, nil
}

func (g *group) parse(content []byte) error {
	inner, err := tlv.Find(content, tagGroup)
	if err != nil {
		return err
	}
	objects, err := tlv.All(inner, maxPictures+2)
	if err != nil {
		return err
	}
	announced := -1
	for _, o := range objects {
		switch o.Tag {
		case tagInteger:
			announced = number(o.Value)
		case tagFiller:
			g.filler = o.Value
		case tagTemplate:
			b, err := parseTemplate(o.Value)
			if err != nil {
				return fmt.Errorf("template %d: %w", len(g.blocks)+1, err)
			}
			g.blocks = append(g.blocks, b)
		}
	}
	if filler, err := tlv.Find(content, tagFiller); err == nil && g.filler == nil {
		g.filler = filler
	}
	if announced != len(g.blocks) {
		if announced < 0 {
			g.deviates("the number of templates is missing")
		} else {
			g.deviates("%d templates announced, %d are there", announced, len(g.blocks))
		}
	}
	return nil
}

func parseTemplate(b []byte) (block, error) {
	objects, err := tlv.All(b, maxObjects)
	if err != nil {
		return block{}, err
	}
	if record := first(objects, tagBlock); record != nil {
		return block{record: record}, nil
	}
	nest := first(objects, tagNestBlock)
	if nest == nil {
		return block{}, fmt.Errorf("%w: %v", tlv.ErrMissing, tagBlock)
	}
	// Before ISO/IEC 39794 the constructed object was read with a record of 19794 in it, bare
	// or in its own object, and still is.
	inner, err := tlv.All(nest, maxObjects)
	if err != nil {
		return block{record: nest}, nil
	}
	if record := first(inner, tagBlock); record != nil {
		return block{record: record}, nil
	}
	return block{nested: true, record: nest}, nil
}

// header returns the header of a template; of which finger or eye it is, subtype says.
func (k kind) header(subtype byte) []byte {
	header := tlv.Append(nil, 0x80, []byte{1, 1}) // version of the patron header
	header = tlv.Append(header, 0x81, []byte{k.biometric})
	header = tlv.Append(header, 0x82, []byte{subtype})
	header = tlv.Append(header, 0x87, []byte{1, 1}) // owner of the format
	header = tlv.Append(header, 0x88, binary.BigEndian.AppendUint16(nil, k.recordFormat))
	return tlv.Append(nil, tagHeader, header)
}

// marshal returns the file with a template for each record, or with the filler.
func (k kind) marshal(blocks []block, filler []byte) ([]byte, error) {
	if len(blocks) > maxPictures {
		return nil, fmt.Errorf("%v: %w", k.file, malformed("%d records, want at most %d", len(blocks), maxPictures))
	}
	content := integer(len(blocks))
	for _, block := range blocks {
		tag := tagBlock
		if block.nested {
			tag = tagNestBlock
		}
		content = tlv.Append(content, tagTemplate, k.header(block.subtype), tlv.Append(nil, tag, block.record))
	}
	b := tlv.Append(nil, tagGroup, content)
	if len(blocks) == 0 && len(filler) > 0 {
		b = tlv.Append(b, tagFiller, filler)
	}
	return k.file.file(b)
}

// part takes the next part of a record, which begins with its own length in size bytes, and
// returns what is behind the length. The last part is what is left, whatever it announces.
func (g *group) part(c *cursor, size, atLeast int, last bool) ([]byte, error) {
	left := len(c.rest)
	length := c.number(size)
	if last && length != left && left >= atLeast {
		g.deviates("a picture's record announces %d bytes, %d are there", length, left)
		length = left
	}
	if length < atLeast {
		return nil, malformed("%d bytes, want at least %d", length, atLeast)
	}
	part := c.take(length - size)
	if c.short {
		return nil, malformed("%d bytes announced, %d are there", length, left)
	}
	return part, nil
}
